#include "nearplane/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "batch.hpp"
#include "nearplane/crew.hpp"
#include "partial_sums.hpp"
#include "update.hpp"

namespace nearplane {

/// One call of run_epoch.
template <class T>
class Trainer<T>::Epoch {
public:
    Epoch(Trainer& trainer, const Samples& samples, std::int64_t n_batches, const double* rates,
          Crew& crew, Monitor& monitor)
        : trainer_(trainer),
          samples_(samples),
          n_batches_(n_batches),
          rates_(rates),
          crew_(crew),
          batches_(samples, trainer.options_.preprocessing, trainer.options_.fit_intercept,
                   trainer.weights, trainer.options_.n_classes, trainer.options_.loss, crew,
                   monitor),
          n_settings_(trainer.n_settings()),
          squares_(static_cast<std::size_t>(2 * n_blocks() * n_settings_)) {
        trace_.n_correct.resize(static_cast<std::size_t>(n_settings_));
        if (is_split()) gradient_.emplace(trainer.weights);
    }

    EpochTrace run() {
        for (std::int64_t batch = 0; batch < n_batches_; ++batch) {
            if (!step(batch_begin(batch), batch_begin(batch + 1))) break;
        }
        return std::move(trace_);
    }

private:
    /// Batches share the samples evenly: their lengths differ by one at most.
    std::int64_t batch_begin(std::int64_t batch) const {
        const std::int64_t length = samples_.n_rows / n_batches_;
        return batch * length + std::min(batch, samples_.n_rows % n_batches_);
    }

    /// Whether gradients are added up before they are applied: those of batches that are walked in
    /// parts (the first batch is the longest), and those that Ctrl-C must be able to interrupt.
    bool is_split() const { return batch_begin(1) > BatchWalk<T>::capacity || batches_.is_slow(); }
    std::int64_t n_blocks() const { return n_feature_blocks<T>(trainer_.weights.n_features); }

    /// False if no setting has a finite loss; the weights are then as they were.
    bool step(std::int64_t first, std::int64_t end) {
        const std::int64_t count = end - first;
        std::vector<double> losses(static_cast<std::size_t>(n_settings_));
        std::vector<std::int64_t> n_correct(losses.size());
        if (gradient_) std::fill(gradient_->values.begin(), gradient_->values.end(), 0.0);
        for (std::int64_t done = 0; done < count;) {
            const std::int64_t part = std::min(count - done, BatchWalk<T>::capacity);
            batches_.score(first + done, part, 1.0 / static_cast<double>(count), losses.data(),
                           n_correct.data());
            if (gradient_) batches_.add_gradient(*gradient_);
            done += part;
        }
        const auto is_finite = [](double loss) { return std::isfinite(loss); };
        if (std::none_of(losses.begin(), losses.end(), is_finite)) return false;
        take_step();
        record(losses, n_correct, count);
        return true;
    }

    /// Applies the gradient block by block, computing it just before unless it is there.
    void take_step() {
        const auto rules = step_rules();
        ++trainer_.n_steps;
        std::fill(squares_.begin(), squares_.end(), 0.0);
        crew_.for_each(n_blocks(), [&](std::int64_t block, int worker) {
            update_block(rules, block,
                         gradient_ ? summed_gradient(block, worker)
                                   : batches_.block_gradient(block, worker));
        });
    }

    Block<T> summed_gradient(std::int64_t block, int worker) {
        const Block<T> out = batches_.block_room(worker);
        for (std::int64_t row = 0; row < trainer_.weights.n_rows; ++row) {
            const double* from =
                gradient_->values.data() + row * gradient_->row_length + block * block_width<T>;
            std::transform(from, from + block_width<T>, out.row(row),
                           [](double value) { return static_cast<T>(value); });
        }
        return out;
    }

    std::vector<StepRule<T>> step_rules() const {
        std::vector<StepRule<T>> rules;
        const double* rates = rates_ + trace_.n_steps * n_settings_;
        for (std::int64_t s = 0; s < n_settings_; ++s) {
            rules.emplace_back(trainer_.settings_[static_cast<std::size_t>(s)], rates[s],
                               trainer_.n_steps + 1);
        }
        return rules;
    }

