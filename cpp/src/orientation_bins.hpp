#pragma once
// Which bin the direction of a gradient falls into, without computing its angle.
//
// Along a half turn the cotangent falls from +infinity to -infinity, so an angle has reached the
// edge of a bin if its cotangent is at most the edge's. That takes one division and a comparison
// for each edge, all of which compilers vectorise; an arc tangent takes ten times as long.

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

/// T is float for gradients that are whole numbers up to 255, double for all others.
template <class T>
class OrientationBins {
public:
    OrientationBins(std::int64_t n_bins, bool directed) : directed_(directed) {
        const double turn = directed ? 360.0 : 180.0;
        for (std::int64_t k = 1; k < n_bins; ++k) {
            const double degrees = turn / static_cast<double>(n_bins) * static_cast<double>(k);
            if (degrees < 180.0) upper_.push_back(limit(degrees));
            if (degrees > 180.0) lower_.push_back(limit(degrees - 180.0));
            if (degrees <= 180.0) ++first_lower_;
        }
        pad(upper_);
        pad(lower_);
    }

    /// bins[i] of the direction (x[i], y[i]); those of (0, 0) mean nothing. `cotangents` is room
    /// for as many.
    void find(const T* x, const T* y, std::int64_t n, T* cotangents, BinOf<T>* bins) const {
        for (std::int64_t i = 0; i < n; ++i) {
            // Along the axis -0 and 180 degrees are what 0 is.
            const T quotient = x[i] / y[i];
            cotangents[i] = y[i] == T(0) ? std::numeric_limits<T>::infinity() : quotient;
        }
        std::fill_n(bins, n, BinOf<T>(0));
        if (!directed_) {
            for (std::size_t k = 0; k < upper_.size(); k += together) {
                count(upper_.data() + k, cotangents, n, bins, [](std::int64_t) { return true; });
            }
            return;
        }
        for (std::int64_t i = 0; i < n; ++i) bins[i] = is_lower(x[i], y[i]) ? first_lower_ : 0;
        for (std::size_t k = 0; k < upper_.size(); k += together) {
            count(upper_.data() + k, cotangents, n, bins,
                  [x, y](std::int64_t i) { return !is_lower(x[i], y[i]); });
        }
        for (std::size_t k = 0; k < lower_.size(); k += together) {
            count(lower_.data() + k, cotangents, n, bins,
                  [x, y](std::int64_t i) { return is_lower(x[i], y[i]); });
        }
    }

private:
    /// Edges that are compared at a time, so that bins are loaded and stored once for all of them.
    static constexpr std::size_t together = 4;

    static T limit(double degrees) {
        if constexpr (std::is_same_v<T, float>) return byte_cotangent(edge_cotangent(degrees));
        return static_cast<T>(edge_cotangent(degrees));
    }

    /// Fills up with what no cotangent is at most.
    static void pad(std::vector<T>& limits) {
        while (limits.size() % together != 0) {
            limits.push_back(std::numeric_limits<T>::quiet_NaN());
        }
    }

    /// Whether a direction is within [180, 360) degrees.
    static bool is_lower(T x, T y) { return (y < T(0)) | ((y == T(0)) & (x < T(0))); }

    /// Adds up which of some edges have been reached.
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

    bool directed_;
    BinOf<T> first_lower_ = 0;  // bin of 180 degrees
    std::vector<T> upper_;      // edges within (0, 180), as cotangents
    std::vector<T> lower_;      // edges within (180, 360)
};

}  // namespace nearplane
