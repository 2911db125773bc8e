#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"
#include "nearplane/crew.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

TEST(crew, each_task_of_each_loop_runs_once) {
    for (const int n_threads : {1, 2, 3, 5}) {
        with_crew(n_threads, [&](Crew& crew) {
            CHECK(1 <= crew.size() && crew.size() <= n_threads);
            std::vector<int> times(40);  // plain memory: each loop must order its writes
            for (int loop = 1; loop <= 300; ++loop) {
                const int n_tasks = loop % 41;
                std::fill(times.begin(), times.end(), 0);
                std::atomic<bool> is_numbered{true};
                crew.for_each(n_tasks, [&](std::int64_t task, int worker) {
                    ++times[static_cast<std::size_t>(task)];
                    if (worker < 0 || worker >= crew.size()) is_numbered = false;
                });
                bool is_right = is_numbered;
                for (int i = 0; i < 40; ++i) {
                    is_right = is_right && times[static_cast<std::size_t>(i)] == int{i < n_tasks};
                }
                CHECK_IN(is_right, named({{"loop", loop}, {"n_threads", n_threads}}));
            }
        });
    }
}

TEST(crew, a_loop_sees_what_the_leader_and_the_loop_before_wrote) {
    with_crew(3, [](Crew& crew) {
        std::vector<std::int64_t> values(64, 0);
        for (std::int64_t loop = 1; loop <= 200; ++loop) {
            crew.for_each(64, [&](std::int64_t task, int) {
                const auto i = static_cast<std::size_t>(task);
                values[i] += 2;
            });
            bool is_right = true;
            for (std::int64_t& value : values) is_right = is_right && value-- == loop + 1;
            CHECK(is_right);
        }
    });
}

TEST(crew, an_exception_of_any_task_reaches_the_leader_and_the_next_loop_is_right) {
    for (const int n_threads : {1, 2, 4}) {
        with_crew(n_threads, [](Crew& crew) {
            for (std::int64_t thrower = 0; thrower < 20; ++thrower) {
                CHECK_THROWS(std::runtime_error, crew.for_each(20, [&](std::int64_t task, int) {
                    if (task == thrower) throw std::runtime_error("task");
                }));
                std::atomic<int> n_run{0};
                crew.for_each(20, [&](std::int64_t, int) { ++n_run; });
                CHECK(n_run == 20);
            }
        });
    }
}

TEST(crew, of_many_exceptions_at_once_one_arrives_whole) {
    with_crew(4, [](Crew& crew) {
        for (int round = 0; round < 200; ++round) {
            std::string message;
            try {
                crew.for_each(100, [](std::int64_t task, int) {
                    throw std::runtime_error("task " + std::to_string(task));
                });
            } catch (const std::runtime_error& error) {
                message = error.what();
            }
            CHECK_IN(message.starts_with("task "), message);
        }
    });
}

TEST(crew, an_exception_of_the_leader_reaches_the_caller) {
    for (const int n_threads : {1, 2, 4}) {
        std::atomic<int> n_run{0};
        CHECK_THROWS(std::runtime_error, with_crew(n_threads, [&](Crew& crew) {
                         crew.for_each(10, [&](std::int64_t, int) { ++n_run; });
                         throw std::runtime_error("leader");
                     }));
        CHECK(n_run == 10);
    }
}

TEST(crew, many_crews_at_once) {
    std::vector<std::thread> leaders;
    for (int i = 0; i < 6; ++i) {
        leaders.emplace_back([] {
            with_crew(3, [](Crew& crew) {
                for (int loop = 0; loop < 50; ++loop) {
                    std::atomic<int> n_run{0};
                    crew.for_each(30, [&](std::int64_t, int) { ++n_run; });
                    CHECK(n_run == 30);
                }
            });
        });
    }
    for (std::thread& leader : leaders) leader.join();
}

}  // namespace
}  // namespace nearplane::testing
