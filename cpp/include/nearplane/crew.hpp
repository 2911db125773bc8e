#pragma once
// Workers that stay awake from one short loop to the next. A step of training is two loops of some
// 50 microseconds each; parallel_for would spend as long again on putting threads to sleep and
// waking them.

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>

#include "nearplane/parallel.hpp"

namespace nearplane {

class Crew {
public:
    using Task = std::function<void(std::int64_t task, int worker)>;

    /// The leader's call: runs task(0 .. n_tasks - 1), each once, by whoever is free; `worker` is
    /// below size(). Rethrows the first exception of a task when all have stopped. Nothing polls
    /// for Ctrl-C meanwhile: the leader does, between loops.
    void for_each(std::int64_t n_tasks, const Task& task);

    int size() const { return size_; }

private:
    friend void with_crew(int n_threads, const std::function<void(Crew&)>& lead);

    void serve(int worker);
    void work(int worker) noexcept;

    int size_ = 1;
    const Task* task_ = nullptr;
    std::int64_t n_tasks_ = 0;
    std::atomic<std::int64_t> next_{0};
    // A loop is open as long as it takes workers in, and ends when all who came in have left. So
    // the leader never waits for a worker that the system has put aside before it came in.
    std::uint64_t n_loops_ = 0;
    std::atomic<std::uint64_t> open_loop_{0};  // its number from 1; 0: none
    std::atomic<int> n_inside_{0};
    std::atomic<bool> is_dismissed_{false};
    std::mutex mutex_;
    std::exception_ptr error_;
};

/// Calls lead(crew) on the calling thread with up to `n_threads` workers, itself included; they
/// spin between loops, so a crew should live for one call of a user. Rethrows what `lead` throws.
void with_crew(int n_threads, const std::function<void(Crew&)>& lead);

}  // namespace nearplane
