#pragma once
// The two matrix products of a linear model, whose third dimension - the number of classes - is
// small. Both run along the features, so that no lane is empty however few classes there are:
// scores = X W' as many dot products at a time as registers hold, and gradient = G' X as a sum over
// rows that stays in registers. A sum is taken in the same order whatever else is computed beside
// it, so models trained together get the bits each would get alone.

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "feature_batch.hpp"
#include "nearplane/simd/convert.hpp"
#include "nearplane/tile.hpp"
#include "nearplane/weights.hpp"

namespace nearplane {

namespace tile_shape {
// Registers: 4 x 6 sums + 4 features + 1 weight of 32, or 2 x 5 + 2 + 1 of 16; and 10 x 2 sums + 2
// features + 1 gradient of 32, or 5 x 2 + 2 + 1. Ten is also the usual number of classes.
inline constexpr bool many = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32;
inline constexpr int dot_rows = many ? 4 : 2;
inline constexpr int dot_columns = many ? 6 : 5;
inline constexpr int outer_columns = many ? 10 : 5;
}  // namespace tile_shape

/// A matrix of which only the beginnings of rows are known: its first element and the row stride.
template <class T>
struct Block {
    T* data;
    std::int64_t stride;

    T* row(std::int64_t i) const { return data + i * stride; }
};

/// Calls body(std::integral_constant<int, n>{}) for n from 1 to `most`.
template <int most, class Body>
void with_constant(std::int64_t n, const Body& body) {
    if constexpr (most > 1) {
        if (n < most) return with_constant<most - 1>(n, body);
    }
    body(std::integral_constant<int, most>{});
}

/// scores[r][c] += sum over the features of n_blocks blocks of x[r] w[c].
template <class T, int rows, int columns>
void dot_tile(FeatureBlocks<T> x, Block<const T> w, std::int64_t n_blocks, Block<T> scores) {
    using Packet = typename simd::Lanes<T>::Packet;
    constexpr int lanes = simd::Lanes<T>::count;
    Packet sums[rows][columns];
    NEARPLANE_UNROLL
    for (int r = 0; r < rows; ++r) {
        NEARPLANE_UNROLL
        for (int c = 0; c < columns; ++c) sums[r][c] = Eigen::internal::pset1<Packet>(T(0));
    }
    for (std::int64_t block = 0; block < n_blocks; ++block) {
        for (std::int64_t i = 0; i < block_width<T>; i += lanes) {
            Packet features[rows];
            NEARPLANE_UNROLL
            for (int r = 0; r < rows; ++r) {
                features[r] = Eigen::internal::pload<Packet>(x.row(r) + i);
            }
            NEARPLANE_UNROLL
            for (int c = 0; c < columns; ++c) {
                const auto weights = Eigen::internal::pload<Packet>(w.row(c) + i);
                NEARPLANE_UNROLL
                for (int r = 0; r < rows; ++r) {
                    sums[r][c] = Eigen::internal::pmadd(features[r], weights, sums[r][c]);
                }
            }
        }
        x.data += x.block_stride;
        w.data += block_width<T>;
    }
    NEARPLANE_UNROLL
    for (int r = 0; r < rows; ++r) {
        NEARPLANE_UNROLL
        for (int c = 0; c < columns; ++c) {
            scores.row(r)[c] += Eigen::internal::predux(sums[r][c]);
        }
    }
}

/// gradient[c][.] += sum over rows of g[r][c] x[r][.], for the features of one block.
template <class T, int columns>
void outer_tile(FeatureBlocks<T> x, Block<const T> g, std::int64_t n_rows, Block<T> gradient) {
    using Packet = typename simd::Lanes<T>::Packet;
    constexpr int lanes = simd::Lanes<T>::count;
    constexpr int vectors = 2;
    for (std::int64_t first = 0; first < block_width<T>; first += vectors * lanes) {
        Packet sums[columns][vectors];
        NEARPLANE_UNROLL
        for (int c = 0; c < columns; ++c) {
            NEARPLANE_UNROLL
            for (int v = 0; v < vectors; ++v) {
                sums[c][v] = Eigen::internal::pload<Packet>(gradient.row(c) + first + v * lanes);
            }
        }
        for (std::int64_t r = 0; r < n_rows; ++r) {
            Packet features[vectors];
            NEARPLANE_UNROLL
            for (int v = 0; v < vectors; ++v) {
                features[v] = Eigen::internal::pload<Packet>(x.row(r) + first + v * lanes);
            }
            NEARPLANE_UNROLL
            for (int c = 0; c < columns; ++c) {
                const auto factor = Eigen::internal::pset1<Packet>(g.row(r)[c]);
                NEARPLANE_UNROLL
                for (int v = 0; v < vectors; ++v) {
                    sums[c][v] = Eigen::internal::pmadd(factor, features[v], sums[c][v]);
                }
            }
        }
        NEARPLANE_UNROLL
        for (int c = 0; c < columns; ++c) {
            NEARPLANE_UNROLL
            for (int v = 0; v < vectors; ++v) {
                Eigen::internal::pstore(gradient.row(c) + first + v * lanes, sums[c][v]);
            }
        }
    }
}

/// Calls body(first, std::integral_constant<int, count>{}) for groups of at most `most` of n
/// columns, as even as can be: 10 as 5 + 5 and not as 6 + 4.
template <int most, class Body>
void for_column_groups(std::int64_t n, const Body& body) {
    const std::int64_t n_groups = (n + most - 1) / most;
    for (std::int64_t group = 0; group < n_groups; ++group) {
        const std::int64_t first = n * group / n_groups;
        const std::int64_t count = n * (group + 1) / n_groups - first;
        with_constant<most>(count, [&](auto columns) { body(first, columns); });
    }
}

/// scores += x w' for n_rows x n_columns scores.
template <class T>
void add_dot_products(FeatureBlocks<T> x, std::int64_t n_rows, Block<const T> w,
                      std::int64_t n_columns, std::int64_t n_blocks, Block<T> scores) {
    constexpr int rows = tile_shape::dot_rows;
    for_column_groups<tile_shape::dot_columns>(n_columns, [&](std::int64_t c, auto columns) {
        const Block<const T> weights{w.row(c), w.stride};
        for (std::int64_t r = 0; r < n_rows; r += rows) {
            with_constant<rows>(std::min<std::int64_t>(rows, n_rows - r), [&](auto present) {
                dot_tile<T, present, columns>(x.from_row(r), weights, n_blocks,
                                              {scores.row(r) + c, scores.stride});
            });
        }
    });
}

/// gradient += g' x for n_columns x block_width values.
template <class T>
void add_outer_products(FeatureBlocks<T> x, Block<const T> g, std::int64_t n_rows,
                        std::int64_t n_columns, Block<T> gradient) {
    // 64 rows of a block are 16 KiB, half of a small L1, while all columns pass over them.
    constexpr std::int64_t cached_rows = 64;
    for (std::int64_t r = 0; r < n_rows; r += cached_rows) {
        const std::int64_t count = std::min(cached_rows, n_rows - r);
        for_column_groups<tile_shape::outer_columns>(n_columns, [&](std::int64_t c, auto columns) {
            outer_tile<T, columns>(x.from_row(r), {g.row(r) + c, g.stride}, count,
                                   {gradient.row(c), gradient.stride});
        });
    }
}

}  // namespace nearplane
