#pragma once
// Linear models by plain loops in float64.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "check.hpp"
#include "naive_losses.hpp"
#include "nearplane/linear.hpp"
#include "nearplane/optimizer.hpp"
#include "samples.hpp"

namespace nearplane::testing {

/// Labelled rows in a random order, with weights, for models of T.
template <class X, class T>
struct LinearData {
    LinearData(Random& random, std::int64_t n_rows, std::int64_t n_features, std::int64_t n_classes,
               Layout layout)
        : rows(random_matrix<X>(random, n_rows, n_features, layout)),
          weights(n_classes, n_features),
          order(static_cast<std::size_t>(n_rows)) {
        for (std::int64_t c = 0; c < n_classes; ++c) {
            for (std::int64_t d = 0; d <= n_features; ++d) {
                weights.row(c)[d] = static_cast<T>(real(random, -0.5, 0.5));
            }
        }
        for (std::int64_t d = 0; d < n_features; ++d) {
            preprocessing.center.push_back(real(random, -1.0, 1.0));
            preprocessing.scale.push_back(sizeof(X) == 1 ? 1.0 / 255 : real(random, 0.5, 1.5));
        }
        for (std::int64_t i = 0; i < n_rows; ++i) {
            labels.push_back(whole(random, 0, n_classes - 1));
            sample_weights.push_back(whole(random, 0, 5) == 0 ? 0.0 : real(random, 0.5, 2.0));
        }
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), random);
    }

    Samples samples() const {
        return {rows.view(), labels.data(), sample_weights.data(), order.data(), std::ssize(order)};
    }

    /// Where no rows put their scores.
    T* no_scores() const { return nullptr; }

    double feature(std::int64_t i, std::int64_t d) const {
        if (d == rows.cols()) return 1.0;  // of the bias
        const auto j = static_cast<std::size_t>(d);
        return (static_cast<double>(rows.at(i, d)) - preprocessing.center[j]) *
               preprocessing.scale[j];
    }

    Matrix<X> rows;
    WeightMatrix<T> weights;
    Preprocessing preprocessing;
    std::vector<std::int64_t> labels;
    std::vector<double> sample_weights;
    std::vector<std::int64_t> order;
};

/// Scores of row i under dense weights, n_classes x (n_features + 1).
template <class Data>
std::vector<double> naive_scores(const Data& data, const std::vector<double>& dense,
                                 std::int64_t i) {
    const std::int64_t length = data.rows.cols() + 1;
    std::vector<double> scores;
    for (std::int64_t c = 0; c < std::ssize(dense) / length; ++c) {
        double sum = 0.0;
        for (std::int64_t d = 0; d < length; ++d) {
            sum += dense[static_cast<std::size_t>(c * length + d)] * data.feature(i, d);
        }
        scores.push_back(sum);
    }
    return scores;
}

template <class Data>
std::vector<double> dense_weights(const Data& data) {
    std::vector<double> dense;
    for (std::int64_t c = 0; c < data.weights.n_rows; ++c) {
        for (std::int64_t d = 0; d <= data.rows.cols(); ++d) {
            dense.push_back(static_cast<double>(data.weights.row(c)[d]));
        }
    }
    return dense;
}

/// The gradient of a loss with respect to scores.
inline std::vector<double> naive_slopes(const LossOptions& options, std::vector<double> scores,
                                        std::int64_t label) {
    const double factor = options.class_mean ? 1.0 / static_cast<double>(scores.size()) : 1.0;
    const auto y = static_cast<std::size_t>(label);
    std::vector<double> slopes(scores.size(), 0.0);
    const double largest = *std::max_element(scores.begin(), scores.end());
    double sum = 0.0;
    for (const double s : scores) sum += std::exp(s - largest);
    std::size_t rival = y == 0 ? 1 : 0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
        if (j != y && scores[j] > scores[rival]) rival = j;
    }
    for (std::size_t j = 0; j < scores.size(); ++j) {
        const double t = j == y ? 1.0 : -1.0;
        const double beyond = scores[j] - scores[y] + options.margin;
        const bool violates = j != y && beyond > 0.0;
        switch (options.loss) {
            case Loss::softmax:
                slopes[j] = std::exp(scores[j] - largest) / sum - (j == y ? 1.0 : 0.0);
                break;
            case Loss::hinge:
            case Loss::squared_hinge: {
                const double slope = options.loss == Loss::hinge ? 1.0 : 2.0 * beyond;
                if (!violates) break;
                slopes[j] += slope;
                slopes[y] -= slope;
                break;
            }
            case Loss::crammer_singer:
                if (j != rival || !violates) break;
                slopes[j] += 1.0;
                slopes[y] -= 1.0;
                break;
            case Loss::ovr_hinge: slopes[j] = options.margin > t * scores[j] ? -t : 0.0; break;
            case Loss::ovr_logistic: slopes[j] = -t / (1.0 + std::exp(t * scores[j])); break;
            case Loss::squared_error: slopes[j] = 2.0 * (scores[j] - (j == y ? 1.0 : 0.0)); break;
        }
    }
    for (double& slope : slopes) slope *= factor;
    return slopes;
}

