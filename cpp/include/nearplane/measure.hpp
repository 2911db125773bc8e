#pragma once
// The definition of a distance: what every answer of the core is measured by.

#include <cstdint>

#include "nearplane/matrix_view.hpp"
#include "nearplane/metric.hpp"

namespace nearplane {

/// sum (x - y)^2, or sum |x - y| for manhattan, by direct differences in float64.
///
/// Feature d is added to partial sum d mod 16, and the partial sums are added as a binary tree, so
/// the value has the same bits on every instruction set. For bytes it is the exact integer.
double measure(Metric metric, const MatrixView& x, std::int64_t x_row, const MatrixView& y,
               std::int64_t y_row);

/// The same value if it is at most `bound`; if not, perhaps only as much of the sum as exceeds it.
double measure_within(Metric metric, const MatrixView& x, std::int64_t x_row, const MatrixView& y,
                      std::int64_t y_row, double bound);

}  // namespace nearplane
