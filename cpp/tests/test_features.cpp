// Histograms of gradients and of colours against one pixel after the other.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "check.hpp"
#include "nearplane/color_histogram.hpp"
#include "nearplane/hog.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

/// One image as numbers: rows, columns, channels.
template <class T>
struct Image {
    const Matrix<T>& images;
    std::int64_t number;
    std::int64_t width;
    std::int64_t channels;

    double at(std::int64_t y, std::int64_t x, std::int64_t c) const {
        return static_cast<double>(images.at(number, (y * width + x) * channels + c));
    }
};

/// The histogram of each cell: magnitudes of the steepest channel's gradient, by its direction.
template <class T>
std::vector<double> naive_cells(const Hog& hog, const Image<T>& image) {
    std::vector<double> cells(static_cast<std::size_t>(hog.cell_rows() * hog.row_bins()));
    const double turn = hog.directed ? 360.0 : 180.0;
    for (std::int64_t y = 0; y < hog.cell_rows() * hog.cell_height; ++y) {
        for (std::int64_t x = 0; x < hog.cell_columns() * hog.cell_width; ++x) {
            double best = -1.0;
            double angle = 0.0;
            for (std::int64_t c = 0; c < hog.channels; ++c) {
                const bool at_side = x == 0 || x == hog.width - 1;
                const bool at_end = y == 0 || y == hog.height - 1;
                const double dx = at_side ? 0.0 : image.at(y, x + 1, c) - image.at(y, x - 1, c);
                const double dy = at_end ? 0.0 : image.at(y + 1, x, c) - image.at(y - 1, x, c);
                if (std::hypot(dx, dy) <= best) continue;
                best = std::hypot(dx, dy);
                angle = std::fmod(std::atan2(dy, dx) * 180.0 / std::numbers::pi + turn, turn);
            }
            const auto bin = std::min(
                static_cast<std::int64_t>(angle / turn * static_cast<double>(hog.orientations)),
                hog.orientations - 1);
            const std::int64_t cell =
                y / hog.cell_height * hog.row_bins() + x / hog.cell_width * hog.orientations + bin;
            cells[static_cast<std::size_t>(cell)] +=
                best / static_cast<double>(hog.cell_height * hog.cell_width);
        }
    }
    return cells;
}

void divide_by(std::vector<double>& block, double divisor) {
    for (double& value : block) value /= divisor;
}

double length_of(const std::vector<double>& block) {
    double squares = 1e-10;
    for (const double value : block) squares += value * value;
    return std::sqrt(squares);
}

void naive_normalize(BlockNorm norm, std::vector<double>& block) {
    if (norm == BlockNorm::none) return;
    if (norm == BlockNorm::l1 || norm == BlockNorm::l1_sqrt) {
        double sum = 1e-5;
        for (const double value : block) sum += value;
        divide_by(block, sum);
        if (norm == BlockNorm::l1) return;
        for (double& value : block) value = std::sqrt(value);
        return;
    }
    divide_by(block, length_of(block));
    if (norm == BlockNorm::l2) return;
    for (double& value : block) value = std::min(value, 0.2);
    divide_by(block, length_of(block));
}

template <class T>
std::vector<double> naive_hog(const Hog& hog, const Image<T>& image) {
    const auto cells = naive_cells(hog, image);
    std::vector<double> features;
    for (std::int64_t row = 0; row + hog.block_rows <= hog.cell_rows(); ++row) {
        for (std::int64_t column = 0; column + hog.block_columns <= hog.cell_columns(); ++column) {
            std::vector<double> block;
            for (std::int64_t r = row; r < row + hog.block_rows; ++r) {
                const auto from = cells.begin() + r * hog.row_bins() + column * hog.orientations;
                block.insert(block.end(), from, from + hog.block_columns * hog.orientations);
            }
            naive_normalize(hog.norm, block);
            features.insert(features.end(), block.begin(), block.end());
        }
    }
    return features;
}

template <class T>
void check_hog(Random& random, const Hog& hog, Layout layout) {
    const auto images = random_matrix<T>(random, 5, hog.height * hog.width * hog.channels, layout);
    std::vector<float> found(static_cast<std::size_t>(5 * hog.n_features()));
    Silence monitor;
    CHECK(extract_hog(hog, images.view(), 2, monitor, found.data()) == -1);
    for (std::int64_t i = 0; i < images.rows(); ++i) {
        const auto truth = naive_hog(hog, Image<T>{images, i, hog.width, hog.channels});
        for (std::size_t k = 0; k < truth.size(); ++k) {
            const double value = found[static_cast<std::size_t>(i * hog.n_features()) + k];
            CHECK_IN(std::abs(value - truth[k]) <= 1e-4 * (1.0 + std::abs(truth[k])),
                     named({{"height", hog.height},
                            {"width", hog.width},
                            {"norm", static_cast<std::int64_t>(hog.norm)}}));
        }
    }
}

