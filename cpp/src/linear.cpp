#include "nearplane/linear.hpp"

#include <algorithm>

#include "batch.hpp"
#include "nearplane/crew.hpp"
#include "passes.hpp"

namespace nearplane {
namespace {

/// Multiply-adds of scoring every row once.
template <class T>
double scoring_operations(std::int64_t n_rows, const WeightMatrix<T>& weights) {
    return static_cast<double>(n_rows) * static_cast<double>(weights.n_rows) *
           static_cast<double>(weights.row_length);
}

/// Calls step(first, count) for parts of the samples.
template <class T, class Step>
void walk(std::int64_t n_rows, const Step& step) {
    constexpr std::int64_t capacity = BatchWalk<T>::capacity;
    for (std::int64_t first = 0; first < n_rows; first += capacity) {
        step(first, std::min(capacity, n_rows - first));
    }
}

}  // namespace

template <class T>
void import_weights(const T* dense, WeightMatrix<T>& weights) {
    const std::int64_t length = weights.n_features + 1;
    for (std::int64_t i = 0; i < weights.n_rows; ++i) {
        std::copy_n(dense + i * length, length, weights.row(i));
    }
}

template <class T>
void export_weights(const WeightMatrix<T>& weights, T* dense) {
    const std::int64_t length = weights.n_features + 1;
    for (std::int64_t i = 0; i < weights.n_rows; ++i) {
        std::copy_n(weights.row(i), length, dense + i * length);
    }
}

template <class T>
void linear_scores(const MatrixView& X, const WeightMatrix<T>& weights,
                   const Preprocessing& preprocessing, int n_threads, Monitor& monitor, T* scores) {
    constexpr std::int64_t rows = ScorePass<T>::most_rows;
    n_threads = useful_threads(scoring_operations(X.rows, weights), n_threads);
    ScorePass<T> pass(weights, n_threads);
    std::vector<FeatureBatch<T>> batches(static_cast<std::size_t>(n_threads),
                                         FeatureBatch<T>(X, preprocessing, true, rows));
    const std::int64_t stride = score_stride<T>(weights.n_rows);
    auto room = make_room<T>(n_threads, rows * stride);
    parallel_for((X.rows + rows - 1) / rows, n_threads, monitor, {},
                 [&](std::int64_t task, int worker, Pulse&) {
                     const std::int64_t first = task * rows;
                     const std::int64_t count = std::min(rows, X.rows - first);
                     const Block<T> block{room[static_cast<std::size_t>(worker)].data(), stride};
                     auto& batch = batches[static_cast<std::size_t>(worker)];
                     batch.gather([first](std::int64_t r) { return first + r; }, 0, count);
                     pass(batch, 0, count, worker, block);
                     for (std::int64_t r = 0; r < count; ++r) {
                         std::copy_n(block.row(r), weights.n_rows,
                                     scores + (first + r) * weights.n_rows);
                     }
                 });
}

template <class T>
double linear_loss(const Samples& samples, const WeightMatrix<T>& weights,
                   const Preprocessing& preprocessing, const LossOptions& loss, int n_threads,
                   Monitor& monitor, double* gradient) {
    double total = 0.0;
    std::int64_t n_correct = 0;
    GradientSum<T> sum(weights);
    n_threads = useful_threads(scoring_operations(BatchWalk<T>::capacity, weights), n_threads);
    with_crew(n_threads, [&](Crew& crew) {
        BatchWalk<T> batches(samples, preprocessing, true, weights, weights.n_rows, loss, crew,
                             monitor);
        walk<T>(samples.n_rows, [&](std::int64_t first, std::int64_t count) {
            batches.score(first, count, 1.0, &total, &n_correct);
            batches.add_gradient(sum);
        });
    });
    for (std::int64_t c = 0; c < weights.n_rows; ++c) {
        std::copy_n(sum.values.data() + c * sum.row_length, weights.n_features + 1,
                    gradient + c * (weights.n_features + 1));
    }
    return total;
}

template <class T>
void losses_from_scores(const T* scores, const std::int64_t* labels, std::int64_t n_rows,
                        std::int64_t n_classes, const LossOptions& loss, int n_threads,
                        Monitor& monitor, double* losses, T* gradients) {
    constexpr std::int64_t rows = 256;
    const std::int64_t stride = score_stride<T>(n_classes);
    // An exponential is worth some ten multiply-adds.
    n_threads = useful_threads(10.0 * static_cast<double>(n_rows * n_classes), n_threads);
    auto room = make_room<T>(n_threads, stride);
    parallel_for((n_rows + rows - 1) / rows, n_threads, monitor, {},
                 [&](std::int64_t task, int worker, Pulse&) {
                     T* row = room[static_cast<std::size_t>(worker)].data();
                     const std::int64_t end = std::min((task + 1) * rows, n_rows);
                     for (std::int64_t i = task * rows; i < end; ++i) {
                         std::copy_n(scores + i * n_classes, n_classes, row);
                         differentiate_loss(loss, row, 1, n_classes, labels[i], 1.0, losses + i);
                         std::copy_n(row, n_classes, gradients + i * n_classes);
                     }
                 });
}

template <class T>
Evaluation evaluate(const Samples& samples, const WeightMatrix<T>& weights, std::int64_t n_classes,
                    const Preprocessing& preprocessing, const LossOptions& loss, int n_threads,
                    Monitor& monitor) {
    const auto n_models = static_cast<std::size_t>(weights.n_rows / n_classes);
    Evaluation result{std::vector<double>(n_models), std::vector<std::int64_t>(n_models)};
    n_threads = useful_threads(scoring_operations(BatchWalk<T>::capacity, weights), n_threads);
    with_crew(n_threads, [&](Crew& crew) {
        BatchWalk<T> batches(samples, preprocessing, true, weights, n_classes, loss, crew, monitor);
        walk<T>(samples.n_rows, [&](std::int64_t first, std::int64_t count) {
            batches.score(first, count, 1.0, result.losses.data(), result.n_correct.data());
        });
    });
    return result;
}

#define NEARPLANE_INSTANTIATE(T)                                                                   \
    template void import_weights<T>(const T*, WeightMatrix<T>&);                                   \
    template void export_weights<T>(const WeightMatrix<T>&, T*);                                   \
    template void linear_scores<T>(const MatrixView&, const WeightMatrix<T>&,                      \
                                   const Preprocessing&, int, Monitor&, T*);                       \
    template double linear_loss<T>(const Samples&, const WeightMatrix<T>&, const Preprocessing&,   \
                                   const LossOptions&, int, Monitor&, double*);                    \
    template void losses_from_scores<T>(const T*, const std::int64_t*, std::int64_t, std::int64_t, \
                                        const LossOptions&, int, Monitor&, double*, T*);           \
    template Evaluation evaluate<T>(const Samples&, const WeightMatrix<T>&, std::int64_t,          \
                                    const Preprocessing&, const LossOptions&, int, Monitor&);
NEARPLANE_INSTANTIATE(float)
NEARPLANE_INSTANTIATE(double)
#undef NEARPLANE_INSTANTIATE

}  // namespace nearplane
