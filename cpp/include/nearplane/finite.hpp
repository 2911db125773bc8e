#pragma once
// The check that rows are finite, at the speed of memory.

#include <cstdint>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

/// The first row that holds a NaN or an infinity, or -1.
std::int64_t first_nonfinite_row(const MatrixView& rows, int n_threads, Monitor& monitor);

}  // namespace nearplane
