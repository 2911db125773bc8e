#pragma once
// How a search writes down what it has found.

#include <cstdint>
#include <stdexcept>

#include "nearest_heap.hpp"
#include "nearplane/search.hpp"
#include "nearplane/top_k.hpp"

namespace nearplane {

inline double rank_of(const Candidate& measured) {
    return measured.upper;
}
inline double rank_of(const RankedRow& row) {
    return row.rank;
}

/// Where the answers of all queries go: row-major query.rows x k arrays.
struct Answer {
    double* distances;
    std::int64_t* indices;

    /// Writes the neighbours of one query, which `nearest` holds in order.
    template <class Rows>
    void write(std::int64_t query, const Rows& nearest, const SearchOptions& options) const {
        if (static_cast<std::int64_t>(nearest.size()) < options.k) {
            // Bounds taken before and after a change of the rows contradict each other.
            throw std::runtime_error(
                "the rows were changed while they were searched, or a query has fewer than k rows "
                "outside its group");
        }
        double* distance = distances + query * options.k;
        std::int64_t* index = indices + query * options.k;
        for (const auto& row : nearest) {
            *distance++ = distance_from_rank(options.metric, rank_of(row));
            *index++ = row.index;
        }
    }
};

}  // namespace nearplane
