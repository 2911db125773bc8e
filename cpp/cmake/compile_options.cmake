# How every part of the core is compiled, whatever its level.

add_library(nearplane_options INTERFACE)

if(MSVC)
  target_compile_options(nearplane_options INTERFACE /W4 /permissive- /fp:precise)
  # getenv is what there is to read a variable with.
  target_compile_definitions(nearplane_options INTERFACE NOMINMAX _CRT_SECURE_NO_WARNINGS)
else()
  target_compile_options(
    nearplane_options
    INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
              # Sums must have the same bits at every level, so a x b + c is fused only where the
              # source says so.
              -ffp-contract=off
              # Lets square roots and comparisons be vectorised; neither errno nor traps are read.
              -fno-math-errno -fno-trapping-math)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Partial redundancy elimination peels the first step of every tile (0 + x is x) and then spills
  # half of the accumulators: 1.6 to 2 times slower kernels, see cpp/README.md.
  target_compile_options(nearplane_options INTERFACE -fno-tree-pre)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # The AVX-512 headers of GCC 12 warn about their own undefined registers (GCC bug 105593).
    target_compile_options(nearplane_options INTERFACE -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
endif()

if(NEARPLANE_WERROR)
  target_compile_options(nearplane_options INTERFACE $<IF:$<CXX_COMPILER_ID:MSVC>,/WX,-Werror>)
endif()
