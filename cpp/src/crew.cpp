#include "nearplane/crew.hpp"

#include <thread>
#include <utility>

#include "team.hpp"

namespace nearplane {
namespace {

/// Returns when `is_over()`. It looks often at first, a loop being short, and then lets other
/// threads have the processor between looks.
template <class Condition>
void spin_until(Condition&& is_over) {
    constexpr int looks_before_yielding = 4096;  // a few microseconds
    for (int look = 0; !is_over(); ++look) {
        if (look >= looks_before_yielding) std::this_thread::yield();
    }
}

}  // namespace

void Crew::for_each(std::int64_t n_tasks, const Task& task) {
    task_ = &task;
    n_tasks_ = n_tasks;
    next_ = 0;
    const bool is_shared = size_ > 1 && n_tasks > 1;
    if (is_shared) open_loop_ = ++n_loops_;
    work(0);
    if (is_shared) {
        open_loop_ = 0;
        spin_until([this] { return n_inside_ == 0; });
    }
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

/// A worker enters first and looks second whether the loop is open: the leader closes first and
/// looks second whether anybody is inside. So none can be inside that the leader did not see.
void Crew::serve(int worker) {
    std::uint64_t last = 0;
    while (!is_dismissed_) {
        spin_until([&] {
            const std::uint64_t loop = open_loop_;
            return (loop != 0 && loop != last) || is_dismissed_;
        });
        ++n_inside_;
        const std::uint64_t loop = open_loop_;
        if (loop != 0) {
            work(worker);
            last = loop;
        }
        --n_inside_;
    }
}

void Crew::work(int worker) noexcept {
    try {
        while (true) {
            const std::int64_t task = next_.fetch_add(1, std::memory_order_relaxed);
            if (task >= n_tasks_) return;
            (*task_)(task, worker);
        }
    } catch (...) {
        next_ = n_tasks_;
        const std::scoped_lock lock(mutex_);
        if (!error_) error_ = std::current_exception();
    }
}

void with_crew(int n_threads, const std::function<void(Crew&)>& lead) {
    Crew crew;
    std::exception_ptr error;
    const auto lead_them = [&](int team_size) {
        crew.size_ = team_size;
        try {
            lead(crew);
        } catch (...) {
            error = std::current_exception();
        }
        crew.is_dismissed_ = true;
    };
    run_team(n_threads, {lead_them, [&crew](int worker) { crew.serve(worker); }});
    if (error) std::rethrow_exception(error);
}

}  // namespace nearplane
