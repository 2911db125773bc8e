#include "bindings.hpp"

namespace nearplane::bindings {
namespace {

std::optional<Scalar> scalar_of(const py::array& array) {
    if (py::isinstance<py::array_t<std::uint8_t>>(array)) return Scalar::u8;
    if (py::isinstance<py::array_t<float>>(array)) return Scalar::f32;
    if (py::isinstance<py::array_t<double>>(array)) return Scalar::f64;
    return std::nullopt;
}

}  // namespace

MatrixView view_of(const py::array& array, const char* name) {
    const auto scalar = scalar_of(array);
    if (!scalar || array.ndim() != 2) {
        throw py::type_error(std::string(name) +
                             " must be a two-dimensional uint8, float32 or float64 array");
    }
    return {static_cast<const std::byte*>(array.data()),
            *scalar,
            array.shape(0),
            array.shape(1),
            array.strides(0),
            array.strides(1)};
}

Metric metric_of(const std::string& name) {
    if (name == "euclidean") return Metric::euclidean;
    if (name == "sqeuclidean") return Metric::sqeuclidean;
    if (name == "manhattan") return Metric::manhattan;
    throw py::value_error("unknown metric " + name);
}

void PythonMonitor::poll(double fraction_done) {
    constexpr auto report_interval = std::chrono::milliseconds(100);
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    const auto now = std::chrono::steady_clock::now();
    if (progress_ && now - last_report_ >= report_interval) {
        last_report_ = now;
        (*progress_)(fraction_done);
    }
}

}  // namespace nearplane::bindings
