#pragma once
// Arguments that the functions and the trainer of linear models have in common.

#include <string>

#include "bindings.hpp"
#include "nearplane/linear.hpp"

namespace nearplane::bindings {

Loss loss_of(const std::string& name);

Preprocessing preprocessing_of(const OptionalFloat64Array& center,
                               const OptionalFloat64Array& scale, std::int64_t n_features);

/// Samples as the core sees them; the arrays must outlive the answer. Throws ValueError unless
/// lengths match and every row and label exists.
Samples samples_of(const py::array& X, const Int64Array& y, const Int64Array& rows,
                   const OptionalFloat64Array& sample_weight, std::int64_t n_features,
                   std::int64_t n_classes);

}  // namespace nearplane::bindings
