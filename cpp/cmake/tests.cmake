# The core's own tests: a program for each ISA level, which this machine must be able to run.

set(test_suites crew distances encoder features finite kmeans linear losses parallel search top_k
                visual_words)
list(TRANSFORM test_suites PREPEND cpp/tests/test_ OUTPUT_VARIABLE test_sources)
list(TRANSFORM test_sources APPEND .cpp)

foreach(level IN LISTS NEARPLANE_ISA_LEVELS)
  add_executable(nearplane_tests_${level} cpp/tests/check.cpp cpp/tests/codings.cpp cpp/tests/samples.cpp
                 ${test_sources})
  target_link_libraries(nearplane_tests_${level} PRIVATE nearplane_core_${level})
  foreach(suite IN LISTS test_suites)
    add_test(NAME ${level}.${suite} COMMAND nearplane_tests_${level} ${suite})
    # A deadlock is a failure, too.
    set_tests_properties(${level}.${suite} PROPERTIES TIMEOUT 600)
  endforeach()
  # As users write it: a number for each level of nesting.
  add_test(NAME ${level}.asked_threads
           COMMAND nearplane_tests_${level} parallel.users_say_how_many_threads_they_want)
  set_tests_properties(${level}.asked_threads PROPERTIES ENVIRONMENT "OMP_NUM_THREADS= 3,2" TIMEOUT 60)
endforeach()

# Two tasks that write the same number: passes if the sanitizer says so, and only then.
if(NEARPLANE_SANITIZER STREQUAL "thread")
  list(GET NEARPLANE_ISA_LEVELS -1 level)
  add_executable(nearplane_race cpp/tests/race.cpp)
  target_link_libraries(nearplane_race PRIVATE nearplane_core_${level})
  add_test(NAME seeded_race COMMAND nearplane_race)
  set_tests_properties(seeded_race PROPERTIES
    TIMEOUT 60 PASS_REGULAR_EXPRESSION "WARNING: ThreadSanitizer: data race[^\n]*.*race.cpp")
endif()
