#include "team.hpp"

#include <algorithm>
#include <atomic>
#include <cfenv>

#include "nearplane/parallel.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace nearplane {
namespace {

// In a child of a process with threads POSIX promises little, and OpenMP's runtime hangs.
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

void run_team(int n_threads, const TeamWork& work) {
    const auto lead = [&work](int team_size) {
        const DefaultFloatingPoint environment;
        work.lead(team_size);
    };
    const auto follow = [&work](int worker) {
        const DefaultFloatingPoint environment;
        work.follow(worker);
    };
    if (n_threads > 1 && !is_forked_child) {
        backend::run_threads(n_threads, {lead, follow});
    } else {
        lead(1);
    }
}

int useful_threads(double n_operations, int n_threads) {
    // Some 20 microseconds of work at the slowest level: waking a thread takes about one on an
    // idle machine, but a scheduler's time slice where other processes want the cores.
    constexpr double operations_per_thread = 1 << 20;
    n_threads = std::min(n_threads, backend::most_threads());
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
    return is_forked_child ? 1 : backend::default_threads();
}

}  // namespace nearplane
