#pragma once
// A batch on its way from rows to gradients, shared by training, full gradients and evaluation.

#include <cstdint>
#include <vector>

#include "nearplane/crew.hpp"
#include "nearplane/linear.hpp"
#include "passes.hpp"

namespace nearplane {

/// Samples walked over in parts, whose gradients add up if a batch is longer than one. Parts do not
/// change a bit: an element's terms are added in the order of the samples.
template <class T>
std::int64_t most_part_rows(const WeightMatrix<T>& weights) {
    // So many lie in cache between the passes, and their scores with them; ...
    constexpr std::int64_t most = 256;
    // ... but a part is what Ctrl-C has to wait for: 2^30 multiply-adds are some 20 ms.
    constexpr std::int64_t operations = 1 << 30;
    return std::clamp<std::int64_t>(operations / (weights.n_rows * weights.row_length), 32, most);
}

/// Walks over samples in parts of at most `capacity` rows, all models of `weights` at once.
template <class T>
class BatchWalk {
public:
    BatchWalk(const Samples& samples, const Preprocessing& preprocessing, bool has_bias,
              const WeightMatrix<T>& weights, std::int64_t n_classes, const LossOptions& loss,
              Crew& crew)
        : capacity_(std::min(most_part_rows(weights), std::max<std::int64_t>(samples.n_rows, 1))),
          samples_(samples),
          loss_(loss),
          n_classes_(n_classes),
          n_columns_(weights.n_rows),
          n_models_(weights.n_rows / n_classes),
          crew_(crew),
          rows_(samples.X, preprocessing, has_bias, capacity_),
          score_pass_(weights, crew.size()),
          gradient_pass_(capacity_, crew.size()),
          stride_(score_stride<T>(n_columns_)),
          scores_(static_cast<std::size_t>(capacity_ * stride_)),
          labels_(static_cast<std::size_t>(capacity_)),
          weights_(labels_.size(), 1.0),
          losses_(static_cast<std::size_t>(capacity_ * n_models_)),
          is_correct_(losses_.size()) {}

    std::int64_t capacity() const { return capacity_; }

    /// Scores samples [first, first + count) and replaces the scores by `scale` times the gradient
    /// of the weighted losses; adds up losses and right answers of each model.
    void score(std::int64_t first, std::int64_t count, double scale, double* losses,
               std::int64_t* n_correct) {
        first_ = first;
        count_ = count;
        const std::int64_t rows = task_rows();
        crew_.for_each((count + rows - 1) / rows, [&](std::int64_t task, int worker) {
            score_rows(task * rows, std::min(rows, count - task * rows), scale, worker);
        });
        for (std::int64_t r = 0; r < count; ++r) {
            const auto place = static_cast<std::size_t>(r * n_models_);
            const double weight = weights_[static_cast<std::size_t>(r)];
            for (std::int64_t m = 0; m < n_models_; ++m) {
                losses[m] += weight * losses_[place + static_cast<std::size_t>(m)];
                n_correct[m] += is_correct_[place + static_cast<std::size_t>(m)];
            }
        }
    }

    /// Adds the gradient of the scored batch for the features of a block.
    void add_gradient(std::int64_t block, int worker, Block<T> gradient) {
        gradient_pass_(rows_, block, count_, {scores_.data(), stride_}, n_columns_, worker,
                       gradient);
    }

private:
    /// Rows of a scoring task: many, but leave each worker about four tasks.
    std::int64_t task_rows() const {
        constexpr std::int64_t most = ScorePass<T>::most_rows;
        const std::int64_t share = count_ / (4 * crew_.size());
        return std::clamp<std::int64_t>(round_up(share, tile_shape::dot_rows), tile_shape::dot_rows,
                                        most);
    }

    void score_rows(std::int64_t begin, std::int64_t n_rows, double scale, int worker) {
        const Block<T> scores{scores_.data() + begin * stride_, stride_};
        rows_.gather([this](std::int64_t r) { return samples_.rows[first_ + r]; }, begin, n_rows);
        gather_labels(begin, n_rows);
        score_pass_(rows_, begin, n_rows, worker, scores);
        for (std::int64_t r = 0; r < n_rows; ++r) {
            const auto row = static_cast<std::size_t>(begin + r);
            const std::size_t place = row * static_cast<std::size_t>(n_models_);
            mark_correct(scores.row(r), labels_[row], &is_correct_[place]);
            if (weights_[row] == 0.0) {  // even an infinite loss counts for nothing then
                std::fill_n(scores.row(r), n_columns_, T(0));
                std::fill_n(&losses_[place], n_models_, 0.0);
                continue;
            }
            differentiate_loss(loss_, scores.row(r), n_models_, n_classes_, labels_[row],
                               scale * weights_[row], &losses_[place]);
        }
    }

    /// All at once, since each may have to come from memory.
    void gather_labels(std::int64_t begin, std::int64_t n_rows) {
        for (std::int64_t r = begin; r < begin + n_rows; ++r) {
            const std::int64_t row = samples_.rows[first_ + r];
            labels_[static_cast<std::size_t>(r)] = samples_.labels[row];
            if (samples_.weights) weights_[static_cast<std::size_t>(r)] = samples_.weights[row];
        }
    }

    /// Of equal scores the first class counts, as argmax has it. All comparisons are made: which of
    /// them fails first is what no branch predictor guesses.
    void mark_correct(const T* scores, std::int64_t label, std::uint8_t* is_correct) const {
        for (std::int64_t m = 0; m < n_models_; ++m, scores += n_classes_) {
            bool wins = true;
            for (std::int64_t j = 0; j < label; ++j) wins &= scores[j] < scores[label];
            for (std::int64_t j = label + 1; j < n_classes_; ++j)
                wins &= scores[j] <= scores[label];
            is_correct[m] = wins;
        }
    }

    std::int64_t capacity_;
    const Samples& samples_;
    const LossOptions& loss_;
    std::int64_t n_classes_;
    std::int64_t n_columns_;
    std::int64_t n_models_;
    Crew& crew_;
    FeatureBatch<T> rows_;
    ScorePass<T> score_pass_;
    GradientPass<T> gradient_pass_;
    std::int64_t stride_;
    AlignedVector<T> scores_;
    std::vector<std::int64_t> labels_;
    std::vector<double> weights_;
    std::vector<double> losses_;
    std::vector<std::uint8_t> is_correct_;
    std::int64_t first_ = 0;
    std::int64_t count_ = 0;
};

/// Runs task(block, worker) for each block of features.
template <class T, class Task>
void for_feature_blocks(const WeightMatrix<T>& weights, Crew& crew, const Task& task) {
    crew.for_each(n_feature_blocks<T>(weights.n_features), task);
}

}  // namespace nearplane
