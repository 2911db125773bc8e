#pragma once
// Histograms of oriented gradients (Dalal and Triggs, 2005): which way the edges of an image run,
// cell by cell, and blocks of cells made comparable by their common size.

#include <cstdint>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

/// What the histograms of a block are divided by.
enum class BlockNorm : std::uint8_t {
    none,
    l1,       // the sum of their values
    l1_sqrt,  // the same, and roots taken
    l2,       // their Euclidean length
    l2_hys,   // the same, then clipped at 0.2, and divided by their length anew
};

struct Hog {
    std::int64_t height;
    std::int64_t width;
    std::int64_t channels;
    std::int64_t cell_height;
    std::int64_t cell_width;
    std::int64_t block_rows;  // cells of a block, along either side
    std::int64_t block_columns;
    std::int64_t orientations;  // bins of a histogram
    bool directed = false;      // bins share 360 degrees, not 180
    bool take_roots = false;    // of the values of pixels, first of all
    bool luma = false;          // of three channels, in place of the one of the steepest gradient
    BlockNorm norm = BlockNorm::l2_hys;

    std::int64_t cell_rows() const { return height / cell_height; }
    std::int64_t cell_columns() const { return width / cell_width; }
    /// Histograms of a row of cells.
    std::int64_t row_bins() const { return cell_columns() * orientations; }
    std::int64_t n_blocks() const {
        return (cell_rows() - block_rows + 1) * (cell_columns() - block_columns + 1);
    }
    std::int64_t n_features() const {
        return n_blocks() * block_rows * block_columns * orientations;
    }
};

/// Writes the n_features of each image, block by block, and returns the first image of which some
/// are beyond the range of float, or -1.
///
/// Preconditions: images.cols is height * width * channels; there is a block; luma needs three
/// channels, and take_roots values that have one. Results do not depend on the number of threads.
std::int64_t extract_hog(const Hog& hog, const MatrixView& images, int n_threads, Monitor& monitor,
                         float* out);

}  // namespace nearplane
