#include "linear_arguments.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace nearplane::bindings {
namespace {

std::vector<double> values_of(const OptionalFloat64Array& array, std::int64_t n_features) {
    if (!array) return {};
    check(array->size() == n_features, "center and scale must have one value for each feature");
    return {array->data(), array->data() + array->size()};
}

}  // namespace

Loss loss_of(const std::string& name) {
    static constexpr std::array<std::pair<std::string_view, Loss>, 7> losses{{
        {"softmax", Loss::softmax},
        {"hinge", Loss::hinge},
        {"squared_hinge", Loss::squared_hinge},
        {"crammer_singer", Loss::crammer_singer},
        {"ovr_hinge", Loss::ovr_hinge},
        {"ovr_logistic", Loss::ovr_logistic},
        {"squared_error", Loss::squared_error},
    }};
    return named(losses, name);
}

Preprocessing preprocessing_of(const OptionalFloat64Array& center,
                               const OptionalFloat64Array& scale, std::int64_t n_features) {
    return {values_of(center, n_features), values_of(scale, n_features)};
}

CheckedSamples::CheckedSamples(const py::array& X, const Int64Array& y, const Int64Array& rows,
                               const OptionalFloat64Array& sample_weight, std::int64_t n_features,
                               std::int64_t n_classes)
    : X_(view_of(X, "X")),
      labels_(copy_of(y)),
      weights_(sample_weight ? sample_weight->data() : nullptr),
      rows_(copy_of(rows)) {
    check(X_.cols == n_features, "X and the weights differ in the number of features");
    check(y.size() == X_.rows, "y must have one label for each row of X");
    check(!sample_weight || sample_weight->size() == X_.rows,
          "sample_weight must have one value for each row of X");
    for (const std::int64_t row : rows_) {
        check(row >= 0 && row < X_.rows, "rows must be rows of X");
        const std::int64_t label = labels_[static_cast<std::size_t>(row)];
        check(label >= 0 && label < n_classes, "labels must be below the number of classes");
    }
}

}  // namespace nearplane::bindings
