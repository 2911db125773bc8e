#pragma once
// Histograms of colours: how many pixels of each region of an image have which colour.

#include <cstdint>
#include <vector>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

enum class ColorSpace : std::uint8_t {
    channels,  // as they are
    luma,      // grey of three channels
    hsv,       // of red, green and blue
    hue,       // alone
};

enum class HistogramScale : std::uint8_t {
    counts,
    shares,  // of the pixels of a region
    roots,   // of shares: their Euclidean distances are Hellinger's
};

struct ColorHistogram {
    std::int64_t height;
    std::int64_t width;
    std::int64_t channels;
    ColorSpace space = ColorSpace::channels;
    std::vector<std::int64_t> bins;  // of each channel of the space
    bool joint = false;              // a bin for each combination, not for each channel alone
    bool soft = false;               // pixels share themselves out between the two nearest bins
    std::int64_t region_rows = 1;
    std::int64_t region_columns = 1;
    HistogramScale scale = HistogramScale::shares;
    double low = 0.0;  // what pixels lie between
    double high = 1.0;

    /// Features of a region.
    std::int64_t region_bins() const {
        std::int64_t result = joint ? 1 : 0;
        for (const std::int64_t n : bins) result = joint ? result * n : result + n;
        return result;
    }
    std::int64_t n_features() const { return region_rows * region_columns * region_bins(); }
};

/// Writes the n_features of each image, region by region, and returns the first image which has a
/// value outside [low, high], or -1.
///
/// Preconditions: images.cols is height * width * channels; spaces but `channels` are of three
/// channels; there is no region without a pixel. Results do not depend on the number of threads.
std::int64_t extract_color_histogram(const ColorHistogram& histogram, const MatrixView& images,
                                     int n_threads, Monitor& monitor, float* out);

}  // namespace nearplane
