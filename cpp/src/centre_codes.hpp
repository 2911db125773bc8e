#pragma once
// Rows and centres as short codes whose products bound the products of what they stand for.
// docs/numerics.md ("Nearest centres") derives the bound.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "nearplane/simd/level.hpp"
#include "nearplane/tile.hpp"
#include "nearplane/weights.hpp"
#include "partial_sums.hpp"

namespace nearplane {

/// Codes are integers of -reach ... reach: all of a byte, or less if sums of products of so many
/// features, one of the two shifted by the reach, would not fit 30 bits.
inline std::int32_t code_reach(std::int64_t n_features) {
    const double fits = std::sqrt(std::ldexp(0.5, 30) / static_cast<double>(n_features));
    return static_cast<std::int32_t>(std::clamp(fits, 1.0, 127.0));
}

/// What lengths beyond this square to may overflow, and below the other vanish: no codes there.
inline constexpr double largest_coded = 1e140;
inline constexpr double smallest_coded = 1e-140;

/// How a vector became codes: vector = scale * (codes + remainder).
struct Coding {
    double scale = 1.0;
    double length = 0.0;       // of the vector
    double code_length = 0.0;  // of the codes
    double remainder = 0.0;    // its length, in codes
    std::int64_t code_sum = 0;
};

/// Nearest integer, by an addition that every compiler vectorises; |value| < 2^50.
inline double nearest_integer(double value) {
    constexpr double shifter = 6755399441055744.0;  // 1.5 * 2^52
    return (value + shifter) - shifter;
}

/// Codes of a vector whose largest value is at most reach * scale.
inline Coding encode_vector(const double* vector, std::int64_t n, double scale,
                            std::int8_t* codes) {
    const double inverse = 1.0 / scale;
    std::int32_t code_sum = 0;
    for (std::int64_t d = 0; d < n; ++d) {
        const auto code = static_cast<std::int32_t>(nearest_integer(vector[d] * inverse));
        codes[d] = static_cast<std::int8_t>(code);
        code_sum += code;
    }
    const auto length = [n](auto term) {
        return std::sqrt(partial_sums(n, [&term](std::int64_t d) {
            const double value = term(d);
            return value * value;
        }));
    };
    return {scale, length([&](std::int64_t d) { return vector[d]; }),
            length([&](std::int64_t d) { return static_cast<double>(codes[d]); }),
            length([&](std::int64_t d) { return vector[d] * inverse - codes[d]; }), code_sum};
}

inline double largest_size(const double* vector, std::int64_t n) {
    double lanes[n_partial_sums] = {};
    std::int64_t d = 0;
    for (; d + n_partial_sums <= n; d += n_partial_sums) {
        for (int lane = 0; lane < n_partial_sums; ++lane) {
            const double size = std::abs(vector[d + lane]);
            lanes[lane] = size > lanes[lane] ? size : lanes[lane];
        }
    }
    for (int lane = 0; d < n; ++d, ++lane) lanes[lane] = std::max(lanes[lane], std::abs(vector[d]));
    return *std::max_element(lanes, lanes + n_partial_sums);
}

/// Writes one vector's codes into place `place` of a panel of `panel_rows`, shifted if the
/// operation wants unsigned bytes there.
template <class Op, std::int64_t panel_rows>
void pack_codes(const std::int8_t* codes, std::int64_t n, std::int32_t shift, std::int64_t place,
                typename Op::Element* panel) {
    using Element = typename Op::Element;
    constexpr std::int64_t step_features = Op::features_per_step;
    using Feature =
        std::conditional_t<sizeof(Element) == step_features, std::uint8_t, std::int16_t>;
    for (std::int64_t d = 0; d < n; d += step_features, panel += panel_rows) {
        std::array<Feature, step_features> features{};
        for (std::int64_t i = 0; i < std::min(step_features, n - d); ++i) {
            features[static_cast<std::size_t>(i)] = static_cast<Feature>(codes[d + i] + shift);
        }
        panel[place] = std::bit_cast<Element>(features);
    }
}

/// A panel of centres. They share a scale and, as bounds, the largest length and remainder.
struct CentrePanel {
    double scale = 1.0;
    double length = 0.0;     // in codes
    double remainder = 0.0;  // in codes
    int count = 0;
    bool is_coded = true;
};

/// Centres, in the order of their lengths, so that those of a panel have one scale that fits all.
template <class Op>
class CentreCodes {
public:
    using Element = typename Op::Element;
    static constexpr std::int64_t panel_rows = tile_columns<Op>;

