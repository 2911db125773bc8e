#pragma once
// Some rows of an image at a time, channel by channel, with a margin of one pixel around them.

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace nearplane {

/// Beyond the borders of the image lies its mirror image, so that differences across a border
/// pixel, from neighbour to neighbour, are 0.
template <class Pixel>
class ImageStrip {
public:
    ImageStrip(std::int64_t height, std::int64_t width, std::int64_t n_planes)
        : height_(height),
          width_(width),
          n_planes_(n_planes),
          max_rows_(
              std::clamp<std::int64_t>(strip_pixels / width, least_rows, height + least_rows)),
          // One more at either end: the margin of the corners.
          pixels_(static_cast<std::size_t>(n_planes * plane_size())) {}

    std::int64_t max_rows() const { return max_rows_; }
    /// From a pixel to the one below.
    std::int64_t pitch() const { return width_ + 2; }
    /// Pixels of max_rows rows, margins included.
    std::size_t size() const { return static_cast<std::size_t>(max_rows_ * pitch()); }

    /// The first pixel of a row of the strip; -1 and max_rows are the margin.
    Pixel* row(std::int64_t plane, std::int64_t r) {
        return pixels_.data() + plane * plane_size() + 2 + (r + 1) * pitch();
    }

    /// Loads n_rows rows of the image from number `first` on; pixel_at(place, plane, n_planes)
    /// reads them, where places count pixels row by row.
    template <class PixelAt>
    void load(std::int64_t first, std::int64_t n_rows, const PixelAt& pixel_at) {
        // Only known distances between the values of a channel are read as vectors.
        if (n_planes_ == 1) {
            load_rows(first, n_rows, pixel_at, std::integral_constant<std::int64_t, 1>{});
        } else if (n_planes_ == 3) {
            load_rows(first, n_rows, pixel_at, std::integral_constant<std::int64_t, 3>{});
        } else {
            load_rows(first, n_rows, pixel_at, n_planes_);
        }
    }

private:
    template <class PixelAt, class Count>
    void load_rows(std::int64_t first, std::int64_t n_rows, const PixelAt& pixel_at,
                   Count n_planes) {
        for (std::int64_t r = -1; r <= n_rows; ++r) {
            const std::int64_t place = mirrored(first + r) * width_;
            for (std::int64_t plane = 0; plane < n_planes; ++plane) {
                Pixel* __restrict out = row(plane, r);
                const std::int64_t width = width_;
                for (std::int64_t x = 0; x < width; ++x) {
                    out[x] = pixel_at(place + x, plane, n_planes);
                }
                out[-1] = out[std::min<std::int64_t>(1, width - 1)];
                out[width] = out[std::max<std::int64_t>(width - 2, 0)];
            }
        }
    }

    /// Enough for loops to be worth starting, few enough for all arrays to stay in a cache.
    static constexpr std::int64_t strip_pixels = 1024;
    /// The margins are read twice; of eight rows, they are a quarter.
    static constexpr std::int64_t least_rows = 8;

    std::int64_t plane_size() const { return (max_rows_ + 2) * pitch() + 4; }

    std::int64_t mirrored(std::int64_t row) const {
        if (row < 0) return std::min<std::int64_t>(1, height_ - 1);
        if (row >= height_) return std::max<std::int64_t>(height_ - 2, 0);
        return row;
    }

    std::int64_t height_;
    std::int64_t width_;
    std::int64_t n_planes_;
    std::int64_t max_rows_;
    std::vector<Pixel> pixels_;
};

}  // namespace nearplane
