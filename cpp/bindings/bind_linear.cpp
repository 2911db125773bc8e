// Linear models: scores and losses.

#include <algorithm>
#include <utility>
#include <vector>

#include "linear_arguments.hpp"

namespace nearplane::bindings {
namespace {

/// Calls body(T{}) with the element type of an array of weights or scores.
template <class Body>
py::object visit_float(const py::array& array, const char* name, Body&& body) {
    if (py::isinstance<FloatArray<float>>(array)) return body(float{});
    if (py::isinstance<FloatArray<double>>(array)) return body(double{});
    throw py::type_error(std::string(name) + " must be a C-contiguous float32 or float64 array");
}

template <class T>
WeightMatrix<T> weights_of(const py::array& array, std::int64_t n_features) {
    check(array.ndim() == 2 && array.shape(0) >= 1 && array.shape(1) == n_features + 1,
          "weights must have shape (n_columns, n_features + 1), with a column at least");
    WeightMatrix<T> weights(array.shape(0), n_features);
    import_weights(static_cast<const T*>(array.data()), weights);
    return weights;
}

py::object scores_array(const py::array& X, const py::array& weights,
                        const OptionalFloat64Array& center, const OptionalFloat64Array& scale,
                        int n_threads, Progress progress) {
    const MatrixView view = view_of(X, "X");
    check_threads(n_threads);
    return visit_float(weights, "weights", [&](auto tag) -> py::object {
        using T = decltype(tag);
        const auto matrix = weights_of<T>(weights, view.cols);
        const auto preprocessing = preprocessing_of(center, scale, view.cols);
        FloatArray<T> scores({view.rows, matrix.n_rows});
        T* data = scores.mutable_data();
        run_released(std::move(progress), [&](Monitor& monitor) {
            linear_scores(view, matrix, preprocessing, n_threads, monitor, data);
        });
        return scores;
    });
}

py::object loss_and_gradient(const py::array& X, const Int64Array& y, const py::array& weights,
                             const OptionalFloat64Array& sample_weight, const std::string& loss,
                             double margin, bool class_mean, const OptionalFloat64Array& center,
                             const OptionalFloat64Array& scale, int n_threads, Progress progress) {
    check_threads(n_threads);
    const std::int64_t n_features = view_of(X, "X").cols;
    return visit_float(weights, "weights", [&](auto tag) -> py::object {
        using T = decltype(tag);
        const auto matrix = weights_of<T>(weights, n_features);
        Int64Array rows(y.size());
        for (std::int64_t i = 0; i < y.size(); ++i) rows.mutable_data()[i] = i;
        const CheckedSamples samples(X, y, rows, sample_weight, n_features, matrix.n_rows);
        const auto preprocessing = preprocessing_of(center, scale, n_features);
        const LossOptions options{loss_of(loss), margin, class_mean};
        std::vector<double> gradient(static_cast<std::size_t>(matrix.n_rows * (n_features + 1)));
        double total = 0.0;
        run_released(std::move(progress), [&](Monitor& monitor) {
            total = linear_loss(samples.view(), matrix, preprocessing, options, n_threads, monitor,
                                gradient.data());
        });
        FloatArray<T> out({matrix.n_rows, n_features + 1});
        std::transform(gradient.begin(), gradient.end(), out.mutable_data(),
                       [](double value) { return static_cast<T>(value); });
        return py::make_tuple(total, std::move(out));
    });
}

py::object loss_of_scores(const py::array& scores, const Int64Array& y, const std::string& loss,
                          double margin, bool class_mean, int n_threads) {
    check_threads(n_threads);
    check(scores.ndim() == 2 && y.size() == scores.shape(0),
          "scores must be two-dimensional, with one row for each label");
    const std::int64_t n_rows = scores.shape(0);
    const std::int64_t n_classes = scores.shape(1);
    const std::vector<std::int64_t> labels = copy_of(y);
    for (const std::int64_t label : labels) {
        check(label >= 0 && label < n_classes, "labels must be below the number of classes");
    }
    const LossOptions options{loss_of(loss), margin, class_mean};
    return visit_float(scores, "scores", [&](auto tag) -> py::object {
        using T = decltype(tag);
        const auto* data = static_cast<const T*>(scores.data());
        FloatArray<T> gradients({n_rows, n_classes});
        Float64Array losses(n_rows);
        T* gradients_data = gradients.mutable_data();
        double* losses_data = losses.mutable_data();
        run_released(std::nullopt, [&](Monitor& monitor) {
            losses_from_scores(data, labels.data(), n_rows, n_classes, options, n_threads, monitor,
                               losses_data, gradients_data);
        });
        return py::make_tuple(std::move(losses), std::move(gradients));
    });
}

}  // namespace

void bind_linear(py::module_& module) {
    module.def("linear_scores", &scores_array, py::arg("X"), py::arg("weights"), py::kw_only(),
               py::arg("center"), py::arg("scale"), py::arg("n_threads"), py::arg("progress"),
               "Scores of every row of X.");
    module.def("linear_loss", &loss_and_gradient, py::arg("X"), py::arg("y"), py::arg("weights"),
               py::arg("sample_weight"), py::kw_only(), py::arg("loss"), py::arg("margin"),
               py::arg("class_mean"), py::arg("center"), py::arg("scale"), py::arg("n_threads"),
               py::arg("progress"), "The sum of the samples' losses, and its gradient.");
    module.def("loss_from_scores", &loss_of_scores, py::arg("scores"), py::arg("y"), py::kw_only(),
               py::arg("loss"), py::arg("margin"), py::arg("class_mean"), py::arg("n_threads"),
               "Each sample's loss, and its gradient with respect to the scores.");
}

}  // namespace nearplane::bindings
