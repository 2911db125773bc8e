#pragma once
// AVX2 register operations on bytes. See portable.hpp for what each one means.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace nearplane::simd {

/// Eight features a step: vpsadbw sums eight byte differences into each 64-bit lane.
struct Avx2AbsDiffU8 {
    using Element = std::uint64_t;
    using Lane = std::int64_t;
    using Vector = __m256i;
    static constexpr int lanes = 4;
    static constexpr int tile_rows = 4;  // 4 x 3 sums, 3 base vectors, 1 query: 16 registers
    static constexpr int tile_vectors = 3;
    static constexpr int features_per_step = 8;
    static constexpr bool signed_base = false;

    static Vector zero() { return _mm256_setzero_si256(); }
    static Vector load(const Element* base) {
        return _mm256_load_si256(reinterpret_cast<const __m256i*>(base));
    }
    static Vector broadcast(const Element* query) {
        return _mm256_set1_epi64x(static_cast<long long>(*query));
    }
    static Vector accumulate(Vector sums, Vector query, Vector base) {
        return _mm256_add_epi64(sums, _mm256_sad_epu8(query, base));
    }
    static void store(Vector sums, Lane* out) {
        _mm256_store_si256(reinterpret_cast<__m256i*>(out), sums);
    }

    static Vector starts(const std::int32_t* values) {
        return _mm256_cvtepi32_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values)));
    }
    static std::uint32_t passing(Vector sums, std::int32_t limit) {
        const Vector beyond = _mm256_cmpgt_epi64(sums, _mm256_set1_epi64x(limit));
        return static_cast<std::uint32_t>(~_mm256_movemask_pd(_mm256_castsi256_pd(beyond))) & 0xF;
    }
};

/// int32 sums of eight base rows, shared by the two dot products.
struct Avx2Int32Lanes {
    using Lane = std::int32_t;
    using Vector = __m256i;
    static constexpr int lanes = 8;
    static constexpr int tile_rows = 6;  // 6 x 2 sums, 2 base vectors, 1 query, 1 product
    static constexpr int tile_vectors = 2;

    static Vector zero() { return _mm256_setzero_si256(); }
    static Vector load(const void* base) {
        return _mm256_load_si256(static_cast<const __m256i*>(base));
    }
    static Vector broadcast(const void* query) {
        std::int32_t step;
        std::memcpy(&step, query, sizeof(step));
        return _mm256_set1_epi32(step);
    }
    static void store(Vector sums, Lane* out) {
        _mm256_store_si256(reinterpret_cast<__m256i*>(out), sums);
    }

    static Vector starts(const std::int32_t* values) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
    }
    static std::uint32_t passing(Vector sums, std::int32_t limit) {
        const Vector beyond = _mm256_cmpgt_epi32(_mm256_set1_epi32(limit), sums);
        return static_cast<std::uint32_t>(~_mm256_movemask_ps(_mm256_castsi256_ps(beyond))) & 0xFF;
    }
    static std::uint32_t reaching(Vector sums, const float* offsets, float factor, float limit) {
        const __m256 score = _mm256_fnmadd_ps(_mm256_loadu_ps(offsets), _mm256_set1_ps(factor),
                                              _mm256_cvtepi32_ps(sums));
        const __m256 reached = _mm256_cmp_ps(score, _mm256_set1_ps(limit), _CMP_NLT_UQ);
        return static_cast<std::uint32_t>(_mm256_movemask_ps(reached));
    }
    static float largest(Vector sums, const float* offsets, float factor) {
        const __m256 score = _mm256_fnmadd_ps(_mm256_loadu_ps(offsets), _mm256_set1_ps(factor),
                                              _mm256_cvtepi32_ps(sums));
        __m128 half = _mm_max_ps(_mm256_castps256_ps128(score), _mm256_extractf128_ps(score, 1));
        half = _mm_max_ps(half, _mm_movehl_ps(half, half));
        return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
    }
};

/// Two features a step: vpmaddwd multiplies int16 pairs and adds neighbours.
struct Avx2DotI16 : Avx2Int32Lanes {
    struct Element {
        std::int16_t features[2];
    };
    static constexpr int features_per_step = 2;
    static constexpr bool signed_base = false;

    static Vector accumulate(Vector sums, Vector query, Vector base) {
        return _mm256_add_epi32(sums, _mm256_madd_epi16(query, base));
    }
};

#ifdef __AVXVNNI__
/// Four features a step: vpdpbusd multiplies unsigned by signed bytes, so base bytes are y - 128.
struct AvxVnniDotU8 : Avx2Int32Lanes {
    struct Element {
        std::uint8_t features[4];
    };
    static constexpr int features_per_step = 4;
    static constexpr bool signed_base = true;

    static Vector accumulate(Vector sums, Vector query, Vector base) {
        return _mm256_dpbusd_avx_epi32(sums, query, base);
    }
};
#endif

}  // namespace nearplane::simd
