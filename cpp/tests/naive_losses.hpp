#pragma once
// The losses by their formulas (loss.hpp), in float64.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "nearplane/loss.hpp"

namespace nearplane::testing {

inline constexpr Loss all_losses[] = {
    Loss::softmax,   Loss::hinge,        Loss::squared_hinge, Loss::crammer_singer,
    Loss::ovr_hinge, Loss::ovr_logistic, Loss::squared_error,
};

/// The part of class j, for losses that are sums over classes.
inline double naive_term(const LossOptions& options, double s, double own, bool is_label) {
    const double t = is_label ? 1.0 : -1.0;
    const double beyond = is_label ? 0.0 : std::max(0.0, s - own + options.margin);
    switch (options.loss) {
        case Loss::hinge: return beyond;
        case Loss::squared_hinge: return beyond * beyond;
        case Loss::ovr_hinge: return std::max(0.0, options.margin - t * s);
        case Loss::ovr_logistic: return std::log1p(std::exp(-t * s));
        case Loss::squared_error:
            return (s - (is_label ? 1.0 : 0.0)) * (s - (is_label ? 1.0 : 0.0));
        case Loss::softmax: return std::exp(s);
        case Loss::crammer_singer: return 0.0;
    }
    return 0.0;
}

inline double naive_loss(const LossOptions& options, const std::vector<double>& scores,
                         std::int64_t label) {
    const double own = scores[static_cast<std::size_t>(label)];
    double sum = 0.0;
    double worst = 0.0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
        const bool is_label = static_cast<std::int64_t>(j) == label;
        sum += naive_term(options, scores[j], own, is_label);
        if (!is_label) worst = std::max(worst, scores[j] - own + options.margin);
    }
    if (options.loss == Loss::softmax) sum = std::log(sum) - own;
    if (options.loss == Loss::crammer_singer) sum = worst;
    return options.class_mean ? sum / static_cast<double>(scores.size()) : sum;
}

}  // namespace nearplane::testing
