#pragma once
// The integer register operations in plain C++: the meaning of every hand-written version, and what
// runs where there is none (x86-64-v2, ARM). Lanes are arrays, loops have constant length, so any
// compiler vectorises them. Results equal those of the SIMD headers to the last bit.
//
// A register operation says how one *step* of a packed query row (a broadcast `Element`) meets the
// same step of `lanes` packed base rows (a `Vector`), and how a finished sum leaves the registers:
// as it is (`store`), or as one bit that tells whether it passes a limit (`passing`).

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace nearplane::simd {

/// What the two integer operations share: int32 sums in `lanes` lanes, one feature a step.
template <class ElementType>
struct PortableLanes {
    using Element = ElementType;
    using Lane = std::int32_t;
    static constexpr int lanes = 8;
    static constexpr int tile_rows = 4;     // 4 x 8 int32 are 8 registers of SSE or NEON; the rest
    static constexpr int tile_vectors = 1;  // hold the operands, which are widened to int32 too
    static constexpr int features_per_step = 1;

    using Vector = std::array<Lane, lanes>;

    static Vector zero() { return {}; }
    static Vector load(const Element* base) {
        Vector out;
        for (std::size_t lane = 0; lane < lanes; ++lane) out[lane] = base[lane];
        return out;
    }
    static Vector broadcast(const Element* query) {
        Vector out;
        out.fill(*query);
        return out;
    }
    static void store(const Vector& sums, Lane* out) {
        for (std::size_t lane = 0; lane < lanes; ++lane) out[lane] = sums[lane];
    }

    /// Sums that start from `values` instead of zero.
    static Vector starts(const std::int32_t* values) {
        Vector out;
        for (std::size_t lane = 0; lane < lanes; ++lane) out[lane] = values[lane];
        return out;
    }
};

/// sum |x - y| of bytes.
struct PortableAbsDiffU8 : PortableLanes<std::uint8_t> {
    static constexpr bool signed_base = false;
    static Vector accumulate(Vector sums, const Vector& query, const Vector& base) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::int32_t difference = query[lane] - base[lane];
            sums[lane] += difference < 0 ? -difference : difference;
        }
        return sums;
    }

    /// A bit for each lane that is near enough: differences add up, so the sum is at most `limit`.
    static std::uint32_t passing(const Vector& sums, std::int32_t limit) {
        std::uint32_t bits = 0;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            bits |= static_cast<std::uint32_t>(sums[lane] <= limit) << lane;
        }
        return bits;
    }
};

/// sum x y of bytes widened to int16.
struct PortableDotU8 : PortableLanes<std::int16_t> {
    static constexpr bool signed_base = false;
    static Vector accumulate(Vector sums, const Vector& query, const Vector& base) {
        for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += query[lane] * base[lane];
        return sums;
    }

    /// A bit for each lane that is near enough: products are large for near rows, so the sum is at
    /// least `limit`.
    static std::uint32_t passing(const Vector& sums, std::int32_t limit) {
        std::uint32_t bits = 0;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            bits |= static_cast<std::uint32_t>(sums[lane] >= limit) << lane;
        }
        return bits;
    }

    /// A bit for each lane whose sum - offset * factor is not below `limit`; a NaN is not. The
    /// arithmetic is float32, fused or not.
    static std::uint32_t reaching(const Vector& sums, const float* offsets, float factor,
                                  float limit) {
        std::uint32_t bits = 0;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const float score = static_cast<float>(sums[lane]) - offsets[lane] * factor;
            bits |= static_cast<std::uint32_t>(!(score < limit)) << lane;
        }
        return bits;
    }
    /// The largest sum - offset * factor.
    static float largest(const Vector& sums, const float* offsets, float factor) {
        float best = static_cast<float>(sums[0]) - offsets[0] * factor;
        for (std::size_t lane = 1; lane < lanes; ++lane) {
            best = std::max(best, static_cast<float>(sums[lane]) - offsets[lane] * factor);
        }
        return best;
    }
};

}  // namespace nearplane::simd
