#pragma once
// The cheapest bound of a search: which codes of two blocks of rows lie within a reach of each
// other. It works on the packed panels and the register tiles of brute force over bytes, but a pair
// leaves the registers as one bit instead of a distance.

#include <cstdint>
#include <memory>

#include "nearplane/bound_kernel.hpp"

namespace nearplane {

/// Rows of two blocks, counted from the first of each.
struct RowPair {
    std::int32_t query;
    std::int32_t base;
};

class CodeFilter {
public:
    virtual ~CodeFilter() = default;

    /// Packs rows of codes; panels and terms as BoundKernel has them.
    virtual const BoundKernel& packer() const = 0;

    /// What a base row with the offset `offset` starts its sums from. `slack` is added to every
    /// reach in this row's favour; with infinite slack the row passes every limit.
    virtual std::int32_t start(double offset, double slack) const = 0;
    /// A start that passes no limit, for rows that fill up a panel.
    virtual std::int32_t start_of_padding() const = 0;

    /// The limit that keeps base rows within `reach` (a distance of codes, not squared) of the
    /// query with the offset `offset`. It may keep rows slightly beyond, never drop one within.
    virtual std::int32_t limit(double offset, double reach) const = 0;
    /// A limit that nothing passes.
    virtual std::int32_t limit_of_padding() const = 0;

    /// Writes the pairs that pass to `pairs`, which has room for all of them, and returns their
    /// number. `starts` and `limits` have a value for each row of the panels.
    virtual std::int64_t filter(const std::byte* query_panels, std::int64_t n_query_panels,
                                const std::int32_t* limits, const std::byte* base_panels,
                                std::int64_t n_base_panels, const std::int32_t* starts,
                                RowPair* pairs) const = 0;
};

/// The filter for codes of `width` <= most_filtered_codes bytes that are compared by `metric`.
std::unique_ptr<CodeFilter> make_code_filter(Metric metric, std::int64_t width);

}  // namespace nearplane
