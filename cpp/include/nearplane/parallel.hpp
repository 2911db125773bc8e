#pragma once
// Threads, interruption and progress, in one place. Nothing else in the core starts a thread.

#include <chrono>
#include <cstdint>
#include <functional>

namespace nearplane {

/// What a caller wants to hear while the core works: one object a call, used by its thread only.
class Monitor {
public:
    virtual ~Monitor() = default;

    /// Polls if the last poll is long enough ago, however many loops have begun since. May throw
    /// what `poll` throws.
    void tick(double fraction_done);

    /// Long enough to cost nothing; a tenth of the 0.2 s in which Ctrl-C must be answered, because
    /// the task under way takes its time too, and on a busy machine more than that.
    static constexpr auto poll_interval = std::chrono::milliseconds(20);

private:
    using Clock = std::chrono::steady_clock;

    /// May throw, which stops the work and reaches the caller.
    virtual void poll(double fraction_done) = 0;

    Clock::time_point last_poll_ = Clock::now();
};

/// The part of the whole job that one parallel loop stands for, as fractions of 1.
struct ProgressSpan {
    double begin = 0.0;
    double end = 1.0;
};

/// Handed to the tasks of a parallel loop. Long tasks call `keep_going` every few milliseconds and
/// return at once when it says no.
class Pulse {
public:
    virtual bool keep_going() = 0;

protected:
    ~Pulse() = default;
};

using Task = std::function<void(std::int64_t task, int worker, Pulse& pulse)>;

/// Runs task(0 .. n_tasks - 1), each once, in rising order of start, on at most `n_threads`
/// workers; `worker` numbers them from 0 without gaps, below n_threads.
///
/// The first exception thrown by a task or by the monitor is rethrown here once every worker has
/// stopped. In a child of fork() everything runs on the caller: OpenMP's runtime does not survive a
/// fork, whichever library has woken it in the parent.
void parallel_for(std::int64_t n_tasks, int n_threads, Monitor& monitor, ProgressSpan span,
                  const Task& task);

/// The threads worth waking for `n_operations` operations on features: at most n_threads, and at
/// most what the machine has or users asked for.
int useful_threads(double n_operations, int n_threads);

/// Must be called once before the process can fork with threads running; modules do at import.
void watch_for_fork();

/// What OpenMP would use now: OMP_NUM_THREADS, omp_set_num_threads and threadpoolctl count. Without
/// OpenMP, OMP_NUM_THREADS alone, or the processors that this process may use.
int max_threads();

}  // namespace nearplane
