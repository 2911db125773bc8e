#pragma once
// Picks the byte operations of the level being compiled. The compiler's own feature macros decide,
// so a level is nothing but its flags (cmake/isa_levels.cmake).

#include "nearplane/simd/floating.hpp"
#include "nearplane/simd/portable.hpp"

#if defined(__AVX512BW__) && defined(__AVX512DQ__)
#include "nearplane/simd/avx512.hpp"
#elif defined(__AVX2__)
#include "nearplane/simd/avx2.hpp"
#endif

namespace nearplane::simd {

#if defined(__AVX512BW__) && defined(__AVX512DQ__)
using AbsDiffU8 = Avx512AbsDiffU8;
#ifdef __AVX512VNNI__
using DotU8 = Avx512VnniDotU8;
#else
using DotU8 = Avx512DotI16;
#endif
#elif defined(__AVX2__)
using AbsDiffU8 = Avx2AbsDiffU8;
#ifdef __AVXVNNI__
using DotU8 = AvxVnniDotU8;
#else
using DotU8 = Avx2DotI16;
#endif
#else
using AbsDiffU8 = PortableAbsDiffU8;
using DotU8 = PortableDotU8;
#endif

}  // namespace nearplane::simd
