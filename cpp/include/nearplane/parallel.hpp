#pragma once
// Threads, interruption and progress, in one place. Nothing else in the core starts a thread.

#include <cstdint>
#include <functional>

namespace nearplane {

/// What a caller wants to hear while the core works. `poll` runs on the calling thread, about
/// twenty times a second; it may throw, which stops the work and reaches the caller.
class Monitor {
public:
    virtual ~Monitor() = default;
    virtual void poll(double fraction_done) = 0;
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
/// stopped. In a child of fork() whose parent had used threads everything runs on the caller:
/// OpenMP's runtime does not survive a fork.
void parallel_for(std::int64_t n_tasks, int n_threads, Monitor& monitor, ProgressSpan span,
                  const Task& task);

/// The threads worth waking for `n_operations` operations on features, at most n_threads.
int useful_threads(double n_operations, int n_threads);

/// What OpenMP would use now: OMP_NUM_THREADS, omp_set_num_threads and threadpoolctl count.
int max_threads();

}  // namespace nearplane
