#include "nearplane/pruned_search.hpp"

#include <algorithm>
#include <cassert>
#include <mutex>

#include "query_block.hpp"

namespace nearplane {
namespace {

// Queries whose codes are made at a time.
constexpr std::int64_t most_queries = 16'384;
constexpr std::int64_t most_code_bytes = 32 << 20;
// Queries of a task. A range of base rows comes from memory once for all of them, so more are
// better; a task of so many takes a tenth of a second against CIFAR-10.
constexpr std::int64_t most_block_queries = 1536;
// The candidates of a task.
constexpr std::int64_t most_block_bytes = 64 << 20;

/// Queries of each task, such that all workers have equally many.
std::int64_t block_of(std::int64_t n_queries, std::int64_t n_base, const SearchOptions& options) {
    const std::int64_t most = std::clamp<std::int64_t>(
        most_block_bytes / QueryBlockSearch::query_bytes(options.k, n_base), 1, most_block_queries);
    const std::int64_t rounds = ceil_div(n_queries, most * options.n_threads);
    return ceil_div(n_queries, rounds * options.n_threads);
}

/// The codes of some queries at every level.
class QueryCodes {
public:
    QueryCodes(const Encoder& encoder, std::int64_t most_rows) {
        for (const CodeLevel& level : encoder.levels) {
            codes_.emplace_back(static_cast<std::size_t>(most_rows * level.row_bytes()));
            errors_.emplace_back(static_cast<std::size_t>(most_rows));
        }
    }

    std::vector<CodesOut> out() {
        std::vector<CodesOut> out;
        for (std::size_t l = 0; l < codes_.size(); ++l) {
            out.push_back({codes_[l].data(), errors_[l].data()});
        }
        return out;
    }
    LevelCodes level(std::size_t l) const { return {codes_[l].data(), errors_[l].data()}; }

private:
    std::vector<std::vector<std::byte>> codes_;
    std::vector<std::vector<float>> errors_;
};

std::int64_t code_bytes(const Encoder& encoder) {
    std::int64_t bytes = 0;
    for (const CodeLevel& level : encoder.levels) bytes += level.row_bytes() + 4;
    return bytes;
}

MatrixView rows_of(const MatrixView& matrix, std::int64_t first, std::int64_t count) {
    MatrixView rows = matrix;
    rows.data += first * matrix.row_stride;
    rows.rows = count;
    return rows;
}

class PrunedSearch {
public:
    PrunedSearch(const MatrixView& query, const MatrixView& base, const Encoder& encoder,
                 std::span<const LevelCodes> sketch, const SearchOptions& options, Monitor& monitor,
                 Answer answer, std::span<std::int64_t> survivors)
        : query_(query),
          base_(base),
          encoder_(encoder),
          sketch_(sketch),
          options_(options),
          monitor_(monitor),
          answer_(answer),
          survivors_(survivors),
          reach_(encoder),
          scan_(encoder, sketch.front(), base.rows, options.n_threads, monitor) {}

    void run() {
        const std::int64_t at_once = std::clamp<std::int64_t>(
            most_code_bytes / code_bytes(encoder_), 1, std::min(query_.rows, most_queries));
        QueryCodes codes(encoder_, at_once);
        // Shared evenly: a last part of few queries would leave workers idle.
        const std::int64_t n_parts = ceil_div(query_.rows, at_once);
        for (std::int64_t part = 0; part < n_parts; ++part) {
            const std::int64_t first = query_.rows * part / n_parts;
            const std::int64_t end = query_.rows * (part + 1) / n_parts;
            const auto span = [&](double from, double to) {
                return ProgressSpan{
                    (static_cast<double>(part) + from) / static_cast<double>(n_parts),
                    (static_cast<double>(part) + to) / static_cast<double>(n_parts)};
            };
            encode(encoder_, rows_of(query_, first, end - first), options_.n_threads, monitor_,
                   span(0.0, 0.1), codes.out());
            search(first, end - first, codes, span(0.1, 1.0));
        }
    }

private:
    void search(std::int64_t first, std::int64_t count, const QueryCodes& codes,
                ProgressSpan span) {
        std::vector<LevelBound> levels;
        for (std::size_t l = 0; l < sketch_.size(); ++l) {
            levels.emplace_back(encoder_.levels[l], is_l1(encoder_.metric), codes.level(l),
                                sketch_[l]);
        }
        const MatrixView query = rows_of(query_, first, count);
        SearchOptions options = options_;
        if (options.query_groups != nullptr) options.query_groups += first;
        options.first_query = first;
        PrunedJob job{
            .query = query,
            .base = base_,
            .options = options,
            .reach = reach_,
            .scan = scan_,
            .query_codes = codes.level(0),
            .levels = levels,
            .answer = {answer_.distances + first * options.k, answer_.indices + first * options.k}};
        const std::int64_t block = block_of(count, base_.rows, options);
        std::mutex counting;
        parallel_for(ceil_div(count, block), options.n_threads, monitor_, span,
                     [&](std::int64_t task, int worker, Pulse& pulse) {
                         std::vector<std::int64_t> survivors(survivors_.size(), 0);
                         const std::int64_t begin = task * block;
                         QueryBlockSearch(job, begin, std::min(block, count - begin), worker, pulse)
                             .run(survivors);
                         // Once a block: atomic_ref is missing from libc++ before version 19.
                         const std::scoped_lock lock(counting);
                         for (std::size_t l = 0; l < survivors.size(); ++l) {
                             survivors_[l] += survivors[l];
                         }
                     });
    }

    const MatrixView& query_;
    const MatrixView& base_;
    const Encoder& encoder_;
    const std::span<const LevelCodes> sketch_;
    const SearchOptions& options_;
    Monitor& monitor_;
    const Answer answer_;
    const std::span<std::int64_t> survivors_;
    const Reach reach_;
    CodeScan scan_;
};

}  // namespace

void argkmin_pruned(const MatrixView& query, const MatrixView& base, const Encoder& encoder,
                    std::span<const LevelCodes> sketch, const SearchOptions& options,
                    Monitor& monitor, double* distances, std::int64_t* indices,
                    std::span<std::int64_t> survivors) {
    assert(query.scalar == base.scalar && query.cols == base.cols);
    assert(!sketch.empty() && survivors.size() == sketch.size() + 1);
    if (query.rows == 0) return;
    SearchOptions useful = options;
    useful.n_threads = useful_threads(n_operations(query, base), options.n_threads);
    PrunedSearch(query, base, encoder, sketch, useful, monitor, {distances, indices}, survivors)
        .run();
}

}  // namespace nearplane
