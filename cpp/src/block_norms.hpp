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

inline void divide_by_length(std::vector<double>& block) {
    const auto n = static_cast<std::int64_t>(block.size());
    const double squares = partial_sums(n, [&](std::int64_t i) { return block[i] * block[i]; });
    const double length = std::sqrt(squares + norm_floor * norm_floor);
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
