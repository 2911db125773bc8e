#pragma once
// The nearest of few centres, for many rows: one step of k-means.

#include <cstdint>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

/// Writes each row's nearest centre, the first of those equally far, and the square of the
/// distance, measured as nearplane::measure does: by differences in float64.
///
/// `labels` comes with a guess for each row, which saves time if it is near; any number that is no
/// centre's says that there is none. The answer depends on neither guesses nor threads.
///
/// Preconditions: finite values, equal columns, 1 <= centres.rows < 2^31.
void nearest_centres(const MatrixView& rows, const MatrixView& centres, int n_threads,
                     Monitor& monitor, std::int32_t* labels, double* distances);

}  // namespace nearplane
