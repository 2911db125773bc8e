#pragma once
// The pruned search of one block of queries, by one worker, from the first code to the answer.

#include <cstdint>
#include <span>
#include <vector>

#include "answer.hpp"
#include "code_scan.hpp"
#include "level_bound.hpp"
#include "nearest_heap.hpp"

namespace nearplane {

/// What the blocks of a search have in common. Queries count from the first of `query`.
struct PrunedJob {
    const MatrixView& query;
    const MatrixView& base;
    const SearchOptions& options;
    const Reach& reach;
    CodeScan& scan;
    LevelCodes query_codes;              // of the first level
    std::span<const LevelBound> levels;  // all of them
    Answer answer;
};

/// Queries [first, first + count) of a job. Three steps, each cheaper than it would be without the
/// one before:
///
/// 1. *Seed.* The rows whose first codes are nearest are measured. The k-th of their distances is a
///    threshold: no row beyond it is among the k nearest.
/// 2. *Sift.* Rows pass from level to level until one shows that they lie beyond.
/// 3. *Settle.* Those left are measured in the order of their lower bounds, while these are within
///    the threshold, which sinks meanwhile.
///
/// The base goes by in ranges that are sifted and settled while they are in cache; the more queries
/// a block has, the more often each row is used there. (Settling when all rows have been sifted
/// measures a fifth less, but each row then comes from memory, and that took twice as long.)
class QueryBlockSearch {
public:
    QueryBlockSearch(PrunedJob& job, std::int64_t first, std::int64_t count, int worker,
                     Pulse& pulse);

    /// Searches and writes the answers, unless the pulse stops it. Adds to `survivors` as
    /// argkmin_pruned does.
    void run(std::span<std::int64_t> survivors);

    /// The bytes that a query's candidates may take.
    static std::int64_t query_bytes(std::int64_t k, std::int64_t n_base);

private:
    struct Entry {
        double lower;
        std::int64_t index;
    };

    /// Calls visit(first query, pairs) for all pairs of these rows that the first level leaves.
    template <class Visit>
    void for_near_pairs(std::int64_t first_row, std::int64_t n_rows, const Visit& visit);

    /// Asks the pulse after every few milliseconds of work, which is counted in bytes read. Once it
    /// has said no it stays so, and the steps end at once with whatever they have.
    bool keep_going(std::int64_t bytes);

    void seed();
    void offer_seeds(std::int64_t first_query, std::int64_t first_row,
                     std::span<const RowPair> pairs);
    double seeded_threshold(std::size_t i);

    void sift(std::span<std::int64_t> survivors);
    std::span<RowPair> still_near(std::span<RowPair> pairs, const LevelBound& level,
                                  std::int64_t first_query, std::int64_t first_row);
    void list_near(std::span<const RowPair> pairs, std::int64_t first_query,
                   std::int64_t first_row);

    std::int64_t settle_query(std::size_t i);
    void set_threshold(std::size_t i, double threshold);

    PrunedJob& job_;
    const std::int64_t first_;
    const std::int64_t count_;
    const int worker_;
    Pulse& pulse_;
    const std::int64_t pair_bytes_;  // that are read to measure a pair
    std::int64_t unpolled_bytes_ = 0;
    bool stopped_ = false;
    std::vector<NearestHeap> nearest_;
    std::vector<double> thresholds_;
    std::vector<double> reaches_;       // in units
    std::vector<double> code_reaches_;  // in steps of the first level
    std::vector<Shortlist> seeds_;
    std::vector<std::vector<Entry>> entries_;
};

}  // namespace nearplane
