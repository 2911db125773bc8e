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
    // A group for each query and each base row, or null: rows of a query's group are no neighbours.
    const std::int64_t* query_groups = nullptr;
    const std::int64_t* base_groups = nullptr;

    std::int64_t first_query = 0;  // the base row that query 0 is, for exclude_self

    bool skips(std::int64_t query, std::int64_t index) const {
        return (exclude_self && first_query + query == index) ||
               (query_groups != nullptr && query_groups[query] == base_groups[index]);
    }
};

/// Writes the k nearest base rows of each query, ordered by (distance, index), to row-major
/// query.rows x k arrays. For euclidean the order is that of the squared distance.
///
/// Preconditions: equal scalars and columns; finite values; k >= 1, and as many rows that are not
/// skipped for each query.
void argkmin(const MatrixView& query, const MatrixView& base, const SearchOptions& options,
             Monitor& monitor, double* distances, std::int64_t* indices);

}  // namespace nearplane
