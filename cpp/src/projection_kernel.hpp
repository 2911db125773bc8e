#pragma once
// Products of data rows with a few directions, by the tiles of brute force: the directions are the
// queries, the centred rows the base.

#include "nearplane/encoder.hpp"
#include "nearplane/simd/level.hpp"
#include "partial_sums.hpp"
#include "register_kernel.hpp"

namespace nearplane {

/// Feature d of a row of T, centred and in units of the encoder. The difference is taken in
/// float64: whatever offset the data have is gone before anything is rounded to less.
template <class T>
class CentredFeature {
public:
    explicit CentredFeature(const Encoder& encoder)
        : center_(encoder.center.data()), inverse_unit_(1.0 / encoder.unit) {}

    double operator()(const auto& at, std::int64_t d) const {
        return (static_cast<double>(at(d)) - center_[d]) * inverse_unit_;
    }

private:
    const double* center_;
    double inverse_unit_;
};

/// Sums are products of a direction with a row; the offset of a row is its squared length.
template <class T>
class Projection {
public:
    using Op = simd::FloatDot<float>;
    using Source = T;
    using QuerySource = float;
    // Short enough for an error bound far below the step of the codes; see docs/numerics.md.
    static constexpr std::int64_t block_steps = cache_block_steps<Op>;

    explicit Projection(const Encoder& encoder) : centred_(encoder) {}

    double sign() const { return 1.0; }
    float query_element(const auto& at, std::int64_t feature, std::int64_t) const {
        return at(feature);
    }
    float base_element(const auto& at, std::int64_t feature, std::int64_t) const {
        return static_cast<float>(centred_(at, feature));
    }
    Terms query_terms(const auto&, std::int64_t) const { return {0.0, 0.0}; }
    Terms base_terms(const auto& at, std::int64_t n_features) const {
        return {partial_sums(n_features,
                             [&](std::int64_t d) {
                                 const double x = centred_(at, d);
                                 return x * x;
                             }),
                0.0};
    }

private:
    CentredFeature<T> centred_;
};

}  // namespace nearplane
