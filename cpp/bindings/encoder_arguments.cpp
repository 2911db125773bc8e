#include "encoder_arguments.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace nearplane::bindings {
namespace {

// More codes of a row than this fit no memory, and twice as many bytes still no 64 bits.
constexpr std::int64_t most_codes = std::int64_t{1} << 31;

CodeKind kind_of(const std::string& name) {
    static constexpr std::array<std::pair<std::string_view, CodeKind>, 3> kinds{{
        {"projection", CodeKind::projection},
        {"groups", CodeKind::groups},
        {"features", CodeKind::features},
    }};
    return named(kinds, name);
}

template <class T>
std::vector<T> values_of(const py::array_t<T, py::array::c_style>& array) {
    return {array.data(), array.data() + array.size()};
}

bool is_aligned(const py::array& array) {
    const auto address = reinterpret_cast<std::uintptr_t>(array.data());
    return address % static_cast<std::uintptr_t>(array.itemsize()) == 0;
}

bool all_finite(const auto& values) {
    for (const auto value : values) {
        if (!std::isfinite(value)) return false;
    }
    return true;
}

/// A number that can be divided by, and into.
bool is_scale(double value) {
    return std::isnormal(value) && value > 0.0 && std::isnormal(1.0 / value);
}

void check_projection(const CodeLevel& level, const Encoder& encoder) {
    const std::int64_t k = level.width - 1;
    check(!is_l1(encoder.metric), "projections bound L2 distances only");
    check(encoder.n_directions >= 1 && k <= encoder.n_directions,
          "a projection needs a direction for each code but the last");
    check(level.rotation.empty() || static_cast<std::int64_t>(level.rotation.size()) == k * k,
          "rotation must have shape (width - 1, width - 1), or be empty");
    check(all_finite(level.rotation), "rotation must be finite");
    check(level.tilt >= 0.0 && level.tilt <= 0.1, "tilt must be between 0 and 0.1");
}

void check_groups(const CodeLevel& level, const Encoder& encoder) {
    check(is_l1(encoder.metric), "groups bound L1 distances only");
    const std::vector<std::int64_t>& starts = level.starts;
    check(static_cast<std::int64_t>(starts.size()) == level.width + 1,
          "starts must have width + 1 values");
    const bool rises =
        std::adjacent_find(starts.begin(), starts.end(), std::greater_equal<>()) == starts.end();
    check(rises && starts.front() == 0 &&
              starts.back() == static_cast<std::int64_t>(encoder.feature_order.size()),
          "starts must rise from 0 to the number of ordered features, with no group empty");
}

CodeLevel level_of(const py::handle& level, const Encoder& encoder) {
    CodeLevel out;
    out.kind = kind_of(level.attr("kind").cast<std::string>());
    out.width = level.attr("width").cast<std::int64_t>();
    out.bits = level.attr("bits").cast<int>();
    out.step = level.attr("step").cast<double>();
    out.tilt = level.attr("tilt").cast<double>();
    out.shift = values_of(level.attr("shift").cast<Float64Array>());
    out.rotation = values_of(level.attr("rotation").cast<Float32Array>());
    out.starts = values_of(level.attr("starts").cast<Int64Array>());
    check(out.width >= 1 && out.width <= most_codes, "width must be from 1 to 2^31");
    check(out.bits == 8 || (out.bits == 16 && out.kind == CodeKind::projection),
          "bits must be 8, or 16 for projections");
    check(is_scale(out.step), "step must be positive and neither tiny nor huge");
    check(static_cast<std::int64_t>(out.shift.size()) == out.width && all_finite(out.shift),
          "shift must have a finite value for each code");
    switch (out.kind) {
        case CodeKind::projection: check_projection(out, encoder); break;
        case CodeKind::groups: check_groups(out, encoder); break;
        case CodeKind::features:
            check(out.width == encoder.n_features(), "features need a code each");
            break;
    }
    return out;
}

/// Each feature at most once: the sums of groups are bounds only if no feature counts twice.
void check_order(const std::vector<std::int64_t>& order, std::int64_t n_features) {
    std::vector<bool> seen(static_cast<std::size_t>(n_features), false);
    for (const std::int64_t feature : order) {
        check(feature >= 0 && feature < n_features && !seen[static_cast<std::size_t>(feature)],
              "feature_order must name each feature at most once");
        seen[static_cast<std::size_t>(feature)] = true;
    }
}

}  // namespace

Encoder encoder_of(const std::string& metric, const Float64Array& center, double unit,
                   const Float32Array& basis, const Int64Array& feature_order,
                   const py::sequence& levels) {
    Encoder encoder;
    encoder.metric = metric_of(metric);
    encoder.center = values_of(center);
    encoder.unit = unit;
    check(encoder.n_features() >= 1 && all_finite(encoder.center),
          "center must have a finite value for each feature");
    check(is_scale(unit) && std::exp2(std::round(std::log2(unit))) == unit,
          "unit must be a power of two");
    check(basis.ndim() == 2 && basis.shape(1) == encoder.n_features(),
          "basis must have shape (n_directions, n_features)");
    encoder.n_directions = basis.shape(0);
    encoder.basis = values_of(basis);
    check(all_finite(encoder.basis), "basis must be finite");
    encoder.feature_order = values_of(feature_order);
    check_order(encoder.feature_order, encoder.n_features());
    check(levels.size() >= 1, "an encoder needs a level");
    for (const py::handle level : levels) encoder.levels.push_back(level_of(level, encoder));
    return encoder;
}

Sketch sketch_of(const py::sequence& sketch, const Encoder& encoder, std::int64_t n_rows) {
    check(sketch.size() == encoder.levels.size(), "sketch must have an element for each level");
    Sketch out;
    for (std::size_t l = 0; l < encoder.levels.size(); ++l) {
        const CodeLevel& level = encoder.levels[l];
        const py::sequence pair = sketch[l];
        check(pair.size() == 2, "each level of a sketch is a pair (codes, errors)");
        const py::object codes = pair[0];
        const py::object errors = pair[1];
        const bool has_types = level.bits == 16 ? py::isinstance<CodeArray<std::int16_t>>(codes)
                                                : py::isinstance<CodeArray<std::uint8_t>>(codes);
        if (!has_types || !py::isinstance<Float32Array>(errors)) {
            throw py::type_error(
                "codes must be C-contiguous uint8 or int16 and errors float32 arrays");
        }
        const auto code_array = py::reinterpret_borrow<py::array>(codes);
        const auto error_array = py::reinterpret_borrow<Float32Array>(errors);
        check(code_array.ndim() == 2 && code_array.shape(0) == n_rows &&
                  code_array.shape(1) == level.width,
              "codes must have shape (n_base, width)");
        check(error_array.ndim() == 1 && error_array.shape(0) == n_rows,
              "errors must have shape (n_base,)");
        check(is_aligned(code_array) && is_aligned(error_array), "a sketch must be aligned");
        check(std::all_of(error_array.data(), error_array.data() + n_rows,
                          [](float error) { return error >= 0.0F; }),
              "errors must be 0 or more");
        out.levels.push_back(
            {static_cast<const std::byte*>(code_array.data()), error_array.data()});
        out.arrays.insert(out.arrays.end(), {code_array, error_array});
    }
    return out;
}

}  // namespace nearplane::bindings
