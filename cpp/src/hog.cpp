#include "nearplane/hog.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "block_norms.hpp"
#include "colour.hpp"
#include "image_strip.hpp"
#include "image_tasks.hpp"
#include "orientation_bins.hpp"

namespace nearplane {
namespace {

// Operations on a value that is read.
constexpr std::int64_t operations = 10;

/// How pixels are held, and how directions and magnitudes are computed from their differences.
/// Bytes differ by whole numbers, whose squares and quotients floats tell apart; of all others
/// differences have the type of the pixels, as in scikit-image, and what follows is in float64.
template <class Source>
struct Exactly {
    using Pixel = std::conditional_t<std::is_same_v<Source, double>, double, float>;
    using Real = std::conditional_t<std::is_same_v<Source, std::uint8_t>, float, double>;
};
/// Bytes that become roots, or grey, are float64 as they would be in scikit-image.
struct InDouble {
    using Pixel = double;
    using Real = double;
};

/// The features of one image after the other, in scratch memory of a few rows and a histogram for
/// each cell.
template <class Types>
class HogWorker {
    using Pixel = typename Types::Pixel;
    using Real = typename Types::Real;

public:
    HogWorker(const Hog& hog, const OrientationBins<Real>& bins)
        : hog_(hog),
          bins_(bins),
          n_planes_(hog.luma ? 1 : hog.channels),
          strip_(hog.height, hog.width, n_planes_),
          x_(strip_.size()),
          y_(strip_.size()),
          magnitude_(strip_.size()),
          cotangent_(strip_.size()),
          bin_(strip_.size()),
          cells_(static_cast<std::size_t>(hog.cell_rows() * hog.row_bins())),
          block_(static_cast<std::size_t>(hog.block_rows * hog.block_columns * hog.orientations)) {}

    template <class Row>
    void extract(const Row& at, Pulse& pulse, float* out) {
        std::fill(cells_.begin(), cells_.end(), 0.0);
        const std::int64_t used = hog_.cell_rows() * hog_.cell_height;
        for (std::int64_t row = 0; row < used; row += strip_.max_rows()) {
            if (!pulse.keep_going()) return;
            const std::int64_t n_rows = std::min(strip_.max_rows(), used - row);
            strip_.load(row, n_rows, [&](std::int64_t place, std::int64_t plane) {
                return pixel(at, place, plane);
            });
            find_gradients(n_rows);
            for (std::int64_t r = 0; r < n_rows; ++r) add_row(row + r, r);
        }
        normalize(out);
    }

private:
    template <class Row>
    Pixel pixel(const Row& at, std::int64_t place, std::int64_t plane) const {
        const std::int64_t i = place * hog_.channels;
        if (hog_.luma) {
            const auto grey = luma(static_cast<double>(at(i)), static_cast<double>(at(i + 1)),
                                   static_cast<double>(at(i + 2)));
            return static_cast<Pixel>(hog_.take_roots ? std::sqrt(grey) : grey);
        }
        const auto value = static_cast<Pixel>(at(i + plane));
        return hog_.take_roots ? std::sqrt(value) : value;
    }

    /// Gradients of all pixels of the strip, with those of its margin, of which nothing is used.
    void find_gradients(std::int64_t n_rows) {
        const std::int64_t pitch = strip_.pitch();
        const std::int64_t n = n_rows * pitch;
        const Pixel* plane = strip_.row(0, 0);
        for (std::int64_t i = 0; i < n; ++i) {
            const auto [x, y, size] = gradient(plane + i, pitch);
            x_[i] = x;
            y_[i] = y;
            magnitude_[i] = size;
        }
        for (std::int64_t p = 1; p < n_planes_; ++p) keep_steeper(strip_.row(p, 0), n);
        bins_.find(x_.data(), y_.data(), n, cotangent_.data(), bin_.data());
    }

    struct Gradient {
        Real x;
        Real y;
        Real size;
    };

    static Gradient gradient(const Pixel* at, std::int64_t pitch) {
        const auto x = static_cast<Real>(at[1] - at[-1]);
        const auto y = static_cast<Real>(at[pitch] - at[-pitch]);
        return {x, y, std::sqrt(x * x + y * y)};
    }

