// Runs the tests whose suite, or suite.name, is among the arguments; all of them without one.
// `--list` prints their names.

#include "check.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <mutex>
#include <string>
#include <vector>

namespace nearplane::testing {
namespace {

struct Test {
    std::string suite;
    std::string name;
    void (*run)();
};

std::vector<Test>& all_tests() {
    static std::vector<Test> tests;
    return tests;
}

std::atomic<long> n_checks{0};
std::atomic<long> n_failed{0};

/// Whether all of its checks hold.
bool passes(const Test& test) {
    n_checks = 0;
    n_failed = 0;
    try {
        test.run();
    } catch (const std::exception& error) {
        fail(error.what(), test.name.c_str(), 0, "left the test");
    }
    const bool has_passed = n_failed == 0 && n_checks > 0;
    std::printf("%s %s: %ld checks\n", has_passed ? "passed" : "FAILED", test.name.c_str(),
                n_checks.load());
    std::fflush(stdout);  // what follows may end the process
    return has_passed;
}

int run(const std::vector<std::string>& wanted) {
    long n_run = 0;
    bool all_pass = true;
    for (const Test& test : all_tests()) {
        const auto is_wanted = [&test](const std::string& name) {
            return name == test.suite || name == test.name;
        };
        if (!wanted.empty() && std::none_of(wanted.begin(), wanted.end(), is_wanted)) continue;
        ++n_run;
        all_pass = passes(test) && all_pass;
    }
    if (n_run == 0) std::printf("no test has that name\n");
    return all_pass && n_run > 0 ? 0 : 1;
}

}  // namespace

Registration::Registration(const char* suite, const char* name, void (*run)()) {
    all_tests().push_back({suite, std::string(suite) + "." + name, run});
}

void count_check() {
    n_checks.fetch_add(1, std::memory_order_relaxed);
}

void fail(const char* text, const char* file, int line, const std::string& detail) {
    static std::mutex mutex;
    const std::scoped_lock lock(mutex);
    constexpr long most_shown = 10;
    if (++n_failed > most_shown) return;
    std::printf("%s:%d: %s %s\n", file, line, text, detail.c_str());
}

}  // namespace nearplane::testing

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments == std::vector<std::string>{"--list"}) {
        for (const auto& test : nearplane::testing::all_tests()) {
            std::printf("%s\n", test.name.c_str());
        }
        return 0;
    }
    return nearplane::testing::run(arguments);
}
