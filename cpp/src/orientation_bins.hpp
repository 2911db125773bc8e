#pragma once
// Which bin the direction of a gradient falls into, without computing its angle.
//
// Along a half turn the cotangent falls from +infinity to -infinity, so an angle has reached the
// edge of a bin if its cotangent is at most the edge's. That takes one division and a comparison
// for each edge, all of which compilers vectorise; an arc tangent takes ten times as long.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>
#include <vector>

namespace nearplane {

/// An integer as wide as T, so that comparisons of T fill registers of it.
template <class T>
using BinOf = std::conditional_t<std::is_same_v<T, float>, std::int32_t, std::int64_t>;

/// Whether a direction of an angle within (0, 180), given by its cotangent, is at `degrees` or past
/// it. What "at" means is decided by the usual formula in float64, roundings included: what others
/// compute from the angle falls into the same bin.
inline bool reaches(double cotangent, double degrees) {
    return std::atan2(1.0, cotangent) * (180.0 / std::numbers::pi) >= degrees;
}

/// The largest cotangent that reaches an angle within (0, 180), to the last bit.
inline double edge_cotangent(double degrees) {
    const double radians = degrees * (std::numbers::pi / 180.0);
    double inside = std::cos(radians) / std::sin(radians);
    // The formula errs by some roundings of the angle, which near 0 and 180 is a larger part of the
    // cotangent: the steps grow until the edge lies between two values.
    const double size = std::abs(inside) + 1.0;
    double step = size * size * std::numeric_limits<double>::epsilon();
    while (!reaches(inside, degrees)) {
        inside -= step;
        step *= 2.0;
    }
    double outside = inside + step;
    while (reaches(outside, degrees)) {
        step *= 2.0;
        outside = inside + step;
    }
    for (;;) {
        const double middle = inside + (outside - inside) / 2.0;
        if (!(middle > inside && middle < outside)) return inside;
        (reaches(middle, degrees) ? inside : outside) = middle;
    }
}

/// The float such that, for whole x and y up to 255, the float x / y is at most it if x / y is at
/// most `limit`. Quotients of such numbers are far enough apart for at most one to be as near as
/// float rounds.
inline float byte_cotangent(double limit) {
    const auto rounded = static_cast<float>(limit);
    for (int y = 1; y <= 255; ++y) {
        const double x = std::round(limit * y);
        if (static_cast<float>(x) / static_cast<float>(y) == rounded && x / y > limit) {
            return std::nextafter(rounded, -std::numeric_limits<float>::infinity());
        }
    }
    return rounded;
}

/// Edges of bins as cotangents, those within (0, 180) degrees and those within (180, 360).
template <class T>
struct BinEdges {
    /// Edges that are compared at a time, so that bins are loaded and stored once for all of them.
    static constexpr std::size_t together = 4;

    std::vector<T> upper;
    std::vector<T> lower;
    BinOf<T> first_lower = 0;  // bin of 180 degrees

    template <class Limit>
    BinEdges(const std::vector<double>& degrees, const Limit& limit) {
        for (const double edge : degrees) {
            if (edge < 180.0) upper.push_back(limit(edge));
            if (edge > 180.0) lower.push_back(limit(edge - 180.0));
            if (edge <= 180.0) ++first_lower;
        }
        // Up to whole groups, with what no cotangent is at most.
        for (std::vector<T>* half : {&upper, &lower}) {
            while (half->size() % together != 0) {
                half->push_back(std::numeric_limits<T>::quiet_NaN());
            }
        }
    }

    /// bins[i] = edges that a direction of that cotangent has reached in the upper half turn.
    void count_upper(const T* cotangents, std::int64_t n, BinOf<T>* bins) const {
        std::fill_n(bins, n, BinOf<T>(0));
        for (std::size_t k = 0; k < upper.size(); k += together) {
            count(upper.data() + k, cotangents, n, bins, [](std::int64_t) { return true; });
        }
    }

