#include "nearplane/search.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "nearplane/bound_kernel.hpp"
#include "nearplane/measure.hpp"
#include "nearplane/top_k.hpp"
#include "scan.hpp"

namespace nearplane {
namespace {

// All candidate buffers of a super-block of queries together.
constexpr std::int64_t candidate_bytes = 64 << 20;
// The packed rows of a search among themselves by halves.
constexpr std::int64_t triangle_bytes = 64 << 20;

bool is_same(const MatrixView& a, const MatrixView& b) {
    return a.data == b.data && a.scalar == b.scalar && a.rows == b.rows && a.cols == b.cols &&
           a.row_stride == b.row_stride && a.col_stride == b.col_stride;
}

Candidate candidate_of(const SumBlock& block, std::int64_t i, std::int64_t j, std::int64_t index) {
    const double bound = block.lower(i, j);
    return {bound, bound + block.gap(i, j), index};
}

// Distances looked at together: enough for vectors, few enough to hold nothing as a rule.
constexpr std::int64_t offered_together = 16;

/// Calls offer(j) for those of [begin, end) which is_possible says may be near enough.
///
/// Nearly all ranges hold none; finding that out is vectorised. Where there are some, nobody can
/// foresee which: they are listed without a branch, of which every second would be mispredicted.
template <class IsPossible, class Offer>
void offer_possible(std::int64_t begin, std::int64_t end, const IsPossible& is_possible,
                    const Offer& offer) {
    std::array<std::int64_t, offered_together> found;
    const auto offer_some = [&](std::int64_t from, std::int64_t to) {
        std::size_t n_found = 0;
        for (std::int64_t j = from; j < to; ++j) {
            found[n_found] = j;
            n_found += static_cast<std::size_t>(is_possible(j));
        }
        for (std::size_t place = 0; place < n_found; ++place) offer(found[place]);
    };
    std::int64_t j = begin;
    for (; j + offered_together <= end; j += offered_together) {
        int possible = 0;
        for (std::int64_t l = j; l < j + offered_together; ++l) {
            possible |= static_cast<int>(is_possible(l));
        }
        if (possible != 0) offer_some(j, j + offered_together);
    }
    offer_some(j, end);
}

/// The candidate buffers of one worker for one super-block of queries.
class Collector {
public:
    Collector(std::int64_t n_queries, std::int64_t k)
        : storage_(std::make_unique_for_overwrite<Candidate[]>(
              static_cast<std::size_t>(n_queries * CandidateBuffer::capacity_for(k)))) {
        buffers_.reserve(static_cast<std::size_t>(n_queries));
        for (std::int64_t query = 0; query < n_queries; ++query) {
            buffers_.emplace_back(storage_.get() + query * CandidateBuffer::capacity_for(k), k);
        }
    }

    CandidateBuffer& operator[](std::int64_t query) {
        return buffers_[static_cast<std::size_t>(query)];
    }

private:
    std::unique_ptr<Candidate[]> storage_;
    std::vector<CandidateBuffer> buffers_;
};

/// A lock for a few pushes: workers seldom meet at the same buffer.
class SpinLock {
public:
    void lock() {
        while (is_taken_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
    }
    void unlock() { is_taken_.clear(std::memory_order_release); }

private:
    std::atomic_flag is_taken_;
};

/// Candidate buffers that all workers fill. With buffers of their own they would push twice as
/// much, because a threshold is as good as what has come by its buffer.
class SharedCollector {
public:
    SharedCollector(std::int64_t n_queries, std::int64_t k)
        : collector_(std::make_unique<Collector>(n_queries, k)),
          locks_(static_cast<std::size_t>(n_queries)) {}

    /// The buffers of queries [begin, end), nobody else's as long as this lives. A worker that
    /// holds some takes no others, but those of one range in order; ranges of several do not
    /// overlap.
    class Hold {
    public:
        Hold(SharedCollector& shared, std::int64_t begin, std::int64_t end)
            : locks_(std::span(shared.locks_)
                         .subspan(static_cast<std::size_t>(begin),
                                  static_cast<std::size_t>(end - begin))) {
            for (SpinLock& lock : locks_) lock.lock();
        }
        ~Hold() {
            for (SpinLock& lock : locks_) lock.unlock();
        }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        std::span<SpinLock> locks_;
    };

