#include "nearplane/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <exception>
#include <mutex>

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

class Loop {
public:
    Loop(std::int64_t n_tasks, Monitor& monitor, ProgressSpan span, const Task& task)
        : n_tasks_(n_tasks), monitor_(monitor), span_(span), task_(task) {}

    /// What each worker of a team runs. Worker 0 is the caller, and the only one that polls.
    void work(int worker, int team_size) noexcept {
        const DefaultFloatingPoint environment;
        guard([&] { run_tasks(worker); });
        if (worker == 0) {
            wait_for(team_size - 1);
        } else {
            const std::scoped_lock lock(mutex_);
            ++n_done_;
            done_.notify_one();
        }
    }

    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    class WorkerPulse final : public Pulse {
    public:
        WorkerPulse(Loop& loop, bool polls) : loop_(loop), polls_(polls) {}

        bool keep_going() override {
            if (polls_) loop_.tick();
            return !loop_.stop_.load(std::memory_order_relaxed);
        }

    private:
        Loop& loop_;
        bool polls_;
    };

    void run_tasks(int worker) {
        WorkerPulse pulse(*this, worker == 0);
        while (pulse.keep_going()) {
            const std::int64_t task = next_.fetch_add(1, std::memory_order_relaxed);
            if (task >= n_tasks_) break;
            task_(task, worker, pulse);
            finished_.fetch_add(1, std::memory_order_relaxed);
        }
    }

    /// Goes on polling while `n_others` workers finish their last tasks.
    void wait_for(int n_others) {
        std::unique_lock lock(mutex_);
        const auto all_done = [&] { return n_done_ == n_others; };
        while (!done_.wait_for(lock, Monitor::poll_interval, all_done)) {
            lock.unlock();
            if (!stop_) guard([this] { tick(); });
            lock.lock();
        }
    }

    void tick() {
        const double done = static_cast<double>(finished_.load(std::memory_order_relaxed)) /
                            static_cast<double>(n_tasks_);
        monitor_.tick(span_.begin + done * (span_.end - span_.begin));
    }

    /// Keeps exceptions inside the parallel region: the first is kept for the caller.
    template <class Body>
    void guard(Body&& body) noexcept {
        try {
            body();
        } catch (...) {
            const std::scoped_lock lock(mutex_);
            if (!error_) error_ = std::current_exception();
            stop_ = true;
        }
    }

    const std::int64_t n_tasks_;
    Monitor& monitor_;
    const ProgressSpan span_;
    const Task& task_;
    std::atomic<std::int64_t> next_{0};
    std::atomic<std::int64_t> finished_{0};
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    std::condition_variable done_;
    int n_done_ = 0;
    std::exception_ptr error_;
};

void run_team(Loop& loop, int n_threads) {
#ifdef _OPENMP
    if (n_threads > 1 && !is_forked_child) {
#pragma omp parallel num_threads(n_threads)
        loop.work(omp_get_thread_num(), omp_get_num_threads());
        return;
    }
#endif
    static_cast<void>(n_threads);
    loop.work(0, 1);
}

}  // namespace

void Monitor::tick(double fraction_done) {
    const auto now = Clock::now();
    if (now - last_poll_ < poll_interval) return;
    last_poll_ = now;
    poll(fraction_done);
}

void parallel_for(std::int64_t n_tasks, int n_threads, Monitor& monitor, ProgressSpan span,
                  const Task& task) {
    if (n_tasks <= 0) return;
    Loop loop(n_tasks, monitor, span, task);
    const auto useful = std::min<std::int64_t>(n_tasks, std::max(n_threads, 1));
    run_team(loop, static_cast<int>(useful));
    loop.rethrow();
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
