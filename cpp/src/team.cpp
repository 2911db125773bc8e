#include "team.hpp"

#include <algorithm>
#include <atomic>
#include <cfenv>

#include "nearplane/parallel.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace nearplane {
namespace {

std::atomic<bool> is_forked_child{false};

/// Rounding to nearest with denormals while it lives, whatever another library left in the control
/// register: the error bounds of the core assume IEEE arithmetic.
class DefaultFloatingPoint {
public:
    DefaultFloatingPoint() {
        std::fegetenv(&saved_);
        std::fesetenv(FE_DFL_ENV);
    }
    ~DefaultFloatingPoint() { std::fesetenv(&saved_); }
    DefaultFloatingPoint(const DefaultFloatingPoint&) = delete;
    DefaultFloatingPoint& operator=(const DefaultFloatingPoint&) = delete;

private:
    std::fenv_t saved_;
};

}  // namespace

void run_team(int n_threads, const std::function<void(int worker, int team_size)>& body) {
#ifdef _OPENMP
    if (n_threads > 1 && !is_forked_child) {
#pragma omp parallel num_threads(n_threads)
        {
            const DefaultFloatingPoint environment;
            body(omp_get_thread_num(), omp_get_num_threads());
        }
        return;
    }
#endif
    static_cast<void>(n_threads);
    const DefaultFloatingPoint environment;
    body(0, 1);
}

int useful_threads(double n_operations, int n_threads) {
    // Some 20 microseconds of work at the slowest level: waking a thread takes about one on an
    // idle machine, but a scheduler's time slice where other processes want the cores.
    constexpr double operations_per_thread = 1 << 20;
#ifdef _OPENMP
    // More never helps, and OpenMP ends the process when it cannot create a thread.
    n_threads = std::min(n_threads, std::max(omp_get_max_threads(), omp_get_num_procs()));
#endif
    return static_cast<int>(
        std::clamp(n_operations / operations_per_thread, 1.0, static_cast<double>(n_threads)));
}

void watch_for_fork() {
#if defined(__unix__) || defined(__APPLE__)
    static const int registered = pthread_atfork(nullptr, nullptr, [] { is_forked_child = true; });
    static_cast<void>(registered);
#endif
}

int max_threads() {
#ifdef _OPENMP
    return is_forked_child ? 1 : omp_get_max_threads();
#else
    return 1;
#endif
}

}  // namespace nearplane
