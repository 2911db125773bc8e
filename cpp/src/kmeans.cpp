#include "nearplane/kmeans.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <vector>

#include "nearplane/weights.hpp"
#include "partial_sums.hpp"
#include "scan.hpp"

namespace nearplane {
namespace {

// Rows of a cluster that one task adds up. Larger clusters are sums of such parts, so that two
// large ones keep any number of threads busy, and each part is the same whoever adds it.
constexpr std::int64_t part_rows = 1024;
// Values that a task reads: some tenths of a millisecond.
constexpr std::int64_t task_values = 1 << 18;

struct Part {
    std::int64_t cluster;
    std::int64_t begin;
    std::int64_t end;
    std::int64_t extra;  // its number among those that are not the first of a cluster, or -1
};

/// Rows in the order of their clusters, cut into parts, of which an empty cluster has one too.
struct Clusters {
    Clusters(const std::int32_t* labels, std::int64_t n_rows, std::int64_t n_clusters)
        : rows(static_cast<std::size_t>(n_rows)) {
        std::vector<std::int64_t> ends(static_cast<std::size_t>(n_clusters) + 1, 0);
        for (std::int64_t i = 0; i < n_rows; ++i) ++ends[static_cast<std::size_t>(labels[i]) + 1];
        for (std::size_t c = 1; c < ends.size(); ++c) {
            const std::int64_t begin = ends[c - 1];
            ends[c] += begin;
            std::int64_t i = begin;
            do {
                const std::int64_t end = std::min(i + part_rows, ends[c]);
                const std::int64_t extra = i == begin ? -1 : n_extra++;
                parts.push_back({static_cast<std::int64_t>(c) - 1, i, end, extra});
                i = end;
            } while (i < ends[c]);
        }
        for (std::int64_t i = 0; i < n_rows; ++i) {
            rows[static_cast<std::size_t>(ends[static_cast<std::size_t>(labels[i])]++)] = i;
        }
    }

    std::vector<std::int64_t> rows;
    std::vector<Part> parts;
    std::int64_t n_extra = 0;
};

template <class T>
void add_rows(const MatrixView& X, const std::int64_t* rows, std::int64_t n_rows,
              const double* sample_weight, double* sum) {
    visit_layout<T>(X, [&](auto row_at) {
        for (std::int64_t i = 0; i < n_rows; ++i) {
            const auto at = row_at(rows[i]);
            if (sample_weight == nullptr) {
                for (std::int64_t d = 0; d < X.cols; ++d) sum[d] += static_cast<double>(at(d));
                continue;
            }
            const double weight = sample_weight[rows[i]];
            for (std::int64_t d = 0; d < X.cols; ++d) sum[d] += static_cast<double>(at(d)) * weight;
        }
    });
}

/// Copies a row as float64.
void copy_row(const MatrixView& rows, std::int64_t row, double* to) {
    visit_scalar(rows.scalar, [&](auto tag) {
        visit_layout<decltype(tag)>(rows, [&](auto row_at) {
            const auto at = row_at(row);
            for (std::int64_t d = 0; d < rows.cols; ++d) to[d] = static_cast<double>(at(d));
        });
    });
}

/// A finaliser of MurmurHash3: every bit of the result depends on every bit of the value.
std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
    value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
    return value ^ (value >> 33);
}

/// Eight chains, because one would wait for its multiplications.
std::uint64_t hash_row(const auto& at, std::int64_t n_features) {
    constexpr std::int64_t n_chains = 8;
    std::uint64_t chains[n_chains] = {};
    for (std::int64_t d = 0; d < n_features; ++d) {
        const double value = static_cast<double>(at(d)) + 0.0;  // -0 is 0
        auto& chain = chains[d % n_chains];
        chain = mixed(chain + std::bit_cast<std::uint64_t>(value) + 0x9e3779b97f4a7c15);
    }
    std::uint64_t hash = 0;
    for (const std::uint64_t chain : chains) hash = mixed(hash + chain + 0x9e3779b97f4a7c15);
    return hash;
}

}  // namespace

void row_hashes(const MatrixView& rows, int n_threads, Monitor& monitor, std::uint64_t* hashes) {
    const std::int64_t task_rows =
        std::max<std::int64_t>(task_values / std::max<std::int64_t>(rows.cols, 1), 1);
    n_threads = useful_threads(
        4.0 * static_cast<double>(rows.rows) * static_cast<double>(rows.cols), n_threads);
    visit_scalar(rows.scalar, [&](auto tag) {
        visit_layout<decltype(tag)>(rows, [&](auto row_at) {
            parallel_for((rows.rows + task_rows - 1) / task_rows, n_threads, monitor, {},
                         [&](std::int64_t task, int, Pulse&) {
                             const std::int64_t end = std::min((task + 1) * task_rows, rows.rows);
                             for (std::int64_t i = task * task_rows; i < end; ++i) {
                                 hashes[i] = hash_row(row_at(i), rows.cols);
                             }
                         });
        });
    });
}