    /// The same in both halves of the turn, of directions (x[i], y[i]).
    void count_both(const T* x, const T* y, const T* cotangents, std::int64_t n,
                    BinOf<T>* bins) const {
        const auto is_lower = [x, y](std::int64_t i) {
            return (y[i] < T(0)) | ((y[i] == T(0)) & (x[i] < T(0)));
        };
        for (std::int64_t i = 0; i < n; ++i) bins[i] = is_lower(i) ? first_lower : 0;
        for (std::size_t k = 0; k < upper.size(); k += together) {
            count(upper.data() + k, cotangents, n, bins,
                  [is_lower](std::int64_t i) { return !is_lower(i); });
        }
        for (std::size_t k = 0; k < lower.size(); k += together) {
            count(lower.data() + k, cotangents, n, bins, is_lower);
        }
    }

private:
    template <class Counts>
    static void count(const T* limits, const T* cotangents, std::int64_t n, BinOf<T>* bins,
                      const Counts& counts) {
        const T a = limits[0], b = limits[1], c = limits[2], d = limits[3];
        for (std::int64_t i = 0; i < n; ++i) {
            const T cotangent = cotangents[i];
            const BinOf<T> reached = BinOf<T>(cotangent <= a) + BinOf<T>(cotangent <= b) +
                                     BinOf<T>(cotangent <= c) + BinOf<T>(cotangent <= d);
            bins[i] += counts(i) ? reached : 0;
        }
    }
};

/// T is float for gradients that are whole numbers up to 255, double for all others.
template <class T>
class OrientationBins {
public:
    OrientationBins(std::int64_t n_bins, bool directed)
        : turn_(directed ? 360.0 : 180.0),
          degrees_(edges_of(turn_, n_bins)),
          edges_(degrees_, [](double degrees) { return limit(degrees, -1.0); }),
          far_edges_(degrees_, [](double degrees) { return limit(degrees, 1.0); }) {}

    /// bins[i] of the direction (x[i], y[i]); those of (0, 0) mean nothing. `cotangents` and
    /// `others` are room for as many.
    void find(const T* x, const T* y, std::int64_t n, T* cotangents, BinOf<T>* others,
              BinOf<T>* bins) const {
        for (std::int64_t i = 0; i < n; ++i) {
            // Along the axis -0 and 180 degrees are what 0 is.
            const T quotient = x[i] / y[i];
            cotangents[i] = y[i] == T(0) ? std::numeric_limits<T>::infinity() : quotient;
        }
        count(edges_, x, y, n, cotangents, bins);
        if constexpr (std::is_same_v<T, float>) return;
        count(far_edges_, x, y, n, cotangents, others);
        for (std::int64_t i = 0; i < n; ++i) {
            if (bins[i] != others[i]) bins[i] = bin_of_angle(x[i], y[i]);
        }
    }

private:
    static std::vector<double> edges_of(double turn, std::int64_t n_bins) {
        std::vector<double> degrees;
        for (std::int64_t k = 1; k < n_bins; ++k) {
            degrees.push_back(turn / static_cast<double>(n_bins) * static_cast<double>(k));
        }
        return degrees;
    }

    /// Of bytes, the edge. Of others what is on the far or the near side of it by more than all
    /// roundings: their directions may have been rounded to either side of an edge that they are
    /// at, as x = -y is at 135 degrees, and should be on the side that the formula puts them.
    static T limit(double degrees, [[maybe_unused]] double side) {
        const double edge = edge_cotangent(degrees);
        if constexpr (std::is_same_v<T, float>) {
            return byte_cotangent(edge);
        } else {
            constexpr double few_roundings = 128 * std::numeric_limits<double>::epsilon();
            return edge + side * few_roundings * (1.0 + edge * edge);
        }
    }

    void count(const BinEdges<T>& edges, const T* x, const T* y, std::int64_t n,
               const T* cotangents, BinOf<T>* bins) const {
        if (turn_ == 180.0) {
            edges.count_upper(cotangents, n, bins);
        } else {
            edges.count_both(x, y, cotangents, n, bins);
        }
    }

    /// By the usual formula, in its order of operations.
    BinOf<T> bin_of_angle(T x, T y) const {
        const double signed_angle = std::atan2(y, x) * (180.0 / std::numbers::pi);
        const double angle = signed_angle < 0.0 ? signed_angle + turn_ : signed_angle;
        const double within = angle < turn_ ? angle : angle - turn_;
        return static_cast<BinOf<T>>(std::upper_bound(degrees_.begin(), degrees_.end(), within) -
                                     degrees_.begin());
    }

    double turn_;
    std::vector<double> degrees_;
    BinEdges<T> edges_;
    BinEdges<T> far_edges_;
};

}  // namespace nearplane
