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

template <class T>
std::unique_ptr<BoundKernel> make_float_kernel(Metric metric, const MatrixView& base) {
    if (is_l1(metric)) return make(FloatManhattan<T, T>(base), base.cols);
    return make(FloatSquaredEuclidean<T, T>(base), base.cols);
}

}  // namespace

std::unique_ptr<BoundKernel> make_search_kernel(Metric metric, const MatrixView& base) {
    switch (base.scalar) {
        case Scalar::u8: return make_byte_kernel(metric, base.cols);
        case Scalar::f32: return make_float_kernel<float>(metric, base);
        case Scalar::f64: return make_float_kernel<double>(metric, base);
    }
    throw std::logic_error("unknown scalar type");
}

std::unique_ptr<BoundKernel> make_distance_kernel(Metric metric, const MatrixView& base,
                                                  Scalar out) {
    if (base.scalar != Scalar::f32) return make_search_kernel(metric, base);
    // Sums of maxima lose digits that the difference would keep, so L1 is always summed in float64.
    if (is_l1(metric)) return make(FloatManhattan<float, double>(base), base.cols);
    if (out == Scalar::f64) return make(FloatSquaredEuclidean<float, double>(base), base.cols);
    // Products keep enough digits for a float32 when at most 64 of them are added in float32, which
    // costs a tenth of the speed of longer sums; float64 would cost half.
    return make(FloatSquaredEuclidean<float, float, 64>(base), base.cols);
}

}  // namespace nearplane
