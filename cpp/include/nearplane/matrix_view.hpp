#pragma once
// A read-only matrix that lies wherever its owner put it: any strides, any alignment, one of three
// element types. Nothing in the core owns or copies user data; everything reads through this view.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace nearplane {

enum class Scalar : std::uint8_t { u8, f32, f64 };

struct MatrixView {
    const std::byte* data = nullptr;
    Scalar scalar = Scalar::u8;
    std::int64_t rows = 0;
    std::int64_t cols = 0;
    std::int64_t row_stride = 0;  // bytes; zero and negative strides are welcome
    std::int64_t col_stride = 0;  // bytes
};

/// Reads element `column` of a row whose elements lie side by side. Elements may be misaligned, so
/// each read is a memcpy, which compilers turn into one (vector) load.
template <class T>
struct DenseRow {
    const std::byte* begin;

    T operator()(std::int64_t column) const {
        T value;
        std::memcpy(&value, begin + column * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
        return value;
    }
};

/// The same for any distance between elements.
template <class T>
struct StridedRow {
    const std::byte* begin;
    std::int64_t stride;

    T operator()(std::int64_t column) const { return DenseRow<T>{begin + column * stride}(0); }
};

/// Calls body(row_at), where row_at(i) is a reader of row i. Dense rows get a body of their own:
/// only there can the compiler read whole vectors.
template <class T, class Body>
decltype(auto) visit_layout(const MatrixView& matrix, Body&& body) {
    const auto begin = [&matrix](std::int64_t row) {
        return matrix.data + row * matrix.row_stride;
    };
    if (matrix.col_stride == static_cast<std::int64_t>(sizeof(T))) {
        return std::forward<Body>(body)(
            [begin](std::int64_t row) { return DenseRow<T>{begin(row)}; });
    }
    return std::forward<Body>(body)([begin, stride = matrix.col_stride](std::int64_t row) {
        return StridedRow<T>{begin(row), stride};
    });
}

/// Calls body(T{}) with the element type of `scalar`.
template <class Body>
decltype(auto) visit_scalar(Scalar scalar, Body&& body) {
    switch (scalar) {
        case Scalar::u8: return std::forward<Body>(body)(std::uint8_t{});
        case Scalar::f32: return std::forward<Body>(body)(float{});
        case Scalar::f64: return std::forward<Body>(body)(double{});
    }
    throw std::logic_error("unknown scalar type");
}

}  // namespace nearplane
