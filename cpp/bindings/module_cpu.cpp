// The baseline module: which levels were built, and which of them this processor can run.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>

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

PYBIND11_MODULE(NEARPLANE_MODULE, module) {
    module.doc() = "Which levels of the core were built, and which this processor can run.";
    module.def("available_levels", &available_levels,
               "Levels this processor can run, slowest first.");
    module.def("built_levels", &built_levels, "Levels in this installation, slowest first.");
}
