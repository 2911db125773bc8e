#pragma once
// A batch on its way from rows to gradients, shared by training, full gradients and evaluation.

#include <cstdint>
#include <vector>

#include "nearplane/crew.hpp"
#include "nearplane/linear.hpp"
#include "passes.hpp"

namespace nearplane {

/// Sums of gradients, in float64 and as long as rows of weights are.
template <class T>
struct GradientSum {
    explicit GradientSum(const WeightMatrix<T>& weights)
        : row_length(weights.row_length), values(weights.values.size()) {}

    std::int64_t row_length;
    std::vector<double> values;
};

/// Walks over samples in parts of at most `capacity` rows, all models of `weights` at once.
template <class T>
class BatchWalk {
public:
    /// So many lie in cache between the passes, and their scores with them. The gradient of a part
    /// is summed in T; those of the parts of a longer batch are added in float64.
    static constexpr std::int64_t capacity = 256;

    BatchWalk(const Samples& samples, const Preprocessing& preprocessing, bool has_bias,
              const WeightMatrix<T>& weights, std::int64_t n_classes, const LossOptions& loss,
              Crew& crew, Monitor& monitor)
        : samples_(samples),
          loss_(loss),
          weights_(weights),
          n_classes_(n_classes),
          n_models_(weights.n_rows / n_classes),
          crew_(crew),
          monitor_(monitor),
          rows_(samples.X, preprocessing, has_bias, most_rows()),
          score_pass_(weights, crew.size()),
          gradient_pass_(most_rows(), crew.size()),
          block_gradients_(make_room<T>(crew.size(), weights.n_rows * block_width<T>)),
          stride_(score_stride<T>(weights.n_rows)),
          scores_(static_cast<std::size_t>(most_rows() * stride_)),
          labels_(static_cast<std::size_t>(most_rows())),
          sample_weights_(labels_.size(), 1.0),
          losses_(static_cast<std::size_t>(most_rows() * n_models_)),
          is_correct_(losses_.size()) {}

    /// Whether a part is so much work that a pass over it polls on its way.
    bool is_slow() const { return operations(capacity) > slice_operations; }

    /// Scores samples [first, first + count) and replaces the scores by `scale` times the gradient
    /// of the weighted losses; adds up losses and right answers of each model.
    void score(std::int64_t first, std::int64_t count, double scale, double* losses,
               std::int64_t* n_correct) {
        first_ = first;
        count_ = count;
        const std::int64_t rows = task_rows();
        in_slices((count + rows - 1) / rows, operations(rows), [&](std::int64_t task, int worker) {
            score_rows(task * rows, std::min(rows, count - task * rows), scale, worker);
        });
        for (std::int64_t r = 0; r < count; ++r) {
            const auto place = static_cast<std::size_t>(r * n_models_);
            const double weight = sample_weights_[static_cast<std::size_t>(r)];
            for (std::int64_t m = 0; m < n_models_; ++m) {
                losses[m] += weight * losses_[place + static_cast<std::size_t>(m)];
                n_correct[m] += is_correct_[place + static_cast<std::size_t>(m)];
            }
        }
    }

    /// The gradient of the scored part for the features of a block; valid until the worker asks
    /// again.
    Block<T> block_gradient(std::int64_t block, int worker) {
        const Block<T> gradient = block_room(worker);
        std::fill_n(gradient.data, weights_.n_rows * block_width<T>, T(0));
        gradient_pass_(rows_, block, count_, {scores_.data(), stride_}, weights_.n_rows, worker,
                       gradient);
        return gradient;
    }

    /// A worker's room for the gradient of a block.
    Block<T> block_room(int worker) {
        return {block_gradients_[static_cast<std::size_t>(worker)].data(), block_width<T>};
    }

