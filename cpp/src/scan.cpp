#include "scan.hpp"

#include <algorithm>

namespace nearplane {
namespace {

// Packed queries are read once per base chunk, from L3 at best: large enough that packing the base
// again for every super-block costs a percent, small enough to stay "tens of MB".
constexpr std::int64_t super_bytes = 16 << 20;
constexpr std::int64_t most_super_queries_ever = 2048;
// A worker's packed chunk shares L2 and its slice of L3 with a block of queries.
constexpr std::int64_t chunk_bytes = 3 << 19;
constexpr std::int64_t most_chunk_rows = 256;
// 128 queries x 256 base rows x 8 bytes of sums = 256 KiB, half of the smallest common L2.
constexpr std::int64_t most_block_queries = 128;
constexpr std::int64_t chunks_per_thread = 4;  // so that no worker waits long for the last

/// The largest multiple of `unit` up to `wanted`, but at least one.
constexpr std::int64_t whole_units(std::int64_t wanted, std::int64_t unit) {
    return std::max<std::int64_t>(wanted / unit, 1) * unit;
}

}  // namespace

PackedRows::PackedRows(std::int64_t rows, std::int64_t panel_rows, std::int64_t row_bytes)
    : panel_bytes_(panel_rows * row_bytes) {
    constexpr std::int64_t alignment = 64;
    const std::int64_t n_panels = ceil_div(rows, panel_rows);
    const auto bytes = static_cast<std::size_t>(n_panels * panel_bytes_ + alignment);
    storage_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
    void* start = storage_.get();
    std::size_t space = bytes;
    aligned_ = static_cast<std::byte*>(std::align(alignment, 1, start, space));
    offsets_.resize(static_cast<std::size_t>(n_panels * panel_rows));
    gaps_.resize(offsets_.size());
}

ScanPlan::ScanPlan(const BoundKernel& kernel, std::int64_t n_queries, std::int64_t n_base,
                   int n_threads, std::int64_t most_super_queries) {
    const PanelShape shape = kernel.shape();
    const std::int64_t row_bytes = std::max<std::int64_t>(shape.row_bytes, 1);
    const std::int64_t most_super =
        std::min({n_queries, most_super_queries, most_super_queries_ever, super_bytes / row_bytes});
    super_queries = whole_units(most_super + shape.query_rows - 1, shape.query_rows);
    block_queries = std::min(super_queries, whole_units(most_block_queries, shape.query_rows));
    const std::int64_t fair_chunk = ceil_div(n_base, chunks_per_thread * n_threads);
    chunk_base = whole_units(
        std::min({fair_chunk + shape.base_rows - 1, most_chunk_rows, chunk_bytes / row_bytes}),
        shape.base_rows);
}

ScanPlan ScanPlan::of_triangle(const BoundKernel& kernel, std::int64_t n_rows, int n_threads) {
    ScanPlan plan(kernel, n_rows, n_rows, n_threads);
    const std::int64_t unit = kernel.shape().query_rows;
    plan.super_queries = ceil_div(n_rows, unit) * unit;
    return plan;
}

Scan::Scan(const BoundKernel& kernel, const MatrixView& query, const MatrixView& base,
           const ScanPlan& plan, int n_threads, Monitor& monitor)
    : kernel_(kernel),
      query_(query),
      base_(base),
      plan_(plan),
      shape_(kernel.shape()),
      n_threads_(n_threads),
      monitor_(monitor),
      packed_queries_(plan.super_queries, shape_.query_rows, shape_.row_bytes),
      workspaces_(static_cast<std::size_t>(n_threads)) {}

void Scan::run(const std::function<void(const QueryBlock&)>& process) {
    const auto fraction = [this](std::int64_t queries) {
        return static_cast<double>(queries) / static_cast<double>(query_.rows);
    };
    for (std::int64_t first = 0; first < query_.rows; first += plan_.super_queries) {
        const std::int64_t count = std::min(plan_.super_queries, query_.rows - first);
        process({first, count, {fraction(first), fraction(first + count)}});
    }
}

void Scan::run_block(const QueryBlock& queries, const SumConsumer& consume) {
    pack_queries(queries);
    const std::int64_t n_chunks = ceil_div(base_.rows, plan_.chunk_base);
    parallel_for(n_chunks, n_threads_, monitor_, queries.span,
                 [&](std::int64_t chunk, int worker, Pulse& pulse) {
                     scan_chunk(chunk, queries.count, worker, pulse, consume);
                 });
}

void Scan::run_triangle(const SumConsumer& consume) {
    const QueryBlock all{0, query_.rows, {0.0, 1.0}};
    pack_queries(all);
    const std::int64_t n_chunks = ceil_div(base_.rows, plan_.chunk_base);
    parallel_for(n_chunks, n_threads_, monitor_, all.span,
                 [&](std::int64_t task, int worker, Pulse& pulse) {
                     // The last chunk meets the most queries, and is begun first: a long task at
                     // the end would be waited for.
                     const std::int64_t chunk = n_chunks - 1 - task;
                     const std::int64_t n_queries = (chunk + 1) * plan_.chunk_base;
                     scan_chunk(chunk, std::min(n_queries, all.count), worker, pulse, consume);
                 });
}

void Scan::pack_queries(const QueryBlock& queries) {
    const std::int64_t n_panels = ceil_div(queries.count, shape_.query_rows);
    const ProgressSpan no_progress{queries.span.begin, queries.span.begin};
    parallel_for(n_panels, n_threads_, monitor_, no_progress, [&](std::int64_t panel, int, Pulse&) {
        const std::int64_t row = panel * shape_.query_rows;
        kernel_.pack_queries(query_, queries.first + row,
                             std::min(shape_.query_rows, queries.count - row),
                             packed_queries_.panel(panel), packed_queries_.terms(row));
    });
}

void Scan::scan_chunk(std::int64_t chunk, std::int64_t n_queries, int worker, Pulse& pulse,
                      const SumConsumer& consume) {
    auto& workspace = workspaces_[static_cast<std::size_t>(worker)];
    if (!workspace) {
        // Made by its worker, so that its pages lie near the core that uses them.
        workspace = std::make_unique<Workspace>(Workspace{
            PackedRows(plan_.chunk_base, shape_.base_rows, shape_.row_bytes),
            std::vector<double>(static_cast<std::size_t>(plan_.block_queries * plan_.chunk_base))});
    }
    PackedRows& base = workspace->base;
    const std::int64_t first_base = chunk * plan_.chunk_base;
    const std::int64_t n_base = std::min(plan_.chunk_base, base_.rows - first_base);
    kernel_.pack_base(base_, first_base, n_base, base.panel(0), base.terms(0));

    for (std::int64_t query = 0; query < n_queries; query += plan_.block_queries) {
        if (!pulse.keep_going()) return;
        const std::int64_t n_block = std::min(plan_.block_queries, n_queries - query);
        kernel_.compute_sums(packed_queries_.panel(query / shape_.query_rows),
                             ceil_div(n_block, shape_.query_rows), base.panel(0),
                             ceil_div(n_base, shape_.base_rows), workspace->sums.data(),
                             plan_.chunk_base);
        const SumBlock block{.first_query = query,
                             .n_queries = n_block,
                             .first_base = first_base,
                             .n_base = n_base,
                             .sums = workspace->sums.data(),
                             .stride = plan_.chunk_base,
                             .query_offsets = packed_queries_.offsets() + query,
                             .query_gaps = packed_queries_.gaps() + query,
                             .base_offsets = base.offsets(),
                             .base_gaps = base.gaps(),
                             .sign = kernel_.sign()};
        consume(block, worker);
    }
}

}  // namespace nearplane
