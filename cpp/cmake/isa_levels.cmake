# The one list of ISA levels, slowest first: name, what the compiler is told, what the CPU must have.
#
#   nearplane_isa_level(NAME GNU <flags> MSVC <flags> FEATURES <names of cpu_features.cpp>)
#
# To add a level, add a call. Nothing else in the project names a level.

set(NEARPLANE_ISA_LEVELS "")

function(nearplane_isa_level name)
  set(NEARPLANE_KNOWN_LEVELS "${NEARPLANE_KNOWN_LEVELS};${name}" PARENT_SCOPE)
  if(NEARPLANE_LEVELS AND NOT name IN_LIST NEARPLANE_LEVELS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "GNU;MSVC;FEATURES" ${ARGN})
  set(flags "${ARG_GNU}")
  if(MSVC)
    set(flags "${ARG_MSVC}")
  endif()
  set(NEARPLANE_ISA_LEVELS "${NEARPLANE_ISA_LEVELS};${name}" PARENT_SCOPE)
  set(NEARPLANE_FLAGS_${name} "${flags}" PARENT_SCOPE)
  set(NEARPLANE_FEATURES_${name} "${ARG_FEATURES}" PARENT_SCOPE)
endfunction()

set(v2_features sse4.2 popcnt)
set(v3_features ${v2_features} avx2 fma bmi bmi2 f16c lzcnt movbe)
set(v4_features ${v3_features} avx512f avx512bw avx512cd avx512dq avx512vl)

if(NEARPLANE_LEVELS STREQUAL "native")
  nearplane_isa_level(native GNU -march=native)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64|x64)$"
       AND NOT CMAKE_OSX_ARCHITECTURES MATCHES "arm64")
  nearplane_isa_level(v2 GNU -march=x86-64-v2 FEATURES ${v2_features})
  nearplane_isa_level(v3 GNU -march=x86-64-v3 MSVC /arch:AVX2 FEATURES ${v3_features})
  # The byte dot product of laptops since 2021 (AVX-VNNI) and of servers since 2019 (AVX512-VNNI)
  # does in one instruction what takes two with half the bytes at the levels below.
  nearplane_isa_level(v3_vnni GNU -march=x86-64-v3 -mavxvnni
                      MSVC /arch:AVX2 /D__AVXVNNI__ FEATURES ${v3_features} avxvnni)
  nearplane_isa_level(v4 GNU -march=x86-64-v4 MSVC /arch:AVX512 FEATURES ${v4_features})
  nearplane_isa_level(v4_vnni GNU -march=x86-64-v4 -mavx512vnni
                      MSVC /arch:AVX512 /D__AVX512VNNI__ FEATURES ${v4_features} avx512vnni)
else()
  nearplane_isa_level(generic)
endif()

list(REMOVE_ITEM NEARPLANE_ISA_LEVELS "")
foreach(level IN LISTS NEARPLANE_LEVELS)
  if(NOT level IN_LIST NEARPLANE_KNOWN_LEVELS)
    message(FATAL_ERROR "NEARPLANE_LEVELS names '${level}', which is no level of this processor "
                        "family; there are: native${NEARPLANE_KNOWN_LEVELS}")
  endif()
endforeach()