    CandidateBuffer& operator[](std::int64_t query) { return (*collector_)[query]; }
    std::unique_ptr<Collector> take() { return std::move(collector_); }

private:
    std::unique_ptr<Collector> collector_;
    std::vector<SpinLock> locks_;
};

class Search {
public:
    Search(const MatrixView& query, const MatrixView& base, const SearchOptions& options,
           Monitor& monitor, Answer answer)
        : query_(query),
          base_(base),
          options_(options),
          monitor_(monitor),
          answer_(answer),
          kernel_(make_search_kernel(options.metric, base)) {}

    void run() {
        if (by_halves()) {
            search_triangle();
            return;
        }
        const ScanPlan plan(*kernel_, query_.rows, base_.rows, options_.n_threads,
                            candidate_bytes / (bytes_per_buffer() * options_.n_threads));
        Scan scan(*kernel_, query_, base_, plan, options_.n_threads, monitor_);
        scan.run([&](const QueryBlock& block) { search_block(scan, block); });
    }

private:
    using Collectors = std::vector<std::unique_ptr<Collector>>;

    std::int64_t bytes_per_buffer() const {
        return CandidateBuffer::capacity_for(options_.k) *
               static_cast<std::int64_t>(sizeof(Candidate));
    }

    /// Whether the rows are searched among themselves and few enough for one super-block: then each
    /// pair is computed once, for both of its rows.
    bool by_halves() const {
        return is_same(query_, base_) && options_.first_query == 0 &&
               query_.rows <= candidate_bytes / bytes_per_buffer() &&
               query_.rows * kernel_->shape().row_bytes <= triangle_bytes;
    }

    void search_block(Scan& scan, const QueryBlock& queries) {
        Collectors collectors(static_cast<std::size_t>(options_.n_threads));
        SharedThresholds thresholds(queries.count);
        const Measure measure = measure_from(queries.first);
        scan.run_block(queries, [&](const SumBlock& block, int worker) {
            Collector& collector = collector_of(collectors, worker, queries.count);
            for (std::int64_t i = 0; i < block.n_queries; ++i) {
                const std::int64_t query = block.first_query + i;
                CandidateBuffer& buffer = collector[query];
                collect(block, i, 0, queries.first, buffer, thresholds.get(query), measure);
                thresholds.lower(query, buffer.threshold());
            }
        });
        write_answers(queries, collectors, measure);
    }

    void search_triangle() {
        const ScanPlan plan = ScanPlan::of_triangle(*kernel_, query_.rows, options_.n_threads);
        Scan scan(*kernel_, query_, base_, plan, options_.n_threads, monitor_);
        SharedCollector shared(query_.rows, options_.k);
        const Measure measure = measure_from(0);
        scan.run_triangle(
            [&](const SumBlock& block, int) { collect_both(block, shared, measure); });
        Collectors collectors;
        collectors.push_back(shared.take());
        write_answers({0, query_.rows, {1.0, 1.0}}, collectors, measure);
    }

    Collector& collector_of(Collectors& collectors, int worker, std::int64_t n_queries) const {
        auto& collector = collectors[static_cast<std::size_t>(worker)];
        if (!collector) collector = std::make_unique<Collector>(n_queries, options_.k);
        return *collector;
    }

    /// Measures pairs of a query, counted from `first_query`, and a base row.
    Measure measure_from(std::int64_t first_query) const {
        return [this, first_query](std::int64_t query, std::int64_t index) {
            return nearplane::measure(options_.metric, query_, first_query + query, base_, index);
        };
    }

    void write_answers(const QueryBlock& queries, const Collectors& collectors,
                       const Measure& measure) const {
        const ProgressSpan no_progress{queries.span.end, queries.span.end};
        parallel_for(queries.count, options_.n_threads, monitor_, no_progress,
                     [&](std::int64_t query, int, Pulse&) {
                         answer_.write(queries.first + query, merge(collectors, query, measure),
                                       options_);
                     });
    }

