#pragma once
// What the files of this folder share: one bind function a topic, array views, and the monitor that
// listens to Python while the core works.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "nearplane/matrix_view.hpp"
#include "nearplane/metric.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane::bindings {

namespace py = pybind11;

void bind_distances(py::module_& module);
void bind_info(py::module_& module);
void bind_linear(py::module_& module);
void bind_trainer(py::module_& module);

/// The array as the core sees it; valid while the array lives. Throws TypeError unless it is
/// two-dimensional and uint8, float32 or float64 in native byte order.
MatrixView view_of(const py::array& array, const char* name);

Metric metric_of(const std::string& name);

/// Throws ValueError unless there is a thread to run on.
void check_threads(int n_threads);

/// Polls Python's signal handlers and reports progress. Lives on the calling thread, which must
/// have released the GIL while the core works.
class PythonMonitor final : public Monitor {
public:
    explicit PythonMonitor(std::optional<py::function> progress) : progress_(std::move(progress)) {}

private:
    void poll(double fraction_done) override;

    std::optional<py::function> progress_;
    std::chrono::steady_clock::time_point last_report_ = std::chrono::steady_clock::now();
};

/// Takes the GIL back. If the interpreter is ending, a daemon thread gets here but not further: it
/// waits to be ended with the process.
void take_back_gil(PyThreadState* state);

/// Runs `work(monitor)` without the GIL, then tells `progress` that all is done. Not by
/// py::gil_scoped_release: Python ends a daemon thread that asks a dying interpreter for the GIL by
/// unwinding it (before 3.14), and a destructor must not be unwound.
template <class Work>
void run_released(std::optional<py::function> progress, Work&& work) {
    PythonMonitor monitor(progress);
    std::exception_ptr error;
    PyThreadState* state = PyEval_SaveThread();
    try {
        std::forward<Work>(work)(monitor);
    } catch (...) {
        error = std::current_exception();
    }
    take_back_gil(state);
    if (error) std::rethrow_exception(error);
    if (progress) (*progress)(1.0);
}

}  // namespace nearplane::bindings
