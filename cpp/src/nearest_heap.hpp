#pragma once
// The k nearest of rows whose distances are known.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace nearplane {

/// A distance, or whatever rows are ranked by, and the row it belongs to; ordered by both.
struct RankedRow {
    double rank;
    std::int64_t index;

    auto operator<=>(const RankedRow&) const = default;
};

/// A heap whose threshold is exact after every push, which is what a search in the order of lower
/// bounds lives on. (CandidateBuffer, for rows that come in any order, settles only when it is
/// full.)
class NearestHeap {
public:
    explicit NearestHeap(std::int64_t k) : k_(static_cast<std::size_t>(k)) {}

    /// The k-th smallest rank so far.
    double threshold() const {
        return rows_.size() < k_ ? std::numeric_limits<double>::infinity() : rows_.front().rank;
    }

    void push(RankedRow row) {
        if (rows_.size() == k_) {
            if (!(row < rows_.front())) return;
            std::pop_heap(rows_.begin(), rows_.end());
            rows_.back() = row;
        } else {
            rows_.push_back(row);
        }
        std::push_heap(rows_.begin(), rows_.end());
    }

    /// All rows kept, in order. Nothing may be pushed afterwards.
    std::span<const RankedRow> sorted() {
        std::sort_heap(rows_.begin(), rows_.end());
        return rows_;
    }

private:
    std::size_t k_;
    std::vector<RankedRow> rows_;
};

/// Some nearest rows, roughly: at least the n nearest, and a threshold that lags behind. Ten times
/// as fast as a heap while most rows that come are kept.
class Shortlist {
public:
    explicit Shortlist(std::int64_t n) : n_(static_cast<std::size_t>(n)) {}

    /// Rows above it are not among the n nearest.
    double threshold() const { return threshold_; }

    void push(RankedRow row) {
        rows_.push_back(row);
        if (rows_.size() < 2 * n_) return;
        const auto nth = rows_.begin() + static_cast<std::ptrdiff_t>(n_ - 1);
        std::nth_element(rows_.begin(), nth, rows_.end());
        threshold_ = nth->rank;
        rows_.resize(n_);
    }

    std::span<const RankedRow> rows() const { return rows_; }

private:
    std::size_t n_;
    double threshold_ = std::numeric_limits<double>::infinity();
    std::vector<RankedRow> rows_;
};

}  // namespace nearplane
