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

bool is_finite(const float* values, std::int64_t n) {
    int bad = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        bad |= static_cast<int>(!(std::abs(values[i]) <= std::numeric_limits<float>::max()));
    }
    return bad == 0;
}

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
          other_bin_(strip_.size()),
          cells_(static_cast<std::size_t>(hog.cell_rows() * hog.row_bins())),
          block_(static_cast<std::size_t>(hog.block_rows * hog.block_columns * hog.orientations)) {}

    /// Returns whether the features are finite; without sense if the pulse says to stop.
    template <class Row>
    bool extract(const Row& at, Pulse& pulse, float* out) {
        std::fill(cells_.begin(), cells_.end(), 0.0);
        const std::int64_t used = hog_.cell_rows() * hog_.cell_height;
        for (std::int64_t row = 0; row < used; row += strip_.max_rows()) {
            if (!pulse.keep_going()) return true;
            const std::int64_t n_rows = std::min(strip_.max_rows(), used - row);
            load(at, row, n_rows);
            find_gradients(n_rows);
            for (std::int64_t r = 0; r < n_rows; ++r) add_row(row + r, r);
        }
        return normalize(pulse, out);
    }

private:
    template <class Row>
    void load(const Row& at, std::int64_t first, std::int64_t n_rows) {
        if (hog_.luma) {
            strip_.load(first, n_rows, [&at](std::int64_t place, std::int64_t, auto) {
                return static_cast<Pixel>(luma(static_cast<double>(at(3 * place)),
                                               static_cast<double>(at(3 * place + 1)),
                                               static_cast<double>(at(3 * place + 2))));
            });
        } else {
            strip_.load(first, n_rows, [&at](std::int64_t place, std::int64_t plane, auto n) {
                return static_cast<Pixel>(at(place * n + plane));
            });
        }
        if (!hog_.take_roots) return;
        for (std::int64_t plane = 0; plane < n_planes_; ++plane) {
            Pixel* pixels = strip_.row(plane, -1) - 1;
            for (std::int64_t i = 0; i < (n_rows + 2) * strip_.pitch(); ++i) {
                pixels[i] = std::sqrt(pixels[i]);
            }
        }
    }

    /// Gradients of all pixels of the strip, with those of its margin, of which nothing is used.
    void find_gradients(std::int64_t n_rows) {
        const std::int64_t pitch = strip_.pitch();
        const std::int64_t n = n_rows * pitch;
        std::fill_n(magnitude_.begin(), n, Real(-1));
        std::fill_n(bin_.begin(), n, BinOf<Real>(0));
        for (std::int64_t p = 0; p < n_planes_; ++p) {
            keep_steeper(strip_.row(p, 0), pitch, n, x_.data(), y_.data(), magnitude_.data(),
                         bin_.data());
        }
        if constexpr (may_tie) settle_ties(n);
        bins_.find(x_.data(), y_.data(), n, cotangent_.data(), other_bin_.data(), bin_.data());
    }

    /// Leaves each pixel the first of the gradients that are the steepest. Sizes are compared in
    /// the precision of the pixels. Rounding may decide in float64 alone: floats are rounded from
    /// float64, and the sizes of whole numbers are far apart. Where it may, there is a tie.
    static void keep_steeper(const Pixel* plane, std::int64_t pitch, std::int64_t n,
                             Real* __restrict xs, Real* __restrict ys, Real* __restrict sizes,
                             BinOf<Real>* __restrict ties) {
        const Pixel* above = plane - pitch;
        const Pixel* below = plane + pitch;
        for (std::int64_t i = 0; i < n; ++i) {
            const auto x = static_cast<Real>(plane[i + 1] - plane[i - 1]);
            const auto y = static_cast<Real>(below[i] - above[i]);
            const Real size = std::sqrt(x * x + y * y);
            if constexpr (may_tie) {
                ties[i] |= BinOf<Real>(is_tie(size, sizes[i]) & ((x != xs[i]) | (y != ys[i])));
            }
            const bool is_steeper = static_cast<Pixel>(size) > static_cast<Pixel>(sizes[i]);
            xs[i] = is_steeper ? x : xs[i];
            ys[i] = is_steeper ? y : ys[i];
            sizes[i] = is_steeper ? size : sizes[i];
        }
    }

    static constexpr bool may_tie = std::is_same_v<Pixel, double>;

    static bool is_tie(Real size, Real other) {
        // Either is within two units of the last place of the truth.
        constexpr Real few_roundings = 4 * std::numeric_limits<Real>::epsilon();
        return std::abs(size - other) <= few_roundings * size;
    }

    /// Chooses among gradients that are about equally steep by `hypot`, as scikit-image does.
    /// Colours that are fractions of 255 have many of these.
    void settle_ties(std::int64_t n) {
        const std::int64_t pitch = strip_.pitch();
        for (std::int64_t i = 0; i < n; ++i) {
            if (bin_[i] == 0) continue;
            Real steepest = -1;
            for (std::int64_t p = 0; p < n_planes_; ++p) {
                const Pixel* at = strip_.row(p, 0) + i;
                const auto x = static_cast<Real>(at[1] - at[-1]);
                const auto y = static_cast<Real>(at[pitch] - at[-pitch]);
                const Real size = std::hypot(x, y);
                if (!(size > steepest)) continue;
                steepest = size;
                x_[i] = x;
                y_[i] = y;
            }
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

    bool normalize(Pulse& pulse, float* out) {
        const double area = static_cast<double>(hog_.cell_height * hog_.cell_width);
        for (double& value : cells_) value /= area;
        const std::int64_t line = hog_.block_columns * hog_.orientations;
        const std::int64_t rows = hog_.cell_rows() - hog_.block_rows + 1;
        const std::int64_t columns = hog_.cell_columns() - hog_.block_columns + 1;
        bool are_finite = true;
        for (std::int64_t row = 0; row < rows && pulse.keep_going(); ++row) {
            const float* first = out;
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
            are_finite = are_finite && is_finite(first, out - first);
        }
        return are_finite;
    }

    const Hog& hog_;
    const OrientationBins<Real>& bins_;
    std::int64_t n_planes_;
    ImageStrip<Pixel> strip_;
    std::vector<Real> x_, y_, magnitude_, cotangent_;
    std::vector<BinOf<Real>> bin_, other_bin_;
    std::vector<double> cells_;
    std::vector<double> block_;
};

template <class Types, class Source>
std::int64_t extract_as(const Hog& hog, const ImageTasks& tasks, Monitor& monitor, float* out) {
    const OrientationBins<typename Types::Real> bins(hog.orientations, hog.directed);
    const std::int64_t n_features = hog.n_features();
    return tasks.first_failure<Source>(
        monitor, [&] { return HogWorker<Types>(hog, bins); },
        [&](auto& worker, const auto& at, Pulse& pulse, std::int64_t i) {
            return worker.extract(at, pulse, out + i * n_features);
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
