#pragma once
// Features of any type as packets of the arithmetic's type. Compilers turn a plain loop over bytes
// into twice the instructions, by way of 16-bit integers.

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace nearplane::simd {

template <class T>
struct Lanes {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    static constexpr int count = Eigen::internal::packet_traits<T>::size;
};

/// The next Lanes<T>::count elements of type Source, at any address; exact unless T is narrower.
template <class T, class Source>
typename Lanes<T>::Packet load_as(const std::byte* from) {
    using Packet = typename Lanes<T>::Packet;
    constexpr int lanes = Lanes<T>::count;
    if constexpr (std::is_same_v<T, Source>) {
        return Eigen::internal::ploadu<Packet>(reinterpret_cast<const T*>(from));
    }
#if defined(__AVX512F__)
    else if constexpr (std::is_same_v<T, float> && std::is_same_v<Source, std::uint8_t>) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
    }
#elif defined(__AVX2__)
    else if constexpr (std::is_same_v<T, float> && std::is_same_v<Source, std::uint8_t>) {
        const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
        return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    }
#endif
    else {
        Source elements[lanes];
        std::memcpy(elements, from, sizeof(elements));
        alignas(64) T converted[lanes];
        for (int lane = 0; lane < lanes; ++lane) converted[lane] = static_cast<T>(elements[lane]);
        return Eigen::internal::pload<Packet>(converted);
    }
}

}  // namespace nearplane::simd
