#include <atomic>
#include <cfenv>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"
#include "nearplane/parallel.hpp"
#include "samples.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace nearplane::testing {
namespace {

/// Says that it has had enough at its n-th poll.
class Impatient final : public Monitor {
public:
    explicit Impatient(int n_polls) : left_(n_polls) {}

private:
    void poll(double) override {
        if (--left_ <= 0) throw std::runtime_error("enough");
    }

    int left_;
};

class Listener final : public Monitor {
public:
    std::vector<double> heard;

private:
    void poll(double fraction_done) override { heard.push_back(fraction_done); }
};

/// Waits until it is told to stop, as a long task does.
void work_until_stopped(Pulse& pulse) {
    while (pulse.keep_going()) std::this_thread::yield();
}

/// Whether a loop of its own runs each task once and worker numbers are below the threads'.
bool runs_each_once(std::int64_t n_tasks, int n_threads) {
    std::vector<std::atomic<int>> times(static_cast<std::size_t>(n_tasks));
    std::atomic<bool> is_right{true};
    Silence monitor;
    parallel_for(n_tasks, n_threads, monitor, {}, [&](std::int64_t task, int worker, Pulse&) {
        ++times[static_cast<std::size_t>(task)];
        if (worker < 0 || worker >= n_threads) is_right = false;
    });
    for (const auto& n : times) is_right = is_right && n == 1;
    return is_right;
}

TEST(parallel, each_task_runs_once) {
    for (const std::int64_t n_tasks : {0, 1, 2, 3, 7, 100, 5000}) {
        for (const int n_threads : {1, 2, 3, 8}) {
            CHECK_IN(runs_each_once(n_tasks, n_threads),
                     named({{"n_tasks", n_tasks}, {"n_threads", n_threads}}));
        }
    }
}

TEST(parallel, no_two_threads_share_a_worker_number) {
    for (int round = 0; round < 50; ++round) {
        std::vector<std::thread::id> owner(4);
        std::vector<std::atomic<int>> inside(4);
        std::atomic<bool> is_right{true};
        Silence monitor;
        parallel_for(64, 4, monitor, {}, [&](std::int64_t, int worker, Pulse&) {
            const auto w = static_cast<std::size_t>(worker);
            if (++inside[w] != 1) is_right = false;
            const auto self = std::this_thread::get_id();
            if (owner[w] == std::thread::id()) owner[w] = self;
            if (owner[w] != self) is_right = false;
            --inside[w];
        });
        CHECK(is_right);
    }
}

TEST(parallel, what_tasks_write_is_there_afterwards) {
    for (int round = 0; round < 200; ++round) {
        std::vector<std::int64_t> squares(97);  // plain memory: the loop must order its writes
        Silence monitor;
        parallel_for(97, 3, monitor, {}, [&](std::int64_t task, int, Pulse&) {
            squares[static_cast<std::size_t>(task)] = task * task;
        });
        bool is_right = true;
        for (std::int64_t i = 0; i < 97; ++i) {
            is_right = is_right && squares[static_cast<std::size_t>(i)] == i * i;
        }
        CHECK(is_right);
    }
}

TEST(parallel, an_exception_of_any_task_reaches_the_caller) {
    for (const int n_threads : {1, 2, 4}) {
        for (std::int64_t thrower = 0; thrower < 20; ++thrower) {
            Silence monitor;
            CHECK_THROWS(std::runtime_error, parallel_for(20, n_threads, monitor, {},
                                                          [&](std::int64_t task, int, Pulse&) {
                                                              if (task == thrower)
                                                                  throw std::runtime_error("task");
                                                          }));
            CHECK(runs_each_once(20, n_threads));
        }
    }
}

TEST(parallel, an_exception_stops_the_tasks_under_way) {
    for (const int n_threads : {2, 4}) {
        Silence monitor;
        std::atomic<int> n_started{0};
        CHECK_THROWS(std::runtime_error, parallel_for(1000, n_threads, monitor, {},
                                                      [&](std::int64_t, int, Pulse& pulse) {
                                                          if (++n_started == n_threads)
                                                              throw std::runtime_error("one");
                                                          work_until_stopped(pulse);
                                                      }));
        CHECK(n_started == n_threads);  // and no other has been begun
    }
}

TEST(parallel, of_many_exceptions_at_once_one_arrives_whole) {
    for (int round = 0; round < 200; ++round) {
        std::atomic<int> n_ready{0};
        std::string message;
        Silence monitor;
        try {
            parallel_for(4, 4, monitor, {}, [&](std::int64_t task, int, Pulse&) {
                ++n_ready;
                while (n_ready < 4) std::this_thread::yield();
                throw std::runtime_error("task " + std::to_string(task));
            });
        } catch (const std::runtime_error& error) {
            message = error.what();
        }
        CHECK_IN(message.size() == 6 && message.starts_with("task "), message);
    }
    CHECK(runs_each_once(100, 4));
}

TEST(parallel, an_exception_of_the_monitor_reaches_the_caller) {
    for (const int n_threads : {1, 2, 4}) {
        for (const int n_polls : {1, 3}) {
            Impatient monitor(n_polls);
            CHECK_THROWS(std::runtime_error, parallel_for(3 * n_threads, n_threads, monitor, {},
                                                          [](std::int64_t, int, Pulse& pulse) {
                                                              work_until_stopped(pulse);
                                                          }));
            CHECK(runs_each_once(100, n_threads));
        }
    }
}

TEST(parallel, the_monitor_is_heard_while_the_others_finish) {
    Impatient monitor(2);
    std::atomic<bool> other_has_begun{false};
    std::atomic<bool> caller_is_done{false};
    CHECK_THROWS(std::runtime_error,
                 parallel_for(2, 2, monitor, {}, [&](std::int64_t, int worker, Pulse& pulse) {
                     if (worker == 0) {
                         // Else it might do both tasks, where threads are slow to start.
                         while (!other_has_begun) std::this_thread::yield();
                         caller_is_done = true;
                         return;
                     }
                     other_has_begun = true;
                     while (!caller_is_done) std::this_thread::yield();
                     work_until_stopped(pulse);
                 }));
    CHECK(true);
}

TEST(parallel, progress_rises_within_its_span) {
    Listener monitor;
    parallel_for(200, 2, monitor, {0.25, 0.75}, [](std::int64_t, int, Pulse& pulse) {
        for (int i = 0; i < 20'000 && pulse.keep_going(); ++i) {  // looks at the clock: some ms
        }
    });
    CHECK(!monitor.heard.empty());
    double last = 0.25;
    for (const double fraction : monitor.heard) {
        CHECK(last <= fraction && fraction <= 0.75);
        last = fraction;
    }
    CHECK(runs_each_once(10, 2));
}

TEST(parallel, loops_within_loops_end) {
    std::atomic<std::int64_t> n_inner{0};
    Silence monitor;
    parallel_for(6, 3, monitor, {}, [&](std::int64_t, int, Pulse&) {
        Silence own;
        parallel_for(10, 3, own, {}, [&](std::int64_t, int, Pulse&) { ++n_inner; });
    });
    CHECK(n_inner == 60);
}

TEST(parallel, many_callers_at_once) {
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([] {
            for (int round = 0; round < 20; ++round) CHECK(runs_each_once(50, 3));
        });
    }
    for (std::thread& caller : callers) caller.join();
}