void cluster_sums(const MatrixView& rows, const std::int32_t* labels, const double* sample_weight,
                  std::int64_t n_clusters, int n_threads, Monitor& monitor, double* sums,
                  double* weights) {
    std::fill_n(weights, n_clusters, 0.0);
    const Clusters clusters(labels, rows.rows, n_clusters);
    const auto n_parts = std::ssize(clusters.parts);
    // The first part of a cluster is summed where the sum belongs, the others beside it.
    std::vector<double> extra(static_cast<std::size_t>(clusters.n_extra * rows.cols));
    const std::int64_t share = std::max<std::int64_t>(
        task_values / (std::max<std::int64_t>(rows.cols, 1) * part_rows / 4), 1);
    n_threads =
        useful_threads(static_cast<double>(rows.rows) * static_cast<double>(rows.cols), n_threads);
    const auto sum_parts = [&](std::int64_t task, int, Pulse& pulse) {
        const std::int64_t end = std::min((task + 1) * share, n_parts);
        for (std::int64_t p = task * share; p < end && pulse.keep_going(); ++p) {
            const Part& part = clusters.parts[static_cast<std::size_t>(p)];
            double* sum = part.extra < 0 ? sums + part.cluster * rows.cols
                                         : extra.data() + part.extra * rows.cols;
            std::fill_n(sum, rows.cols, 0.0);
            visit_scalar(rows.scalar, [&](auto tag) {
                add_rows<decltype(tag)>(rows, clusters.rows.data() + part.begin,
                                        part.end - part.begin, sample_weight, sum);
            });
        }
    };
    parallel_for((n_parts + share - 1) / share, n_threads, monitor, {}, sum_parts);
    for (const Part& part : clusters.parts) {
        monitor.tick(1.0);
        if (part.extra >= 0) {
            const double* sum = extra.data() + part.extra * rows.cols;
            double* out = sums + part.cluster * rows.cols;
            for (std::int64_t d = 0; d < rows.cols; ++d) out[d] += sum[d];
        }
        for (std::int64_t i = part.begin; i < part.end; ++i) {
            weights[part.cluster] +=
                sample_weight == nullptr
                    ? 1.0
                    : sample_weight[clusters.rows[static_cast<std::size_t>(i)]];
        }
    }
}

void nearer_distances(const MatrixView& rows, const MatrixView& candidates, const double* nearest,
                      const double* sample_weight, int n_threads, Monitor& monitor,
                      double* distances, double* totals) {
    assert(rows.cols == candidates.cols && rows.scalar == candidates.scalar);
    const std::int64_t n = candidates.rows;
    const std::int64_t task_rows =
        std::max<std::int64_t>(task_values / std::max<std::int64_t>(rows.cols, 1), 1);
    const std::int64_t n_tasks = (rows.rows + task_rows - 1) / task_rows;
    std::vector<double> of_tasks(static_cast<std::size_t>(n_tasks * n), 0.0);
    n_threads = useful_threads(n_operations(rows, candidates), n_threads);
    // As float64 with zeros up to all lanes of a sum: a row is converted once for all candidates.
    const std::int64_t length = round_up(rows.cols, n_partial_sums);
    std::vector<double> padded(static_cast<std::size_t>(n * length), 0.0);
    for (std::int64_t t = 0; t < n; ++t) copy_row(candidates, t, padded.data() + t * length);
    std::vector<std::vector<double>> rooms(static_cast<std::size_t>(n_threads),
                                           std::vector<double>(static_cast<std::size_t>(length)));
    const auto do_task = [&](std::int64_t task, int worker, Pulse&) {
        double* x = rooms[static_cast<std::size_t>(worker)].data();
        double* sums = of_tasks.data() + task * n;
        const std::int64_t end = std::min((task + 1) * task_rows, rows.rows);
        for (std::int64_t i = task * task_rows; i < end; ++i) {
            copy_row(rows, i, x);
            for (std::int64_t t = 0; t < n; ++t) {
                const double* c = padded.data() + t * length;
                const double distance = partial_sums(length, [x, c](std::int64_t d) {
                    const double difference = x[d] - c[d];
                    return difference * difference;
                });
                const double nearer = std::min(distance, nearest[i]);
                distances[t * rows.rows + i] = nearer;
                sums[t] += sample_weight == nullptr ? nearer : nearer * sample_weight[i];
            }
        }
    };
    parallel_for(n_tasks, n_threads, monitor, {}, do_task);
    std::fill_n(totals, n, 0.0);
    for (std::int64_t task = 0; task < n_tasks; ++task) {
        for (std::int64_t t = 0; t < n; ++t) {
            totals[t] += of_tasks[static_cast<std::size_t>(task * n + t)];
        }
    }
}

}  // namespace nearplane
