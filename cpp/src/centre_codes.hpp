#pragma once
// Rows and centres as short codes whose products bound the products of what they stand for.
// docs/numerics.md ("Nearest centres") derives the bound.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "nearplane/parallel.hpp"
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
    double remainder = 0.0;    // its length, in codes
    double code_length = 0.0;  // of the codes, or more
};

/// Places for the features of a vector; with a multiple of all lanes, loops have no ends.
inline std::int64_t n_code_places(std::int64_t n_features) {
    return round_up(n_features, n_partial_sums);
}

/// A vector is n features, and zeros up to n_code_places(n).
struct VectorSize {
    double largest = 0.0;  // of its values
    double length = 0.0;

    /// Not if something is infinite or NaN: the length is so, too.
    bool can_be_coded() const { return largest < largest_coded && length < 1e300; }
};

inline VectorSize size_of(const double* vector, std::int64_t n_places) {
    double largest[n_partial_sums] = {};
    for (std::int64_t d = 0; d < n_places; d += n_partial_sums) {
        for (int lane = 0; lane < n_partial_sums; ++lane) {
            const double size = std::abs(vector[d + lane]);
            largest[lane] = size > largest[lane] ? size : largest[lane];
        }
    }
    const double square =
        partial_sums(n_places, [vector](std::int64_t d) { return vector[d] * vector[d]; });
    return {*std::max_element(largest, largest + n_partial_sums), std::sqrt(square)};
}

/// Nearest integer, by an addition that every compiler vectorises; |value| < 2^30.
inline double nearest_integer(double value) {
    constexpr double shifter = 6755399441055744.0;  // 1.5 * 2^52
    return (value + shifter) - shifter;
}

/// Codes of a vector of that length, whose largest value is at most reach * scale.
inline Coding encode_vector(const double* vector, std::int64_t n_places, double length,
                            double scale, std::int32_t* codes) {
    const double inverse = 1.0 / scale;
    for (std::int64_t d = 0; d < n_places; ++d) {
        codes[d] = static_cast<std::int32_t>(nearest_integer(vector[d] * inverse));
    }
    const double remainder = std::sqrt(partial_sums(n_places, [=](std::int64_t d) {
        const double left = vector[d] * inverse - static_cast<double>(codes[d]);
        return left * left;
    }));
    return {scale, length, remainder, length * inverse + remainder};
}

/// Writes one vector's codes as elements, `stride` apart, shifted if the operation wants unsigned
/// bytes there. `room` is for two bytes a place.
template <class Op>
void pack_codes(const std::int32_t* codes, std::int64_t n_places, std::int64_t n_steps,
                std::int32_t shift, std::byte* room, typename Op::Element* elements,
                std::int64_t stride) {
    using Element = typename Op::Element;
    using Feature =
        std::conditional_t<sizeof(Element) == Op::features_per_step, std::uint8_t, std::int16_t>;
    auto* features = reinterpret_cast<Feature*>(room);
    for (std::int64_t d = 0; d < n_places; ++d) {
        features[d] = static_cast<Feature>(codes[d] + shift);
    }
    for (std::int64_t step = 0; step < n_steps; ++step) {
        std::memcpy(elements + step * stride, features + step * Op::features_per_step,
                    sizeof(Element));
    }
}

/// A panel of centres. They share a scale and, as bounds, the largest length and remainder.
struct CentrePanel {
    double scale = 1.0;
    double length = 0.0;     // in codes
    double longest = 0.0;    // the same length, as it is
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

    /// `values` is n_centres x n_features, row after row, and codes are of what `mean` leaves of
    /// them. Without an order, centres come in that of their lengths.
    CentreCodes(const double* values, const double* mean, std::int64_t n_centres,
                std::int64_t n_features, const std::vector<std::int32_t>* order, int n_threads,
                Monitor& monitor)
        : n_features_(n_features),
          n_steps_((n_features + Op::features_per_step - 1) / Op::features_per_step),
          reach_(code_reach(n_features)),
          panels_(static_cast<std::size_t>((n_centres + panel_rows - 1) / panel_rows)),
          numbers_(static_cast<std::size_t>(n_centres)),
          starts_(panels_.size() * panel_rows),
          offsets_(starts_.size(), std::numeric_limits<float>::infinity()),
          elements_(starts_.size() * static_cast<std::size_t>(n_steps_)) {
        if (order != nullptr) {
            numbers_ = *order;
        } else {
            sort_by_length(values, mean, n_threads, monitor);
        }
        parallel_for(n_panels(), n_threads, monitor, {},
                     [&](std::int64_t panel, int, Pulse&) { encode_panel(values, mean, panel); });
        for (const CentrePanel& panel : panels_) {
            largest_length_ = std::max(largest_length_, panel.longest);
        }
    }

