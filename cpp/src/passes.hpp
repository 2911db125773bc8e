#pragma once
// The two passes over a batch: scores from weights, row by row, and the gradient from what the loss
// made of the scores, feature by feature. A batch is read from memory by the first and from cache
// by the second. Neither result depends on how its work is cut into tasks.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "feature_reader.hpp"
#include "nearplane/weights.hpp"
#include "products.hpp"

namespace nearplane {

/// Room that each worker has for itself.
template <class T>
using WorkerRoom = std::vector<AlignedVector<T>>;

template <class T>
WorkerRoom<T> make_room(int n_workers, std::int64_t size) {
    return WorkerRoom<T>(static_cast<std::size_t>(n_workers),
                         AlignedVector<T>(static_cast<std::size_t>(size)));
}

/// Scores lie in rows of whole cache lines.
template <class T>
constexpr std::int64_t score_stride(std::int64_t n_columns) {
    return round_up(n_columns, 64 / static_cast<std::int64_t>(sizeof(T)));
}

template <class T>
class ScorePass {
public:
    /// Rows of a task: weights come from L2 or L3 once for so many rows.
    static constexpr std::int64_t most_rows = 32;

    ScorePass(const FeatureReader<T>& reader, const WeightMatrix<T>& weights, int n_workers)
        : reader_(reader), weights_(weights) {
        // Of this length, 6 rows of weights are 27 KiB and stay in L1 while 32 rows pass over them.
        constexpr std::int64_t longest = 36 * segment<T>;
        const std::int64_t n_blocks = (weights.row_length + longest - 1) / longest;
        length_ = round_up((weights.row_length + n_blocks - 1) / n_blocks, segment<T>);
        stride_ = length_ + (length_ / segment<T> % 2 == 0 ? segment<T> : 0);
        features_ = make_room<T>(n_workers, most_rows * stride_);
    }

    /// Writes the scores of rows row_of(0 .. n_rows - 1), at most `most_rows`.
    template <class RowOf>
    void operator()(const RowOf& row_of, std::int64_t n_rows, int worker, Block<T> scores) {
        T* features = features_[static_cast<std::size_t>(worker)].data();
        for (std::int64_t r = 0; r < n_rows; ++r) {
            std::fill_n(scores.row(r), weights_.n_rows, T(0));
        }
        for (std::int64_t first = 0; first < weights_.row_length; first += length_) {
            const std::int64_t count = std::min(length_, weights_.row_length - first);
            reader_.read(row_of, n_rows, first, count, {features, count, 0, stride_});
            add_dot_products<T>({features, stride_}, n_rows,
                                {weights_.row(0) + first, weights_.row_length}, weights_.n_rows,
                                count, scores);
        }
    }

private:
    const FeatureReader<T>& reader_;
    const WeightMatrix<T>& weights_;
    std::int64_t length_;
    std::int64_t stride_;
    WorkerRoom<T> features_;
};

template <class T>
class GradientPass {
public:
    /// Features of a task: 256 bytes of a row, long enough to be worth a visit to it.
    static constexpr std::int64_t task_width = 2 * segment<T>;

    GradientPass(const FeatureReader<T>& reader, std::int64_t most_rows, int n_workers)
        : reader_(reader),
          panel_stride_(most_rows * segment<T>),
          features_(make_room<T>(n_workers, most_rows * task_width)) {}

    /// Adds sum_r g[r][c] x[r][first ..] to gradient[c][0 ..], for at most `task_width` features.
    template <class RowOf>
    void operator()(const RowOf& row_of, std::int64_t n_rows, std::int64_t first,
                    std::int64_t count, Block<const T> g, std::int64_t n_columns, int worker,
                    Block<T> gradient) {
        T* features = features_[static_cast<std::size_t>(worker)].data();
        reader_.read(row_of, n_rows, first, count,
                     {features, segment<T>, panel_stride_, segment<T>});
        for (std::int64_t done = 0; done < count; done += segment<T>) {
            add_outer_products<T>({features, segment<T>}, g, n_rows, n_columns,
                                  {gradient.data + done, gradient.stride});
            features += panel_stride_;
        }
    }

private:
    const FeatureReader<T>& reader_;
    std::int64_t panel_stride_;
    WorkerRoom<T> features_;
};

}  // namespace nearplane
