#pragma once
// The losses of linear classifiers, as functions of one sample's scores. They know neither weights
// nor optimizers: scores go in, a loss and its gradient come out.

#include <cstdint>

namespace nearplane {

enum class Loss : std::uint8_t {
    softmax,         // -log(exp(s_y) / sum_j exp(s_j))
    hinge,           // sum_{j != y} max(0, s_j - s_y + margin)       (Weston and Watkins)
    squared_hinge,   // sum_{j != y} max(0, s_j - s_y + margin)^2
    crammer_singer,  // max(0, max_{j != y} s_j - s_y + margin)
    ovr_hinge,       // sum_j max(0, margin - t_j s_j), t_j = 1 if j = y, else -1
    ovr_logistic,    // sum_j log(1 + exp(-t_j s_j))
    squared_error,   // sum_j (s_j - [j = y])^2
};

struct LossOptions {
    Loss loss = Loss::softmax;
    double margin = 1.0;
    bool class_mean = false;  // divide by the number of classes
};

/// Replaces the scores of one sample under several models by `weight` times the gradient of each
/// model's loss with respect to them, and writes the losses (without the weight).
///
/// `scores` holds the n_classes scores of model 0, then those of model 1, ...; it is aligned
/// to the widest vector and may be overwritten up to the next multiple of 64 bytes. Sums are taken
/// in float64.
template <class T>
void differentiate_loss(const LossOptions& options, T* scores, std::int64_t n_models,
                        std::int64_t n_classes, std::int64_t label, double weight, double* losses);

}  // namespace nearplane