    std::int64_t n_panels() const { return static_cast<std::int64_t>(panels_.size()); }
    std::int64_t n_steps() const { return n_steps_; }
    std::int32_t reach() const { return reach_; }
    /// What rows add to their codes.
    std::int32_t row_shift() const { return Op::signed_base ? reach_ : 0; }
    double largest_length() const { return largest_length_; }
    const CentrePanel& panel(std::int64_t p) const { return panels_[static_cast<std::size_t>(p)]; }
    const std::vector<std::int32_t>& order() const { return numbers_; }
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
    void sort_by_length(const double* values, const double* mean, int n_threads, Monitor& monitor) {
        const std::int64_t n_centres = std::ssize(numbers_);
        std::vector<double> sizes(numbers_.size());
        const auto measure_panel = [&](std::int64_t panel, int, Pulse&) {
            const std::int64_t end = std::min((panel + 1) * panel_rows, n_centres);
            for (std::int64_t c = panel * panel_rows; c < end; ++c) {
                const double* centre = values + c * n_features_;
                const double size = partial_sums(n_features_, [=](std::int64_t d) {
                    const double centred = centre[d] - mean[d];
                    return centred * centred;
                });
                const bool is_number = size == size;  // NaN would have no place in an order
                sizes[static_cast<std::size_t>(c)] =
                    is_number ? size : std::numeric_limits<double>::infinity();
            }
        };
        parallel_for(n_panels(), n_threads, monitor, {}, measure_panel);
        std::iota(numbers_.begin(), numbers_.end(), 0);
        std::stable_sort(numbers_.begin(), numbers_.end(), [&sizes](auto a, auto b) {
            return sizes[static_cast<std::size_t>(a)] < sizes[static_cast<std::size_t>(b)];
        });
    }

    void encode_panel(const double* values, const double* mean, std::int64_t p) {
        CentrePanel& panel = panels_[static_cast<std::size_t>(p)];
        const std::int64_t first = p * panel_rows;
        const std::int64_t n_places = n_code_places(n_features_);
        panel.count =
            static_cast<int>(std::min<std::int64_t>(panel_rows, std::ssize(numbers_) - first));
        std::vector<double> vectors(static_cast<std::size_t>(panel.count * n_places), 0.0);
        double largest = smallest_coded;
        for (int place = 0; place < panel.count; ++place) {
            double* vector = vectors.data() + place * n_places;
            const double* centre = values + number(p, place) * n_features_;
            for (std::int64_t d = 0; d < n_features_; ++d) vector[d] = centre[d] - mean[d];
            const VectorSize size = size_of(vector, n_places);
            panel.is_coded = panel.is_coded && size.can_be_coded();
            largest = std::max(largest, size.largest);
        }
        if (!panel.is_coded) return;
        panel.scale = largest / reach_;
        std::vector<std::int32_t> codes(static_cast<std::size_t>(n_places));
        std::vector<std::byte> room(codes.size() * 2);
        for (int place = 0; place < panel.count; ++place) {
            const double* vector = vectors.data() + place * n_places;
            const double length = size_of(vector, n_places).length;
            const Coding coding =
                encode_vector(vector, n_places, length, panel.scale, codes.data());
            const auto at = static_cast<std::size_t>(first + place);
            const double code_length = length / panel.scale;
            starts_[at] = -row_shift() * std::accumulate(codes.begin(), codes.end(), 0);
            offsets_[at] = static_cast<float>(code_length * code_length / 2);
            panel.length = std::max(panel.length, code_length);
            panel.remainder = std::max(panel.remainder, coding.remainder);
            panel.longest = std::max(panel.longest, length);
            pack_codes<Op>(codes.data(), n_places, n_steps_, 0, room.data(),
                           elements_.data() + first * n_steps_ + place, panel_rows);
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
