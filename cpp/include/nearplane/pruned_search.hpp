#pragma once
// Exact k nearest neighbours that compare a few bytes of most rows and all features of few.

#include <cstdint>
#include <span>
#include <vector>

#include "nearplane/encoder.hpp"
#include "nearplane/search.hpp"

namespace nearplane {

/// A first level has 8-bit codes, and may be this wide. More could overflow the 32-bit sums of a
/// tile: 2^13 * 255^2 < 2^30.
inline constexpr std::int64_t most_filtered_codes = 1 << 13;

/// The codes of all base rows at one level of an encoder.
struct LevelCodes {
    const std::byte* codes;  // base.rows x row_bytes()
    const float* errors;     // base.rows
};

/// Neighbours as `argkmin` finds them, to the last bit. `survivors` has one element more than the
/// encoder has levels; added to them are the pairs each level compared and, last, those measured.
///
/// Preconditions: those of argkmin; sketch.size() == encoder.levels.size() >= 1; the first level
/// has at most most_filtered_codes codes, of 8 bits; no code of 16 bits is larger than
/// largest_word; no error is negative.
void argkmin_pruned(const MatrixView& query, const MatrixView& base, const Encoder& encoder,
                    std::span<const LevelCodes> sketch, const SearchOptions& options,
                    Monitor& monitor, double* distances, std::int64_t* indices,
                    std::span<std::int64_t> survivors);

}  // namespace nearplane