TEST(features, gradients_against_one_pixel_after_the_other) {
    Random random(1);
    using enum BlockNorm;
    for (const Layout layout : all_layouts) {
        for (const BlockNorm norm : {none, l1, l1_sqrt, l2, l2_hys}) {
            // Floats: those of bytes fall onto edges of bins, which is what pytest looks at.
            check_hog<float>(random, {16, 19, 3, 4, 5, 2, 2, 9, false, false, false, norm}, layout);
            check_hog<double>(random, {33, 8, 1, 8, 8, 1, 1, 7, true, false, false, norm}, layout);
            check_hog<float>(random, {2, 2, 2, 1, 1, 2, 1, 1, true, false, false, norm}, layout);
        }
        check_hog<double>(random, {1, 1, 1, 1, 1, 1, 1, 8}, layout);
        check_hog<double>(random, {40, 200, 1, 8, 8, 2, 2, 12}, layout);
    }
}

TEST(features, gradients_of_any_size_are_normalised) {
    // Up to where squares of differences overflow; images beyond are refused.
    for (const double size : {1e-300, 1e-30, 1.0, 1e100, 1e140, 1e150, 1e152, 1e153, 6e153}) {
        Matrix<double> image(1, 64);
        for (std::int64_t i = 0; i < 64; ++i) image.set(0, i, size * static_cast<double>(i % 8));
        for (const BlockNorm norm :
             {BlockNorm::l1, BlockNorm::l1_sqrt, BlockNorm::l2, BlockNorm::l2_hys}) {
            const Hog hog{8, 8, 1, 4, 4, 2, 2, 4, false, false, false, norm};
            std::vector<float> found(static_cast<std::size_t>(hog.n_features()));
            Silence monitor;
            CHECK(extract_hog(hog, image.view(), 1, monitor, found.data()) == -1);
            const float largest = *std::max_element(found.begin(), found.end());
            // All edges run one way, so four cells of equal size share one length.
            CHECK_IN(size < 1e-5 ? largest < 1e-4F : largest > 0.2F && largest < 0.75F,
                     std::to_string(size));
        }
    }
}

std::int64_t bin_of(double value, double low, double high, std::int64_t n) {
    const auto bin = static_cast<std::int64_t>(
        std::floor((value - low) / (high - low) * static_cast<double>(n)));
    return std::clamp<std::int64_t>(bin, 0, n - 1);
}

/// Counts of each region, channel by channel, or of combinations of channels.
template <class T>
std::vector<double> naive_histogram(const ColorHistogram& h, const Image<T>& image) {
    std::vector<double> counts(static_cast<std::size_t>(h.n_features()));
    for (std::int64_t y = 0; y < h.height; ++y) {
        for (std::int64_t x = 0; x < h.width; ++x) {
            // Region r begins at r * length / regions, rounded down.
            std::int64_t row = 0;
            std::int64_t column = 0;
            while ((row + 1) * h.height / h.region_rows <= y) ++row;
            while ((column + 1) * h.width / h.region_columns <= x) ++column;
            std::int64_t start = (row * h.region_columns + column) * h.region_bins();
            std::int64_t joint = 0;
            for (std::int64_t c = 0; c < h.channels; ++c) {
                const std::int64_t n = h.bins[static_cast<std::size_t>(c)];
                const std::int64_t bin = bin_of(image.at(y, x, c), h.low, h.high, n);
                joint = joint * n + bin;
                if (!h.joint) counts[static_cast<std::size_t>(start + bin)] += 1.0;
                if (!h.joint) start += n;
            }
            if (h.joint) counts[static_cast<std::size_t>(start + joint)] += 1.0;
        }
    }
    return counts;
}

