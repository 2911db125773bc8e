#pragma once
// What the files of this folder share: one bind function a topic, array views, and the monitor that
// listens to Python while the core works.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nearplane/matrix_view.hpp"
#include "nearplane/metric.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane::bindings {

namespace py = pybind11;

void bind_distances(py::module_& module);
void bind_encoder(py::module_& module);
void bind_features(py::module_& module);
void bind_info(py::module_& module);
void bind_kmeans(py::module_& module);
void bind_linear(py::module_& module);
void bind_search(py::module_& module);
void bind_trainer(py::module_& module);
void bind_visual_words(py::module_& module);

using Progress = std::optional<py::function>;
using Float64Array = py::array_t<double, py::array::c_style>;
using Int64Array = py::array_t<std::int64_t, py::array::c_style>;
using OptionalFloat64Array = std::optional<Float64Array>;

template <class T>
using FloatArray = py::array_t<T, py::array::c_style>;

/// Throws ValueError unless `is_right`.
void check(bool is_right, const char* what);

/// The product of sizes. Throws ValueError unless all are positive and it has 64 bits.
std::int64_t product_of(std::initializer_list<std::int64_t> sizes);

/// The value of a name.
template <class Value, std::size_t n>
Value named(const std::array<std::pair<std::string_view, Value>, n>& values,
            const std::string& name) {
    for (const auto& [known, value] : values) {
        if (known == name) return value;
    }
    throw py::value_error("unknown name " + name);
}

/// The array as the core sees it; valid while the array lives. Throws TypeError unless it is
/// two-dimensional and uint8, float32 or float64 in native byte order.
MatrixView view_of(const py::array& array, const char* name);

Metric metric_of(const std::string& name);

/// Throws ValueError unless there is a thread to run on.
void check_threads(int n_threads);

/// Throws ValueError unless the two can be compared.
void check_pair(const MatrixView& query, const MatrixView& base);

/// The values of an array that is checked before the core reads it, for other threads may write to
/// the array meanwhile.
template <class T>
std::vector<T> copy_of(const py::array_t<T, py::array::c_style>& array) {
    return {array.data(), array.data() + array.size()};
}

/// What an object of the core's has that one call at a time may use.
class Turn {
public:
    Turn() = default;
    /// Objects are moved before anybody shares them.
    Turn(Turn&&) noexcept {}

    /// Taken while it lives. Throws RuntimeError if another call has it: that of another thread, or
    /// one that is waiting for its progress callback.
    class Taken {
    public:
        Taken(Turn& turn, const char* name) : turn_(turn) {
            if (turn_.is_taken_.exchange(true, std::memory_order_acquire)) {
                throw std::runtime_error(std::string(name) +
                                         " is in use; no two calls may share one at a time");
            }
        }
        ~Taken() { turn_.is_taken_.store(false, std::memory_order_release); }
        Taken(const Taken&) = delete;
        Taken& operator=(const Taken&) = delete;

    private:
        Turn& turn_;
    };

private:
    std::atomic<bool> is_taken_{false};
};

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