    /// The first of the channels whose gradients are the steepest. Sizes are compared in the
    /// precision of the pixels.
    void keep_steeper(const Pixel* plane, std::int64_t n) {
        const std::int64_t pitch = strip_.pitch();
        for (std::int64_t i = 0; i < n; ++i) {
            const auto [x, y, size] = gradient(plane + i, pitch);
            const bool steeper = static_cast<Pixel>(size) > static_cast<Pixel>(magnitude_[i]);
            x_[i] = steeper ? x : x_[i];
            y_[i] = steeper ? y : y_[i];
            magnitude_[i] = steeper ? size : magnitude_[i];
        }
    }

    void add_row(std::int64_t row, std::int64_t strip_row) {
        double* histogram = cells_.data() + row / hog_.cell_height * hog_.row_bins();
        const Real* magnitude = magnitude_.data() + strip_row * strip_.pitch();
        const BinOf<Real>* bin = bin_.data() + strip_row * strip_.pitch();
        for (std::int64_t cell = 0; cell < hog_.cell_columns(); ++cell) {
            for (std::int64_t i = 0; i < hog_.cell_width; ++i) {
                histogram[bin[i]] += static_cast<double>(magnitude[i]);
            }
            histogram += hog_.orientations;
            magnitude += hog_.cell_width;
            bin += hog_.cell_width;
        }
    }

    void normalize(float* out) {
        const double area = static_cast<double>(hog_.cell_height * hog_.cell_width);
        for (double& value : cells_) value /= area;
        const std::int64_t line = hog_.block_columns * hog_.orientations;
        const std::int64_t rows = hog_.cell_rows() - hog_.block_rows + 1;
        const std::int64_t columns = hog_.cell_columns() - hog_.block_columns + 1;
        for (std::int64_t row = 0; row < rows; ++row) {
            for (std::int64_t column = 0; column < columns; ++column) {
                const double* from =
                    cells_.data() + row * hog_.row_bins() + column * hog_.orientations;
                for (std::int64_t r = 0; r < hog_.block_rows; ++r, from += hog_.row_bins()) {
                    std::copy_n(from, line, block_.data() + r * line);
                }
                normalize_block(hog_.norm, block_);
                out = std::transform(block_.begin(), block_.end(), out,
                                     [](double value) { return static_cast<float>(value); });
            }
        }
    }

    const Hog& hog_;
    const OrientationBins<Real>& bins_;
    std::int64_t n_planes_;
    ImageStrip<Pixel> strip_;
    std::vector<Real> x_, y_, magnitude_, cotangent_;
    std::vector<BinOf<Real>> bin_;
    std::vector<double> cells_;
    std::vector<double> block_;
};

bool is_finite(const float* values, std::int64_t n) {
    int bad = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        bad |= static_cast<int>(!(std::abs(values[i]) <= std::numeric_limits<float>::max()));
    }
    return bad == 0;
}

template <class Types, class Source>
std::int64_t extract_as(const Hog& hog, const ImageTasks& tasks, Monitor& monitor, float* out) {
    const OrientationBins<typename Types::Real> bins(hog.orientations, hog.directed);
    const std::int64_t n_features = hog.n_features();
    return tasks.first_failure<Source>(
        monitor, [&] { return HogWorker<Types>(hog, bins); },
        [&](auto& worker, const auto& at, Pulse& pulse, std::int64_t i) {
            worker.extract(at, pulse, out + i * n_features);
            return is_finite(out + i * n_features, n_features);
        });
}

}  // namespace

std::int64_t extract_hog(const Hog& hog, const MatrixView& images, int n_threads, Monitor& monitor,
                         float* out) {
    const ImageTasks tasks(images, hog.n_features(), operations, n_threads);
    return visit_scalar(images.scalar, [&](auto tag) {
        using Source = decltype(tag);
        if constexpr (std::is_same_v<Source, double>) {
            return extract_as<Exactly<double>, Source>(hog, tasks, monitor, out);
        } else {
            const bool in_double =
                std::is_same_v<Source, std::uint8_t> && (hog.luma || hog.take_roots);
            return in_double ? extract_as<InDouble, Source>(hog, tasks, monitor, out)
                             : extract_as<Exactly<Source>, Source>(hog, tasks, monitor, out);
        }
    });
}

}  // namespace nearplane
