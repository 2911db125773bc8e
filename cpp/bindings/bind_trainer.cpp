// The training loop.

#include <algorithm>
#include <utility>
#include <variant>

#include "constructor.hpp"
#include "linear_arguments.hpp"
#include "nearplane/trainer.hpp"

namespace nearplane::bindings {
namespace {

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

template <class Value>
py::array_t<Value> as_array(const std::vector<Value>& values,
                            const std::vector<std::int64_t>& shape) {
    // Not from the values at once: pybind11 does not look whether NumPy had memory for their copy.
    py::array_t<Value> array(shape);
    std::copy(values.begin(), values.end(), array.mutable_data());
    return array;
}

/// EpochTrace as arrays, of shape (n_steps, n_settings) but for n_correct.
struct EpochArrays {
    py::object losses;
    py::object n_correct;
    py::object update_norms;
    py::object weight_norms;
};

/// Trainer of either type behind one Python class. Python's calls take turns (`take`).
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

    Turn::Taken take() { return {turn_, "LinearTrainer"}; }

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

    py::object run_epoch(const py::array& X, const Int64Array& y, const Int64Array& rows,
                         const OptionalFloat64Array& sample_weight,
                         const Float64Array& learning_rates, int n_threads, Progress progress) {
        check_threads(n_threads);
        check(n_settings() >= 1, "no setting is left to train");
        const CheckedSamples samples = samples_for(X, y, rows, sample_weight);
        const std::int64_t n_rows = samples.view().n_rows;
        check(learning_rates.ndim() == 2 && learning_rates.shape(1) == n_settings(),
              "learning_rates must have shape (n_batches, n_settings)");
        const std::int64_t n_batches = learning_rates.shape(0);
        check(n_batches <= n_rows && (n_batches > 0 || n_rows == 0),
              "there must be a batch, and a row for each");
        // Empty at first: pybind11 forgets what an object holds that it has no memory to hand over.
        py::object result = py::cast(EpochArrays());
        EpochTrace trace;
        run_released(std::move(progress), [&](Monitor& monitor) {
            std::visit(
                [&](auto& trainer) {
                    trace = trainer.run_epoch(samples.view(), n_batches, learning_rates.data(),
                                              n_threads, monitor);
                },
                trainer_);
        });
        const std::vector<std::int64_t> shape{trace.n_steps, n_settings()};
        result.cast<EpochArrays&>() = {
            as_array(trace.losses, shape), as_array(trace.n_correct, {n_settings()}),
            as_array(trace.update_norms, shape), as_array(trace.weight_norms, shape)};
        return result;
    }

    py::tuple evaluate(const py::array& X, const Int64Array& y, const Int64Array& rows,
                       const OptionalFloat64Array& sample_weight, int n_threads,
                       Progress progress) const {
        check_threads(n_threads);
        const CheckedSamples samples = samples_for(X, y, rows, sample_weight);
        Evaluation result;
        run_released(std::move(progress), [&](Monitor& monitor) {
            result = std::visit(
                [&](const auto& trainer) {
                    return trainer.evaluate(samples.view(), n_threads, monitor);
                },
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

    CheckedSamples samples_for(const py::array& X, const Int64Array& y, const Int64Array& rows,
                               const OptionalFloat64Array& sample_weight) const {
        return {X, y, rows, sample_weight, options().n_features, options().n_classes};
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
    Turn turn_;
};

/// A method as Python calls it: in its turn.
template <auto method, class Result, class... Arguments>
auto in_turn(Result (LinearTrainer::*)(Arguments...)) {
    return [](LinearTrainer& trainer, Arguments... arguments) -> Result {
        const auto turn = trainer.take();
        return (trainer.*method)(std::forward<Arguments>(arguments)...);
    };
}
template <auto method, class Result, class... Arguments>
auto in_turn(Result (LinearTrainer::*)(Arguments...) const) {
    return [](LinearTrainer& trainer, Arguments... arguments) -> Result {
        const auto turn = trainer.take();
        return (trainer.*method)(std::forward<Arguments>(arguments)...);
    };
}
template <auto method>
auto in_turn() {
    return in_turn<method>(method);
}

}  // namespace

void bind_trainer(py::module_& module) {
    // Local to the module: the modules of several levels may be loaded beside each other.
    py::class_<Setting> setting(module, "Setting", py::module_local(),
                                "Hyperparameters of one of the models of a trainer.");
    def_constructor(
        setting,
        [](const std::string& optimizer, double l1, double l2, double momentum, double decay,
           double epsilon) {
            return Setting{optimizer_of(optimizer), l1, l2, momentum, decay, epsilon};
        },
        py::kw_only(), py::arg("optimizer") = "sgd", py::arg("l1") = 0.0, py::arg("l2") = 0.0,
        py::arg("momentum") = 0.9, py::arg("decay") = 0.999, py::arg("epsilon") = 1e-8);
    py::class_<EpochArrays>(module, "EpochTrace", py::module_local(),
                            "What happened in each step of an epoch.")
        .def_readonly("losses", &EpochArrays::losses)
        .def_readonly("n_correct", &EpochArrays::n_correct)
        .def_readonly("update_norms", &EpochArrays::update_norms)
        .def_readonly("weight_norms", &EpochArrays::weight_norms);
    py::class_<LinearTrainer> trainer(module, "LinearTrainer", py::module_local(),
                                      "Linear models trained together in one pass over the data.");
    def_constructor(
        trainer,
        [](std::vector<Setting> settings, std::int64_t n_features, std::int64_t n_classes,
           const std::string& dtype, const std::string& loss, double margin, bool class_mean,
           bool fit_intercept, const OptionalFloat64Array& center,
           const OptionalFloat64Array& scale) {
            check(n_features >= 1 && n_classes >= 1 && !settings.empty(),
                  "a trainer needs a feature, a class and a setting");
            return LinearTrainer(std::move(settings),
                                 {n_features,
                                  n_classes,
                                  {loss_of(loss), margin, class_mean},
                                  fit_intercept,
                                  preprocessing_of(center, scale, n_features)},
                                 dtype);
        },
        py::arg("settings"), py::kw_only(), py::arg("n_features"), py::arg("n_classes"),
        py::arg("dtype"), py::arg("loss"), py::arg("margin"), py::arg("class_mean"),
        py::arg("fit_intercept"), py::arg("center"), py::arg("scale"));
    trainer.def_property_readonly("n_settings", in_turn<&LinearTrainer::n_settings>())
        .def_property_readonly("n_steps", in_turn<&LinearTrainer::n_steps>())
        .def("weights", in_turn<&LinearTrainer::weights>())
        .def("set_weights", in_turn<&LinearTrainer::set_weights>(), py::arg("weights"))
        .def("moments", in_turn<&LinearTrainer::moments>())
        .def("set_moments", in_turn<&LinearTrainer::set_moments>(), py::arg("moments"),
             py::arg("n_steps"))
        .def("keep", in_turn<&LinearTrainer::keep>(), py::arg("settings"))
        .def("run_epoch", in_turn<&LinearTrainer::run_epoch>(), py::arg("X"), py::arg("y"),
             py::arg("rows"), py::arg("sample_weight"), py::kw_only(), py::arg("learning_rates"),
             py::arg("n_threads"), py::arg("progress"))
        .def("evaluate", in_turn<&LinearTrainer::evaluate>(), py::arg("X"), py::arg("y"),
             py::arg("rows"), py::arg("sample_weight"), py::kw_only(), py::arg("n_threads"),
             py::arg("progress"));
}

}  // namespace nearplane::bindings
