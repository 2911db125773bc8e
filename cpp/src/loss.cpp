#include "nearplane/loss.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "nearplane/simd/convert.hpp"
#include "partial_sums.hpp"

namespace nearplane {
namespace {

/// Replaces values by their exponentials, a whole number of packets at a time. Lanes do not touch
/// each other, so a value's result does not depend on its neighbours.
template <class T>
void exponentiate(T* values, std::int64_t n) {
    using Packet = typename simd::Lanes<T>::Packet;
    for (std::int64_t i = 0; i < n; i += simd::Lanes<T>::count) {
        const auto packet = Eigen::internal::pload<Packet>(values + i);
        Eigen::internal::pstore(values + i, Packet(Eigen::internal::pexp(packet)));
    }
}

/// The scores of one sample under one model. Each function below returns their loss and puts its
/// gradient, times `weight`, in their place.
template <class T>
struct Scores {
    T* s;
    std::int64_t n_classes;
    std::int64_t label;
};

template <class T>
double differentiate_softmax(const Scores<T>& scores, double negative_log_term, double weight) {
    T* e = scores.s;  // exp(s_j - max s)
    const double sum = partial_sums(scores.n_classes, [e](std::int64_t j) { return double(e[j]); });
    const T scale = static_cast<T>(weight / sum);
    for (std::int64_t j = 0; j < scores.n_classes; ++j) e[j] *= scale;
    e[scores.label] -= static_cast<T>(weight);
    return std::log(sum) + negative_log_term;
}

/// Hinges over the classes other than the label: `value` and `slope` of a violation z > 0.
template <class T, class Value, class Slope>
double differentiate_hinges(const Scores<T>& scores, T margin, double weight, Value value,
                            Slope slope) {
    T* s = scores.s;
    const std::int64_t y = scores.label;
    const T own = s[y];
    // In this order, since the margin would be lost beside large scores.
    const auto violation = [&](std::int64_t j) {
        return static_cast<double>(j == y ? T(0) : s[j] - own + margin);
    };
    const double loss = partial_sums(scores.n_classes, [&](std::int64_t j) {
        const double z = violation(j);
        return z <= 0 ? 0.0 : value(z);  // so written, a NaN is passed on
    });
    for (std::int64_t j = 0; j < scores.n_classes; ++j) {
        const double z = violation(j);
        s[j] = static_cast<T>(z > 0 ? weight * slope(z) : 0.0);
    }
    s[y] = static_cast<T>(
        -partial_sums(scores.n_classes, [s](std::int64_t j) { return double(s[j]); }));
    return loss;
}

template <class T>
double differentiate_crammer_singer(const Scores<T>& scores, T margin, double weight) {
    T* s = scores.s;
    const std::int64_t y = scores.label;
    std::int64_t rival = y == 0 ? 1 : 0;
    const bool has_rival = rival < scores.n_classes;
    for (std::int64_t j = rival + 1; j < scores.n_classes && !std::isnan(s[rival]); ++j) {
        if (j != y && !(s[j] <= s[rival])) rival = j;
    }
    const double violation = has_rival ? double(s[rival] - s[y] + margin) : 0.0;
    std::fill_n(s, scores.n_classes, T(0));
    if (violation > 0) {
        s[rival] = static_cast<T>(weight);
        s[y] = static_cast<T>(-weight);
    }
    return violation <= 0 ? 0.0 : violation;
}

template <class T>
double differentiate_ovr_hinge(const Scores<T>& scores, T margin, double weight) {
    T* s = scores.s;
    const auto violation = [&](std::int64_t j) {
        return j == scores.label ? margin - s[j] : margin + s[j];
    };
    const double loss = partial_sums(scores.n_classes, [&](std::int64_t j) {
        const double z = violation(j);
        return z <= 0 ? 0.0 : z;
    });
    for (std::int64_t j = 0; j < scores.n_classes; ++j) {
        const double sign = j == scores.label ? -1.0 : 1.0;
        s[j] = static_cast<T>(violation(j) > 0 ? sign * weight : 0.0);
    }
    return loss;
}

template <class T>
double differentiate_squared_error(const Scores<T>& scores, double weight) {
    T* s = scores.s;
    s[scores.label] -= T(1);
    const double loss = partial_sums(scores.n_classes, [s](std::int64_t j) {
        return static_cast<double>(s[j]) * static_cast<double>(s[j]);
    });
    for (std::int64_t j = 0; j < scores.n_classes; ++j) {
        s[j] = static_cast<T>(2.0 * weight * static_cast<double>(s[j]));
    }
    return loss;
}

/// Shifts each model's scores so that the largest is 0 - the softmax stays the same and no
/// exponential overflows - and writes minus the label's score.
template <class T>
void prepare_softmax(const Scores<T>& scores, double* loss) {
    T largest = scores.s[0];
    for (std::int64_t j = 1; j < scores.n_classes; ++j) largest = std::max(largest, scores.s[j]);
    for (std::int64_t j = 0; j < scores.n_classes; ++j) scores.s[j] -= largest;
    *loss = -static_cast<double>(scores.s[scores.label]);
}

/// log(1 + exp(-z)) = max(0, -z) + log(1 + exp(-|z|)) and its slope -1 / (1 + exp(z)), neither of
/// which overflows; z = t_j s_j.
template <class T>
double differentiate_ovr_logistic(const Scores<T>& scores, double weight) {
    T* s = scores.s;
    return partial_sums(scores.n_classes, [&](std::int64_t j) {
        const bool is_label = j == scores.label;
        const double z = is_label ? double(s[j]) : -double(s[j]);
        const double e = std::exp(-std::abs(z));
        const double slope = weight * (z > 0 ? e : 1.0) / (1.0 + e);
        s[j] = static_cast<T>(is_label ? -slope : slope);
        return std::max(0.0, -z) + std::log1p(e);
    });
}

template <class T>
double differentiate(const LossOptions& options, const Scores<T>& scores, double prepared,
                     double weight) {
    const T margin = static_cast<T>(options.margin);
    switch (options.loss) {
        case Loss::softmax: return differentiate_softmax(scores, prepared, weight);
        case Loss::hinge:
            return differentiate_hinges(
                scores, margin, weight, [](double z) { return z; }, [](double) { return 1.0; });
        case Loss::squared_hinge:
            return differentiate_hinges(
                scores, margin, weight, [](double z) { return z * z; },
                [](double z) { return 2.0 * z; });
        case Loss::crammer_singer: return differentiate_crammer_singer(scores, margin, weight);
        case Loss::ovr_hinge: return differentiate_ovr_hinge(scores, margin, weight);
        case Loss::ovr_logistic: return differentiate_ovr_logistic(scores, weight);
        case Loss::squared_error: return differentiate_squared_error(scores, weight);
    }
    throw std::logic_error("unknown loss");
}

}  // namespace

template <class T>
void differentiate_loss(const LossOptions& options, T* scores, std::int64_t n_models,
                        std::int64_t n_classes, std::int64_t label, double weight, double* losses) {
    const double factor = options.class_mean ? 1.0 / static_cast<double>(n_classes) : 1.0;
    const auto of_model = [&](std::int64_t m) {
        return Scores<T>{scores + m * n_classes, n_classes, label};
    };
    if (options.loss == Loss::softmax) {
        for (std::int64_t m = 0; m < n_models; ++m) prepare_softmax(of_model(m), losses + m);
        exponentiate(scores, n_models * n_classes);
    }
    for (std::int64_t m = 0; m < n_models; ++m) {
        losses[m] = factor * differentiate(options, of_model(m), losses[m], weight * factor);
    }
}

template void differentiate_loss<float>(const LossOptions&, float*, std::int64_t, std::int64_t,
                                        std::int64_t, double, double*);
template void differentiate_loss<double>(const LossOptions&, double*, std::int64_t, std::int64_t,
                                         std::int64_t, double, double*);

}  // namespace nearplane