    /// Offers the base rows of one row of sums, from `first` on, to a query's buffer. `first_query`
    /// is the first of the super-block, `threshold` what others know of the query's.
    void collect(const SumBlock& block, std::int64_t i, std::int64_t first,
                 std::int64_t first_query, CandidateBuffer& buffer, double threshold,
                 const Measure& measure) const {
        const std::int64_t query = block.first_query + i;
        threshold = std::min(buffer.threshold(), threshold);
        const auto is_possible = [&](std::int64_t j) { return !(block.lower(i, j) > threshold); };
        offer_possible(first, block.n_base, is_possible, [&](std::int64_t j) {
            const std::int64_t index = block.first_base + j;
            if (options_.skips(first_query + query, index)) return;
            buffer.push(candidate_of(block, i, j, index), query, measure);
            threshold = std::min(buffer.threshold(), threshold);
        });
    }

    /// Offers the rows of each pair of a block to each other, but those of pairs below the
    /// diagonal, which another block has, or this one once more.
    void collect_both(const SumBlock& block, SharedCollector& collector,
                      const Measure& measure) const {
        for (std::int64_t i = 0; i < block.n_queries; ++i) {
            const std::int64_t query = block.first_query + i;
            const std::int64_t diagonal = std::max<std::int64_t>(query - block.first_base, 0);
            const SharedCollector::Hold hold(collector, query, query + 1);
            CandidateBuffer& buffer = collector[query];
            collect(block, i, diagonal, 0, buffer, buffer.threshold(), measure);
        }
        // A few columns at a time, and all rows of them: what is written to stays in cache.
        for (std::int64_t j = 0; j < block.n_base; j += offered_together) {
            collect_columns(block, j, std::min(j + offered_together, block.n_base), collector,
                            measure);
        }
    }

    /// Offers the queries of some columns of sums, but those on the diagonal and below it, to the
    /// buffers of the base rows [begin, end) of the block.
    void collect_columns(const SumBlock& block, std::int64_t begin, std::int64_t end,
                         SharedCollector& collector, const Measure& measure) const {
        const SharedCollector::Hold hold(collector, block.first_base + begin,
                                         block.first_base + end);
        std::array<double, offered_together> limits{};
        const auto limit = [&limits, begin](std::int64_t j) -> double& {
            return limits[static_cast<std::size_t>(j - begin)];
        };
        for (std::int64_t j = begin; j < end; ++j) {
            limit(j) = collector[block.first_base + j].threshold();
        }
        for (std::int64_t i = 0; i < block.n_queries; ++i) {
            const std::int64_t index = block.first_query + i;
            const auto is_possible = [&](std::int64_t j) {
                return !(block.lower(i, j) > limit(j));
            };
            const std::int64_t first = std::max(begin, index + 1 - block.first_base);
            offer_possible(first, end, is_possible, [&](std::int64_t j) {
                const std::int64_t row = block.first_base + j;
                if (options_.skips(row, index)) return;
                collector[row].push(candidate_of(block, i, j, index), row, measure);
                limit(j) = collector[row].threshold();
            });
        }
    }

    std::span<const Candidate> merge(const Collectors& collectors, std::int64_t query,
                                     const Measure& measure) const {
        CandidateBuffer* merged = nullptr;
        for (const auto& collector : collectors) {
            if (!collector) continue;
            CandidateBuffer& buffer = (*collector)[query];
            if (merged == nullptr) {
                merged = &buffer;
                continue;
            }
            for (const Candidate& candidate : buffer.candidates()) {
                merged->push(candidate, query, measure);
            }
        }
        assert(merged != nullptr);
        return merged->finish(query, measure);
    }

    const MatrixView& query_;
    const MatrixView& base_;
    const SearchOptions& options_;
    Monitor& monitor_;
    const Answer answer_;
    std::unique_ptr<BoundKernel> kernel_;
};

}  // namespace

void argkmin(const MatrixView& query, const MatrixView& base, const SearchOptions& options,
             Monitor& monitor, double* distances, std::int64_t* indices) {
    assert(query.scalar == base.scalar && query.cols == base.cols);
    assert(1 <= options.k && options.k <= base.rows);
    if (query.rows == 0) return;
    SearchOptions useful = options;
    useful.n_threads = useful_threads(n_operations(query, base), options.n_threads);
    Search(query, base, useful, monitor, {distances, indices}).run();
}

}  // namespace nearplane
