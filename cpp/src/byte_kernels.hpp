#pragma once
// How bytes become elements and terms. Everything here is exact: twice the sums of squares of 2^36
// features still fit the 53 bits of the float64 that collects them.

#include <array>
#include <bit>
#include <cstdint>

#include "nearplane/simd/level.hpp"
#include "partial_sums.hpp"
#include "register_kernel.hpp"

namespace nearplane {

/// Packs `Op::features_per_step` bytes into one element, widened and offset as the operation asks.
template <class Op>
typename Op::Element byte_element(const auto& at, std::int64_t first, std::int64_t count,
                                  std::uint8_t flip) {
    using Element = typename Op::Element;
    using Feature =
        std::conditional_t<sizeof(Element) == Op::features_per_step, std::uint8_t, std::int16_t>;
    std::array<Feature, Op::features_per_step> features{};
    for (std::int64_t i = 0; i < Op::features_per_step; ++i) {
        if (i < count) {
            features[static_cast<std::size_t>(i)] = static_cast<Feature>(at(first + i) ^ flip);
        }
    }
    return std::bit_cast<Element>(features);
}

/// sum |x - y|: the sum is the distance.
template <class Operation>
struct ByteManhattan {
    using Op = Operation;
    using Source = std::uint8_t;
    using QuerySource = Source;
    static constexpr std::int64_t block_steps = cache_block_steps<Op>;

    double sign() const { return 1.0; }
    auto query_element(const auto& at, std::int64_t first, std::int64_t count) const {
        return byte_element<Op>(at, first, count, 0);
    }
    auto base_element(const auto& at, std::int64_t first, std::int64_t count) const {
        return byte_element<Op>(at, first, count, 0);
    }
    Terms query_terms(const auto&, std::int64_t) const { return {0.0, 0.0}; }
    Terms base_terms(const auto&, std::int64_t) const { return {0.0, 0.0}; }
};

/// sum (x - y)^2 = sum x^2 + sum y^2 - 2 sum x y. Where the instruction wants signed base bytes
/// they are stored as y - 128, and sum x y = sum x (y - 128) + 128 sum x moves into the query's
/// offset.
template <class Operation>
struct ByteSquaredEuclidean {
    using Op = Operation;
    using Source = std::uint8_t;
    using QuerySource = Source;
    static constexpr std::int64_t block_steps = cache_block_steps<Op>;
    static constexpr std::uint8_t base_flip = Op::signed_base ? 0x80 : 0;

    double sign() const { return -2.0; }
    auto query_element(const auto& at, std::int64_t first, std::int64_t count) const {
        return byte_element<Op>(at, first, count, 0);
    }
    auto base_element(const auto& at, std::int64_t first, std::int64_t count) const {
        return byte_element<Op>(at, first, count, base_flip);
    }
    Terms query_terms(const auto& at, std::int64_t n_features) const {
        const double shift = Op::signed_base ? 256.0 : 0.0;
        return {partial_sums(n_features,
                             [&](std::int64_t d) {
                                 const double x = at(d);
                                 return x * (x - shift);
                             }),
                0.0};
    }
    Terms base_terms(const auto& at, std::int64_t n_features) const {
        return {partial_sums(n_features,
                             [&](std::int64_t d) {
                                 const double y = at(d);
                                 return y * y;
                             }),
                0.0};
    }
};

}  // namespace nearplane
