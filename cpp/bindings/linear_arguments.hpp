#pragma once
// Arguments that the functions and the trainer of linear models have in common.

#include <iterator>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "nearplane/linear.hpp"

namespace nearplane::bindings {

Loss loss_of(const std::string& name);

Preprocessing preprocessing_of(const OptionalFloat64Array& center,
                               const OptionalFloat64Array& scale, std::int64_t n_features);

/// Samples as the core sees them: X and the weights where they lie, and copies of what says where
/// it reads and writes. The arrays must outlive this.
class CheckedSamples {
public:
    /// Throws ValueError unless lengths match and every row and label exists.
    CheckedSamples(const py::array& X, const Int64Array& y, const Int64Array& rows,
                   const OptionalFloat64Array& sample_weight, std::int64_t n_features,
                   std::int64_t n_classes);

    Samples view() const { return {X_, labels_.data(), weights_, rows_.data(), std::ssize(rows_)}; }

private:
    MatrixView X_;
    std::vector<std::int64_t> labels_;
    const double* weights_;
    std::vector<std::int64_t> rows_;
};

}  // namespace nearplane::bindings
