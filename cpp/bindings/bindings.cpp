#include "bindings.hpp"

#include <limits>
#include <thread>

namespace nearplane::bindings {
namespace {

std::optional<Scalar> scalar_of(const py::array& array) {
    if (py::isinstance<py::array_t<std::uint8_t>>(array)) return Scalar::u8;
    if (py::isinstance<py::array_t<float>>(array)) return Scalar::f32;
    if (py::isinstance<py::array_t<double>>(array)) return Scalar::f64;
    return std::nullopt;
}

bool is_finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
}

[[noreturn]] void wait_for_the_end() {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// Calls acquire(), which asks for the GIL. A daemon thread must not ask a dying interpreter, and
/// if that dies while the thread is waiting, Python unwinds the thread, which would end in an abort
/// further up: the unwinding gets no further than this.
template <class Acquire>
void acquire_gil(const Acquire& acquire) {
    if (is_finalizing()) wait_for_the_end();
    try {
        acquire();
    } catch (...) {
        wait_for_the_end();
    }
}

}  // namespace

MatrixView view_of(const py::array& array, const char* name) {
    const auto scalar = scalar_of(array);
    if (!scalar || array.ndim() != 2) {
        throw py::type_error(std::string(name) +
                             " must be a two-dimensional uint8, float32 or float64 array");
    }
    return {.data = static_cast<const std::byte*>(array.data()),
            .scalar = *scalar,
            .rows = array.shape(0),
            .cols = array.shape(1),
            .row_stride = array.strides(0),
            .col_stride = array.strides(1)};
}

Metric metric_of(const std::string& name) {
    if (name == "euclidean") return Metric::euclidean;
    if (name == "sqeuclidean") return Metric::sqeuclidean;
    if (name == "manhattan") return Metric::manhattan;
    throw py::value_error("unknown metric " + name);
}

void check_threads(int n_threads) {
    if (n_threads < 1) throw py::value_error("n_threads must be at least 1");
}

void check(bool is_right, const char* what) {
    if (!is_right) throw py::value_error(what);
}

std::int64_t product_of(std::initializer_list<std::int64_t> sizes) {
    std::int64_t product = 1;
    for (const std::int64_t size : sizes) {
        check(size >= 1 && product <= std::numeric_limits<std::int64_t>::max() / size,
              "sizes must be positive, and their product below 2^63");
        product *= size;
    }
    return product;
}

void check_pair(const MatrixView& query, const MatrixView& base) {
    check(query.scalar == base.scalar && query.cols == base.cols,
          "query and base must have the same dtype and number of columns");
}

void take_back_gil(PyThreadState* state) {
    acquire_gil([state] { PyEval_RestoreThread(state); });
}

void PythonMonitor::poll(double fraction_done) {
    constexpr auto report_interval = std::chrono::milliseconds(100);
    std::optional<py::gil_scoped_acquire> gil;
    acquire_gil([&gil] { gil.emplace(); });
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    const auto now = std::chrono::steady_clock::now();
    if (progress_ && now - last_report_ >= report_interval) {
        last_report_ = now;
        (*progress_)(fraction_done);
    }
}

}  // namespace nearplane::bindings
