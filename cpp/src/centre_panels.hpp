#pragma once
// Centres, such as visual words, packed once and met by many rows: all products of a few rows with
// all centres, tile by tile, which whoever asks for them takes out of the registers.

#include <algorithm>
#include <cstdint>

#include "nearplane/simd/level.hpp"
#include "nearplane/tile.hpp"
#include "nearplane/weights.hpp"

namespace nearplane {

/// Rows that a tile takes at a time.
template <class T>
inline constexpr std::int64_t tile_rows = simd::FloatDot<T>::tile_rows;

/// Packs `count` rows of n_features, `stride` elements apart, into one panel of tile_rows<T>, zero
/// where there is no row.
template <class T>
void pack_row_panel(const T* rows, std::int64_t count, std::int64_t stride, std::int64_t n_features,
                    T* panel) {
    for (std::int64_t d = 0; d < n_features; ++d, panel += tile_rows<T>) {
        for (std::int64_t r = 0; r < count; ++r) panel[r] = rows[r * stride + d];
        std::fill(panel + count, panel + tile_rows<T>, T(0));
    }
}

template <class T>
class CentrePanels {
public:
    using Op = simd::FloatDot<T>;
    using Vector = typename Op::Vector;
    using Tile = Vector[Op::tile_rows][Op::tile_vectors];
    static constexpr std::int64_t panel_centres = tile_columns<Op>;

    /// `centres` is n_centres x n_features, row after row. Those that fill up the last panel are 0.
    CentrePanels(const T* centres, std::int64_t n_centres, std::int64_t n_features)
        : n_features_(n_features),
          n_panels_((n_centres + panel_centres - 1) / panel_centres),
          panels_(static_cast<std::size_t>(n_panels_ * panel_centres * n_features), T(0)) {
        for (std::int64_t c = 0; c < n_centres; ++c) {
            T* lane =
                panels_.data() + c / panel_centres * panel_centres * n_features + c % panel_centres;
            for (std::int64_t d = 0; d < n_features; ++d) {
                lane[d * panel_centres] = centres[c * n_features + d];
            }
        }
    }

    std::int64_t n_panels() const { return n_panels_; }

    /// tile[r][v] = the products of row r of a row panel with the centres from number
    /// panel * panel_centres + v * Op::lanes on.
    void multiply(const T* rows, std::int64_t panel, Tile& tile) const {
        NEARPLANE_UNROLL
        for (int r = 0; r < Op::tile_rows; ++r) {
            NEARPLANE_UNROLL
            for (int v = 0; v < Op::tile_vectors; ++v) tile[r][v] = Op::zero();
        }
        run_tile<Op>(rows, panels_.data() + panel * panel_centres * n_features_, n_features_, tile);
    }

private:
    std::int64_t n_features_;
    std::int64_t n_panels_;
    AlignedVector<T> panels_;
};

}  // namespace nearplane
