#pragma once
// Exact k nearest neighbours.

#include <cstdint>

#include "nearplane/matrix_view.hpp"
#include "nearplane/metric.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

struct SearchOptions {
    std::int64_t k = 1;
    Metric metric = Metric::euclidean;
    bool exclude_self = false;  // base row i is no neighbour of query i
    int n_threads = 1;          // at most
};

/// Writes the k nearest base rows of each query, ordered by (distance, index), to row-major
/// query.rows x k arrays. For euclidean the order is that of the squared distance.
///
/// Preconditions: equal scalars and columns; 1 <= k <= base.rows (minus one with exclude_self);
/// finite values.
void argkmin(const MatrixView& query, const MatrixView& base, const SearchOptions& options,
             Monitor& monitor, double* distances, std::int64_t* indices);

}  // namespace nearplane