template <class T>
void check_histogram(Random& random, const ColorHistogram& histogram, Layout layout) {
    Matrix<T> images(4, histogram.height * histogram.width * histogram.channels, layout);
    images.fill([&] {
        // Of bytes, all values; of floats, none at the edge of a bin.
        return sizeof(T) == 1 ? static_cast<double>(whole(random, 0, 255))
                              : real(random, histogram.low, histogram.high);
    });
    std::vector<float> found(static_cast<std::size_t>(4 * histogram.n_features()));
    Silence monitor;
    CHECK(extract_color_histogram(histogram, images.view(), 2, monitor, found.data()) == -1);
    for (std::int64_t i = 0; i < 4; ++i) {
        const Image<T> image{images, i, histogram.width, histogram.channels};
        const auto truth = naive_histogram(histogram, image);
        const auto begin = found.begin() + i * histogram.n_features();
        CHECK(std::equal(truth.begin(), truth.end(), begin));
    }
    // Shares of soft histograms add up to the pixels of a channel.
    ColorHistogram soft = histogram;
    soft.soft = true;
    CHECK(extract_color_histogram(soft, images.view(), 2, monitor, found.data()) == -1);
    double sum = 0.0;
    for (const float value : found) sum += double{value};
    const std::int64_t n = histogram.joint ? 1 : histogram.channels;
    CHECK(is_close(sum, static_cast<double>(4 * histogram.height * histogram.width * n), 1e-6));
}

TEST(features, colours_against_one_pixel_after_the_other) {
    Random random(2);
    for (const Layout layout : all_layouts) {
        for (const bool joint : {false, true}) {
            ColorHistogram histogram{9, 7, 3, ColorSpace::channels, {4, 8, 16}};
            histogram.joint = joint;
            histogram.region_rows = 2;
            histogram.region_columns = 3;
            histogram.scale = HistogramScale::counts;
            check_histogram<double>(random, histogram, layout);
            histogram.low = -3.0;
            check_histogram<float>(random, histogram, layout);
            histogram.low = 0.0;
            histogram.high = 256.0;
            check_histogram<std::uint8_t>(random, histogram, layout);
        }
        ColorHistogram grey{1, 1, 1, ColorSpace::channels, {1}};
        grey.scale = HistogramScale::counts;
        check_histogram<float>(random, grey, layout);
    }
}

TEST(features, limits_as_far_apart_as_numbers_go) {
    const double largest = std::numeric_limits<double>::max();
    for (const auto& [low, high] : {std::pair{0.0, largest},
                                    {-largest / 2, largest / 2},
                                    {0.0, 1e-300},
                                    {0.0, 5e-324},
                                    {1.0, std::nextafter(1.0, 2.0)}}) {
        Matrix<double> image(1, 3);
        image.set(0, 0, low);
        image.set(0, 1, 1.0 / 3 * low + 2.0 / 3 * high);
        image.set(0, 2, high);
        for (const bool soft : {false, true}) {
            ColorHistogram histogram{1, 3, 1, ColorSpace::channels, {5}};
            histogram.soft = soft;
            histogram.scale = HistogramScale::counts;
            histogram.low = low;
            histogram.high = high;
            std::vector<float> found(5);
            Silence monitor;
            CHECK(extract_color_histogram(histogram, image.view(), 1, monitor, found.data()) == -1);
            double sum = 0.0;
            for (const float value : found) sum += double{value};
            CHECK_IN(std::abs(sum - 3.0) < 1e-5, std::to_string(low) + ", " + std::to_string(high));
        }
    }
}

TEST(features, no_images) {
    Silence monitor;
    ColorHistogram histogram{2, 2, 1, ColorSpace::channels, {3}};
    CHECK(extract_color_histogram(histogram, Matrix<float>(0, 4).view(), 2, monitor, nullptr) ==
          -1);
    const Hog hog{2, 2, 1, 1, 1, 1, 1, 4};
    CHECK(extract_hog(hog, Matrix<float>(0, 4).view(), 2, monitor, nullptr) == -1);
}

TEST(features, says_which_image_is_beyond_its_limits) {
    Random random(3);
    Matrix<float> images(50, 12);
    images.fill([&] { return real(random, 0.0, 1.0); });
    ColorHistogram histogram{2, 2, 3, ColorSpace::channels, {3, 3, 3}};
    std::vector<float> out(static_cast<std::size_t>(50 * histogram.n_features()));
    for (const float bad : {1.5F, -0.5F, std::numeric_limits<float>::quiet_NaN()}) {
        images.set(17, 5, bad);
        images.set(40, 1, bad);
        for (const int n_threads : {1, 3}) {
            Silence monitor;
            CHECK(extract_color_histogram(histogram, images.view(), n_threads, monitor,
                                          out.data()) == 17);
        }
    }
}

}  // namespace
}  // namespace nearplane::testing
