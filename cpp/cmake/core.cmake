# The core, compiled once for each ISA level: what its Python module and its tests are made of.

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
if(OpenMP_CXX_FOUND)
  list(APPEND core_sources cpp/src/team_openmp.cpp)
  set(threads OpenMP::OpenMP_CXX)
else()
  list(APPEND core_sources cpp/src/team_threads.cpp)
  set(threads Threads::Threads)
endif()

foreach(level IN LISTS NEARPLANE_ISA_LEVELS)
  # Objects, so that no level's inline functions meet those of another one in an archive.
  add_library(nearplane_core_${level} OBJECT ${core_sources})
  target_include_directories(nearplane_core_${level} PUBLIC cpp/include)
  target_compile_options(nearplane_core_${level} PUBLIC ${NEARPLANE_FLAGS_${level}})
  target_compile_definitions(nearplane_core_${level} PUBLIC NEARPLANE_LEVEL="${level}")
  target_link_libraries(nearplane_core_${level} PUBLIC nearplane_options Eigen3::Eigen ${threads})
endforeach()
