#pragma once
// Starting threads, for the two ways of sharing work (parallel.hpp, crew.hpp). team_openmp.cpp and
// team_threads.cpp say where they come from; a build has one of them.

#include <functional>

namespace nearplane {

/// What the threads of a team run: the caller leads, and is worker 0; the others, numbered from 1
/// without gaps, follow. Neither may throw.
struct TeamWork {
    std::function<void(int team_size)> lead;
    std::function<void(int worker)> follow;
};

/// Runs the work on up to `n_threads` threads and returns when all have returned. Followers may
/// begin before the leader. In a forked child the caller is alone.
void run_team(int n_threads, const TeamWork& work);

namespace backend {

/// run_team for n_threads > 1, in a process that may start threads.
void run_threads(int n_threads, const TeamWork& work);

/// What users without wishes get, and more than which never helps.
int default_threads();
int most_threads();

}  // namespace backend
}  // namespace nearplane
