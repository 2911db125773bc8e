# One extension module per ISA level, and the baseline module that tells which of them may run.

include(CheckLinkerFlag)

set(core_sources
    cpp/src/bound_kernel.cpp
    cpp/src/code_filter.cpp
    cpp/src/code_scan.cpp
    cpp/src/color_histogram.cpp
    cpp/src/crew.cpp
    cpp/src/distance_matrix.cpp
    cpp/src/encoder.cpp
    cpp/src/finite.cpp
    cpp/src/hog.cpp
    cpp/src/kmeans.cpp
    cpp/src/linear.cpp
    cpp/src/loss.cpp
    cpp/src/measure.cpp
    cpp/src/nearest_centre.cpp
    cpp/src/parallel.cpp
    cpp/src/pruned_search.cpp
    cpp/src/query_block.cpp
    cpp/src/scan.cpp
    cpp/src/search.cpp
    cpp/src/team.cpp
    cpp/src/top_k.cpp
    cpp/src/trainer.cpp
    cpp/src/visual_words.cpp)
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
  target_include_directories(${name} PRIVATE cpp/include)
  target_link_libraries(${name} PRIVATE nearplane_options)
  target_compile_definitions(${name} PRIVATE NEARPLANE_MODULE=${name})
  if(nearplane_has_version_script)
    target_link_options(${name} PRIVATE "LINKER:--version-script=${nearplane_exports}")
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${nearplane_exports}")
  endif()
  install(TARGETS ${name} DESTINATION nearplane/_core)
endfunction()

set(level_table "")
foreach(level IN LISTS NEARPLANE_ISA_LEVELS)
  nearplane_module(_${level} ${core_sources} ${binding_sources})
  target_compile_options(_${level} PRIVATE ${NEARPLANE_FLAGS_${level}})
  target_compile_definitions(_${level} PRIVATE NEARPLANE_LEVEL="${level}")
  target_link_libraries(_${level} PRIVATE Eigen3::Eigen)
  if(OpenMP_CXX_FOUND)
    target_link_libraries(_${level} PRIVATE OpenMP::OpenMP_CXX)
  endif()
  string(REPLACE ";" "\", \"" features "${NEARPLANE_FEATURES_${level}}")
  if(features)
    set(features "\"${features}\"")
  endif()
  string(APPEND level_table "    {\"${level}\", {${features}}},\n")
endforeach()

configure_file(cpp/cmake/isa_levels.hpp.in generated/isa_levels.hpp @ONLY)
nearplane_module(_cpu cpp/src/cpu_features.cpp cpp/bindings/module_cpu.cpp)
target_include_directories(_cpu PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/generated")
