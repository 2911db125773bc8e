#pragma once
// AVX-512 register operations on bytes. See portable.hpp for what each one means.

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace nearplane::simd {

/// Eight features a step: vpsadbw sums eight byte differences into each 64-bit lane.
struct Avx512AbsDiffU8 {
    using Element = std::uint64_t;
    using Lane = std::int64_t;
    using Vector = __m512i;
    static constexpr int lanes = 8;
    static constexpr int tile_rows = 8;  // 8 x 3 sums, 3 base vectors, 1 query, 1 difference sum
    static constexpr int tile_vectors = 3;
    static constexpr int features_per_step = 8;
    static constexpr bool signed_base = false;

    static Vector zero() { return _mm512_setzero_si512(); }
    static Vector load(const Element* base) { return _mm512_load_si512(base); }
    static Vector broadcast(const Element* query) {
        return _mm512_set1_epi64(static_cast<long long>(*query));
    }
    static Vector accumulate(Vector sums, Vector query, Vector base) {
        return _mm512_add_epi64(sums, _mm512_sad_epu8(query, base));
    }
    static void store(Vector sums, Lane* out) { _mm512_store_si512(out, sums); }

    static Vector starts(const std::int32_t* values) {
        return _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
    }
    static std::uint32_t passing(Vector sums, std::int32_t limit) {
        return _mm512_cmple_epi64_mask(sums, _mm512_set1_epi64(limit));
    }
};

/// int32 sums of sixteen base rows, shared by the two dot products.
struct Avx512Int32Lanes {
    using Lane = std::int32_t;
    using Vector = __m512i;
    static constexpr int lanes = 16;
    static constexpr int tile_rows = 12;  // 12 x 2 sums, 2 base vectors, 1 query, 1 product
    static constexpr int tile_vectors = 2;

    static Vector zero() { return _mm512_setzero_si512(); }
    static Vector load(const void* base) { return _mm512_load_si512(base); }
    static Vector broadcast(const void* query) {
        std::int32_t step;
        std::memcpy(&step, query, sizeof(step));
        return _mm512_set1_epi32(step);
    }
    static void store(Vector sums, Lane* out) { _mm512_store_si512(out, sums); }

    static Vector starts(const std::int32_t* values) { return _mm512_loadu_si512(values); }
    static std::uint32_t passing(Vector sums, std::int32_t limit) {
        return _mm512_cmpge_epi32_mask(sums, _mm512_set1_epi32(limit));
    }
    static std::uint32_t reaching(Vector sums, const float* offsets, float factor, float limit) {
        const __m512 score = _mm512_fnmadd_ps(_mm512_loadu_ps(offsets), _mm512_set1_ps(factor),
                                              _mm512_cvtepi32_ps(sums));
        return _mm512_cmp_ps_mask(score, _mm512_set1_ps(limit), _CMP_NLT_UQ);
    }
    static float largest(Vector sums, const float* offsets, float factor) {
        return _mm512_reduce_max_ps(_mm512_fnmadd_ps(
            _mm512_loadu_ps(offsets), _mm512_set1_ps(factor), _mm512_cvtepi32_ps(sums)));
    }
};

/// Two features a step: vpmaddwd multiplies int16 pairs and adds neighbours.
struct Avx512DotI16 : Avx512Int32Lanes {
    struct Element {
        std::int16_t features[2];
    };
    static constexpr int features_per_step = 2;
    static constexpr bool signed_base = false;

    static Vector accumulate(Vector sums, Vector query, Vector base) {
        return _mm512_add_epi32(sums, _mm512_madd_epi16(query, base));
    }
};

#ifdef __AVX512VNNI__
/// Four features a step: vpdpbusd multiplies unsigned by signed bytes, so base bytes are y - 128.
struct Avx512VnniDotU8 : Avx512Int32Lanes {
    struct Element {
        std::uint8_t features[4];
    };
    static constexpr int features_per_step = 4;
    static constexpr bool signed_base = true;

    static Vector accumulate(Vector sums, Vector query, Vector base) {
        return _mm512_dpbusd_epi32(sums, query, base);
    }
};
#endif

}  // namespace nearplane::simd