/// Adds the gradient of some samples under dense weights, and returns their loss.
template <class Data>
double add_naive_gradient(const Data& data, const LossOptions& options,
                          const std::vector<double>& dense, const std::vector<std::int64_t>& order,
                          std::vector<double>& gradient) {
    const std::int64_t length = data.rows.cols() + 1;
    double loss = 0.0;
    for (const std::int64_t i : order) {
        const auto row = static_cast<std::size_t>(i);
        const auto scores = naive_scores(data, dense, i);
        const double weight = data.sample_weights[row];
        loss += weight * naive_loss(options, scores, data.labels[row]);
        const auto slopes = naive_slopes(options, scores, data.labels[row]);
        for (std::size_t c = 0; c < slopes.size(); ++c) {
            for (std::int64_t d = 0; d < length; ++d) {
                gradient[c * static_cast<std::size_t>(length) + static_cast<std::size_t>(d)] +=
                    weight * slopes[c] * data.feature(i, d);
            }
        }
    }
    return loss;
}

template <class Data>
double naive_gradient(const Data& data, const LossOptions& options,
                      const std::vector<std::int64_t>& order, std::vector<double>& gradient) {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    return add_naive_gradient(data, options, dense_weights(data), order, gradient);
}

/// One weight and an optimizer's memory of it.
struct NaiveWeight {
    double w = 0.0;
    double first = 0.0;
    double second = 0.0;

    /// A step by the textbook's rule, and by the proximal one of the L1 penalty.
    void step(const Setting& setting, double rate, double g, bool is_bias, double n) {
        const double l1 = is_bias ? 0.0 : setting.l1;
        if (!is_bias) g += 2.0 * setting.l2 * w;
        const double before = w;
        switch (setting.optimizer) {
            case Optimizer::sgd:
                w = shrunk(w + setting.momentum * first - rate * g, rate * l1);
                first = w - before;
                return;
            case Optimizer::nesterov: {
                const double iterate = shrunk(w - rate * g, rate * l1);
                first = setting.momentum * first + (iterate - before);
                w = iterate + setting.momentum * first;
                return;
            }
            case Optimizer::adagrad:
                second += g * g;
                move(g, second, setting, rate, l1);
                return;
            case Optimizer::rmsprop:
                second = setting.decay * second + (1.0 - setting.decay) * g * g;
                move(g, second, setting, rate, l1);
                return;
            case Optimizer::adam:
                first = setting.momentum * first + (1.0 - setting.momentum) * g;
                second = setting.decay * second + (1.0 - setting.decay) * g * g;
                move(first / (1.0 - std::pow(setting.momentum, n)),
                     second / (1.0 - std::pow(setting.decay, n)), setting, rate, l1);
                return;
        }
    }

private:
    static double shrunk(double target, double pull) {
        return std::copysign(std::max(std::abs(target) - pull, 0.0), target);
    }

    void move(double direction, double mean_square, const Setting& setting, double rate,
              double l1) {
        const double step = rate / (std::sqrt(mean_square) + setting.epsilon);
        w = shrunk(w - step * direction, step * l1);
    }
};

/// The weights of one setting after an epoch from zero.
template <class Data>
std::vector<double> naive_training(const Data& data, const LossOptions& options,
                                   const Setting& setting, std::int64_t n_batches, double rate) {
    const auto length = static_cast<std::size_t>(data.rows.cols() + 1);
    std::vector<NaiveWeight> state(static_cast<std::size_t>(data.weights.n_rows) * length);
    std::vector<double> dense(state.size());
    std::int64_t begin = 0;
    for (std::int64_t step = 0; step < n_batches; ++step) {
        // Evenly, longer batches first.
        const std::int64_t n = std::ssize(data.order);
        const std::int64_t count = n / n_batches + std::int64_t{step < n % n_batches};
        const std::vector<std::int64_t> batch(data.order.begin() + begin,
                                              data.order.begin() + begin + count);
        begin += count;
        std::vector<double> gradient(dense.size(), 0.0);
        add_naive_gradient(data, options, dense, batch, gradient);
        for (std::size_t i = 0; i < state.size(); ++i) {
            state[i].step(setting, rate, gradient[i] / static_cast<double>(count),
                          i % length == length - 1, static_cast<double>(step + 1));
            dense[i] = state[i].w;
        }
    }
    return dense;
}

/// Whether no element is off by more than a part of the largest.
inline bool are_close(const std::vector<double>& a, const std::vector<double>& b,
                      double tolerance) {
    double largest = 0.0;
    for (const double value : b) largest = std::max(largest, std::abs(value));
    bool result = a.size() == b.size();
    for (std::size_t i = 0; i < a.size() && result; ++i) {
        result = std::abs(a[i] - b[i]) <= tolerance * largest;
    }
    return result;
}

template <class X, class T>
void check_scores(Random& random, std::int64_t rows, std::int64_t cols, Layout layout) {
    const LinearData<X, T> data(random, rows, cols, 3, layout);
    const double tolerance = sizeof(T) == 4 ? 1e-4 : 1e-12;
    std::vector<T> found(static_cast<std::size_t>(rows * 3));
    Silence monitor;
    linear_scores(data.rows.view(), data.weights, data.preprocessing, 2, monitor, found.data());
    for (std::int64_t i = 0; i < rows; ++i) {
        const auto begin = found.begin() + 3 * i;
        CHECK_IN(are_close({begin, begin + 3}, naive_scores(data, dense_weights(data), i),
                           tolerance * static_cast<double>(cols + 1)),
                 named({{"rows", rows}, {"cols", cols}}));
    }
}

}  // namespace nearplane::testing
