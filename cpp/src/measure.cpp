#include "nearplane/measure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nearplane/integer_distance.hpp"
#include "partial_sums.hpp"

namespace nearplane {
namespace {

// Features between two looks at the bound: enough for a look to cost little, and 3,072 features
// still offer some places to stop.
constexpr std::int64_t features_per_look = 256;
constexpr std::int64_t bytes_per_look = 1024;

template <class Contribution, class RowX, class RowY>
double sum_within(std::int64_t n, const RowX& x_at, const RowY& y_at, double bound,
                  Contribution contribution) {
    const auto term = [&](std::int64_t feature) {
        return contribution(static_cast<double>(x_at(feature)) -
                            static_cast<double>(y_at(feature)));
    };
    PartialSums sums;
    for (std::int64_t first = 0; first < n; first += features_per_look) {
        const std::int64_t last = std::min(first + features_per_look, n);
        sums.add(first, last, term);
        // No term is negative and rounding is monotonic, so the total can only grow.
        if (last < n && sums.total() > bound) break;
    }
    return sums.total();
}

template <class T, class Contribution>
double sum_differences(const MatrixView& x, std::int64_t x_row, const MatrixView& y,
                       std::int64_t y_row, double bound, Contribution contribution) {
    return visit_layout<T>(x, [&](auto x_rows) {
        return visit_layout<T>(y, [&](auto y_rows) {
            return sum_within(x.cols, x_rows(x_row), y_rows(y_row), bound, contribution);
        });
    });
}

const std::uint8_t* dense_bytes(const MatrixView& rows, std::int64_t row) {
    return reinterpret_cast<const std::uint8_t*>(rows.data + row * rows.row_stride);
}

/// Rows of bytes that lie side by side, in integers.
double byte_distance_within(Metric metric, const std::uint8_t* x, const std::uint8_t* y,
                            std::int64_t n, double bound) {
    const auto distance = is_l1(metric) ? manhattan_bytes : squared_bytes;
    std::int64_t total = 0;
    for (std::int64_t first = 0; first < n; first += bytes_per_look) {
        total += distance(x + first, y + first, std::min(bytes_per_look, n - first));
        if (static_cast<double>(total) > bound) break;
    }
    return static_cast<double>(total);
}

}  // namespace

double measure(Metric metric, const MatrixView& x, std::int64_t x_row, const MatrixView& y,
               std::int64_t y_row) {
    return measure_within(metric, x, x_row, y, y_row, std::numeric_limits<double>::infinity());
}

double measure_within(Metric metric, const MatrixView& x, std::int64_t x_row, const MatrixView& y,
                      std::int64_t y_row, double bound) {
    if (x.scalar == Scalar::u8 && x.col_stride == 1 && y.col_stride == 1) {
        return byte_distance_within(metric, dense_bytes(x, x_row), dense_bytes(y, y_row), x.cols,
                                    bound);
    }
    return visit_scalar(x.scalar, [&](auto tag) {
        using T = decltype(tag);
        if (is_l1(metric)) {
            return sum_differences<T>(x, x_row, y, y_row, bound,
                                      [](double d) { return std::abs(d); });
        }
        return sum_differences<T>(x, x_row, y, y_row, bound, [](double d) { return d * d; });
    });
}

}  // namespace nearplane
