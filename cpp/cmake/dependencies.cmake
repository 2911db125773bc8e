# Eigen, threads, and for the modules Python and pybind11.

if(NEARPLANE_MODULES)
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
else()
  find_package(Python COMPONENTS Interpreter)
endif()

# Sets `folder` to that of a CMake file which a Python package brought along, or to nothing. pip puts
# Eigen and pybind11 into the build environment, so no system package is needed.
function(nearplane_find_in_python package file folder)
  set(found "")
  if(Python_FOUND)
    execute_process(
      COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/cpp/cmake/find_in_python.py"
              ${package} ${file}
      OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  endif()
  set(${folder} "${found}" PARENT_SCOPE)
endfunction()

# A system Eigen serves as well.
nearplane_find_in_python(cmeel-eigen Eigen3Config.cmake eigen_dir)
find_package(Eigen3 3.4 REQUIRED CONFIG HINTS ${eigen_dir})

if(NEARPLANE_MODULES)
  nearplane_find_in_python(pybind11 pybind11Config.cmake pybind11_dir)
  find_package(pybind11 3 REQUIRED CONFIG HINTS ${pybind11_dir})
endif()

find_package(Threads REQUIRED)
if(NEARPLANE_OPENMP AND NOT NEARPLANE_SANITIZER STREQUAL "thread")
  find_package(OpenMP COMPONENTS CXX)
  if(NOT OpenMP_CXX_FOUND)
    message(WARNING
      "OpenMP was not found: nearplane starts threads of its own for each call, which takes some 20 "
      "microseconds a thread, and threadpoolctl does not see them; OMP_NUM_THREADS counts. "
      "On macOS: brew install libomp, and set OpenMP_ROOT to its prefix.")
  endif()
endif()
