#include "nearplane/distance_matrix.hpp"

#include <cassert>
#include <type_traits>

#include "nearplane/bound_kernel.hpp"
#include "nearplane/measure.hpp"
#include "scan.hpp"

namespace nearplane {
namespace {

/// The largest relative error that a (squared) distance may have without being measured. It bounds
/// the worst case: typical errors are a hundred (float32) to a million times (float64) smaller.
template <class Out>
constexpr double tolerance = std::is_same_v<Out, float> ? 2e-5 : 1e-9;

/// The middle of an interval around a (squared) distance, and whether it must be measured instead.
template <class Out>
struct Estimate {
    Estimate(const SumBlock& block, std::int64_t i, std::int64_t j) {
        const double error = block.gap(i, j) / 2;
        value = block.lower(i, j) + error;
        uncertain = !(error <= tolerance<Out> * value);
    }

    double value;
    bool uncertain;
};

/// Stores the distances of query row i of a block. Returns whether some of them are uncertain.
template <class Out>
bool store_row(const SumBlock& block, std::int64_t i, Metric metric, Out* out) {
    int uncertain = 0;
    for (std::int64_t j = 0; j < block.n_base; ++j) {
        const Estimate<Out> estimate(block, i, j);
        uncertain |= static_cast<int>(estimate.uncertain);
        out[j] = static_cast<Out>(distance_from_rank(metric, estimate.value));
    }
    return uncertain != 0;
}

/// Replaces the uncertain distances of query row i of a block by measured ones.
template <class Out>
void measure_row(const SumBlock& block, std::int64_t i, const MatrixView& x, std::int64_t x_row,
                 const MatrixView& y, Metric metric, Out* out) {
    for (std::int64_t j = 0; j < block.n_base; ++j) {
        if (!Estimate<Out>(block, i, j).uncertain) continue;
        const double measured = measure(metric, x, x_row, y, block.first_base + j);
        out[j] = static_cast<Out>(distance_from_rank(metric, measured));
    }
}

}  // namespace

template <class Out>
void distance_matrix(const MatrixView& x, const MatrixView& y, Metric metric, int n_threads,
                     Monitor& monitor, Out* out) {
    assert(x.scalar == y.scalar && x.cols == y.cols);
    if (x.rows == 0 || y.rows == 0) return;
    n_threads = useful_threads(n_operations(x, y), n_threads);
    const auto kernel =
        make_distance_kernel(metric, y, std::is_same_v<Out, float> ? Scalar::f32 : Scalar::f64);
    const ScanPlan plan(*kernel, x.rows, y.rows, n_threads);
    Scan scan(*kernel, x, y, plan, n_threads, monitor);
    scan.run([&](const QueryBlock& queries) {
        scan.run_block(queries, [&](const SumBlock& block, int) {
            for (std::int64_t i = 0; i < block.n_queries; ++i) {
                const std::int64_t row = queries.first + block.first_query + i;
                Out* out_row = out + row * y.rows + block.first_base;
                if (store_row(block, i, metric, out_row)) {
                    measure_row(block, i, x, row, y, metric, out_row);
                }
            }
        });
    });
}

template void distance_matrix(const MatrixView&, const MatrixView&, Metric, int, Monitor&, float*);
template void distance_matrix(const MatrixView&, const MatrixView&, Metric, int, Monitor&, double*);

}  // namespace nearplane
