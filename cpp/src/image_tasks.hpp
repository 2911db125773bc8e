#pragma once
// Images shared out among workers, some at a time.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

class ImageTasks {
public:
    /// `operations` is what a value of an image takes, roughly.
    ImageTasks(const MatrixView& images, std::int64_t n_features, std::int64_t operations,
               int n_threads)
        : images_(images),
          block_(std::max<std::int64_t>(task_values / (images.cols + n_features), 1)),
          n_threads_(useful_threads(static_cast<double>(images.rows) *
                                        static_cast<double>(images.cols * operations + n_features),
                                    n_threads)) {}

    /// Calls extract(worker, reader of the image, pulse, number of the image) for every image, and
    /// returns the first for which that was false, or -1. Each thread has a worker of its own,
    /// which make() returns.
    template <class Source, class Make, class Extract>
    std::int64_t first_failure(Monitor& monitor, const Make& make, const Extract& extract) const {
        std::vector<std::optional<decltype(make())>> workers(static_cast<std::size_t>(n_threads_));
        std::atomic<std::int64_t> first{images_.rows};
        const auto run = [&](std::int64_t task, int number, Pulse& pulse) {
            auto& worker = workers[static_cast<std::size_t>(number)];
            if (!worker) worker.emplace(make());
            const std::int64_t end = std::min((task + 1) * block_, images_.rows);
            visit_layout<Source>(images_, [&](auto row_at) {
                for (std::int64_t i = task * block_; i < end && pulse.keep_going(); ++i) {
                    if (extract(*worker, row_at(i), pulse, i)) continue;
                    std::int64_t seen = first;
                    while (i < seen && !first.compare_exchange_weak(seen, i)) {
                    }
                }
            });
        };
        parallel_for((images_.rows + block_ - 1) / block_, n_threads_, monitor, {}, run);
        return first < images_.rows ? first.load() : -1;
    }

private:
    /// Read and written in about a millisecond.
    static constexpr std::int64_t task_values = 1 << 18;

    MatrixView images_;
    std::int64_t block_;
    int n_threads_;
};

}  // namespace nearplane
