// A mistake on purpose: two tasks of a parallel loop add to the same number. If ThreadSanitizer did
// not report it, its silence about the tests would mean nothing.

#include <atomic>
#include <cstdio>
#include <thread>

#include "nearplane/parallel.hpp"
#include "samples.hpp"

int main() {
    long shared = 0;
    std::atomic<int> n_here{0};
    nearplane::testing::Silence monitor;
    nearplane::parallel_for(2, 2, monitor, {}, [&](auto, int, nearplane::Pulse&) {
        // Both must be under way, so on two threads. Relaxed: this must order nothing else.
        n_here.fetch_add(1, std::memory_order_relaxed);
        while (n_here.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
        ++shared;
    });
    std::printf("nobody noticed: %ld\n", shared);
    return 0;
}
