#pragma once
// The weights of linear models as the kernels want them: one aligned row for each column of scores.

#include <Eigen/Core>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace nearplane {

template <class T>
using AlignedVector = std::vector<T, Eigen::aligned_allocator<T>>;

/// Features that kernels take at a time: 256 bytes, four of the widest vectors.
template <class T>
inline constexpr std::int64_t block_width = 256 / static_cast<std::int64_t>(sizeof(T));

constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// Blocks of features that hold n_features of them and one more, which is always 1: its weight is
/// the bias. An odd number: rows of weights a multiple of 4 KiB apart would compete for the same
/// lines of a cache.
template <class T>
constexpr std::int64_t n_feature_blocks(std::int64_t n_features) {
    return (n_features / block_width<T> + 1) | 1;
}

/// One row of weights for each class of each model: n_features of them, then the bias. What follows
/// up to `row_length` stays 0.
template <class T>
struct WeightMatrix {
    WeightMatrix() = default;
    WeightMatrix(std::int64_t rows, std::int64_t features)
        : n_rows(rows),
          n_features(features),
          row_length(n_feature_blocks<T>(features) * block_width<T>),
          values(checked_size()) {}

    T* row(std::int64_t i) { return values.data() + i * row_length; }
    const T* row(std::int64_t i) const { return values.data() + i * row_length; }

    std::size_t checked_size() const {
        if (n_rows > std::numeric_limits<std::int64_t>::max() / 8 / row_length) {
            throw std::length_error("weights would fill more than the address space");
        }
        return static_cast<std::size_t>(n_rows * row_length);
    }

    std::int64_t n_rows = 0;
    std::int64_t n_features = 0;
    std::int64_t row_length = 0;
    AlignedVector<T> values;
};

/// Copies weights from and to arrays without padding: n_rows x (n_features + 1), bias last.
template <class T>
void import_weights(const T* dense, WeightMatrix<T>& weights);
template <class T>
void export_weights(const WeightMatrix<T>& weights, T* dense);

}  // namespace nearplane
