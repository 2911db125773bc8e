// Threads from OpenMP, which keeps them from one team to the next.

#include <omp.h>

#include <algorithm>

#include "team.hpp"

namespace nearplane::backend {

void run_threads(int n_threads, const TeamWork& work) {
#pragma omp parallel num_threads(n_threads)
    {
        const int worker = omp_get_thread_num();
        if (worker == 0) {
            work.lead(omp_get_num_threads());
        } else {
            work.follow(worker);
        }
    }
}

int default_threads() {
    return omp_get_max_threads();
}

int most_threads() {
    // OpenMP ends the process when it cannot create a thread.
    return std::max(omp_get_max_threads(), omp_get_num_procs());
}

}  // namespace nearplane::backend
