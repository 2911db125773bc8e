// Losses against their formulas, and gradients against differences of these.

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.hpp"
#include "naive_losses.hpp"
#include "nearplane/linear.hpp"
#include "nearplane/loss.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

/// Scores no two of which are so near that a step of a difference crosses a kink.
std::vector<double> separate_scores(Random& random, std::int64_t n) {
    std::vector<double> scores;
    for (std::int64_t j = 0; j < n; ++j) {
        scores.push_back(0.37 * static_cast<double>(j) - 1.9 + real(random, -0.05, 0.05));
    }
    std::shuffle(scores.begin(), scores.end(), random);
    return scores;
}

template <class T>
void check_gradient(Random& random, const LossOptions& options, std::int64_t n_classes,
                    double tolerance) {
    const auto scores = separate_scores(random, n_classes);
    const std::int64_t label = whole(random, 0, n_classes - 1);
    AlignedVector<T> gradient(static_cast<std::size_t>(round_up(n_classes, 64)));
    std::copy(scores.begin(), scores.end(), gradient.begin());
    double loss = 0.0;
    constexpr double weight = 0.75;
    differentiate_loss(options, gradient.data(), 1, n_classes, label, weight, &loss);
    const auto detail =
        named({{"loss", static_cast<std::int64_t>(options.loss)}, {"classes", n_classes}});
    CHECK_IN(is_close(loss, naive_loss(options, scores, label), tolerance), detail);
    for (std::size_t j = 0; j < scores.size(); ++j) {
        constexpr double step = 1e-5;
        auto above = scores;
        auto below = scores;
        above[j] += step;
        below[j] -= step;
        const double slope =
            (naive_loss(options, above, label) - naive_loss(options, below, label)) / (2 * step);
        CHECK_IN(std::abs(static_cast<double>(gradient[j]) - weight * slope) <=
                     std::max(tolerance, 1e-8) * (1.0 + std::abs(slope)),
                 detail);
    }
}

TEST(losses, values_and_gradients_of_all) {
    Random random(1);
    for (const Loss loss : all_losses) {
        for (const bool class_mean : {false, true}) {
            for (std::int64_t n_classes = 1; n_classes <= 20; ++n_classes) {
                const LossOptions options{loss, 0.8, class_mean};
                check_gradient<double>(random, options, n_classes, 1e-12);
                check_gradient<float>(random, options, n_classes, 1e-5);
            }
        }
    }
}

TEST(losses, scores_beyond_reason_are_no_disaster) {
    for (const Loss loss : all_losses) {
        for (const double size : {1e3, 1e30, 1e300}) {
            AlignedVector<double> scores(64);
            const double values[] = {size, -size, 0.0};
            for (std::size_t label = 0; label < 3; ++label) {
                std::copy(std::begin(values), std::end(values), scores.begin());
                double result = 0.0;
                differentiate_loss({.loss = loss}, scores.data(), 1, 3,
                                   static_cast<std::int64_t>(label), 1.0, &result);
                CHECK(result >= 0.0);  // infinite at worst, but no NaN
                for (int j = 0; j < 3; ++j) CHECK(!std::isnan(scores[static_cast<std::size_t>(j)]));
            }
        }
    }
}

TEST(losses, of_dense_scores_for_any_threads) {
    Random random(2);
    Silence monitor;
    for (const auto& [n, classes] : {std::pair{0, 3}, {1, 1}, {1, 7}, {333, 10}, {5000, 33}}) {
        const auto scores = random_matrix<float>(random, n, classes);
        std::vector<float> dense;
        std::vector<std::int64_t> labels;
        for (std::int64_t i = 0; i < n; ++i) {
            for (std::int64_t j = 0; j < classes; ++j) dense.push_back(scores.at(i, j));
            labels.push_back(whole(random, 0, classes - 1));
        }
        const LossOptions options{.loss = Loss::hinge};
        std::vector<double> losses(labels.size());
        std::vector<float> gradients(dense.size());
        losses_from_scores(dense.data(), labels.data(), n, classes, options, 3, monitor,
                           losses.data(), gradients.data());
        for (std::size_t i = 0; i < labels.size(); ++i) {
            const auto begin = dense.begin() + static_cast<std::ptrdiff_t>(i) * classes;
            const std::vector<double> own(begin, begin + classes);
            CHECK(is_close(losses[i], naive_loss(options, own, labels[i]), 1e-5));
        }
    }
}

}  // namespace
}  // namespace nearplane::testing
