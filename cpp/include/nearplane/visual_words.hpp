#pragma once
// Images as bags of visual words: every patch of an image is compared with all words of a codebook,
// and what it says of them is added up over the regions of the image.

#include <cstdint>
#include <vector>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

/// Where the patches of an image lie: rows x columns of them, `stride` pixels apart.
struct PatchGrid {
    std::int64_t height;
    std::int64_t width;
    std::int64_t channels;
    std::int64_t patch_height;
    std::int64_t patch_width;
    std::int64_t stride;

    std::int64_t rows() const { return (height - patch_height) / stride + 1; }
    std::int64_t columns() const { return (width - patch_width) / stride + 1; }
    std::int64_t n_patches() const { return rows() * columns(); }
    /// Features of a patch.
    std::int64_t n_features() const { return patch_height * patch_width * channels; }
};

/// What a patch adds to the words of its region.
enum class Assignment : std::uint8_t {
    hard,      // 1 to the nearest word, of equally near ones to the first
    soft,      // exp(-d^2 / (2 bandwidth^2)), divided by the sum over all words
    triangle,  // max(0, mean of the distances to all words - d)
};

struct VisualWords {
    PatchGrid patches;
    std::int64_t region_rows = 1;
    std::int64_t region_columns = 1;
    /// Added to the variance of a patch before it is divided by its root; below zero, patches stay
    /// as they are.
    float contrast = -1.0F;
    std::vector<float> center;     // of patches; empty if they are not whitened
    std::vector<float> whitening;  // n_features x n_features, from left: z = whitening (x - center)
    std::vector<float> words;      // n_words x n_features
    Assignment assignment = Assignment::triangle;
    double bandwidth = 1.0;

    std::int64_t n_words() const {
        return static_cast<std::int64_t>(words.size()) / patches.n_features();
    }
    std::int64_t n_features_out() const { return region_rows * region_columns * n_words(); }
};

/// out[i] = the n_features_out sums of image i, word by word within region by region.
///
/// Preconditions: images.cols is height * width * channels; there is a patch and a word, and no
/// fewer patches than regions along either side. Results do not depend on the number of threads.
void encode_images(const VisualWords& model, const MatrixView& images, int n_threads,
                   Monitor& monitor, float* out);

}  // namespace nearplane
