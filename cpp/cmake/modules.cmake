# One extension module per ISA level, and the baseline module that tells which of them may run.

include(CheckLinkerFlag)

set(binding_sources
    cpp/bindings/bind_distances.cpp
    cpp/bindings/bind_encoder.cpp
    cpp/bindings/bind_features.cpp
    cpp/bindings/bind_info.cpp
    cpp/bindings/bind_kmeans.cpp
    cpp/bindings/bind_linear.cpp
    cpp/bindings/bind_search.cpp
    cpp/bindings/bind_trainer.cpp
    cpp/bindings/bind_visual_words.cpp
    cpp/bindings/bindings.cpp
    cpp/bindings/encoder_arguments.cpp
    cpp/bindings/linear_arguments.cpp
    cpp/bindings/module.cpp)

set(nearplane_exports "${CMAKE_CURRENT_SOURCE_DIR}/cpp/cmake/exports.map")
check_linker_flag(
  CXX "LINKER:--version-script=${nearplane_exports}" nearplane_has_version_script)

function(nearplane_module name)
  pybind11_add_module(${name} MODULE NO_EXTRAS ${ARGN})
  target_compile_definitions(${name} PRIVATE NEARPLANE_MODULE=${name})
  if(nearplane_has_version_script)
    target_link_options(${name} PRIVATE "LINKER:--version-script=${nearplane_exports}")
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${nearplane_exports}")
  endif()
  install(TARGETS ${name} DESTINATION nearplane/_core)
endfunction()

set(level_table "")
foreach(level IN LISTS NEARPLANE_ISA_LEVELS)
  nearplane_module(_${level} ${binding_sources})
  target_link_libraries(_${level} PRIVATE nearplane_core_${level})
  string(REPLACE ";" "\", \"" features "${NEARPLANE_FEATURES_${level}}")
  if(features)
    set(features "\"${features}\"")
  endif()
  string(APPEND level_table "    {\"${level}\", {${features}}},\n")
endforeach()

configure_file(cpp/cmake/isa_levels.hpp.in generated/isa_levels.hpp @ONLY)
nearplane_module(_cpu cpp/src/cpu_features.cpp cpp/bindings/module_cpu.cpp)
target_include_directories(_cpu PRIVATE cpp/include "${CMAKE_CURRENT_BINARY_DIR}/generated")
target_link_libraries(_cpu PRIVATE nearplane_options)
