#pragma once
// Encoders and sketches as Python hands them over.

#include <vector>

#include "bindings.hpp"
#include "nearplane/encoder.hpp"
#include "nearplane/pruned_search.hpp"

namespace nearplane::bindings {

using Float32Array = py::array_t<float, py::array::c_style>;
template <class Code>
using CodeArray = py::array_t<Code, py::array::c_style>;

/// The encoder that these arrays describe. `levels` are objects with the attributes kind, width,
/// bits, step, shift, rotation, starts and tilt. Throws ValueError where sizes, orders or numbers
/// are such that encoding would read out of bounds or mean nothing.
Encoder encoder_of(const std::string& metric, const Float64Array& center, double unit,
                   const Float32Array& basis, const Int64Array& feature_order,
                   const py::sequence& levels);

/// The codes of base rows, and the arrays they lie in: whoever else lets go of these meanwhile.
struct Sketch {
    std::vector<LevelCodes> levels;
    std::vector<py::array> arrays;
};

/// The codes and errors of `n_rows` rows at every level. `sketch` has a pair (codes, errors) for
/// each level. Throws unless types and shapes fit.
Sketch sketch_of(const py::sequence& sketch, const Encoder& encoder, std::int64_t n_rows);

}  // namespace nearplane::bindings
