#pragma once
// Minibatch training of several linear models - settings - in one pass over the data.

#include <cstdint>
#include <vector>

#include "nearplane/linear.hpp"
#include "nearplane/optimizer.hpp"

namespace nearplane {

/// What all models trained together share.
struct TrainerOptions {
    std::int64_t n_features = 0;
    std::int64_t n_classes = 0;
    LossOptions loss;
    bool fit_intercept = true;
    Preprocessing preprocessing;
};

/// One row a step, one column a setting.
struct EpochTrace {
    std::int64_t n_steps = 0;
    std::vector<double> losses;           // data loss of the batch, before the step
    std::vector<double> update_norms;     // |change of W|, without the bias
    std::vector<double> weight_norms;     // |W| after the step
    std::vector<std::int64_t> n_correct;  // of each setting, when the samples were seen
};

/// The weights of all settings are the rows of one matrix, so a batch is read once for all of them.
/// What becomes of a setting depends on nothing but its own numbers and the order of the samples:
/// not on the other settings, and not on the number of threads.
template <class T>
class Trainer {
public:
    Trainer(TrainerOptions options, std::vector<Setting> settings);

    /// Takes one step for each of `n_batches` batches, which share the samples in their order as
    /// evenly as can be (longer ones first), at the learning rates rates[step * n_settings +
    /// setting]. Ends before a step at which no setting has a finite loss. An exception of the
    /// monitor leaves the weights of the last whole step. Precondition: no batch is empty.
    EpochTrace run_epoch(const Samples& samples, std::int64_t n_batches, const double* rates,
                         int n_threads, Monitor& monitor);

    Evaluation evaluate(const Samples& samples, int n_threads, Monitor& monitor) const;

    /// Drops all settings but these, given in rising order.
    void keep(const std::vector<std::int64_t>& kept);

    std::int64_t n_settings() const { return static_cast<std::int64_t>(settings_.size()); }
    const TrainerOptions& options() const { return options_; }

    WeightMatrix<T> weights;
    WeightMatrix<T> first_moments;
    WeightMatrix<T> second_moments;
    std::int64_t n_steps = 0;

private:
    class Epoch;

    TrainerOptions options_;
    std::vector<Setting> settings_;
};

}  // namespace nearplane
