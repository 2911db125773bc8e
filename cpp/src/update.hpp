#pragma once
// The update rules, weight by weight. Each turns a gradient into a step from the weight to a
// target; the L1 penalty then pulls the target towards 0 by the size of the step times l1, and not
// beyond: the proximal step of l1 |w|, which makes weights exactly 0.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "nearplane/optimizer.hpp"

namespace nearplane {

/// One setting's numbers for one step, in the arithmetic of the weights.
template <class T>
struct StepRule {
    StepRule(const Setting& setting, double learning_rate, std::int64_t step_number)
        : optimizer(setting.optimizer),
          rate(static_cast<T>(learning_rate)),
          l1(static_cast<T>(setting.l1)),
          twice_l2(static_cast<T>(2.0 * setting.l2)),
          momentum(static_cast<T>(setting.momentum)),
          decay(static_cast<T>(setting.decay)),
          new_momentum(static_cast<T>(1.0 - setting.momentum)),
          new_decay(static_cast<T>(1.0 - setting.decay)),
          epsilon(static_cast<T>(setting.epsilon)),
          first_correction(static_cast<T>(1.0 / (1.0 - power(setting.momentum, step_number)))),
          second_correction(static_cast<T>(1.0 / (1.0 - power(setting.decay, step_number)))) {}

    /// The same without penalties, for the bias.
    StepRule unpenalised() const {
        StepRule rule = *this;
        rule.l1 = rule.twice_l2 = T(0);
        return rule;
    }

    Optimizer optimizer;
    T rate, l1, twice_l2, momentum, decay, new_momentum, new_decay, epsilon;
    T first_correction, second_correction;  // of adam's moments, which start at 0

private:
    static double power(double base, std::int64_t exponent) {
        return std::pow(base, static_cast<double>(exponent));
    }
};

/// The weights a rule is applied to, their gradient and the optimizer's memory of them.
template <class T>
struct Parameters {
    T* weights;
    T* gradient;  // of the data loss; replaced by the change of the weights
    T* first;     // velocity, or mean gradient
    T* second;    // sum or mean of squared gradients
    std::int64_t count;

    Parameters part(std::int64_t begin, std::int64_t end) const {
        return {weights + begin, gradient + begin, first + begin, second + begin, end - begin};
    }
};

/// What pulls `target` towards 0 by `pull`: added to it, it gives exactly 0 if that is close.
template <class T>
T proximal_shift(T target, T pull) {
    return -std::clamp(target, -pull, pull);
}

/// With a penalty the velocity is the movement that it left (iPiano: Ochs et al. 2014), so that
/// heavy balls come to rest at the same optimum.
template <class T>
void sgd_update(const StepRule<T>& rule, const Parameters<T>& p) {
    const T pull = rule.rate * rule.l1;
    for (std::int64_t i = 0; i < p.count; ++i) {
        const T g = p.gradient[i] + rule.twice_l2 * p.weights[i];
        const T velocity = rule.momentum * p.first[i] - rule.rate * g;
        const T target = p.weights[i] + velocity;
        const T shift = proximal_shift(target, pull);
        p.first[i] = velocity + shift;
        p.gradient[i] = velocity + shift;
        p.weights[i] = target + shift;
    }
}

/// The weights are those of the look-ahead point, w + momentum * velocity, where the gradient is
/// taken (Sutskever et al. 2013, in the variables of Bengio et al. 2012).
template <class T>
void nesterov_update(const StepRule<T>& rule, const Parameters<T>& p) {
    const T pull = rule.rate * rule.l1;
    for (std::int64_t i = 0; i < p.count; ++i) {
        const T before = p.weights[i];
        const T g = p.gradient[i] + rule.twice_l2 * before;
        const T descent = -(rule.rate * g);
        const T target = before + descent;
        const T shift = proximal_shift(target, pull);
        const T iterate = target + shift;
        // Without a pull, `descent` has the bits that rounding took from the target; with one, an
        // iterate that stays at 0 must find its velocity at 0 too.
        const T movement = shift == T(0) ? descent : iterate - before;
        p.first[i] = rule.momentum * p.first[i] + movement;
        p.weights[i] = iterate + rule.momentum * p.first[i];
        p.gradient[i] = movement + rule.momentum * p.first[i];
    }
}

/// A step whose size differs from weight to weight: `direction(i, g, mean_square)` updates the
/// moments and returns where the step goes, to be divided by the root of the mean square.
template <class T, class Direction>
void adaptive_update(const StepRule<T>& rule, const Parameters<T>& p, const Direction& direction) {
    for (std::int64_t i = 0; i < p.count; ++i) {
        const T g = p.gradient[i] + rule.twice_l2 * p.weights[i];
        T mean_square;
        const T downhill = direction(i, g, mean_square);
        const T step = rule.rate / (std::sqrt(mean_square) + rule.epsilon);
        const T descent = -(step * downhill);
        const T target = p.weights[i] + descent;
        const T shift = proximal_shift(target, step * rule.l1);
        p.gradient[i] = descent + shift;
        p.weights[i] = target + shift;
    }
}

template <class T>
void adagrad_update(const StepRule<T>& rule, const Parameters<T>& p) {
    adaptive_update(rule, p, [&](std::int64_t i, T g, T& mean_square) {
        mean_square = p.second[i] += g * g;
        return g;
    });
}

template <class T>
void rmsprop_update(const StepRule<T>& rule, const Parameters<T>& p) {
    adaptive_update(rule, p, [&](std::int64_t i, T g, T& mean_square) {
        mean_square = p.second[i] = rule.decay * p.second[i] + rule.new_decay * (g * g);
        return g;
    });
}

template <class T>
void adam_update(const StepRule<T>& rule, const Parameters<T>& p) {
    adaptive_update(rule, p, [&](std::int64_t i, T g, T& mean_square) {
        p.first[i] = rule.momentum * p.first[i] + rule.new_momentum * g;
        p.second[i] = rule.decay * p.second[i] + rule.new_decay * (g * g);
        mean_square = p.second[i] * rule.second_correction;
        return p.first[i] * rule.first_correction;
    });
}

template <class T>
void update(const StepRule<T>& rule, const Parameters<T>& parameters) {
    switch (rule.optimizer) {
        case Optimizer::sgd: return sgd_update(rule, parameters);
        case Optimizer::nesterov: return nesterov_update(rule, parameters);
        case Optimizer::adagrad: return adagrad_update(rule, parameters);
        case Optimizer::rmsprop: return rmsprop_update(rule, parameters);
        case Optimizer::adam: return adam_update(rule, parameters);
    }
}

}  // namespace nearplane
