#pragma once
// Brute force over blocks: packed rows in, sums of products (or of byte differences, or of maxima)
// out, and the terms that turn a sum into an interval around the distance.
//
//     lower = query.offset + base.offset + sign * sum       <= distance
//     upper = lower + query.gap + base.gap                  >= distance
//
// "Distance" is the value rows are ranked by: the L1 distance or the squared L2 distance as
// `measure` defines it. For bytes all of this is exact integer arithmetic and every gap is zero.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "nearplane/matrix_view.hpp"
#include "nearplane/metric.hpp"

namespace nearplane {

/// The two interval terms of `count` packed rows.
struct RowTerms {
    double* offset;
    double* gap;
};

struct PanelShape {
    std::int64_t query_rows;  // rows interleaved in one query panel
    std::int64_t base_rows;   // rows interleaved in one base panel
    std::int64_t row_bytes;   // packed bytes of one row
};

class BoundKernel {
public:
    virtual ~BoundKernel() = default;

    virtual PanelShape shape() const = 0;
    virtual double sign() const = 0;

    /// Packs rows [first, first + count) into whole panels at `panels` (64-byte aligned; room for
    /// `count` rounded up to whole panels), zero-filling the rest, and writes their terms.
    virtual void pack_queries(const MatrixView& rows, std::int64_t first, std::int64_t count,
                              std::byte* panels, RowTerms terms) const = 0;
    virtual void pack_base(const MatrixView& rows, std::int64_t first, std::int64_t count,
                           std::byte* panels, RowTerms terms) const = 0;

    /// sums[i * stride + j] = the sum of query row i and base row j of the packed panels.
    virtual void compute_sums(const std::byte* query_panels, std::int64_t n_query_panels,
                              const std::byte* base_panels, std::int64_t n_base_panels,
                              double* sums, std::int64_t stride) const = 0;
};

/// The kernel a search in `base` uses: integers for bytes, float32 arithmetic with bounds for
/// float32, float64 arithmetic with bounds for float64.
std::unique_ptr<BoundKernel> make_search_kernel(Metric metric, const MatrixView& base);

/// The kernel a matrix of `out` distances uses: its intervals are narrow enough that nearly all
/// distances can be taken from their middles.
std::unique_ptr<BoundKernel> make_distance_kernel(Metric metric, const MatrixView& base,
                                                  Scalar out);

}  // namespace nearplane