TEST(parallel, every_worker_rounds_to_nearest) {
    std::fesetround(FE_UPWARD);
    std::atomic<int> n_wrong{0};
    Silence monitor;
    for (const int n_threads : {1, 3}) {
        parallel_for(100, n_threads, monitor, {}, [&](std::int64_t, int, Pulse&) {
            if (std::fegetround() != FE_TONEAREST) ++n_wrong;
        });
    }
    const int kept = std::fegetround();
    std::fesetround(FE_TONEAREST);
    CHECK(n_wrong == 0);
    CHECK(kept == FE_UPWARD);
}

TEST(parallel, useful_threads_are_few_for_little_work) {
    CHECK(useful_threads(0.0, 8) == 1);
    CHECK(useful_threads(1e6, 8) == 1);
    CHECK(useful_threads(1e300, 1) == 1);
    const int most = useful_threads(1e300, std::numeric_limits<int>::max());
    CHECK(most >= max_threads());
    CHECK(useful_threads(std::numeric_limits<double>::infinity(), 1000) <= most);
}

TEST(parallel, users_say_how_many_threads_they_want) {
    const char* asked = std::getenv("OMP_NUM_THREADS");
    const int wanted = asked == nullptr ? 0 : std::atoi(asked);
    CHECK(wanted > 0 ? max_threads() == wanted : max_threads() >= 1);
}

#if defined(__unix__) || defined(__APPLE__)
TEST(parallel, a_forked_child_goes_on_alone) {
    watch_for_fork();
    CHECK(runs_each_once(100, 4));
    for (int round = 0; round < 5; ++round) {
        const pid_t child = fork();
        if (child == 0) _exit(max_threads() == 1 && runs_each_once(100, 4) ? 0 : 1);
        int status = -1;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    CHECK(runs_each_once(100, 4));
}
#endif

}  // namespace
}  // namespace nearplane::testing
