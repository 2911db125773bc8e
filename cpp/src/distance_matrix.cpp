#include "nearplane/distance_matrix.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <limits>
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

template <class T>
bool is_finite_row(const auto& at, std::int64_t n_features) {
    int bad = 0;
    for (std::int64_t d = 0; d < n_features; ++d) {
        bad |= static_cast<int>(!(std::abs(at(d)) <= std::numeric_limits<T>::max()));
    }
    return bad == 0;
}

std::int64_t first_nonfinite(const MatrixView& rows, std::int64_t begin, std::int64_t end) {
    return visit_scalar(rows.scalar, [&](auto tag) {
        using T = decltype(tag);
        return visit_layout<T>(rows, [&](auto row_at) -> std::int64_t {
            for (std::int64_t row = begin; row < end; ++row) {
                if (!is_finite_row<T>(row_at(row), rows.cols)) return row;
            }
            return -1;
        });
    });
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
    const ScanPlan plan(*kernel, x.rows, y.rows, n_threads, x.rows);
    Scan scan(*kernel, x, y, plan, n_threads, monitor);
    for (std::int64_t first = 0; first < x.rows; first += plan.super_queries) {
        const std::int64_t count = std::min(plan.super_queries, x.rows - first);
        const auto fraction = [&](std::int64_t rows) {
            return static_cast<double>(rows) / static_cast<double>(x.rows);
        };
        const auto store = [&](const SumBlock& block, int) {
            for (std::int64_t i = 0; i < block.n_queries; ++i) {
                const std::int64_t row = first + block.first_query + i;
                Out* out_row = out + row * y.rows + block.first_base;
                if (store_row(block, i, metric, out_row)) {
                    measure_row(block, i, x, row, y, metric, out_row);
                }
            }
        };
        scan.run(first, count, {fraction(first), fraction(first + count)}, store);
    }
}

template void distance_matrix(const MatrixView&, const MatrixView&, Metric, int, Monitor&, float*);
template void distance_matrix(const MatrixView&, const MatrixView&, Metric, int, Monitor&, double*);

std::int64_t first_nonfinite_row(const MatrixView& rows, int n_threads, Monitor& monitor) {
    if (rows.scalar == Scalar::u8) return -1;
    constexpr std::int64_t chunk_values = 1 << 18;
    const std::int64_t chunk =
        std::max<std::int64_t>(chunk_values / std::max<std::int64_t>(rows.cols, 1), 1);
    std::atomic<std::int64_t> first{rows.rows};
    parallel_for((rows.rows + chunk - 1) / chunk, n_threads, monitor, {},
                 [&](std::int64_t task, int, Pulse&) {
                     const std::int64_t begin = task * chunk;
                     if (begin > first) return;
                     const auto row =
                         first_nonfinite(rows, begin, std::min(begin + chunk, rows.rows));
                     if (row < 0) return;
                     std::int64_t seen = first;
                     while (row < seen && !first.compare_exchange_weak(seen, row)) {
                     }
                 });
    return first < rows.rows ? first.load() : -1;
}

}  // namespace nearplane
