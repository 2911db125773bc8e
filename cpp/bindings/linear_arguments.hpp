#pragma once
// Arguments that the functions and the trainer of linear models have in common.

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "bindings.hpp"
#include "nearplane/linear.hpp"

namespace nearplane::bindings {

using Progress = std::optional<py::function>;
using Float64Array = py::array_t<double, py::array::c_style>;
using Int64Array = py::array_t<std::int64_t, py::array::c_style>;
using OptionalFloat64Array = std::optional<Float64Array>;

template <class T>
using FloatArray = py::array_t<T, py::array::c_style>;

/// Throws ValueError unless `is_right`.
void check(bool is_right, const char* what);

/// The value of a name.
template <class Value, std::size_t n>
Value named(const std::array<std::pair<std::string_view, Value>, n>& values,
            const std::string& name) {
    for (const auto& [known, value] : values) {
        if (known == name) return value;
    }
    throw py::value_error("unknown name " + name);
}

Loss loss_of(const std::string& name);

Preprocessing preprocessing_of(const OptionalFloat64Array& center,
                               const OptionalFloat64Array& scale, std::int64_t n_features);

/// Samples as the core sees them; the arrays must outlive the answer. Throws ValueError unless
/// lengths match and every row and label exists.
Samples samples_of(const py::array& X, const Int64Array& y, const Int64Array& rows,
                   const OptionalFloat64Array& sample_weight, std::int64_t n_features,
                   std::int64_t n_classes);

}  // namespace nearplane::bindings
