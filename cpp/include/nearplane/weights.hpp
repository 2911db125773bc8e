#pragma once
// The weights of linear models as the kernels want them: one aligned row for each column of scores.

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace nearplane {

template <class T>
using AlignedVector = std::vector<T, Eigen::aligned_allocator<T>>;

/// Elements that kernels take at a time: two of the widest vectors (128 bytes), so that every row
/// of weights or features is a whole number of tiles at every level.
template <class T>
inline constexpr std::int64_t segment = 128 / static_cast<std::int64_t>(sizeof(T));

constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// n_models x n_classes rows of n_features weights and the bias, which is the weight of one more
/// feature that is always 1. What follows up to `row_length` stays 0.
template <class T>
struct WeightMatrix {
    WeightMatrix() = default;
    WeightMatrix(std::int64_t rows, std::int64_t features)
        : n_rows(rows),
          n_features(features),
          row_length(padded(features + 1)),
          values(static_cast<std::size_t>(rows * row_length)) {}

    T* row(std::int64_t i) { return values.data() + i * row_length; }
    const T* row(std::int64_t i) const { return values.data() + i * row_length; }

    std::int64_t n_rows = 0;
    std::int64_t n_features = 0;
    std::int64_t row_length = 0;
    AlignedVector<T> values;

private:
    /// An odd number of segments: rows a multiple of 4 KiB apart would compete for the same lines
    /// of a cache.
    static std::int64_t padded(std::int64_t length) {
        return (length + segment<T> - 1) / segment<T> / 2 * 2 * segment<T> + segment<T>;
    }
};

/// Copies weights from and to arrays without padding: n_rows x (n_features + 1), bias last.
template <class T>
void import_weights(const T* dense, WeightMatrix<T>& weights);
template <class T>
void export_weights(const WeightMatrix<T>& weights, T* dense);

}  // namespace nearplane
