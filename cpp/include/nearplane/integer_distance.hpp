#pragma once
// Distances of two short rows of small integers: exact. Compilers turn each loop into the sum of
// absolute differences or the 16-bit multiply-add of the level, so there are no intrinsics.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace nearplane {

namespace detail {

template <class Sum>
std::int64_t sum_of_blocks(std::int64_t n, std::int64_t block, Sum sum) {
    std::int64_t total = 0;
    for (std::int64_t first = 0; first < n; first += block) {
        total += sum(first, static_cast<int>(std::min(block, n - first)));
    }
    return total;
}

/// sum (x - y)^2, a block at a time in 32 bits. The differences fit 16.
template <class T>
std::int64_t squared(const T* x, const T* y, std::int64_t n, std::int64_t block) {
    return sum_of_blocks(n, block, [=](std::int64_t first, int count) {
        int sum = 0;
        for (int i = 0; i < count; ++i) {
            const auto difference = static_cast<std::int16_t>(x[first + i] - y[first + i]);
            sum += difference * difference;
        }
        return sum;
    });
}

}  // namespace detail

/// 255^2 * 2^14 < 2^31: what one 32-bit sum holds.
inline constexpr std::int64_t byte_block = 1 << 14;

/// sum |x - y|
inline std::int64_t manhattan_bytes(const std::uint8_t* x, const std::uint8_t* y, std::int64_t n) {
    return detail::sum_of_blocks(n, byte_block, [=](std::int64_t first, int count) {
        int sum = 0;
        for (int i = 0; i < count; ++i) sum += std::abs(int{x[first + i]} - int{y[first + i]});
        return sum;
    });
}

/// sum (x - y)^2
inline std::int64_t squared_bytes(const std::uint8_t* x, const std::uint8_t* y, std::int64_t n) {
    return detail::squared(x, y, n, byte_block);
}

/// The largest size of a 16-bit code: (2 * 1447)^2 * 256 < 2^31.
inline constexpr int largest_word = 1447;
inline constexpr std::int64_t word_block = 256;

/// sum (x - y)^2 of numbers no larger than largest_word.
inline std::int64_t squared_words(const std::int16_t* x, const std::int16_t* y, std::int64_t n) {
    return detail::squared(x, y, n, word_block);
}

}  // namespace nearplane
