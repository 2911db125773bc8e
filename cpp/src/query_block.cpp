#include "query_block.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "nearplane/measure.hpp"

namespace nearplane {
namespace {

// The first level tells the nearest rows apart only roughly, so it names more than are needed, of
// which the last level chooses those that are measured. Twice as many of either cost more than the
// lower threshold saves.
constexpr std::int64_t named_per_neighbor = 3;
constexpr std::int64_t seeds_per_neighbor = 2;
// So many rows are all offered as seeds; from then on only those nearer than the ones held.
constexpr std::int64_t first_rows = CodeScan::most_queries;
// Seeds come from every fourth range of base rows, but from at least so many. All ranges would give
// lower thresholds to start with, and cost as much more as these save: with AVX-512 every stride
// from 1 to 16 takes the same time, with AVX2, where the first level is dearer, larger ones take
// less.
constexpr std::int64_t seed_stride = 4;
constexpr std::int64_t fewest_seed_rows = 4 * CodeScan::most_rows;
constexpr std::int64_t fewest_rows_per_neighbor = 32;
// A few milliseconds of memory's work.
constexpr std::int64_t bytes_between_polls = 16 << 20;

std::int64_t n_named(std::int64_t k, std::int64_t n_base) {
    return std::min(named_per_neighbor * k, n_base);
}

}  // namespace

QueryBlockSearch::QueryBlockSearch(PrunedJob& job, std::int64_t first, std::int64_t count,
                                   int worker, Pulse& pulse)
    : job_(job),
      first_(first),
      count_(count),
      worker_(worker),
      pulse_(pulse),
      pair_bytes_(2 * job.base.cols * std::max<std::int64_t>(std::abs(job.base.col_stride), 1)),
      nearest_(static_cast<std::size_t>(count), NearestHeap(job.options.k)),
      thresholds_(static_cast<std::size_t>(count)),
      reaches_(static_cast<std::size_t>(count)),
      code_reaches_(static_cast<std::size_t>(count), std::numeric_limits<double>::infinity()),
      seeds_(static_cast<std::size_t>(count), Shortlist(n_named(job.options.k, job.base.rows))),
      entries_(static_cast<std::size_t>(count)) {}

std::int64_t QueryBlockSearch::query_bytes(std::int64_t k, std::int64_t n_base) {
    return (k + 2 * n_named(k, n_base)) * static_cast<std::int64_t>(sizeof(RankedRow));
}

bool QueryBlockSearch::keep_going(std::int64_t bytes) {
    unpolled_bytes_ += bytes;
    if (unpolled_bytes_ >= bytes_between_polls) {
        unpolled_bytes_ = 0;
        stopped_ = stopped_ || !pulse_.keep_going();
    }
    return !stopped_;
}

void QueryBlockSearch::run(std::span<std::int64_t> survivors) {
    job_.scan.set_queries(job_.query_codes, first_, count_, worker_);
    seed();
    sift(survivors);
    for (std::size_t i = 0; i < nearest_.size(); ++i) {
        // Sorting a row among k takes about as long as reading a hundred bytes.
        if (!keep_going(100 * job_.options.k)) return;
        job_.answer.write(first_ + static_cast<std::int64_t>(i), nearest_[i].sorted(),
                          job_.options);
    }
}

template <class Visit>
void QueryBlockSearch::for_near_pairs(std::int64_t first_row, std::int64_t n_rows,
                                      const Visit& visit) {
    for (std::int64_t query = 0; query < count_; query += CodeScan::most_queries) {
        const std::int64_t n_queries = std::min(CodeScan::most_queries, count_ - query);
        // A pair in a tile takes as long as reading a byte or two.
        if (!keep_going(2 * n_queries * n_rows)) return;
        const std::span<const double> reaches(code_reaches_.data() + query,
                                              static_cast<std::size_t>(n_queries));
        visit(query, job_.scan.near_pairs(query, reaches, first_row, n_rows, worker_));
    }
}

void QueryBlockSearch::seed() {
    const std::int64_t n_rows = job_.base.rows;
    const std::int64_t fewest =
        std::max(fewest_seed_rows, fewest_rows_per_neighbor * job_.options.k);
    const std::int64_t stride =
        std::clamp<std::int64_t>(n_rows / fewest, 1, seed_stride) * CodeScan::most_rows;
    const auto offer_rows = [&](std::int64_t first, std::int64_t end) {
        for_near_pairs(first, end - first, [&](std::int64_t query, std::span<RowPair> pairs) {
            offer_seeds(query, first, pairs);
        });
    };
    offer_rows(0, std::min(first_rows, n_rows));
    for (std::int64_t range = 0; range < n_rows && !stopped_; range += stride) {
        const std::int64_t first = std::max(range, first_rows);
        const std::int64_t end = std::min(range + CodeScan::most_rows, n_rows);
        if (first < end) offer_rows(first, end);
    }
    for (std::size_t i = 0; i < thresholds_.size() && !stopped_; ++i) {
        set_threshold(i, seeded_threshold(i));
    }
    seeds_ = {};
}

void QueryBlockSearch::offer_seeds(std::int64_t first_query, std::int64_t first_row,
                                   std::span<const RowPair> pairs) {
    const LevelBound& level = job_.levels.front();
    for (const RowPair pair : pairs) {
        const std::int64_t i = first_query + pair.query;
        const std::int64_t index = first_row + pair.base;
        if (job_.options.skips(first_ + i, index)) continue;
        Shortlist& seeds = seeds_[static_cast<std::size_t>(i)];
        seeds.push({level.apart(first_ + i, index), index});
        code_reaches_[static_cast<std::size_t>(i)] = seeds.threshold();
    }
}

/// The k-th smallest distance of the seeds; infinity if there are fewer.
double QueryBlockSearch::seeded_threshold(std::size_t i) {
    const std::int64_t query = first_ + static_cast<std::int64_t>(i);
    NearestHeap best(seeds_per_neighbor * job_.options.k);
    for (const RankedRow& named : seeds_[i].rows()) {
        best.push({job_.levels.back().lower(query, named.index), named.index});
    }
    NearestHeap nearest(job_.options.k);
    for (const RankedRow& seed : best.sorted()) {
        if (!keep_going(pair_bytes_)) break;
        const double distance = measure_within(job_.options.metric, job_.query, query, job_.base,
                                               seed.index, nearest.threshold());
        nearest.push({distance, seed.index});
    }
    return nearest.threshold();
}

void QueryBlockSearch::sift(std::span<std::int64_t> survivors) {
    const std::size_t n_levels = job_.levels.size();
    std::int64_t end = 0;
    for (std::int64_t first = 0; first < job_.base.rows && !stopped_; first = end) {
        end = std::min(first + CodeScan::most_rows, job_.base.rows);
        for_near_pairs(first, end - first, [&](std::int64_t query, std::span<RowPair> pairs) {
            for (std::size_t l = 1; l < n_levels; ++l) {
                survivors[l] += static_cast<std::int64_t>(pairs.size());
                if (l + 1 < n_levels) pairs = still_near(pairs, job_.levels[l], query, first);
            }
            list_near(pairs, query, first);
        });
        survivors[0] += count_ * (end - first);
        for (std::size_t i = 0; i < entries_.size(); ++i) survivors.back() += settle_query(i);
    }
}

std::span<RowPair> QueryBlockSearch::still_near(std::span<RowPair> pairs, const LevelBound& level,
                                                std::int64_t first_query, std::int64_t first_row) {
    std::size_t n = 0;
    for (const RowPair pair : pairs) {
        if (!keep_going(level.row_bytes())) break;
        const std::int64_t i = first_query + pair.query;
        // Written before it is known whether it stays: no branch to mispredict.
        pairs[n] = pair;
        n += static_cast<std::size_t>(level.may_be_within(first_ + i, first_row + pair.base,
                                                          reaches_[static_cast<std::size_t>(i)]));
    }
    return pairs.first(n);
}

/// Lists the pairs that the last level leaves, with their bounds.
void QueryBlockSearch::list_near(std::span<const RowPair> pairs, std::int64_t first_query,
                                 std::int64_t first_row) {
    const LevelBound& level = job_.levels.back();
    for (const RowPair pair : pairs) {
        if (!keep_going(level.row_bytes())) break;
        const auto i = static_cast<std::size_t>(first_query + pair.query);
        const std::int64_t query = first_ + first_query + pair.query;
        const std::int64_t index = first_row + pair.base;
        if (!level.may_be_within(query, index, reaches_[i])) continue;
        if (job_.options.skips(query, index)) continue;
        entries_[i].push_back({level.lower(query, index), index});
    }
}

/// Measures what has been listed for a query and returns how many rows that took.
std::int64_t QueryBlockSearch::settle_query(std::size_t i) {
    std::vector<Entry>& entries = entries_[i];
    NearestHeap& nearest = nearest_[i];
    const std::int64_t query = first_ + static_cast<std::int64_t>(i);
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.lower < b.lower; });
    std::int64_t n_measured = 0;
    for (const Entry& entry : entries) {
        if (entry.lower > reaches_[i] || !keep_going(pair_bytes_)) break;
        ++n_measured;
        const double distance = measure_within(job_.options.metric, job_.query, query, job_.base,
                                               entry.index, thresholds_[i]);
        if (distance > thresholds_[i]) continue;
        nearest.push({distance, entry.index});
        if (nearest.threshold() < thresholds_[i]) set_threshold(i, nearest.threshold());
    }
    entries.clear();
    return n_measured;
}

void QueryBlockSearch::set_threshold(std::size_t i, double threshold) {
    const std::int64_t query = first_ + static_cast<std::int64_t>(i);
    thresholds_[i] = threshold;
    reaches_[i] = job_.reach.of(threshold);
    code_reaches_[i] = job_.levels.front().in_steps(reaches_[i]) +
                       job_.scan.allowance(job_.query_codes.errors[query]);
}

}  // namespace nearplane
