// Linear models: scores, losses and the training loop.

#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "bindings.hpp"
#include "nearplane/linear.hpp"
#include "nearplane/trainer.hpp"

namespace nearplane::bindings {
namespace {

using Progress = std::optional<py::function>;
using Float64Array = py::array_t<double, py::array::c_style>;
using Int64Array = py::array_t<std::int64_t, py::array::c_style>;
using OptionalFloat64Array = std::optional<Float64Array>;

template <class Value, std::size_t n>
Value named(const std::array<std::pair<std::string_view, Value>, n>& values,
            const std::string& name) {
    for (const auto& [known, value] : values) {
        if (known == name) return value;
    }
    throw py::value_error("unknown name " + name);
}

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

Optimizer optimizer_of(const std::string& name) {
    static constexpr std::array<std::pair<std::string_view, Optimizer>, 5> optimizers{{
        {"sgd", Optimizer::sgd},
        {"nesterov", Optimizer::nesterov},
        {"adagrad", Optimizer::adagrad},
        {"rmsprop", Optimizer::rmsprop},
        {"adam", Optimizer::adam},
    }};
    return named(optimizers, name);
}

void check(bool is_right, const char* what) {
    if (!is_right) throw py::value_error(what);
}

std::vector<double> values_of(const OptionalFloat64Array& array, std::int64_t n_features) {
    if (!array) return {};
    check(array->size() == n_features, "center and scale must have one value for each feature");
    return {array->data(), array->data() + array->size()};
}

Preprocessing preprocessing_of(const OptionalFloat64Array& center,
                               const OptionalFloat64Array& scale, std::int64_t n_features) {
    return {values_of(center, n_features), values_of(scale, n_features)};
}

/// Samples as the core sees them; the arrays must outlive the answer.
Samples samples_of(const py::array& X, const Int64Array& y, const Int64Array& rows,
                   const OptionalFloat64Array& sample_weight, std::int64_t n_features,
                   std::int64_t n_classes) {
    const MatrixView view = view_of(X, "X");
    check(view.cols == n_features, "X and the weights differ in the number of features");
    check(y.size() == view.rows, "y must have one label for each row of X");
    check(!sample_weight || sample_weight->size() == view.rows,
          "sample_weight must have one value for each row of X");
    const Samples samples{view, y.data(), sample_weight ? sample_weight->data() : nullptr,
                          rows.data(), rows.size()};
    for (std::int64_t i = 0; i < samples.n_rows; ++i) {
        const std::int64_t row = samples.rows[i];
        check(row >= 0 && row < view.rows, "rows must be rows of X");
        check(samples.labels[row] >= 0 && samples.labels[row] < n_classes,
              "labels must be below the number of classes");
    }
    return samples;
}

void check_threads(int n_threads) {
    check(n_threads >= 1, "n_threads must be at least 1");
}

template <class T>
using FloatArray = py::array_t<T, py::array::c_style>;

/// Calls body(T{}) with the element type of an array of weights or scores.
template <class Body>
py::object visit_float(const py::array& array, const char* name, Body&& body) {
    if (py::isinstance<FloatArray<float>>(array)) return body(float{});
    if (py::isinstance<FloatArray<double>>(array)) return body(double{});
    throw py::type_error(std::string(name) + " must be a C-contiguous float32 or float64 array");
}

template <class T>
WeightMatrix<T> weights_of(const py::array& array, std::int64_t n_features) {
    check(array.ndim() == 2 && array.shape(1) == n_features + 1,
          "weights must have shape (n_columns, n_features + 1)");
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
        const Samples samples = samples_of(X, y, rows, sample_weight, n_features, matrix.n_rows);
        const auto preprocessing = preprocessing_of(center, scale, n_features);
        const LossOptions options{loss_of(loss), margin, class_mean};
        WeightMatrix<T> gradient(matrix.n_rows, n_features);
        double total = 0.0;
        run_released(std::move(progress), [&](Monitor& monitor) {
            total =
                linear_loss(samples, matrix, preprocessing, options, n_threads, monitor, gradient);
        });
        FloatArray<T> out({matrix.n_rows, n_features + 1});
        export_weights(gradient, out.mutable_data());
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
    for (std::int64_t i = 0; i < n_rows; ++i) {
        check(y.data()[i] >= 0 && y.data()[i] < n_classes,
              "labels must be below the number of classes");
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
            losses_from_scores(data, y.data(), n_rows, n_classes, options, n_threads, monitor,
                               losses_data, gradients_data);
        });
        return py::make_tuple(std::move(losses), std::move(gradients));
    });
}

template <class Value>
py::array_t<Value> as_array(const std::vector<Value>& values,
                            const std::vector<std::int64_t>& shape) {
    return py::array_t<Value>(shape, values.data());
}

