#pragma once
// Starting threads, for the two ways of sharing work (parallel.hpp, crew.hpp).

#include <functional>

namespace nearplane {

/// Runs body(worker, team_size) on up to `n_threads` threads, the caller being worker 0, and
/// returns when all have returned. The body must not throw. In a forked child the caller is alone.
void run_team(int n_threads, const std::function<void(int worker, int team_size)>& body);

}  // namespace nearplane
