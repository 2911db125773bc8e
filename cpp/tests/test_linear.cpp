// Scores, full gradients and training steps against plain double loops.

#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "check.hpp"
#include "naive_losses.hpp"
#include "naive_training.hpp"
#include "nearplane/linear.hpp"
#include "nearplane/trainer.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

TEST(linear, scores_of_every_width_and_layout) {
    Random random(1);
    for (const Layout layout : all_layouts) {
        for (std::int64_t cols = 1; cols <= 70; cols += layout == Layout::dense ? 1 : 11) {
            for (const std::int64_t rows : {1, 2, 7, 19}) {
                check_scores<std::uint8_t, float>(random, rows, cols, layout);
                check_scores<float, float>(random, rows, cols, layout);
                check_scores<double, double>(random, rows, cols, layout);
            }
        }
    }
}

TEST(linear, no_rows_have_no_scores_and_no_loss) {
    Random random(2);
    Silence monitor;
    const LinearData<float, double> data(random, 4, 3, 2, Layout::dense);
    Samples none = data.samples();
    none.X.rows = 0;
    none.n_rows = 0;
    linear_scores(none.X, data.weights, data.preprocessing, 2, monitor, data.no_scores());
    std::vector<double> gradient(8, 1.0);
    CHECK(linear_loss(none, data.weights, data.preprocessing, {}, 2, monitor, gradient.data()) ==
          0.0);
    CHECK((gradient == std::vector<double>(8, 0.0)));
}

/// The gradient against that of the plain loop.
template <class X, class T>
void check_gradient(Random& random, std::int64_t rows, std::int64_t cols, std::int64_t classes,
                    Layout layout, double tolerance) {
    const LinearData<X, T> data(random, rows, cols, classes, layout);
    for (const Loss loss : all_losses) {
        const LossOptions options{.loss = loss};
        const auto size = static_cast<std::size_t>(classes * (cols + 1));
        std::vector<double> expected(size);
        const double truth = naive_gradient(data, options, data.order, expected);
        std::vector<double> first(size);
        for (const int n_threads : {1, 3}) {
            std::vector<double> gradient(size, 7.0);
            Silence monitor;
            const double found = linear_loss(data.samples(), data.weights, data.preprocessing,
                                             options, n_threads, monitor, gradient.data());
            const auto detail = named({{"loss", static_cast<std::int64_t>(loss)}, {"cols", cols}});
            CHECK_IN(is_close(found, truth, tolerance), detail);
            CHECK_IN(are_close(gradient, expected, tolerance), detail);
            if (n_threads == 1) first = gradient;
            CHECK_IN(gradient == first, detail);
        }
    }
}

TEST(linear, losses_and_gradients_against_plain_loops) {
    Random random(3);
    for (const Layout layout : all_layouts) {
        check_gradient<std::uint8_t, float>(random, 9, 33, 3, layout, 1e-3);
        check_gradient<float, float>(random, 20, 67, 10, layout, 1e-3);
        check_gradient<double, double>(random, 11, 31, 5, layout, 1e-10);
    }
    // More than one part of a batch.
    check_gradient<double, double>(random, 700, 90, 4, Layout::dense, 1e-10);
}

template <class T>
void check_training(Random& random, Optimizer optimizer, std::int64_t n_rows,
                    std::int64_t n_batches, double tolerance) {
    const LinearData<float, T> data(random, n_rows, 37, 5, Layout::padded);
    const std::vector<Setting> settings{{.optimizer = optimizer, .l2 = 0.01},
                                        {.optimizer = optimizer, .l1 = 0.003, .momentum = 0.5}};
    TrainerOptions options;
    options.n_features = 37;
    options.n_classes = 5;
    options.preprocessing = data.preprocessing;
    const std::vector<double> rates(static_cast<std::size_t>(2 * n_batches), 0.05);
    std::vector<T> first;
    for (const int n_threads : {1, 2, 4}) {
        Trainer<T> trainer(options, settings);
        Silence monitor;
        const EpochTrace trace =
            trainer.run_epoch(data.samples(), n_batches, rates.data(), n_threads, monitor);
        CHECK(trace.n_steps == n_batches);
        std::vector<T> weights(static_cast<std::size_t>(2 * 5 * 38));
        export_weights(trainer.weights, weights.data());
        if (n_threads == 1) first = weights;
        CHECK(std::memcmp(first.data(), weights.data(), first.size() * sizeof(T)) == 0);
    }
    for (std::size_t s = 0; s < settings.size(); ++s) {
        const auto expected = naive_training(data, options.loss, settings[s], n_batches, 0.05);
        const auto begin = first.begin() + static_cast<std::ptrdiff_t>(s * expected.size());
        const std::vector<double> found(begin,
                                        begin + static_cast<std::ptrdiff_t>(expected.size()));
        CHECK_IN(are_close(found, expected, tolerance),
                 named({{"optimizer", static_cast<std::int64_t>(optimizer)},
                        {"setting", static_cast<std::int64_t>(s)},
                        {"rows", n_rows}}));
    }
}

TEST(linear, steps_of_every_optimizer_against_plain_loops) {
    Random random(4);
    for (const Optimizer optimizer : {Optimizer::sgd, Optimizer::nesterov, Optimizer::adagrad,
                                      Optimizer::rmsprop, Optimizer::adam}) {
        check_training<double>(random, optimizer, 60, 7, 1e-8);
        check_training<float>(random, optimizer, 60, 7, 1e-3);
        check_training<double>(random, optimizer, 900, 2, 1e-8);  // batches in parts
    }
}

TEST(linear, an_exception_between_steps_leaves_whole_ones) {
    class Refusal final : public Monitor {
    public:
        explicit Refusal(const Trainer<float>& trainer) : trainer_(trainer) {}

    private:
        void poll(double) override {
            if (trainer_.n_steps > 0) throw std::runtime_error("stop");
        }

        const Trainer<float>& trainer_;
    };
    Random random(5);
    const LinearData<float, float> data(random, 2000, 300, 20, Layout::dense);
    TrainerOptions options;
    options.n_features = 300;
    options.n_classes = 20;
    std::vector<std::int64_t> order;
    for (int i = 0; i < 400; ++i) order.insert(order.end(), data.order.begin(), data.order.end());
    Samples samples = data.samples();
    samples.rows = order.data();
    samples.n_rows = std::ssize(order);
    const std::int64_t n_batches = samples.n_rows / 100;
    const std::vector<double> rates(static_cast<std::size_t>(n_batches), 0.01);
    for (const int n_threads : {1, 3}) {
        Trainer<float> stopped(options, {Setting{}});
        Trainer<float> replayed(options, {Setting{}});
        Refusal refusal(stopped);
        CHECK_THROWS(std::runtime_error,
                     stopped.run_epoch(samples, n_batches, rates.data(), n_threads, refusal));
        CHECK(0 < stopped.n_steps && stopped.n_steps < n_batches);
        Samples seen = samples;
        seen.n_rows = stopped.n_steps * 100;
        Silence silence;
        replayed.run_epoch(seen, stopped.n_steps, rates.data(), 1, silence);
        CHECK(stopped.weights.values == replayed.weights.values);
        CHECK(stopped.first_moments.values == replayed.first_moments.values);
    }
}

TEST(linear, weights_too_large_for_the_address_space_are_refused) {
    CHECK_THROWS(std::length_error,
                 WeightMatrix<float>(std::int64_t{1} << 40, std::int64_t{1} << 40));
}

}  // namespace
}  // namespace nearplane::testing
