#pragma once
// From the coordinates of one row to its codes and their error.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "nearplane/encoder.hpp"
#include "nearplane/integer_distance.hpp"
#include "partial_sums.hpp"

namespace nearplane {

/// The smallest float that is not below `value`.
inline float rounded_up(double value) {
    const auto nearest = static_cast<float>(value);
    if (static_cast<double>(nearest) >= value) return nearest;
    return std::nextafter(nearest, std::numeric_limits<float>::infinity());
}

/// The range of codes of one type.
template <class Code>
struct CodeRange;
template <>
struct CodeRange<std::uint8_t> {
    static constexpr int lowest = 0, middle = 128, highest = 255;
};
template <>
struct CodeRange<std::int16_t> {
    static constexpr int lowest = -largest_word, middle = 0, highest = largest_word;
};

/// Codes the coordinates of one row and returns the length (L2 or L1) of what they leave out, with
/// what float64 may have lost while that was computed. NaN or infinity if a coordinate is.
class Coder {
public:
    Coder(const CodeLevel& level, bool is_l1)
        : level_(level), inverse_step_(1.0 / level.step), is_l1_(is_l1) {}

    /// `at(i)` is coordinate i in float64, for 0 <= i < level.width.
    template <class Coordinate>
    double code(const Coordinate& at, std::byte* codes) const {
        if (level_.bits == 16) return code_as(at, reinterpret_cast<std::int16_t*>(codes));
        return code_as(at, reinterpret_cast<std::uint8_t*>(codes));
    }

private:
    template <class Code, class Coordinate>
    double code_as(const Coordinate& at, Code* codes) const {
        using Range = CodeRange<Code>;
        const std::int64_t width = level_.width;
        const double* shift = level_.shift.data();
        for (std::int64_t i = 0; i < width; ++i) {
            // Counted from the lowest code and clamped before it is rounded, so that it fits an
            // integer; a NaN becomes the lowest code.
            const double steps =
                (at(i) - shift[i]) * inverse_step_ + (Range::middle - Range::lowest);
            const double clamped =
                steps > 0.0 ? std::min<double>(steps, Range::highest - Range::lowest) : 0.0;
            codes[i] = static_cast<Code>(static_cast<int>(clamped + 0.5) + Range::lowest);
        }
        const auto remainder = [&](std::int64_t i) {
            return std::abs(at(i) - shift[i] - level_.step * (int{codes[i]} - Range::middle));
        };
        const double lost = rounding(at);
        if (is_l1_) return partial_sums(width, remainder) + lost;
        const double squared = partial_sums(width, [&](std::int64_t i) {
            const double r = remainder(i);
            return r * r;
        });
        // Squares that underflow, those of steps below 1e-154, are less than the smallest float, to
        // which the error is rounded up.
        return std::sqrt(squared) + lost;
    }

    /// Each remainder is off by at most 3 roundings of its largest operand, and their sum or root
    /// by width / 16 + 12 of its own size; remainders are no larger than their operands together.
    template <class Coordinate>
    double rounding(const Coordinate& at) const {
        const double size = partial_sums(level_.width, [&](std::int64_t i) {
            return std::abs(at(i)) + std::abs(level_.shift[static_cast<std::size_t>(i)]) +
                   largest_word * level_.step;
        });
        const double roundings = 16.0 + static_cast<double>(level_.width) / 8.0;
        return size * roundings * std::numeric_limits<double>::epsilon();
    }

    const CodeLevel& level_;
    double inverse_step_;
    bool is_l1_;
};

}  // namespace nearplane
