#pragma once
// Where a value falls along one axis of a histogram.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace nearplane {

/// The two bins a value belongs to, and which part of it to the second.
struct Shares {
    std::int32_t first;
    std::int32_t second;
    double of_second;
};

/// Bins of equal width between two limits. What is beyond counts as what is at the limit.
class HistogramAxis {
public:
    HistogramAxis(double low, double high, std::int64_t n_bins, bool is_cyclic)
        : low_(low),
          per_unit_(static_cast<double>(n_bins) / (high - low)),
          n_bins_(static_cast<std::int32_t>(n_bins)),
          is_cyclic_(is_cyclic) {
        // As NumPy's linspace makes them, so that values at an edge fall as in its histograms.
        const double step = (high - low) / static_cast<double>(n_bins);
        for (std::int64_t k = 0; k < n_bins; ++k) {
            edges_.push_back(low + static_cast<double>(k) * step);
        }
        edges_.push_back(high);
    }

    /// The bin whose lower edge is the last one at or below the value; the last bin has its upper
    /// edge too.
    std::int32_t bin(double value) const {
        const double place = (value - low_) * per_unit_;
        const auto found = static_cast<std::int32_t>(
            std::min(std::max(0.0, place), static_cast<double>(n_bins_ - 1)));
        // The product may have been rounded across an edge.
        const std::int32_t moved =
            std::int32_t{value >= edge(found + 1)} - std::int32_t{value < edge(found)};
        return std::min(std::max(found + moved, 0), n_bins_ - 1);
    }

    /// Shares by the distance from the middles of bins; before the middle of the first one, and
    /// after that of the last, there is but one bin, unless the axis is a circle.
    Shares shares(double value) const {
        // Within what an integer holds, whatever the value.
        const double place = std::min(std::max(-1.0, (value - low_) * per_unit_ - 0.5),
                                      static_cast<double>(n_bins_));
        const double before = std::floor(place);
        const auto first = static_cast<std::int32_t>(before);
        if (is_cyclic_) {
            return {first < 0 ? n_bins_ - 1 : std::min(first, n_bins_ - 1),
                    first + 1 < n_bins_ ? first + 1 : 0, place - before};
        }
        return {std::clamp(first, 0, n_bins_ - 1), std::clamp(first + 1, 0, n_bins_ - 1),
                place - before};
    }

private:
    double edge(std::int32_t k) const { return edges_[static_cast<std::size_t>(k)]; }

    double low_;
    double per_unit_;
    std::int32_t n_bins_;
    bool is_cyclic_;
    std::vector<double> edges_;
};

}  // namespace nearplane