    /// `centred` is n_centres x n_features, row after row.
    CentreCodes(const double* centred, std::int64_t n_centres, std::int64_t n_features)
        : n_features_(n_features),
          n_steps_((n_features + Op::features_per_step - 1) / Op::features_per_step),
          reach_(code_reach(n_features)),
          panels_(static_cast<std::size_t>((n_centres + panel_rows - 1) / panel_rows)),
          numbers_(static_cast<std::size_t>(n_centres)),
          starts_(panels_.size() * panel_rows),
          offsets_(starts_.size()),
          elements_(starts_.size() * static_cast<std::size_t>(n_steps_)) {
        std::vector<double> sizes(numbers_.size());
        for (std::int64_t c = 0; c < n_centres; ++c) {
            const double* centre = centred + c * n_features;
            sizes[static_cast<std::size_t>(c)] = partial_sums(
                n_features, [centre](std::int64_t d) { return centre[d] * centre[d]; });
        }
        std::iota(numbers_.begin(), numbers_.end(), 0);
        std::stable_sort(numbers_.begin(), numbers_.end(), [&sizes](auto a, auto b) {
            return sizes[static_cast<std::size_t>(a)] < sizes[static_cast<std::size_t>(b)];
        });
        for (std::int64_t panel = 0; panel < n_panels(); ++panel) encode_panel(centred, panel);
    }

    std::int64_t n_panels() const { return static_cast<std::int64_t>(panels_.size()); }
    std::int64_t n_steps() const { return n_steps_; }
    std::int32_t reach() const { return reach_; }
    /// What rows add to their codes.
    std::int32_t row_shift() const { return Op::signed_base ? reach_ : 0; }
    double largest_length() const { return largest_length_; }
    const CentrePanel& panel(std::int64_t p) const { return panels_[static_cast<std::size_t>(p)]; }
    std::int32_t number(std::int64_t p, int place) const {
        return numbers_[static_cast<std::size_t>(p * panel_rows + place)];
    }
    const Element* elements(std::int64_t p) const {
        return elements_.data() + p * panel_rows * n_steps_;
    }
    const std::int32_t* starts(std::int64_t p) const { return starts_.data() + p * panel_rows; }
    /// Half the squared lengths, in codes.
    const float* offsets(std::int64_t p) const { return offsets_.data() + p * panel_rows; }

private:
    void encode_panel(const double* centred, std::int64_t p) {
        CentrePanel& panel = panels_[static_cast<std::size_t>(p)];
        const std::int64_t first = p * panel_rows;
        panel.count =
            static_cast<int>(std::min<std::int64_t>(panel_rows, std::ssize(numbers_) - first));
        double largest = smallest_coded;
        for (int place = 0; place < panel.count; ++place) {
            const double size = largest_size(centred + number(p, place) * n_features_, n_features_);
            // A NaN, of infinity minus infinity, is not coded either.
            panel.is_coded = panel.is_coded && size < largest_coded;
            largest = std::max(largest, size);
        }
        if (!panel.is_coded) return;
        panel.scale = largest / reach_;
        std::vector<std::int8_t> codes(static_cast<std::size_t>(n_features_));
        Element* elements = elements_.data() + first * n_steps_;
        for (int place = 0; place < panel.count; ++place) {
            const Coding coding = encode_vector(centred + number(p, place) * n_features_,
                                                n_features_, panel.scale, codes.data());
            const double length = coding.length / panel.scale;
            const auto at = static_cast<std::size_t>(first + place);
            starts_[at] = static_cast<std::int32_t>(-row_shift() * coding.code_sum);
            offsets_[at] = static_cast<float>(length * length / 2);
            panel.length = std::max(panel.length, length);
            panel.remainder = std::max(panel.remainder, coding.remainder);
            largest_length_ = std::max(largest_length_, coding.length);
            pack_codes<Op, panel_rows>(codes.data(), n_features_, 0, place, elements);
        }
    }

    std::int64_t n_features_;
    std::int64_t n_steps_;
    std::int32_t reach_;
    double largest_length_ = 0.0;
    std::vector<CentrePanel> panels_;
    std::vector<std::int32_t> numbers_;
    std::vector<std::int32_t> starts_;
    std::vector<float> offsets_;
    AlignedVector<Element> elements_;
};

}  // namespace nearplane