/// EpochTrace as arrays, of shape (n_steps, n_settings) but for n_correct.
struct EpochArrays {
    py::array_t<double> losses;
    py::array_t<std::int64_t> n_correct;
    py::array_t<double> update_norms;
    py::array_t<double> weight_norms;
};

/// Trainer of either type behind one Python class.
class LinearTrainer {
public:
    LinearTrainer(std::vector<Setting> settings, TrainerOptions options, const std::string& dtype)
        : trainer_(make(std::move(settings), std::move(options), dtype)) {}

    std::int64_t n_settings() const {
        return std::visit([](const auto& trainer) { return trainer.n_settings(); }, trainer_);
    }
    std::int64_t n_steps() const {
        return std::visit([](const auto& trainer) { return trainer.n_steps; }, trainer_);
    }

    py::array weights() const {
        return std::visit(
            [&]<class T>(const Trainer<T>& trainer) -> py::array {
                FloatArray<T> out(weights_shape());
                export_weights(trainer.weights, out.mutable_data());
                return out;
            },
            trainer_);
    }

    void set_weights(const py::array& weights) {
        std::visit(
            [&]<class T>(Trainer<T>& trainer) {
                import_weights(data_of<T>(weights, weights_shape()), trainer.weights);
            },
            trainer_);
    }

    py::array moments() const {
        return std::visit(
            [&]<class T>(const Trainer<T>& trainer) -> py::array {
                FloatArray<T> out(moments_shape());
                export_weights(trainer.first_moments, out.mutable_data());
                export_weights(trainer.second_moments, out.mutable_data() + out.size() / 2);
                return out;
            },
            trainer_);
    }

    void set_moments(const py::array& moments, std::int64_t n_steps) {
        check(n_steps >= 0, "n_steps must not be negative");
        std::visit(
            [&]<class T>(Trainer<T>& trainer) {
                const T* data = data_of<T>(moments, moments_shape());
                import_weights(data, trainer.first_moments);
                import_weights(data + moments.size() / 2, trainer.second_moments);
                trainer.n_steps = n_steps;
            },
            trainer_);
    }

    void keep(const std::vector<std::int64_t>& settings) {
        for (std::size_t i = 0; i < settings.size(); ++i) {
            check(settings[i] >= 0 && settings[i] < n_settings(), "keep names unknown settings");
            check(i == 0 || settings[i - 1] < settings[i], "keep needs rising numbers");
        }
        std::visit([&](auto& trainer) { trainer.keep(settings); }, trainer_);
    }

    EpochArrays run_epoch(const py::array& X, const Int64Array& y, const Int64Array& rows,
                          const OptionalFloat64Array& sample_weight, std::int64_t batch_size,
                          const Float64Array& learning_rates, int n_threads, Progress progress) {
        check_threads(n_threads);
        check(batch_size >= 1, "batch_size must be at least 1");
        check(n_settings() >= 1, "no setting is left to train");
        const Samples samples = samples_for(X, y, rows, sample_weight);
        const std::int64_t n_batches = (samples.n_rows + batch_size - 1) / batch_size;
        check(learning_rates.ndim() == 2 && learning_rates.shape(0) == n_batches &&
                  learning_rates.shape(1) == n_settings(),
              "learning_rates must have shape (n_batches, n_settings)");
        EpochTrace trace;
        run_released(std::move(progress), [&](Monitor& monitor) {
            std::visit(
                [&](auto& trainer) {
                    trace = trainer.run_epoch(samples, batch_size, learning_rates.data(), n_threads,
                                              monitor);
                },
                trainer_);
        });
        const std::vector<std::int64_t> shape{trace.n_steps, n_settings()};
        return {as_array(trace.losses, shape), as_array(trace.n_correct, {n_settings()}),
                as_array(trace.update_norms, shape), as_array(trace.weight_norms, shape)};
    }

    py::tuple evaluate(const py::array& X, const Int64Array& y, const Int64Array& rows,
                       const OptionalFloat64Array& sample_weight, int n_threads,
                       Progress progress) const {
        check_threads(n_threads);
        const Samples samples = samples_for(X, y, rows, sample_weight);
        Evaluation result;
        run_released(std::move(progress), [&](Monitor& monitor) {
            result = std::visit(
                [&](const auto& trainer) { return trainer.evaluate(samples, n_threads, monitor); },
                trainer_);
        });
        return py::make_tuple(as_array(result.losses, {n_settings()}),
                              as_array(result.n_correct, {n_settings()}));
    }

private:
    using AnyTrainer = std::variant<Trainer<float>, Trainer<double>>;

