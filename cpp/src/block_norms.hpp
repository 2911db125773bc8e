#pragma once
// How the histograms of a block are made comparable with those of others.

#include <algorithm>
#include <cmath>
#include <vector>

#include "nearplane/hog.hpp"
#include "partial_sums.hpp"

namespace nearplane {

/// Added to what a block is divided by, where magnitudes are some units of a pixel's 256.
constexpr double norm_floor = 1e-5;
/// What no value of a block exceeds by L2-Hys, as in Lowe's descriptors.
constexpr double hysteresis = 0.2;

/// Brings values whose squares would overflow back to where they do not, by a power of two, which
/// rounds nothing. Returns it.
inline double shrink_if_huge(std::vector<double>& block) {
    constexpr double huge = 0x1p+480;
    constexpr double shrinkage = 0x1p-560;
    if (std::all_of(block.begin(), block.end(), [](double value) { return value < huge; })) {
        return 1.0;
    }
    for (double& value : block) value *= shrinkage;
    return shrinkage;
}

inline void divide_by_length(std::vector<double>& block) {
    const double floor = norm_floor * shrink_if_huge(block);
    const auto n = static_cast<std::int64_t>(block.size());
    const double squares = partial_sums(n, [&](std::int64_t i) { return block[i] * block[i]; });
    const double length = std::sqrt(squares + floor * floor);
    for (double& value : block) value /= length;
}

/// Values must not be negative.
inline void normalize_block(BlockNorm norm, std::vector<double>& block) {
    switch (norm) {
        case BlockNorm::none: return;
        case BlockNorm::l1:
        case BlockNorm::l1_sqrt: {
            const auto n = static_cast<std::int64_t>(block.size());
            const double sum =
                partial_sums(n, [&](std::int64_t i) { return block[i]; }) + norm_floor;
            for (double& value : block) value /= sum;
            if (norm == BlockNorm::l1) return;
            for (double& value : block) value = std::sqrt(value);
            return;
        }
        case BlockNorm::l2: divide_by_length(block); return;
        case BlockNorm::l2_hys:
            divide_by_length(block);
            for (double& value : block) value = std::min(value, hysteresis);
            divide_by_length(block);
            return;
    }
}

}  // namespace nearplane
