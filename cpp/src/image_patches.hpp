#pragma once
// The patches of an image as rows of floats.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "nearplane/visual_words.hpp"

namespace nearplane {

/// One image at a time, whose patches can be asked for in any order.
class ImagePatches {
public:
    explicit ImagePatches(const PatchGrid& grid)
        : grid_(grid),
          pixels_(static_cast<std::size_t>(grid.height * grid.width * grid.channels)) {}

    void read(const MatrixView& images, std::int64_t image) {
        visit_scalar(images.scalar, [&](auto tag) {
            visit_layout<decltype(tag)>(images, [&](auto row_at) {
                const auto at = row_at(image);
                for (std::size_t i = 0; i < pixels_.size(); ++i) {
                    pixels_[i] = static_cast<float>(at(static_cast<std::int64_t>(i)));
                }
            });
        });
    }

    /// Copies patch number `patch`, counted row by row.
    void copy(std::int64_t patch, float* out) const {
        const std::int64_t line = grid_.patch_width * grid_.channels;
        const std::int64_t top = patch / grid_.columns() * grid_.stride;
        const std::int64_t left = patch % grid_.columns() * grid_.stride;
        const float* from = pixels_.data() + (top * grid_.width + left) * grid_.channels;
        for (std::int64_t y = 0; y < grid_.patch_height; ++y) {
            std::copy_n(from + y * grid_.width * grid_.channels, line, out + y * line);
        }
    }

private:
    PatchGrid grid_;
    std::vector<float> pixels_;
};

/// Takes the mean out of a patch and divides it by sqrt(variance + contrast). Sums are of squares
/// of what is left, so that a patch far from zero loses no more digits than its pixels have.
inline void normalize_patch(float* patch, std::int64_t n, float contrast) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(patch[i]);
    const auto mean = static_cast<float>(sum / static_cast<double>(n));
    double squares = 0.0;
    for (std::int64_t i = 0; i < n; ++i) {
        patch[i] -= mean;
        squares += static_cast<double>(patch[i]) * static_cast<double>(patch[i]);
    }
    const double spread =
        std::sqrt(squares / static_cast<double>(n) + static_cast<double>(contrast));
    // In float64, since that of hardly any spread is more than float32 holds.
    const double factor = spread > 0.0 ? 1.0 / spread : 0.0;
    for (std::int64_t i = 0; i < n; ++i) {
        patch[i] = static_cast<float>(static_cast<double>(patch[i]) * factor);
    }
}

}  // namespace nearplane
