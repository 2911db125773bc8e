#include "nearplane/search.hpp"

#include <algorithm>
#include <cassert>
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
        const std::int64_t query_bytes = CandidateBuffer::capacity_for(options_.k) *
                                         static_cast<std::int64_t>(sizeof(Candidate)) *
                                         options_.n_threads;
        const ScanPlan plan(*kernel_, query_.rows, base_.rows, options_.n_threads,
                            candidate_bytes / query_bytes);
        Scan scan(*kernel_, query_, base_, plan, options_.n_threads, monitor_);
        scan.run([&](const QueryBlock& block) { search_block(scan, block); });
    }

private:
    void search_block(Scan& scan, const QueryBlock& queries) {
        std::vector<std::unique_ptr<Collector>> collectors(
            static_cast<std::size_t>(options_.n_threads));
        SharedThresholds thresholds(queries.count);
        const Measure measure = [&](std::int64_t query, std::int64_t index) {
            return nearplane::measure(options_.metric, query_, queries.first + query, base_, index);
        };
        scan.run_block(queries, [&](const SumBlock& block, int worker) {
            auto& collector = collectors[static_cast<std::size_t>(worker)];
            if (!collector) collector = std::make_unique<Collector>(queries.count, options_.k);
            for (std::int64_t i = 0; i < block.n_queries; ++i) {
                const std::int64_t query = block.first_query + i;
                collect(block, i, queries.first, (*collector)[query], thresholds, measure);
            }
        });
        const ProgressSpan no_progress{queries.span.end, queries.span.end};
        parallel_for(queries.count, options_.n_threads, monitor_, no_progress,
                     [&](std::int64_t query, int, Pulse&) {
                         answer_.write(queries.first + query, merge(collectors, query, measure),
                                       options_);
                     });
    }

    /// Offers the base rows of one row of sums to a query's buffer. `first_query` is the first of
    /// the super-block.
    void collect(const SumBlock& block, std::int64_t i, std::int64_t first_query,
                 CandidateBuffer& buffer, SharedThresholds& thresholds,
                 const Measure& measure) const {
        constexpr std::int64_t group = 16;
        const std::int64_t query = block.first_query + i;
        double threshold = std::min(buffer.threshold(), thresholds.get(query));
        const auto offer = [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t j = begin; j < end; ++j) {
                const double bound = block.lower(i, j);
                const std::int64_t index = block.first_base + j;
                if (bound > threshold || options_.skips(first_query + query, index)) continue;
                buffer.push({bound, bound + block.gap(i, j), index}, query, measure);
                threshold = std::min(buffer.threshold(), threshold);
            }
        };
        std::int64_t j = 0;
        for (; j + group <= block.n_base; j += group) {
            // Nearly every group holds nothing near enough; finding that out is vectorised.
            int possible = 0;
            for (std::int64_t l = j; l < j + group; ++l) {
                possible |= static_cast<int>(!(block.lower(i, l) > threshold));
            }
            if (possible != 0) offer(j, j + group);
        }
        offer(j, block.n_base);
        thresholds.lower(query, buffer.threshold());
    }

    std::span<const Candidate> merge(const std::vector<std::unique_ptr<Collector>>& collectors,
                                     std::int64_t query, const Measure& measure) const {
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
