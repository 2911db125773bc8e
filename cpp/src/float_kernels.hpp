#pragma once
// How float32 and float64 rows become elements and terms, and the error bounds that make their
// sums rigorous. docs/numerics.md derives every constant used here.

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "nearplane/simd/level.hpp"
#include "partial_sums.hpp"
#include "register_kernel.hpp"

namespace nearplane {

/// Unit roundoff of T.
template <class T>
inline constexpr double roundoff = static_cast<double>(std::numeric_limits<T>::epsilon()) / 2;

/// A point in the middle of the rows, rounded to E. Distances do not change when it is subtracted
/// from every row, but norms shrink, and with them the error bounds. Any point would be valid, so
/// the mean of at most 1,024 evenly spaced rows is enough.
template <class T, class E>
std::vector<E> centre_of(const MatrixView& rows) {
    constexpr std::int64_t most_rows = 1024;
    constexpr std::int64_t most_values = 1 << 23;  // milliseconds, however wide the rows
    const std::int64_t n_rows = std::clamp<std::int64_t>(
        most_values / std::max<std::int64_t>(rows.cols, 1), 1, std::min(rows.rows, most_rows));
    std::vector<double> sums(static_cast<std::size_t>(rows.cols), 0.0);
    visit_layout<T>(rows, [&](auto row_at) {
        for (std::int64_t i = 0; i < n_rows; ++i) {
            const auto at = row_at(rows.rows * i / n_rows);
            for (std::int64_t d = 0; d < rows.cols; ++d) {
                sums[static_cast<std::size_t>(d)] += static_cast<double>(at(d));
            }
        }
    });
    std::vector<E> centre(sums.size());
    std::transform(sums.begin(), sums.end(), centre.begin(), [n_rows](double sum) {
        return static_cast<E>(sum / static_cast<double>(n_rows));
    });
    return centre;
}

/// Rows of T minus the centre, in arithmetic of E (E = T, or float64 for float32 rows).
template <class T, class Operation, std::int64_t steps>
class CentredRows {
public:
    using Op = Operation;
    using Source = T;
    using QuerySource = Source;
    using E = typename Op::Element;
    static constexpr std::int64_t block_steps = steps;

    explicit CentredRows(const MatrixView& base)
        : centre_(std::make_shared<const std::vector<E>>(centre_of<T, E>(base))) {}

    E query_element(const auto& at, std::int64_t first, std::int64_t) const {
        return centred(at, first);
    }
    E base_element(const auto& at, std::int64_t first, std::int64_t) const {
        return centred(at, first);
    }

protected:
    E centred(const auto& at, std::int64_t feature) const {
        return static_cast<E>(at(feature)) - (*centre_)[static_cast<std::size_t>(feature)];
    }

    /// The interval of a row of size `weight` (squared L2 or L1 norm): `value` lowered by its share
    /// of the error bound, and how far above that the distance can lie.
    static Terms interval(double value, double weight, double relative_error,
                          std::int64_t n_features) {
        // No sum of E exceeds four times the larger weight, so none can overflow below an eighth.
        if (!(weight < static_cast<double>(std::numeric_limits<E>::max()) / 8)) {
            const double infinity = std::numeric_limits<double>::infinity();
            return {-infinity, infinity};
        }
        const double underflow = 4.0 * static_cast<double>(n_features) *
                                 static_cast<double>(std::numeric_limits<E>::denorm_min());
        const double error = relative_error * weight + underflow;
        return {value - error, 2.0 * error};
    }

    /// Additions one register makes before its sum moves to float64.
    static double additions(std::int64_t n_features) {
        return static_cast<double>(std::min(steps, n_features));
    }

    /// What the float64 steps (norms, block sums, `measure` itself) may add to the error.
    static double float64_error(std::int64_t n_features) {
        return (static_cast<double>(n_features) / 4 + 40.0) * roundoff<double>;
    }

private:
    std::shared_ptr<const std::vector<E>> centre_;
};

/// sum (x - y)^2 = |x|^2 + |y|^2 - 2 x.y of centred rows.
template <class T, class E, std::int64_t steps = cache_block_steps<simd::FloatDot<E>>>
class FloatSquaredEuclidean : public CentredRows<T, simd::FloatDot<E>, steps> {
    using Base = CentredRows<T, simd::FloatDot<E>, steps>;

public:
    using Base::Base;

    double sign() const { return -2.0; }
    Terms base_terms(const auto& at, std::int64_t n_features) const {
        const double squared_norm = partial_sums(n_features, [&](std::int64_t d) {
            const double x = this->centred(at, d);
            return x * x;
        });
        const double error = 1.01 * ((Base::additions(n_features) + 10.0) * roundoff<E> +
                                     Base::float64_error(n_features));
        return Base::interval(squared_norm, squared_norm, error, n_features);
    }
    Terms query_terms(const auto& at, std::int64_t n_features) const {
        return base_terms(at, n_features);
    }
};

/// sum |x - y| = sum 2 max(x, y) - sum x - sum y of centred rows.
template <class T, class E, std::int64_t steps = cache_block_steps<simd::FloatMaxSum<E>>>
class FloatManhattan : public CentredRows<T, simd::FloatMaxSum<E>, steps> {
    using Base = CentredRows<T, simd::FloatMaxSum<E>, steps>;

public:
    using Base::Base;

    double sign() const { return 1.0; }
    Terms base_terms(const auto& at, std::int64_t n_features) const {
        const auto x = [&](std::int64_t d) { return static_cast<double>(this->centred(at, d)); };
        const double sum = partial_sums(n_features, x);
        const double norm =
            partial_sums(n_features, [&](std::int64_t d) { return std::abs(x(d)); });
        const double error = 1.01 * ((2.0 * Base::additions(n_features) + 10.0) * roundoff<E> +
                                     Base::float64_error(n_features));
        return Base::interval(-sum, norm, error, n_features);
    }
    Terms query_terms(const auto& at, std::int64_t n_features) const {
        return base_terms(at, n_features);
    }
};

}  // namespace nearplane
