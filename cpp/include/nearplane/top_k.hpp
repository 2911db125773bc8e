#pragma once
// Keeping the k nearest rows of each query while intervals around their distances stream by.

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

namespace nearplane {

/// A base row that may be among the k nearest: its distance lies in [lower, upper].
struct Candidate {
    double lower;
    double upper;
    std::int64_t index;

    bool is_measured() const { return lower == upper; }
};

/// The exact distance between a query (counted from the block's first) and a base row.
using Measure = std::function<double(std::int64_t query, std::int64_t index)>;

/// The k smallest of a bounded buffer of candidates, in the order (distance, index).
///
/// A candidate is dropped only when k others are certainly before it in that order, so the k kept
/// at the end do not depend on the order of arrival, nor on who looked first. When the intervals
/// overlap too much to decide within the buffer, the candidates are measured.
class CandidateBuffer {
public:
    /// Twice k, so that a shrink halves the buffer, and a little more for small k.
    static std::int64_t capacity_for(std::int64_t k) { return 2 * k + 32; }

    CandidateBuffer(Candidate* storage, std::int64_t k)
        : storage_(storage), capacity_(capacity_for(k)), k_(k) {}

    /// No row whose lower bound is above this can be among the k nearest.
    double threshold() const { return bound_.upper; }

    std::span<Candidate> candidates() const { return {storage_, static_cast<std::size_t>(size_)}; }

    void push(Candidate candidate, std::int64_t query, const Measure& measure);

    /// Measures what is left and sorts the k nearest to the front; fewer if fewer came.
    std::span<Candidate> finish(std::int64_t query, const Measure& measure);

private:
    void shrink(std::int64_t query, const Measure& measure);
    void measure_all(std::int64_t query, const Measure& measure);
    void keep_possible();
    /// Keeps what may be among somewhat more than the k nearest; false if that made too little
    /// room, as where many are equally far.
    bool keep_roughly();
    void keep_up_to(double threshold);

    Candidate* storage_;
    std::int64_t capacity_;
    std::int64_t k_;
    std::int64_t size_ = 0;
    // The k-th smallest (upper, index) seen: k rows are certainly at or before it.
    Candidate bound_{0.0, std::numeric_limits<double>::infinity(),
                     std::numeric_limits<std::int64_t>::max()};
};

/// Thresholds that all workers lower together, one per query of a block. Only ever upper bounds of
/// the final k-th distance, so reading a stale one costs time, never correctness.
class SharedThresholds {
public:
    explicit SharedThresholds(std::int64_t n_queries)
        : values_(static_cast<std::size_t>(n_queries)) {
        for (auto& value : values_) value = std::numeric_limits<double>::infinity();
    }

    double get(std::int64_t query) const {
        return values_[static_cast<std::size_t>(query)].load(std::memory_order_relaxed);
    }
    void lower(std::int64_t query, double threshold) {
        auto& value = values_[static_cast<std::size_t>(query)];
        double seen = value.load(std::memory_order_relaxed);
        while (threshold < seen &&
               !value.compare_exchange_weak(seen, threshold, std::memory_order_relaxed)) {
        }
    }

private:
    std::vector<std::atomic<double>> values_;
};

}  // namespace nearplane
