#include "nearplane/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>

#include "team.hpp"

namespace nearplane {
namespace {

class Loop {
public:
    Loop(std::int64_t n_tasks, Monitor& monitor, ProgressSpan span, const Task& task)
        : n_tasks_(n_tasks), monitor_(monitor), span_(span), task_(task) {}

    /// What the caller runs, who is worker 0 and the only one that polls.
    void lead(int team_size) noexcept {
        guard([&] { run_tasks(0); });
        wait_for(team_size - 1);
    }

    void follow(int worker) noexcept {
        guard([&] { run_tasks(worker); });
        const std::scoped_lock lock(mutex_);
        ++n_done_;
        done_.notify_one();
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
    run_team(static_cast<int>(useful), {[&loop](int team_size) { loop.lead(team_size); },
                                        [&loop](int worker) { loop.follow(worker); }});
    loop.rethrow();
}

}  // namespace nearplane
