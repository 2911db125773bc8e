#include "nearplane/color_histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

#include "colour.hpp"
#include "histogram_axis.hpp"
#include "image_tasks.hpp"

namespace nearplane {
namespace {

// Operations on a value that is read.
constexpr std::int64_t operations = 20;

bool is_hsv(ColorSpace space) {
    return space == ColorSpace::hsv || space == ColorSpace::hue;
}

std::vector<HistogramAxis> axes_of(const ColorHistogram& histogram) {
    const bool unit = is_hsv(histogram.space);
    std::vector<HistogramAxis> axes;
    for (std::size_t k = 0; k < histogram.bins.size(); ++k) {
        axes.emplace_back(unit ? 0.0 : histogram.low, unit ? 1.0 : histogram.high,
                          histogram.bins[k], unit && k == 0);
    }
    return axes;
}

/// The histograms of one image after the other, in scratch memory of a row of pixels and of the
/// histograms.
template <class Source>
class HistogramWorker {
    using Index = std::int64_t;

public:
    HistogramWorker(const ColorHistogram& histogram, const std::vector<HistogramAxis>& axes)
        : histogram_(histogram),
          axes_(axes),
          line_(static_cast<std::size_t>(histogram.width * histogram.channels)),
          values_(axes.size(), std::vector<double>(static_cast<std::size_t>(histogram.width))),
          first_(values_.size(), std::vector<std::int32_t>(values_[0].size())),
          second_(first_),
          of_second_(values_),
          sums_(static_cast<std::size_t>(histogram.n_features())) {
        if (!tabulates()) return;
        for (std::size_t k = 0; k < axes_.size(); ++k) {
            for (int byte = 0; byte < 256; ++byte) {
                table_.push_back(shares_of(axes_[k], static_cast<double>(byte)));
            }
        }
    }

    /// Whether all values lie within the limits.
    template <class Row>
    bool extract(const Row& at, Pulse& pulse, float* out) {
        std::fill(sums_.begin(), sums_.end(), 0.0);
        for (Index region = 0; region < histogram_.region_rows; ++region) {
            const Index last = start(region + 1, histogram_.height, histogram_.region_rows);
            for (Index y = start(region, histogram_.height, histogram_.region_rows); y < last;
                 ++y) {
                if (!pulse.keep_going()) return true;
                if (!read(at, y)) return false;
                share_out();
                add_row(region);
            }
        }
        write(out);
        return true;
    }

private:
    /// Whether bytes fall into bins by a table, as they are.
    bool tabulates() const {
        return std::is_same_v<Source, std::uint8_t> && histogram_.space == ColorSpace::channels;
    }

    Shares shares_of(const HistogramAxis& axis, double value) const {
        if (histogram_.soft) return axis.shares(value);
        const std::int32_t bin = axis.bin(value);
        return {bin, bin, 0.0};
    }

    /// First pixel of a region along one side.
    static Index start(Index region, Index length, Index n_regions) {
        return region * length / n_regions;
    }

    /// Reads a row of pixels, and says whether they lie within the limits.
    template <class Row>
    bool read(const Row& at, Index y) {
        const Index n = histogram_.width * histogram_.channels;
        double least = histogram_.low;
        double most = histogram_.high;
        for (Index i = 0; i < n; ++i) {
            const auto value = static_cast<double>(at(y * n + i));
            line_[static_cast<std::size_t>(i)] = value;
            least = std::min(least, value);
            most = std::max(most, value);
        }
        return least >= histogram_.low && most <= histogram_.high;
    }

    /// Finds the bins of the row.
    void share_out() {
        if (!tabulates()) convert();
        for (std::size_t k = 0; k < axes_.size(); ++k) {
            for (std::size_t x = 0; x < values_[k].size(); ++x) {
                const Shares shares = found(k, x);
                first_[k][x] = shares.first;
                second_[k][x] = shares.second;
                of_second_[k][x] = shares.of_second;
            }
        }
    }

    Shares found(std::size_t k, std::size_t x) const {
        if (!tabulates()) return shares_of(axes_[k], values_[k][x]);
        return table_[k * 256 + static_cast<std::size_t>(line_[x * axes_.size() + k])];
    }

    /// Brings the row into the space of the histogram.
    void convert() {
        const auto width = values_[0].size();
        const double* pixel = line_.data();
        const auto channels = static_cast<std::size_t>(histogram_.channels);
        if (histogram_.space == ColorSpace::channels) {
            for (std::size_t k = 0; k < channels; ++k) {
                for (std::size_t x = 0; x < width; ++x) values_[k][x] = pixel[x * channels + k];
            }
            return;
        }
        if (histogram_.space == ColorSpace::luma) {
            for (std::size_t x = 0; x < width; ++x, pixel += 3) {
                values_[0][x] = luma(pixel[0], pixel[1], pixel[2]);
            }
            return;
        }
        const double low = histogram_.low;
        const double range = histogram_.high - low;
        for (std::size_t x = 0; x < width; ++x, pixel += 3) {
            const Hsv colour = hsv_of((pixel[0] - low) / range, (pixel[1] - low) / range,
                                      (pixel[2] - low) / range);
            values_[0][x] = colour.hue;
            if (histogram_.space == ColorSpace::hue) continue;
            values_[1][x] = colour.saturation;
            values_[2][x] = colour.value;
        }
    }

