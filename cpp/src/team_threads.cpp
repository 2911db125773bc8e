// Threads from the C++ library, where there is no OpenMP. They live as long as their team: nothing
// is left to end at exit, or to miss in a forked child. It takes some 20 microseconds to start one.

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <thread>
#include <vector>

#include "team.hpp"

#ifdef __linux__
#include <sched.h>
#endif

namespace nearplane::backend {
namespace {

/// Processors that this process may use.
int usable_processors() {
#ifdef __linux__
    cpu_set_t usable;
    if (sched_getaffinity(0, sizeof usable, &usable) == 0) return CPU_COUNT(&usable);
#endif
    return static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
}

/// The number that OMP_NUM_THREADS begins with, or 0: users set it for OpenMP's sake and mean us.
int threads_asked_for() {
    const char* value = std::getenv("OMP_NUM_THREADS");
    if (value == nullptr) return 0;
    std::string_view text(value);
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    int asked = 0;
    std::from_chars(text.data(), text.data() + text.size(), asked);
    return std::max(asked, 0);
}

}  // namespace

void run_threads(int n_threads, const TeamWork& work) {
    std::vector<std::thread> followers;
    followers.reserve(static_cast<std::size_t>(n_threads - 1));
    try {
        for (int worker = 1; worker < n_threads; ++worker) {
            followers.emplace_back([&work, worker] { work.follow(worker); });
        }
    } catch (const std::exception&) {
        // No memory or no thread to be had: those that have begun are enough.
    }
    work.lead(static_cast<int>(followers.size()) + 1);
    for (std::thread& follower : followers) follower.join();
}

int default_threads() {
    // As OpenMP does, it is read once.
    static const int asked = threads_asked_for();
    return asked > 0 ? asked : usable_processors();
}

int most_threads() {
    return std::max(default_threads(), usable_processors());
}

}  // namespace nearplane::backend
