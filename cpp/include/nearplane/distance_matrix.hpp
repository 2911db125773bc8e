#pragma once
// Whole distance matrices.

#include <cstdint>

#include "nearplane/matrix_view.hpp"
#include "nearplane/metric.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

/// out[i * y.rows + j] = the distance of row i of x and row j of y.
///
/// Exact for bytes. For floats, a pair is measured by direct differences wherever rounding could
/// cost more than a relative 2e-5 (float out) or 1e-9 (double out) of the (squared) distance.
/// Preconditions: equal scalars and columns; finite values. Out is float or double.
template <class Out>
void distance_matrix(const MatrixView& x, const MatrixView& y, Metric metric, int n_threads,
                     Monitor& monitor, Out* out);

}  // namespace nearplane
