#pragma once
// The other steps of k-means: sums of clusters, and distances to candidates for seeds.

#include <cstdint>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

/// sums[c] = the sum of the rows of cluster c, each times its weight, and weights[c] that of the
/// weights, in float64 and in an order that depends on the labels alone. `sample_weight` may be
/// null: all weights are 1.
///
/// Precondition: 0 <= labels < n_clusters.
void cluster_sums(const MatrixView& rows, const std::int32_t* labels, const double* sample_weight,
                  std::int64_t n_clusters, int n_threads, Monitor& monitor, double* sums,
                  double* weights);

/// distances[t][i] = the smaller of nearest[i] and the squared distance of row i to candidate t;
/// totals[t] = their sum, each times the weight of the row.
void nearer_distances(const MatrixView& rows, const MatrixView& candidates, const double* nearest,
                      const double* sample_weight, int n_threads, Monitor& monitor,
                      double* distances, double* totals);

/// A number for each row that depends on its values alone, not on their type or place. Different
/// rows have different ones, but for a chance of 2^-64 a pair.
void row_hashes(const MatrixView& rows, int n_threads, Monitor& monitor, std::uint64_t* hashes);

}  // namespace nearplane