    static AnyTrainer make(std::vector<Setting> settings, TrainerOptions options,
                           const std::string& dtype) {
        if (dtype == "float32") return Trainer<float>(std::move(options), std::move(settings));
        if (dtype == "float64") return Trainer<double>(std::move(options), std::move(settings));
        throw py::value_error("dtype must be float32 or float64");
    }

    const TrainerOptions& options() const {
        return std::visit(
            [](const auto& trainer) -> const TrainerOptions& { return trainer.options(); },
            trainer_);
    }

    Samples samples_for(const py::array& X, const Int64Array& y, const Int64Array& rows,
                        const OptionalFloat64Array& sample_weight) const {
        return samples_of(X, y, rows, sample_weight, options().n_features, options().n_classes);
    }

    std::vector<std::int64_t> weights_shape() const {
        return {n_settings(), options().n_classes, options().n_features + 1};
    }
    std::vector<std::int64_t> moments_shape() const {
        return {2, n_settings(), options().n_classes, options().n_features + 1};
    }

    template <class T>
    static const T* data_of(const py::array& array, const std::vector<std::int64_t>& shape) {
        check(py::isinstance<FloatArray<T>>(array),
              "the array must be C-contiguous and of the trainer's dtype");
        check(std::vector<std::int64_t>(array.shape(), array.shape() + array.ndim()) == shape,
              "the array has the wrong shape");
        return static_cast<const T*>(array.data());
    }

    AnyTrainer trainer_;
};

void bind_trainer(py::module_& module) {
    // Local to the module: the modules of several levels may be loaded beside each other.
    py::class_<Setting>(module, "Setting", py::module_local(),
                        "Hyperparameters of one of the models of a trainer.")
        .def(py::init([](const std::string& optimizer, double l1, double l2, double momentum,
                         double decay, double epsilon) {
                 return Setting{optimizer_of(optimizer), l1, l2, momentum, decay, epsilon};
             }),
             py::kw_only(), py::arg("optimizer") = "sgd", py::arg("l1") = 0.0, py::arg("l2") = 0.0,
             py::arg("momentum") = 0.9, py::arg("decay") = 0.999, py::arg("epsilon") = 1e-8);
    py::class_<EpochArrays>(module, "EpochTrace", py::module_local(),
                            "What happened in each step of an epoch.")
        .def_readonly("losses", &EpochArrays::losses)
        .def_readonly("n_correct", &EpochArrays::n_correct)
        .def_readonly("update_norms", &EpochArrays::update_norms)
        .def_readonly("weight_norms", &EpochArrays::weight_norms);
    py::class_<LinearTrainer>(module, "LinearTrainer", py::module_local(),
                              "Linear models trained together in one pass over the data.")
        .def(py::init([](std::vector<Setting> settings, std::int64_t n_features,
                         std::int64_t n_classes, const std::string& dtype, const std::string& loss,
                         double margin, bool class_mean, bool fit_intercept,
                         const OptionalFloat64Array& center, const OptionalFloat64Array& scale) {
                 check(n_features >= 1 && n_classes >= 1 && !settings.empty(),
                       "a trainer needs a feature, a class and a setting");
                 return LinearTrainer(std::move(settings),
                                      {n_features,
                                       n_classes,
                                       {loss_of(loss), margin, class_mean},
                                       fit_intercept,
                                       preprocessing_of(center, scale, n_features)},
                                      dtype);
             }),
             py::arg("settings"), py::kw_only(), py::arg("n_features"), py::arg("n_classes"),
             py::arg("dtype"), py::arg("loss"), py::arg("margin"), py::arg("class_mean"),
             py::arg("fit_intercept"), py::arg("center"), py::arg("scale"))
        .def_property_readonly("n_settings", &LinearTrainer::n_settings)
        .def_property_readonly("n_steps", &LinearTrainer::n_steps)
        .def("weights", &LinearTrainer::weights)
        .def("set_weights", &LinearTrainer::set_weights, py::arg("weights"))
        .def("moments", &LinearTrainer::moments)
        .def("set_moments", &LinearTrainer::set_moments, py::arg("moments"), py::arg("n_steps"))
        .def("keep", &LinearTrainer::keep, py::arg("settings"))
        .def("run_epoch", &LinearTrainer::run_epoch, py::arg("X"), py::arg("y"), py::arg("rows"),
             py::arg("sample_weight"), py::kw_only(), py::arg("batch_size"),
             py::arg("learning_rates"), py::arg("n_threads"), py::arg("progress"))
        .def("evaluate", &LinearTrainer::evaluate, py::arg("X"), py::arg("y"), py::arg("rows"),
             py::arg("sample_weight"), py::kw_only(), py::arg("n_threads"), py::arg("progress"));
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
    bind_trainer(module);
}

}  // namespace nearplane::bindings
