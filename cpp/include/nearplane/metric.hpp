#pragma once
// The distances of the core. `euclidean` and `sqeuclidean` rank rows alike; they differ in the last
// step only, so the search works with squared distances and takes the root of what it returns.

#include <cmath>
#include <cstdint>

namespace nearplane {

enum class Metric : std::uint8_t { euclidean, sqeuclidean, manhattan };

inline bool is_l1(Metric metric) {
    return metric == Metric::manhattan;
}

/// Turns the value the search ranks by into the distance the user asked for.
inline double distance_from_rank(Metric metric, double rank) {
    return metric == Metric::euclidean ? std::sqrt(rank) : rank;
}

}  // namespace nearplane
