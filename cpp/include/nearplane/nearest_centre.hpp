#pragma once
// The nearest of few centres, for many rows: one step of k-means.

#include <cstdint>
#include <vector>

#include "nearplane/matrix_view.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

/// How near groups of centres can be to each row: what spares most comparisons when centres have
/// moved a little since the last assignment of the same rows.
///
/// Groups stay as they are as long as the bounds live. At most 64 numbers are kept for a row.
class CentreBounds {
public:
    static constexpr std::int64_t most_groups = 64;

    bool are_known() const { return !centres.empty(); }
    float* of_row(std::int64_t row) { return lower.data() + row * n_groups; }

    std::int64_t n_groups = 0;
    std::vector<std::int32_t> order;  // of the centres; groups are cut from it
    std::vector<double> centres;      // that the bounds are of; none if bounds are not known
    std::vector<float> lower;         // for each row and group, of the distance
};

/// Writes each row's nearest centre, the first of those equally far, and the square of the
/// distance, measured as nearplane::measure does: by differences in float64.
///
/// `labels` comes with a guess for each row, which saves time if it is near; any number that is no
/// centre's says that there is none. `bounds`, if they are wanted, are of the same rows and as many
/// centres; those not known yet are made known. The answer depends on neither guesses, nor bounds,
/// nor threads.
///
/// Preconditions: finite values, equal columns, 1 <= centres.rows < 2^31.
void nearest_centres(const MatrixView& rows, const MatrixView& centres, int n_threads,
                     Monitor& monitor, std::int32_t* labels, double* distances,
                     CentreBounds* bounds = nullptr);

}  // namespace nearplane
