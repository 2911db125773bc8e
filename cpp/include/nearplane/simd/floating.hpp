#pragma once
// Floating-point register operations, written once on Eigen's packets: Eigen already has them for
// every instruction set (SSE, AVX, AVX-512, NEON, ...), so no intrinsics are needed here.

#include <Eigen/Core>

namespace nearplane::simd {

template <class T>
struct FloatLanes {
    using Element = T;
    using Lane = T;
    using Vector = typename Eigen::internal::packet_traits<T>::type;
    static constexpr int lanes = Eigen::internal::unpacket_traits<Vector>::size;
    // All but a few registers hold sums: 12 x 2 of 32, 6 x 2 of 16 (2 base vectors, 1 query).
    static constexpr int tile_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 12 : 6;
    static constexpr int tile_vectors = 2;
    static constexpr int features_per_step = 1;

    static Vector zero() { return Eigen::internal::pset1<Vector>(T(0)); }
    static Vector load(const T* base) { return Eigen::internal::pload<Vector>(base); }
    static Vector broadcast(const T* query) { return Eigen::internal::pset1<Vector>(*query); }
    static void store(const Vector& sums, T* out) { Eigen::internal::pstore(out, sums); }
};

/// sum x y, fused.
template <class T>
struct FloatDot : FloatLanes<T> {
    using typename FloatLanes<T>::Vector;
    static Vector accumulate(const Vector& sums, const Vector& query, const Vector& base) {
        return Eigen::internal::pmadd(query, base, sums);
    }
};

/// sum 2 max(x, y). Since |x - y| = 2 max(x, y) - x - y, this gives the L1 distance with two
/// operations a feature; subtract, mask and add would be three. Doubling is exact, and makes the
/// addition a fused multiply-add, which leaves the adders to max where the two share ports.
template <class T>
struct FloatMaxSum : FloatLanes<T> {
    using typename FloatLanes<T>::Vector;
    // Of 16 registers one holds the 2 and two the maxima: a sixth row would spill.
    static constexpr int tile_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 12 : 5;
    static Vector accumulate(const Vector& sums, const Vector& query, const Vector& base) {
        return Eigen::internal::pmadd(Eigen::internal::pmax(query, base),
                                      Eigen::internal::pset1<Vector>(T(2)), sums);
    }
};

}  // namespace nearplane::simd
