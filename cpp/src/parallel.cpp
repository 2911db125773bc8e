#include "nearplane/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
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

using Clock = std::chrono::steady_clock;

// Ctrl-C must be answered within 0.2 s; a quarter of that leaves room for the task under way.
constexpr auto poll_interval = std::chrono::milliseconds(50);

std::atomic<bool> threads_were_used{false};
std::atomic<bool> is_forked_child{false};

void watch_for_fork() {
#if defined(__unix__) || defined(__APPLE__)
    static const int registered = pthread_atfork(nullptr, nullptr, [] {
        if (threads_were_used) is_forked_child = true;
    });
    static_cast<void>(registered);
#endif
}

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

    void work(int worker) noexcept {
        const DefaultFloatingPoint environment;
        WorkerPulse pulse(*this, worker == 0);
        try {
            while (pulse.keep_going()) {
                const std::int64_t task = next_.fetch_add(1, std::memory_order_relaxed);
                if (task >= n_tasks_) break;
                task_(task, worker, pulse);
                finished_.fetch_add(1, std::memory_order_relaxed);
            }
        } catch (...) {
            fail(std::current_exception());
        }
    }

    void rethrow() const {
        if (error_) std::rethrow_exception(error_);
    }

private:
    class WorkerPulse final : public Pulse {
    public:
        WorkerPulse(Loop& loop, bool polls)
            : loop_(loop), polls_(polls), last_poll_(Clock::now()) {}

        bool keep_going() override {
            if (polls_ && Clock::now() - last_poll_ >= poll_interval) {
                loop_.poll();
                last_poll_ = Clock::now();
            }
            return !loop_.stop_.load(std::memory_order_relaxed);
        }

    private:
        Loop& loop_;
        bool polls_;
        Clock::time_point last_poll_;
    };

    void poll() {
        const double done = static_cast<double>(finished_.load(std::memory_order_relaxed)) /
                            static_cast<double>(n_tasks_);
        monitor_.poll(span_.begin + done * (span_.end - span_.begin));
    }

    void fail(std::exception_ptr error) noexcept {
        const std::scoped_lock lock(error_mutex_);
        if (!error_) error_ = std::move(error);
        stop_ = true;
    }

    const std::int64_t n_tasks_;
    Monitor& monitor_;
    const ProgressSpan span_;
    const Task& task_;
    std::atomic<std::int64_t> next_{0};
    std::atomic<std::int64_t> finished_{0};
    std::atomic<bool> stop_{false};
    std::mutex error_mutex_;
    std::exception_ptr error_;
};

void run_threads(Loop& loop, int n_threads) {
#ifdef _OPENMP
    if (n_threads > 1 && !is_forked_child) {
        threads_were_used = true;
#pragma omp parallel num_threads(n_threads)
        loop.work(omp_get_thread_num());
        return;
    }
#endif
    static_cast<void>(n_threads);
    loop.work(0);
}

}  // namespace

void parallel_for(std::int64_t n_tasks, int n_threads, Monitor& monitor, ProgressSpan span,
                  const Task& task) {
    if (n_tasks <= 0) return;
    watch_for_fork();
    Loop loop(n_tasks, monitor, span, task);
    const auto useful = std::min<std::int64_t>(n_tasks, std::max(n_threads, 1));
    run_threads(loop, static_cast<int>(useful));
    loop.rethrow();
}

int useful_threads(double n_operations, int n_threads) {
    // Some 20 microseconds of work at the slowest level: waking a thread takes about one on an
    // idle machine, but a scheduler's time slice where other processes want the cores.
    constexpr double operations_per_thread = 1 << 20;
    return static_cast<int>(
        std::clamp(n_operations / operations_per_thread, 1.0, static_cast<double>(n_threads)));
}

int max_threads() {
#ifdef _OPENMP
    return is_forked_child ? 1 : omp_get_max_threads();
#else
    return 1;
#endif
}

}  // namespace nearplane