    void add_row(Index region_row) {
        for (Index column = 0; column < histogram_.region_columns; ++column) {
            double* sums = sums_.data() + (region_row * histogram_.region_columns + column) *
                                              histogram_.region_bins();
            const Index begin = start(column, histogram_.width, histogram_.region_columns);
            const Index end = start(column + 1, histogram_.width, histogram_.region_columns);
            if (histogram_.joint && axes_.size() == 3) {
                add_combinations(sums, begin, end);
            } else {
                add_each(sums, begin, end);
            }
        }
    }

    void add_each(double* sums, Index begin, Index end) {
        for (std::size_t k = 0; k < axes_.size(); ++k) {
            for (auto x = static_cast<std::size_t>(begin); x < static_cast<std::size_t>(end); ++x) {
                sums[first_[k][x]] += 1.0 - of_second_[k][x];
                if (histogram_.soft) sums[second_[k][x]] += of_second_[k][x];
            }
            sums += histogram_.bins[k];
        }
    }

    void add_combinations(double* sums, Index begin, Index end) {
        const Index step1 = histogram_.bins[2];
        const Index step0 = histogram_.bins[1] * step1;
        for (auto x = static_cast<std::size_t>(begin); x < static_cast<std::size_t>(end); ++x) {
            if (!histogram_.soft) {
                sums[first_[0][x] * step0 + first_[1][x] * step1 + first_[2][x]] += 1.0;
                continue;
            }
            for (const auto& [bin0, part0] : both(0, x)) {
                for (const auto& [bin1, part1] : both(1, x)) {
                    double* at = sums + bin0 * step0 + bin1 * step1;
                    at[first_[2][x]] += part0 * part1 * (1.0 - of_second_[2][x]);
                    at[second_[2][x]] += part0 * part1 * of_second_[2][x];
                }
            }
        }
    }

    std::array<std::pair<Index, double>, 2> both(std::size_t k, std::size_t x) const {
        return {{{first_[k][x], 1.0 - of_second_[k][x]}, {second_[k][x], of_second_[k][x]}}};
    }

    void write(float* out) const {
        const double* sums = sums_.data();
        const Index n_bins = histogram_.region_bins();
        for (Index row = 0; row < histogram_.region_rows; ++row) {
            const Index height = start(row + 1, histogram_.height, histogram_.region_rows) -
                                 start(row, histogram_.height, histogram_.region_rows);
            for (Index column = 0; column < histogram_.region_columns; ++column) {
                const Index width = start(column + 1, histogram_.width, histogram_.region_columns) -
                                    start(column, histogram_.width, histogram_.region_columns);
                const auto n_pixels = static_cast<double>(height * width);
                out = std::transform(sums, sums + n_bins, out,
                                     [&](double sum) { return scaled(sum, n_pixels); });
                sums += n_bins;
            }
        }
    }

    float scaled(double sum, double n_pixels) const {
        if (histogram_.scale == HistogramScale::counts) return static_cast<float>(sum);
        const double share = sum / n_pixels;
        return static_cast<float>(histogram_.scale == HistogramScale::roots ? std::sqrt(share)
                                                                            : share);
    }

    const ColorHistogram& histogram_;
    const std::vector<HistogramAxis>& axes_;
    std::vector<double> line_;                 // a row of pixels
    std::vector<std::vector<double>> values_;  // the same in the space of the histogram
    std::vector<std::vector<std::int32_t>> first_, second_;
    std::vector<std::vector<double>> of_second_;
    std::vector<double> sums_;
    std::vector<Shares> table_;  // of bytes, channel by channel
};

}  // namespace

std::int64_t extract_color_histogram(const ColorHistogram& histogram, const MatrixView& images,
                                     int n_threads, Monitor& monitor, float* out) {
    const std::vector<HistogramAxis> axes = axes_of(histogram);
    const ImageTasks tasks(images, histogram.n_features(), operations, n_threads);
    return visit_scalar(images.scalar, [&](auto tag) {
        using Source = decltype(tag);
        return tasks.first_failure<Source>(
            monitor, [&] { return HistogramWorker<Source>(histogram, axes); },
            [&](auto& worker, const auto& at, Pulse& pulse, std::int64_t i) {
                return worker.extract(at, pulse, out + i * histogram.n_features());
            });
    });
}

}  // namespace nearplane