    void update_block(const std::vector<StepRule<T>>& rules, std::int64_t block,
                      Block<T> gradient) {
        const std::int64_t feature = block * block_width<T>;
        const std::int64_t left = trainer_.weights.n_features - feature;
        const std::int64_t n_weights = std::clamp<std::int64_t>(left, 0, block_width<T>);
        const bool has_bias = 0 <= left && left < block_width<T>;
        double* squares = &squares_[static_cast<std::size_t>(2 * block * n_settings_)];
        for (std::int64_t row = 0; row < trainer_.weights.n_rows; ++row) {
            const std::int64_t setting = row / trainer_.options_.n_classes;
            const StepRule<T>& rule = rules[static_cast<std::size_t>(setting)];
            const Parameters<T> all{trainer_.weights.row(row) + feature, gradient.row(row),
                                    trainer_.first_moments.row(row) + feature,
                                    trainer_.second_moments.row(row) + feature, block_width<T>};
            update(rule, all.part(0, n_weights));
            if (has_bias) update(rule.unpenalised(), all.part(n_weights, n_weights + 1));
            squares[2 * setting] += square_sum(all.gradient, n_weights);
            squares[2 * setting + 1] += square_sum(all.weights, n_weights);
        }
    }

    static double square_sum(const T* values, std::int64_t n) {
        return partial_sums(n, [values](std::int64_t i) {
            return static_cast<double>(values[i]) * static_cast<double>(values[i]);
        });
    }

    void record(const std::vector<double>& losses, const std::vector<std::int64_t>& n_correct,
                std::int64_t count) {
        for (std::int64_t s = 0; s < n_settings_; ++s) {
            double update = 0.0;
            double weight = 0.0;
            for (std::int64_t block = 0; block < n_blocks(); ++block) {
                const double* squares =
                    &squares_[static_cast<std::size_t>(2 * (block * n_settings_ + s))];
                update += squares[0];
                weight += squares[1];
            }
            const auto setting = static_cast<std::size_t>(s);
            trace_.losses.push_back(losses[setting] / static_cast<double>(count));
            trace_.update_norms.push_back(std::sqrt(update));
            trace_.weight_norms.push_back(std::sqrt(weight));
            trace_.n_correct[setting] += n_correct[setting];
        }
        ++trace_.n_steps;
    }

    Trainer& trainer_;
    const Samples& samples_;
    std::int64_t n_batches_;
    const double* rates_;
    Crew& crew_;
    BatchWalk<T> batches_;
    std::int64_t n_settings_;
    EpochTrace trace_;
    // Squared norms of the change and of the weights: [block][setting][2], added up in this order.
    std::vector<double> squares_;
    std::optional<GradientSum<T>> gradient_;
};

template <class T>
Trainer<T>::Trainer(TrainerOptions options, std::vector<Setting> settings)
    : weights(static_cast<std::int64_t>(settings.size()) * options.n_classes, options.n_features),
      first_moments(weights.n_rows, weights.n_features),
      second_moments(weights.n_rows, weights.n_features),
      options_(std::move(options)),
      settings_(std::move(settings)) {}

template <class T>
EpochTrace Trainer<T>::run_epoch(const Samples& samples, std::int64_t n_batches,
                                 const double* rates, int n_threads, Monitor& monitor) {
    if (n_batches == 0) return {0, {}, {}, {}, std::vector<std::int64_t>(settings_.size())};
    const double step_operations = 2.0 * static_cast<double>(samples.n_rows / n_batches + 1) *
                                   static_cast<double>(weights.n_rows * weights.row_length);
    EpochTrace trace;
    with_crew(useful_threads(step_operations, n_threads), [&](Crew& crew) {
        trace = Epoch(*this, samples, n_batches, rates, crew, monitor).run();
    });
    return trace;
}

template <class T>
Evaluation Trainer<T>::evaluate(const Samples& samples, int n_threads, Monitor& monitor) const {
    return nearplane::evaluate(samples, weights, options_.n_classes, options_.preprocessing,
                               options_.loss, n_threads, monitor);
}

template <class T>
void Trainer<T>::keep(const std::vector<std::int64_t>& kept) {
    const auto keep_rows = [&](WeightMatrix<T>& matrix) {
        WeightMatrix<T> smaller(static_cast<std::int64_t>(kept.size()) * options_.n_classes,
                                matrix.n_features);
        std::int64_t row = 0;
        for (const std::int64_t setting : kept) {
            std::copy_n(matrix.row(setting * options_.n_classes),
                        options_.n_classes * matrix.row_length, smaller.row(row));
            row += options_.n_classes;
        }
        matrix = std::move(smaller);
    };
    keep_rows(weights);
    keep_rows(first_moments);
    keep_rows(second_moments);
    std::vector<Setting> settings;
    for (const std::int64_t setting : kept) {
        settings.push_back(settings_[static_cast<std::size_t>(setting)]);
    }
    settings_ = std::move(settings);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace nearplane
