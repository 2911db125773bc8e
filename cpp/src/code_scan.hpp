#pragma once
// The first level of a pruned search: the codes of all base rows in panels, and the pairs of a
// block of queries and a range of base rows that may be near.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "code_filter.hpp"
#include "nearplane/encoder.hpp"
#include "nearplane/pruned_search.hpp"
#include "scan.hpp"

namespace nearplane {

class CodeScan {
public:
    /// Queries that may be asked about at once: whole panels at every level, and with 64 codes a
    /// row they stay in L1.
    static constexpr std::int64_t most_queries = 96;
    /// Base rows that may be asked for at once. Their panels stay in L1, or close to it, while the
    /// panels of the queries pass. Ranges of base rows begin at whole panels; multiples of this and
    /// of most_queries are.
    static constexpr std::int64_t most_rows = 480;

    /// Packs the codes of all base rows.
    CodeScan(const Encoder& encoder, const LevelCodes& base, std::int64_t n_base, int n_threads,
             Monitor& monitor);

    /// Makes queries [first, first + count) those that `worker` asks about.
    void set_queries(const LevelCodes& queries, std::int64_t first, std::int64_t count, int worker);

    /// The pairs of queries and base rows whose codes lie within reaches[query] of each other, and
    /// few more. Reaches are in steps, one for each query that is asked about. `first_query`, a
    /// multiple of most_queries, counts from the first that was set. In a pair queries count from
    /// there too, base rows from `first_row`. Valid until the worker's next call.
    std::span<RowPair> near_pairs(std::int64_t first_query, std::span<const double> reaches,
                                  std::int64_t first_row, std::int64_t n_rows, int worker);

    /// What the errors of a query and of the base rows add to a reach, in steps: with it no row is
    /// missed that may be within.
    double allowance(float query_error) const {
        return (static_cast<double>(query_error) + common_error_) / level_.step;
    }

private:
    struct Workspace {
        std::unique_ptr<PackedRows> queries;
        std::vector<std::int32_t> limits;
        std::unique_ptr<RowPair[]> pairs;
    };

    Workspace& workspace(int worker);
    MatrixView view(const LevelCodes& rows, std::int64_t first, std::int64_t count) const;
    void pack_base(const LevelCodes& base, std::int64_t first, std::int64_t count);
    double slack(float error) const;

    const CodeLevel& level_;
    const bool is_l1_;
    std::unique_ptr<CodeFilter> filter_;
    const PanelShape shape_;
    float common_error_;
    PackedRows base_;
    std::vector<std::int32_t> starts_;
    std::vector<std::unique_ptr<Workspace>> workspaces_;
};

}  // namespace nearplane
