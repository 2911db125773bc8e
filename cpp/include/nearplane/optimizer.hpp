#pragma once
// What a training step does with a gradient. Optimizers know no losses.

#include <cstdint>

namespace nearplane {

enum class Optimizer : std::uint8_t { sgd, nesterov, adagrad, rmsprop, adam };

/// Hyperparameters of one model but for its learning rate, which comes with every step.
struct Setting {
    Optimizer optimizer = Optimizer::sgd;
    double l1 = 0.0;  // the penalty is l1 sum |W| + l2 sum W^2, without the bias
    double l2 = 0.0;
    double momentum = 0.9;  // of sgd and nesterov; beta_1 of adam
    double decay = 0.999;   // of the mean square of rmsprop and adam (beta_2)
    double epsilon = 1e-8;  // added to the root of the mean square
};

}  // namespace nearplane
