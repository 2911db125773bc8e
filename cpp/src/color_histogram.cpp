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
                if (!is_inside(at, y)) return false;
                share_out(at, y);
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

    /// Whether a row of pixels lies within the limits.
    template <class Row>
    bool is_inside(const Row& at, Index y) const {
        if (std::is_same_v<Source, std::uint8_t> && histogram_.low <= 0.0 &&
            histogram_.high >= 255.0) {
            return true;
        }
        const Index n = histogram_.width * histogram_.channels;
        int outside = 0;
        for (Index i = y * n; i < (y + 1) * n; ++i) {
            const auto value = static_cast<double>(at(i));
            outside |= static_cast<int>(!(value >= histogram_.low)) |
                       static_cast<int>(!(value <= histogram_.high));
        }
        return outside == 0;
    }

    /// Finds the bins of a row of pixels.
    template <class Row>
    void share_out(const Row& at, Index y) {
        const Index start_of_row = y * histogram_.width * histogram_.channels;
        if constexpr (std::is_same_v<Source, std::uint8_t>) {
            if (tabulates()) {
                for (std::size_t k = 0; k < axes_.size(); ++k) look_up(at, start_of_row, k);
                return;
            }
        }
        convert(at, start_of_row);
        for (std::size_t k = 0; k < axes_.size(); ++k) {
            const HistogramAxis axis = axes_[k];
            const double* __restrict values = values_[k].data();
            std::int32_t* __restrict first = first_[k].data();
            if (!histogram_.soft) {
                for (Index x = 0; x < histogram_.width; ++x) first[x] = axis.bin(values[x]);
                continue;
            }
            std::int32_t* __restrict second = second_[k].data();
            double* __restrict of_second = of_second_[k].data();
            for (Index x = 0; x < histogram_.width; ++x) {
                const Shares shares = axis.shares(values[x]);
                first[x] = shares.first;
                second[x] = shares.second;
                of_second[x] = shares.of_second;
            }
        }
    }

    template <class Row>
    void look_up(const Row& at, Index start_of_row, std::size_t k) {
        const Shares* table = table_.data() + k * 256;
        const auto offset = start_of_row + static_cast<Index>(k);
        for (std::size_t x = 0; x < first_[k].size(); ++x) {
            const Shares& shares = table[at(offset + static_cast<Index>(x) * histogram_.channels)];
            first_[k][x] = shares.first;
            if (!histogram_.soft) continue;
            second_[k][x] = shares.second;
            of_second_[k][x] = shares.of_second;
        }
    }

    /// Brings a row of pixels into the space of the histogram.
    template <class Row>
    void convert(const Row& at, Index start_of_row) {
        const Index width = histogram_.width;
        const auto value = [&at, start_of_row](Index i) {
            return static_cast<double>(at(start_of_row + i));
        };
        double* __restrict first = values_[0].data();
        if (histogram_.space == ColorSpace::channels) {
            for (std::size_t k = 0; k < values_.size(); ++k) {
                const auto n = static_cast<Index>(values_.size());
                for (Index x = 0; x < width; ++x) {
                    values_[k][static_cast<std::size_t>(x)] = value(x * n + static_cast<Index>(k));
                }
            }
            return;
        }
        if (histogram_.space == ColorSpace::luma) {
            for (Index x = 0; x < width; ++x) {
                first[x] = luma(value(3 * x), value(3 * x + 1), value(3 * x + 2));
            }
            return;
        }
        const double low = histogram_.low;
        const double range = histogram_.high - low;
        const auto hsv_at = [value, low, range](Index x) {
            return hsv_of((value(3 * x) - low) / range, (value(3 * x + 1) - low) / range,
                          (value(3 * x + 2) - low) / range);
        };
        if (histogram_.space == ColorSpace::hue) {
            for (Index x = 0; x < width; ++x) first[x] = hsv_at(x).hue;
            return;
        }
        double* __restrict second = values_[1].data();
        double* __restrict third = values_[2].data();
        for (Index x = 0; x < width; ++x) {
            const Hsv colour = hsv_at(x);
            first[x] = colour.hue;
            second[x] = colour.saturation;
            third[x] = colour.value;
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
                sums[first_[k][x]] += 1.0 - of_second_[k][x];  // 1 if not soft
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
    std::vector<std::vector<double>> values_;  // of a row of pixels, channel by channel
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
