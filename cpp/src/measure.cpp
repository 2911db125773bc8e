#include "nearplane/measure.hpp"

#include <cmath>

#include "partial_sums.hpp"

namespace nearplane {
namespace {

template <class T, class Contribution>
double sum_differences(const MatrixView& x, std::int64_t x_row, const MatrixView& y,
                       std::int64_t y_row, Contribution contribution) {
    return visit_layout<T>(x, [&](auto x_rows) {
        return visit_layout<T>(y, [&](auto y_rows) {
            const auto x_at = x_rows(x_row);
            const auto y_at = y_rows(y_row);
            return partial_sums(x.cols, [&](std::int64_t feature) {
                return contribution(static_cast<double>(x_at(feature)) -
                                    static_cast<double>(y_at(feature)));
            });
        });
    });
}

}  // namespace

double measure(Metric metric, const MatrixView& x, std::int64_t x_row, const MatrixView& y,
               std::int64_t y_row) {
    return visit_scalar(x.scalar, [&](auto tag) {
        using T = decltype(tag);
        if (is_l1(metric)) {
            return sum_differences<T>(x, x_row, y, y_row, [](double d) { return std::abs(d); });
        }
        return sum_differences<T>(x, x_row, y, y_row, [](double d) { return d * d; });
    });
}

}  // namespace nearplane
