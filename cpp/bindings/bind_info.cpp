// What this module is: level, compiler, threads.

#include <pybind11/stl.h>

#include <Eigen/Core>
#include <map>
#include <string>

#include "bindings.hpp"

#define NEARPLANE_STRING_OF(x) #x
#define NEARPLANE_STRING(x) NEARPLANE_STRING_OF(x)

namespace nearplane::bindings {
namespace {

std::string compiler() {
#if defined(__clang__)
    return "Clang " __clang_version__;
#elif defined(__GNUC__)
    return "GCC " __VERSION__;
#elif defined(_MSC_VER)
    return "MSVC " NEARPLANE_STRING(_MSC_VER);
#else
    return "unknown";
#endif
}

std::string openmp() {
#ifdef _OPENMP
    return NEARPLANE_STRING(_OPENMP);
#else
    return "none";
#endif
}

std::map<std::string, std::string> build_info() {
    return {
        {"compiler", compiler()},
        {"eigen", NEARPLANE_STRING(EIGEN_WORLD_VERSION) "." NEARPLANE_STRING(
                      EIGEN_MAJOR_VERSION) "." NEARPLANE_STRING(EIGEN_MINOR_VERSION)},
        {"openmp", openmp()},
    };
}

}  // namespace

void bind_info(py::module_& module) {
    module.def(
        "isa_level", [] { return std::string(NEARPLANE_LEVEL); },
        "The ISA level this module was compiled for.");
    module.def("max_threads", &max_threads, "Threads that n_jobs=None means at this moment.");
    module.def("build_info", &build_info, "Compiler and libraries this module was built with.");
}

}  // namespace nearplane::bindings
