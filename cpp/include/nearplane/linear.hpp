#pragma once
// Linear models f(x) = W x + b on rows that are read where they lie.

#include <cstdint>
#include <vector>

#include "nearplane/loss.hpp"
#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"
#include "nearplane/weights.hpp"

namespace nearplane {

/// What a model sees of a row: (x - center) * scale. Empty vectors: nothing to subtract, or to
/// multiply by. Applied in registers while rows are read; no converted copy of the data exists.
struct Preprocessing {
    std::vector<double> center;
    std::vector<double> scale;
};

/// Labelled rows. `rows` says which of them, in which order; weights may be missing.
struct Samples {
    MatrixView X;
    const std::int64_t* labels = nullptr;
    const double* weights = nullptr;
    const std::int64_t* rows = nullptr;
    std::int64_t n_rows = 0;
};

/// scores[i * n_rows_of_weights + c] of every row i of X.
template <class T>
void linear_scores(const MatrixView& X, const WeightMatrix<T>& weights,
                   const Preprocessing& preprocessing, int n_threads, Monitor& monitor, T* scores);

/// sum_i w_i L_i over the samples; writes its gradient, n_rows of weights x (n_features + 1).
template <class T>
double linear_loss(const Samples& samples, const WeightMatrix<T>& weights,
                   const Preprocessing& preprocessing, const LossOptions& loss, int n_threads,
                   Monitor& monitor, double* gradient);

/// Each sample's loss, and its gradient with respect to the scores: n_rows x n_classes, dense.
template <class T>
void losses_from_scores(const T* scores, const std::int64_t* labels, std::int64_t n_rows,
                        std::int64_t n_classes, const LossOptions& loss, int n_threads,
                        Monitor& monitor, double* losses, T* gradients);

/// What each model makes of some samples.
struct Evaluation {
    std::vector<double> losses;           // sum_i w_i L_i
    std::vector<std::int64_t> n_correct;  // rows whose first highest score is the label's
};

/// `weights` holds models of `n_classes` rows each.
template <class T>
Evaluation evaluate(const Samples& samples, const WeightMatrix<T>& weights, std::int64_t n_classes,
                    const Preprocessing& preprocessing, const LossOptions& loss, int n_threads,
                    Monitor& monitor);

}  // namespace nearplane
