#include "code_scan.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "level_bound.hpp"

namespace nearplane {
namespace {

/// The error that L2 reaches allow for; rows with a larger one always pass. It weighs the share of
/// those against the pairs that a larger reach lets through: on natural images errors are about
/// 1.5 % of the reach, which lets 3 % of the pairs pass, growing with the 15th power of the reach.
float common_error(const float* errors, std::int64_t n_rows) {
    constexpr std::int64_t most_errors = 1 << 14;  // a sample: any value is valid
    const std::int64_t n = std::min(n_rows, most_errors);
    std::vector<float> sorted(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i)
        sorted[static_cast<std::size_t>(i)] = errors[n_rows * i / n];
    std::sort(sorted.begin(), sorted.end());
    const double median = static_cast<double>(sorted[static_cast<std::size_t>(n / 2)]) + 1e-30;
    double least = std::numeric_limits<double>::infinity();
    float best = sorted.back();
    for (const double share : {0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2}) {
        const auto beyond = static_cast<std::int64_t>(share * static_cast<double>(n));
        const float error = sorted[static_cast<std::size_t>(n - 1 - beyond)];
        const double passing = share + 0.03 * std::pow(1.0 + 0.015 * error / median, 15.0);
        if (passing < least) {
            least = passing;
            best = error;
        }
    }
    return best;
}

}  // namespace

CodeScan::CodeScan(const Encoder& encoder, const LevelCodes& base, std::int64_t n_base,
                   int n_threads, Monitor& monitor)
    : level_(encoder.levels.front()),
      is_l1_(is_l1(encoder.metric)),
      filter_(make_code_filter(encoder.metric, level_.width)),
      shape_(filter_->packer().shape()),
      common_error_(is_l1_ ? 0.0F : common_error(base.errors, n_base)),
      base_(n_base, shape_.base_rows, shape_.row_bytes),
      starts_(static_cast<std::size_t>(ceil_div(n_base, shape_.base_rows) * shape_.base_rows),
              filter_->start_of_padding()),
      workspaces_(static_cast<std::size_t>(n_threads)) {
    assert(most_queries % shape_.query_rows == 0 && most_queries % shape_.base_rows == 0);
    assert(most_rows % shape_.base_rows == 0);
    constexpr std::int64_t bytes_at_once = 1 << 20;
    const std::int64_t rows_at_once =
        std::max<std::int64_t>(bytes_at_once / (most_rows * level_.width), 1) * most_rows;
    parallel_for(ceil_div(n_base, rows_at_once), n_threads, monitor, {0.0, 0.0},
                 [&](std::int64_t task, int, Pulse&) {
                     const std::int64_t first = task * rows_at_once;
                     pack_base(base, first, std::min(rows_at_once, n_base - first));
                 });
}

MatrixView CodeScan::view(const LevelCodes& rows, std::int64_t first, std::int64_t count) const {
    return {rows.codes + first * level_.width, Scalar::u8, count, level_.width, level_.width, 1};
}

/// What a base row's error adds to every reach, in steps. For L2 a common error is part of the
/// allowance already.
double CodeScan::slack(float error) const {
    if (is_l1_) return static_cast<double>(error) / level_.step * few_roundings_up;
    return error > common_error_ ? std::numeric_limits<double>::infinity() : 0.0;
}

void CodeScan::pack_base(const LevelCodes& base, std::int64_t first, std::int64_t count) {
    filter_->packer().pack_base(view(base, first, count), 0, count,
                                base_.panel(first / shape_.base_rows), base_.terms(first));
    for (std::int64_t j = first; j < first + count; ++j) {
        starts_[static_cast<std::size_t>(j)] =
            filter_->start(base_.offsets()[j], slack(base.errors[j]));
    }
}

CodeScan::Workspace& CodeScan::workspace(int worker) {
    auto& mine = workspaces_[static_cast<std::size_t>(worker)];
    if (!mine) {
        mine = std::make_unique<Workspace>(
            Workspace{nullptr, std::vector<std::int32_t>(static_cast<std::size_t>(most_queries)),
                      std::make_unique_for_overwrite<RowPair[]>(
                          static_cast<std::size_t>(most_queries * most_rows))});
    }
    return *mine;
}

void CodeScan::set_queries(const LevelCodes& queries, std::int64_t first, std::int64_t count,
                           int worker) {
    auto& packed = workspace(worker).queries;
    packed = std::make_unique<PackedRows>(count, shape_.query_rows, shape_.row_bytes);
    filter_->packer().pack_queries(view(queries, first, count), 0, count, packed->panel(0),
                                   packed->terms(0));
}

std::span<RowPair> CodeScan::near_pairs(std::int64_t first_query, std::span<const double> reaches,
                                        std::int64_t first_row, std::int64_t n_rows, int worker) {
    Workspace& mine = workspace(worker);
    const double* offsets = mine.queries->offsets() + first_query;
    std::fill(mine.limits.begin(), mine.limits.end(), filter_->limit_of_padding());
    for (std::size_t i = 0; i < reaches.size(); ++i) {
        mine.limits[i] = filter_->limit(offsets[i], reaches[i] * few_roundings_up);
    }
    const auto n_queries = static_cast<std::int64_t>(reaches.size());
    const std::int64_t n_pairs = filter_->filter(
        mine.queries->panel(first_query / shape_.query_rows),
        ceil_div(n_queries, shape_.query_rows), mine.limits.data(),
        base_.panel(first_row / shape_.base_rows), ceil_div(n_rows, shape_.base_rows),
        starts_.data() + first_row, mine.pairs.get());
    return {mine.pairs.get(), static_cast<std::size_t>(n_pairs)};
}

}  // namespace nearplane
