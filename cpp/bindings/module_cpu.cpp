// The baseline module: which levels were built, and which of them this processor can run.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "isa_levels.hpp"
#include "nearplane/cpu_features.hpp"

namespace {

std::vector<std::string> available_levels() {
    std::vector<std::string> names;
    for (const auto& level : nearplane::built_levels) {
        if (std::all_of(level.features.begin(), level.features.end(), nearplane::cpu_has)) {
            names.push_back(level.name);
        }
    }
    return names;
}

std::vector<std::string> built_levels() {
    std::vector<std::string> names;
    for (const auto& level : nearplane::built_levels) names.push_back(level.name);
    return names;
}

}  // namespace

PYBIND11_MODULE(in_main_interpreter, module, pybind11::mod_gil_not_used(),
                pybind11::multiple_interpreters::not_supported()) {
    module.doc() = "Which levels of the core were built, and which this processor can run.";
    module.def("available_levels", &available_levels,
               "Levels this processor can run, slowest first.");
    module.def("built_levels", &built_levels, "Levels in this installation, slowest first.");
}

#define NEARPLANE_INIT_OF(name) PYBIND11_CONCAT(PyInit_, name)

/// What Python calls. The interpreter is looked at before pybind11 is asked for anything: in a
/// subinterpreter of Python 3.11 it would wait for ever for the GIL that it holds. And before NumPy
/// is loaded, of which a process has one: a subinterpreter that comes first would take it.
extern "C" PYBIND11_EXPORT PyObject* NEARPLANE_INIT_OF(NEARPLANE_MODULE)() {
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError,
                        "nearplane works in the main interpreter only: NumPy and its own core are "
                        "loaded once a process");
        return nullptr;
    }
    return PyInit_in_main_interpreter();
}
