#include "nearplane/bound_kernel.hpp"

#include "byte_kernels.hpp"
#include "float_kernels.hpp"

namespace nearplane {
namespace {

template <class Policy>
std::unique_ptr<BoundKernel> make(Policy policy, std::int64_t n_features) {
    return std::make_unique<RegisterKernel<Policy>>(std::move(policy), n_features);
}

std::unique_ptr<BoundKernel> make_byte_kernel(Metric metric, std::int64_t n_features) {
    if (is_l1(metric)) return make(ByteManhattan<simd::AbsDiffU8>{}, n_features);
    return make(ByteSquaredEuclidean<simd::DotU8>{}, n_features);
}

/// Rows of T, sums in arithmetic of E.
template <class T, class E>
std::unique_ptr<BoundKernel> make_float_kernel(Metric metric, const MatrixView& base) {
    if (is_l1(metric)) return make(FloatManhattan<T, E>(base), base.cols);
    return make(FloatSquaredEuclidean<T, E>(base), base.cols);
}

}  // namespace

std::unique_ptr<BoundKernel> make_search_kernel(Metric metric, const MatrixView& base) {
    switch (base.scalar) {
        case Scalar::u8: return make_byte_kernel(metric, base.cols);
        case Scalar::f32: return make_float_kernel<float, float>(metric, base);
        case Scalar::f64: return make_float_kernel<double, double>(metric, base);
    }
    throw std::logic_error("unknown scalar type");
}

std::unique_ptr<BoundKernel> make_distance_kernel(Metric metric, const MatrixView& base) {
    if (base.scalar == Scalar::f32) return make_float_kernel<float, double>(metric, base);
    return make_search_kernel(metric, base);
}

}  // namespace nearplane
