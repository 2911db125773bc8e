#pragma once
// Data for tests: monitors, and matrices of random numbers that lie in memory in many ways.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane::testing {

/// A monitor that lets everything go on.
class Silence final : public Monitor {
    void poll(double) override {}
};

using Random = std::mt19937_64;

/// A whole number within [low, high].
std::int64_t whole(Random& random, std::int64_t low, std::int64_t high);
/// A number within [low, high).
double real(Random& random, double low, double high);

/// How the elements of a matrix lie. Their block of memory ends with the last of them, so that
/// AddressSanitizer sees a read beyond.
enum class Layout : std::uint8_t { dense, misaligned, padded, spread, backwards, repeated };
inline constexpr Layout all_layouts[] = {Layout::dense,  Layout::misaligned, Layout::padded,
                                         Layout::spread, Layout::backwards,  Layout::repeated};

template <class T>
constexpr Scalar scalar_of() {
    if constexpr (sizeof(T) == 1) return Scalar::u8;
    return sizeof(T) == 4 ? Scalar::f32 : Scalar::f64;
}

/// A matrix and its memory.
template <class T>
class Matrix {
public:
    Matrix(std::int64_t rows, std::int64_t cols, Layout layout = Layout::dense);

    const MatrixView& view() const { return view_; }
    std::int64_t rows() const { return view_.rows; }
    std::int64_t cols() const { return view_.cols; }

    T at(std::int64_t i, std::int64_t j) const {
        T value;
        std::memcpy(&value, place(i, j), sizeof value);
        return value;
    }
    void set(std::int64_t i, std::int64_t j, T value) {
        std::memcpy(const_cast<std::byte*>(place(i, j)), &value, sizeof value);
    }
    template <class Make>
    void fill(const Make& make) {
        for (std::int64_t i = 0; i < rows(); ++i) {
            for (std::int64_t j = 0; j < cols(); ++j) set(i, j, static_cast<T>(make()));
        }
    }

private:
    const std::byte* place(std::int64_t i, std::int64_t j) const {
        return view_.data + i * view_.row_stride + j * view_.col_stride;
    }

    std::vector<std::byte> memory_;
    MatrixView view_;
};

/// Bytes of 0 to 255, or normal numbers. Bytes of extreme values now and then, which is where sums
/// overflow.
template <class T>
Matrix<T> random_matrix(Random& random, std::int64_t rows, std::int64_t cols,
                        Layout layout = Layout::dense);

/// The sum of |x - y| or (x - y)^2 of two rows, in whole numbers for bytes and else in float64, in
/// the simplest order.
template <class T>
double naive_distance(bool is_l1, const Matrix<T>& x, std::int64_t i, const Matrix<T>& y,
                      std::int64_t j);

/// Whether |a - b| <= tolerance * max(|a|, |b|), or both are nearly 0.
bool is_close(double a, double b, double tolerance);

/// "n=3, k=5" of {{"n", 3}, {"k", 5}}.
std::string named(const std::vector<std::pair<const char*, std::int64_t>>& values);

}  // namespace nearplane::testing
