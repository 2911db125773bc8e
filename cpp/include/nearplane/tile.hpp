#pragma once
// The one inner loop of the core: a tile of query rows times a few vectors of base rows, with every
// sum in a register. What a step computes is the register operation's business (simd/).

#include <cstddef>
#include <cstdint>

#if defined(__clang__)
#define NEARPLANE_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define NEARPLANE_UNROLL _Pragma("GCC unroll 16")
#else
#define NEARPLANE_UNROLL
#endif

namespace nearplane {

/// Rows of a packed base panel: what one tile is wide.
template <class Op>
inline constexpr int tile_columns = Op::lanes * Op::tile_vectors;

/// Steps of one depth block: the base panel that every query panel meets in turn fills half of a
/// 32 KiB L1. It is also far too short for any lane to overflow: a step adds at most 4 * 255 * 128.
template <class Op>
inline constexpr std::int64_t cache_block_steps =
    16 * 1024 / (tile_columns<Op> * static_cast<std::int64_t>(sizeof(typename Op::Element)));

/// tile[i][v] += sum over `steps` steps of op(query row i, base vector v).
///
/// `query` is a panel of Op::tile_rows interleaved rows, `base` one of tile_columns<Op>, aligned to
/// a vector: step s of row r lies at [s * panel_rows + r]. Precondition: steps is small enough that
/// no lane overflows.
template <class Op>
inline void run_tile(const typename Op::Element* query, const typename Op::Element* base,
                     std::int64_t steps,
                     typename Op::Vector (&tile)[Op::tile_rows][Op::tile_vectors]) {
    using Vector = typename Op::Vector;
    constexpr int rows = Op::tile_rows;
    constexpr int vectors = Op::tile_vectors;
    for (std::int64_t step = 0; step < steps; ++step) {
        Vector base_rows[vectors];
        NEARPLANE_UNROLL
        for (int v = 0; v < vectors; ++v) base_rows[v] = Op::load(base + v * Op::lanes);
        NEARPLANE_UNROLL
        for (int i = 0; i < rows; ++i) {
            const Vector query_row = Op::broadcast(query + i);
            NEARPLANE_UNROLL
            for (int v = 0; v < vectors; ++v) {
                tile[i][v] = Op::accumulate(tile[i][v], query_row, base_rows[v]);
            }
        }
        query += rows;
        base += tile_columns<Op>;
    }
}

/// sums[i * stride + j] += sum over `steps` steps of op(query row i, base row j); `sums` has room
/// for the whole tile.
template <class Op>
inline void accumulate_tile(const typename Op::Element* query, const typename Op::Element* base,
                            std::int64_t steps, double* sums, std::int64_t stride) {
    constexpr int rows = Op::tile_rows;
    constexpr int vectors = Op::tile_vectors;
    typename Op::Vector tile[rows][vectors];
    NEARPLANE_UNROLL
    for (int i = 0; i < rows; ++i) {
        NEARPLANE_UNROLL
        for (int v = 0; v < vectors; ++v) tile[i][v] = Op::zero();
    }
    run_tile<Op>(query, base, steps, tile);
    alignas(64) typename Op::Lane finished[rows][tile_columns<Op>];
    NEARPLANE_UNROLL
    for (int i = 0; i < rows; ++i) {
        NEARPLANE_UNROLL
        for (int v = 0; v < vectors; ++v) Op::store(tile[i][v], &finished[i][v * Op::lanes]);
    }
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < tile_columns<Op>; ++j) {
            sums[i * stride + j] += static_cast<double>(finished[i][j]);
        }
    }
}

/// One bit for each pair of the tile: whether start_j + its sum passes the limit of query row i.
/// passed[i] holds the bits of row i, of base row 0 in bit 0.
template <class Op>
inline void filter_tile(const typename Op::Element* query, const typename Op::Element* base,
                        std::int64_t steps, const std::int32_t* starts, const std::int32_t* limits,
                        std::uint64_t* passed) {
    constexpr int rows = Op::tile_rows;
    constexpr int vectors = Op::tile_vectors;
    typename Op::Vector tile[rows][vectors];
    NEARPLANE_UNROLL
    for (int i = 0; i < rows; ++i) {
        NEARPLANE_UNROLL
        for (int v = 0; v < vectors; ++v) tile[i][v] = Op::starts(starts + v * Op::lanes);
    }
    run_tile<Op>(query, base, steps, tile);
    NEARPLANE_UNROLL
    for (int i = 0; i < rows; ++i) {
        std::uint64_t bits = 0;
        NEARPLANE_UNROLL
        for (int v = 0; v < vectors; ++v) {
            bits |= std::uint64_t{Op::passing(tile[i][v], limits[i])} << (v * Op::lanes);
        }
        passed[i] = bits;
    }
}

}  // namespace nearplane
