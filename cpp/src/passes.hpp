#pragma once
// The two passes over a batch: scores from weights, row by row, and the gradient from what the loss
// made of the scores, feature by feature. A batch is read from memory by the first and from cache
// by the second. Neither result depends on how its work is cut into tasks.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "feature_batch.hpp"
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

    ScorePass(const WeightMatrix<T>& weights, int n_workers)
        : weights_(weights), features_(make_room<T>(n_workers, span * room_stride)) {}

    /// Writes the scores of the gathered rows [first, first + count), count at most `most_rows`.
    void operator()(const FeatureBatch<T>& batch, std::int64_t first, std::int64_t count,
                    int worker, Block<T> scores) {
        T* room = features_[static_cast<std::size_t>(worker)].data();
        for (std::int64_t r = 0; r < count; ++r) std::fill_n(scores.row(r), weights_.n_rows, T(0));
        for (std::int64_t block = 0; block < batch.n_blocks(); block += span) {
            const std::int64_t n = std::min(span, batch.n_blocks() - block);
            const auto features = batch.features(block, n, first, count, room, room_stride);
            add_dot_products<T>(features, count,
                                {weights_.row(0) + block * block_width<T>, weights_.row_length},
                                weights_.n_rows, n, scores);
        }
    }

private:
    /// Blocks whose products are summed in registers. Of 17, 6 rows of weights are 26 KiB and stay
    /// in L1 while all rows of the task pass over them; three times 17 hold CIFAR's 3,073.
    static constexpr std::int64_t span = 17;
    static constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
    static constexpr std::int64_t room_stride = most_rows * block_width<T> + line;

    const WeightMatrix<T>& weights_;
    WorkerRoom<T> features_;
};

template <class T>
class GradientPass {
public:
    GradientPass(std::int64_t most_rows, int n_workers)
        : features_(make_room<T>(n_workers, most_rows * block_width<T>)) {}

    /// Adds sum_r g[r][c] x[r][.] to gradient[c][.], for the features of a block and the gathered
    /// rows [0, n_rows).
    void operator()(const FeatureBatch<T>& batch, std::int64_t block, std::int64_t n_rows,
                    Block<const T> g, std::int64_t n_columns, int worker, Block<T> gradient) {
        T* room = features_[static_cast<std::size_t>(worker)].data();
        add_outer_products<T>(batch.features(block, 1, 0, n_rows, room, 0), g, n_rows, n_columns,
                              gradient);
    }

private:
    WorkerRoom<T> features_;
};

}  // namespace nearplane
