#pragma once
// The driver: queries in super-blocks, base rows in chunks, sums block by block. Who consumes the
// sums (a top-k search, a distance matrix) is not its business.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "nearplane/bound_kernel.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

/// The size of a scan, in operations on features.
inline double n_operations(const MatrixView& query, const MatrixView& base) {
    return static_cast<double>(query.rows) * static_cast<double>(base.rows) *
           static_cast<double>(base.cols);
}

/// Packed rows with their terms.
class PackedRows {
public:
    /// Room for `rows` rows in panels of `panel_rows`.
    PackedRows(std::int64_t rows, std::int64_t panel_rows, std::int64_t row_bytes);

    std::byte* panel(std::int64_t index) { return aligned_ + index * panel_bytes_; }
    const std::byte* panel(std::int64_t index) const { return aligned_ + index * panel_bytes_; }
    RowTerms terms(std::int64_t first_row) {
        return {offsets_.data() + first_row, gaps_.data() + first_row};
    }
    const double* offsets() const { return offsets_.data(); }
    const double* gaps() const { return gaps_.data(); }

private:
    std::int64_t panel_bytes_;
    std::unique_ptr<std::byte[]> storage_;
    std::byte* aligned_;
    std::vector<double> offsets_;
    std::vector<double> gaps_;
};

/// The sums of some query rows of a super-block and some base rows, with what turns them into
/// bounds. Queries are counted from the super-block's first, base rows from the base's.
struct SumBlock {
    std::int64_t first_query;
    std::int64_t n_queries;
    std::int64_t first_base;
    std::int64_t n_base;
    const double* sums;  // [i * stride + j]
    std::int64_t stride;
    const double* query_offsets;
    const double* query_gaps;
    const double* base_offsets;
    const double* base_gaps;
    double sign;

    /// The interval [lower, lower + gap] that holds the distance of query i and base row j, both
    /// counted from the block's first.
    double lower(std::int64_t i, std::int64_t j) const {
        return query_offsets[i] + base_offsets[j] + sign * sums[i * stride + j];
    }
    double gap(std::int64_t i, std::int64_t j) const { return query_gaps[i] + base_gaps[j]; }
};

/// A super-block: queries [first, first + count), and the part of the job it stands for.
struct QueryBlock {
    std::int64_t first;
    std::int64_t count;
    ProgressSpan span;
};

using SumConsumer = std::function<void(const SumBlock& block, int worker)>;

/// How much is packed and computed at a time. Memory stays at tens of MB for any problem.
struct ScanPlan {
    /// At most `most_super_queries` queries share a super-block, if their consumer needs memory.
    ScanPlan(const BoundKernel& kernel, std::int64_t n_queries, std::int64_t n_base, int n_threads,
             std::int64_t most_super_queries = std::numeric_limits<std::int64_t>::max());

    /// Of rows that are their own queries, all of which share one super-block.
    static ScanPlan of_triangle(const BoundKernel& kernel, std::int64_t n_rows, int n_threads);

    std::int64_t super_queries;  // packed at once, shared by all workers
    std::int64_t block_queries;  // whose panels stay in L2 while a base chunk passes
    std::int64_t chunk_base;     // packed at once by each worker
};

class Scan {
public:
    Scan(const BoundKernel& kernel, const MatrixView& query, const MatrixView& base,
         const ScanPlan& plan, int n_threads, Monitor& monitor);

    /// Calls process(super_block) for one super-block of queries after the other.
    void run(const std::function<void(const QueryBlock&)>& process);

    /// Computes the sums of the queries of one super-block and every base row. `consume` is called
    /// from all workers at once, for each pair of rows exactly once.
    void run_block(const QueryBlock& queries, const SumConsumer& consume);

    /// Where the base is its own query, in one super-block: computes the sums of half of the pairs,
    /// those of queries up to a base row. Blocks on the diagonal hold some of the others too.
    void run_triangle(const SumConsumer& consume);

private:
    struct Workspace {
        PackedRows base;
        std::vector<double> sums;
    };

    void pack_queries(const QueryBlock& queries);
    /// Meets a chunk of base rows with the first `n_queries` of the super-block.
    void scan_chunk(std::int64_t chunk, std::int64_t n_queries, int worker, Pulse& pulse,
                    const SumConsumer& consume);

    const BoundKernel& kernel_;
    const MatrixView& query_;
    const MatrixView& base_;
    const ScanPlan plan_;
    const PanelShape shape_;
    const int n_threads_;
    Monitor& monitor_;
    PackedRows packed_queries_;
    std::vector<std::unique_ptr<Workspace>> workspaces_;
};

}  // namespace nearplane