    /// Adds the gradient of the scored part.
    void add_gradient(GradientSum<T>& sum) {
        const std::int64_t n_blocks = rows_.n_blocks();
        in_slices(n_blocks, operations(count_) / static_cast<double>(n_blocks),
                  [&](std::int64_t block, int worker) {
                      const Block<T> gradient = block_gradient(block, worker);
                      for (std::int64_t c = 0; c < weights_.n_rows; ++c) {
                          const T* from = gradient.row(c);
                          double* to =
                              sum.values.data() + c * sum.row_length + block * block_width<T>;
                          for (std::int64_t i = 0; i < block_width<T>; ++i)
                              to[i] += double(from[i]);
                      }
                  });
    }

private:
    // What Ctrl-C may have to wait for: some 20 ms.
    static constexpr double slice_operations = 1 << 30;

    std::int64_t most_rows() const {
        return std::clamp<std::int64_t>(samples_.n_rows, 1, capacity);
    }

    /// Multiply-adds of a pass over so many rows.
    double operations(std::int64_t n_rows) const {
        return static_cast<double>(n_rows) * static_cast<double>(weights_.values.size());
    }

    /// Runs task(0 .. n_tasks - 1), polling before every slice of them.
    void in_slices(std::int64_t n_tasks, double task_operations, const Crew::Task& task) {
        const double fraction_done =
            static_cast<double>(first_) / static_cast<double>(samples_.n_rows);
        const auto most = static_cast<std::int64_t>(slice_operations / task_operations);
        const std::int64_t slice = std::max<std::int64_t>(most, crew_.size());
        for (std::int64_t begin = 0; begin < n_tasks; begin += slice) {
            monitor_.tick(fraction_done);
            crew_.for_each(std::min(slice, n_tasks - begin),
                           [&](std::int64_t i, int worker) { task(begin + i, worker); });
        }
    }

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
            if (sample_weights_[row] == 0.0) {  // even an infinite loss counts for nothing then
                std::fill_n(scores.row(r), weights_.n_rows, T(0));
                std::fill_n(&losses_[place], n_models_, 0.0);
                continue;
            }
            differentiate_loss(loss_, scores.row(r), n_models_, n_classes_, labels_[row],
                               scale * sample_weights_[row], &losses_[place]);
        }
    }

    /// All at once, since each may have to come from memory.
    void gather_labels(std::int64_t begin, std::int64_t n_rows) {
        for (std::int64_t r = begin; r < begin + n_rows; ++r) {
            const std::int64_t row = samples_.rows[first_ + r];
            labels_[static_cast<std::size_t>(r)] = samples_.labels[row];
            if (samples_.weights) {
                sample_weights_[static_cast<std::size_t>(r)] = samples_.weights[row];
            }
        }
    }

    /// Of equal scores the first class counts, as argmax has it. All comparisons are made: which of
    /// them fails first is what no branch predictor guesses.
    void mark_correct(const T* scores, std::int64_t label, std::uint8_t* is_correct) const {
        for (std::int64_t m = 0; m < n_models_; ++m, scores += n_classes_) {
            bool wins = true;
            for (std::int64_t j = 0; j < label; ++j) wins &= scores[j] < scores[label];
            for (std::int64_t j = label + 1; j < n_classes_; ++j) {
                wins &= scores[j] <= scores[label];
            }
            is_correct[m] = wins;
        }
    }

    const Samples& samples_;
    const LossOptions& loss_;
    const WeightMatrix<T>& weights_;
    std::int64_t n_classes_;
    std::int64_t n_models_;
    Crew& crew_;
    Monitor& monitor_;
    FeatureBatch<T> rows_;
    ScorePass<T> score_pass_;
    GradientPass<T> gradient_pass_;
    WorkerRoom<T> block_gradients_;
    std::int64_t stride_;
    AlignedVector<T> scores_;
    std::vector<std::int64_t> labels_;
    std::vector<double> sample_weights_;
    std::vector<double> losses_;
    std::vector<std::uint8_t> is_correct_;
    std::int64_t first_ = 0;
    std::int64_t count_ = 0;
};

}  // namespace nearplane
