# What finds mistakes while tests run. Everything is compiled with it, kernels and bindings alike, and
# nothing is suppressed: any report fails the process, at once or, of the thread sanitizer, at its end.

set(sanitizer_flags "")
if(NEARPLANE_SANITIZER STREQUAL "address")
  # Beyond -fsanitize=undefined: casts of floats that no integer holds. Not division by zero: that of
  # floats is defined by IEEE 754, and kernels rely on it. Vectors check their indices.
  set(sanitizer_flags -fsanitize=address,undefined,float-cast-overflow)
elseif(NEARPLANE_SANITIZER STREQUAL "thread")
  set(sanitizer_flags -fsanitize=thread)
elseif(NEARPLANE_SANITIZER)
  message(FATAL_ERROR "NEARPLANE_SANITIZER is '${NEARPLANE_SANITIZER}'; there are: address, thread")
endif()

if(sanitizer_flags AND MSVC)
  message(FATAL_ERROR "The sanitizers' flags are those of GCC and Clang")
elseif(sanitizer_flags)
  target_compile_options(nearplane_options INTERFACE
    ${sanitizer_flags} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_definitions(nearplane_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(nearplane_options INTERFACE ${sanitizer_flags})
endif()
