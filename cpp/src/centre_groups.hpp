#pragma once
// Centres on their way to being compared with rows: as they are, as codes, and in groups whose
// distances from each row have bounds.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "centre_codes.hpp"
#include "nearplane/nearest_centre.hpp"
#include "partial_sums.hpp"

namespace nearplane {

using CentreOp = simd::DotU8;

// More than float32 rounds, and less than it can say: bounds are moved by that much.
inline constexpr double bound_margin = 0x1p-20;
inline constexpr double smallest_bound = 1e-30;
inline constexpr double largest_bound = 1e30;
// All roundings of float32 in the filter, relative to (|x| + |c|)^2; see docs/numerics.md.
inline constexpr double filter_error = 0x1p-20;
// Parts of rows read between two looks whether to go on.
inline constexpr std::int64_t poll_rows = 1024;

/// Centres as they are and, once, as codes. They may be as large as the rows: all that goes through
/// them is shared out among threads, in tasks after which Ctrl-C is heard.
struct Centres {
    Centres(const MatrixView& centres, const std::vector<std::int32_t>* order, int n_threads,
            Monitor& monitor)
        : values(read(centres, n_threads, monitor)),
          mean(mean_of(values, centres, n_threads, monitor)),
          codes(values.data(), mean.data(), centres.rows, centres.cols, order, n_threads, monitor) {
    }

    static std::vector<double> read(const MatrixView& centres, int n_threads, Monitor& monitor) {
        std::vector<double> out(static_cast<std::size_t>(centres.rows * centres.cols));
        visit_scalar(centres.scalar, [&](auto tag) {
            visit_layout<decltype(tag)>(centres, [&](auto row_at) {
                parallel_for(centres.rows, n_threads, monitor, {},
                             [&](std::int64_t c, int, Pulse&) {
                                 const auto at = row_at(c);
                                 double* to = out.data() + c * centres.cols;
                                 for (std::int64_t d = 0; d < centres.cols; ++d) {
                                     to[d] = static_cast<double>(at(d));
                                 }
                             });
            });
        });
        return out;
    }

    /// Each feature is summed by one thread, in the order of the centres.
    static std::vector<double> mean_of(const std::vector<double>& values, const MatrixView& shape,
                                       int n_threads, Monitor& monitor) {
        constexpr std::int64_t task_features = 64;
        std::vector<double> mean(static_cast<std::size_t>(shape.cols), 0.0);
        const double share = 1.0 / static_cast<double>(shape.rows);
        const std::int64_t n_tasks = (shape.cols + task_features - 1) / task_features;
        parallel_for(n_tasks, n_threads, monitor, {}, [&](std::int64_t task, int, Pulse& pulse) {
            const std::int64_t begin = task * task_features;
            const std::int64_t end = std::min(begin + task_features, shape.cols);
            for (std::int64_t c = 0; c < shape.rows; ++c) {
                if (c % poll_rows == 0 && !pulse.keep_going()) return;
                const double* centre = values.data() + c * shape.cols;
                for (std::int64_t d = begin; d < end; ++d) {
                    mean[static_cast<std::size_t>(d)] += centre[d] * share;
                }
            }
        });
        return mean;
    }

    std::vector<double> values;
    std::vector<double> mean;  // any point would do; near the middle, codes have the finest steps
    CentreCodes<CentreOp> codes;
};

/// Panels of centres in groups, and how far the centres of each have moved.
struct Groups {
    Groups(const Centres& centres, const CentreBounds& bounds, int n_threads, Monitor& monitor)
        : panels_each((centres.codes.n_panels() + CentreBounds::most_groups - 1) /
                      CentreBounds::most_groups),
          count((centres.codes.n_panels() + panels_each - 1) / panels_each) {
        if (!bounds.are_known()) return;
        drifts.assign(static_cast<std::size_t>(count), static_cast<float>(smallest_bound));
        parallel_for(count, n_threads, monitor, {}, [&](std::int64_t group, int, Pulse& pulse) {
            const std::int64_t end = std::min((group + 1) * panels_each, centres.codes.n_panels());
            for (std::int64_t p = group * panels_each; p < end && pulse.keep_going(); ++p) {
                note_drift(centres, bounds, p);
            }
        });
    }

    bool are_bound() const { return !drifts.empty(); }

    /// Moves the bounds of a row by what the centres have moved, and calls note(group) for those
    /// groups that may be as near as a distance, measured and squared.
    template <class Note>
    void find_near(float* lower, double distance, const Note& note) const {
        const double reach = std::sqrt(distance) * (1.0 + bound_margin);
        const auto limit = static_cast<float>(std::max(reach, smallest_bound));
        std::array<std::uint8_t, CentreBounds::most_groups> is_near;
        for (std::size_t g = 0; g < drifts.size(); ++g) {
            lower[g] = (lower[g] - drifts[g]) * static_cast<float>(1.0 - bound_margin);
            is_near[g] = static_cast<std::uint8_t>(!(lower[g] > limit));
        }
        for (std::size_t g = 0; g < drifts.size(); ++g) {
            if (is_near[g] != 0) note(g);
        }
    }

    std::int64_t of_panel(std::int64_t p) const { return p / panels_each; }
    bool is_first(std::int64_t p) const { return p % panels_each == 0; }

    std::int64_t panels_each;
    std::int64_t count;
    std::vector<float> drifts;  // rounded up; none if bounds are not known

private:
    void note_drift(const Centres& centres, const CentreBounds& bounds, std::int64_t p) {
        const std::int64_t n_features = std::ssize(centres.mean);
        float& drift = drifts[static_cast<std::size_t>(of_panel(p))];
        for (int place = 0; place < centres.codes.panel(p).count; ++place) {
            const std::int64_t c = centres.codes.number(p, place) * n_features;
            const double square = partial_sums(n_features, [&](std::int64_t d) {
                const auto at = static_cast<std::size_t>(c + d);
                const double moved = centres.values[at] - bounds.centres[at];
                return moved * moved;
            });
            const double upper = std::sqrt(square) * (1.0 + bound_margin);
            drift = upper > drift ? static_cast<float>(upper) : drift;
        }
    }
};

/// The rows of a panel, and the nearest of the centres that each has met. Numbers of all rows lie
/// side by side, so that limits are computed for all of them at once.
struct RowPanel {
    static constexpr int n_rows = CentreOp::tile_rows;

    /// Half of |x|^2 - distance, less what rounding may have cost: what a product must reach.
    std::array<double, n_rows> needed;
    std::array<double, n_rows> inverse_scale;
    std::array<double, n_rows> code_length;
    std::array<double, n_rows> remainder;
    std::array<double, n_rows> length;
    std::array<double, n_rows> distance;
    std::array<std::int64_t, n_rows> row;
    std::array<std::int32_t, n_rows> label;
    std::array<bool, n_rows> is_coded;
    int count = 0;

    void note_needed(std::size_t r, double largest_length) {
        const double lengths = length[r] + largest_length;
        needed[r] = is_coded[r] ? (length[r] * length[r] - distance[r]) / 2 -
                                      filter_error * lengths * lengths
                                : -std::numeric_limits<double>::infinity();
    }

    /// Takes over a row of another panel, all of it or what changes.
    void copy(std::size_t place, const RowPanel& other, std::size_t r) {
        inverse_scale[place] = other.inverse_scale[r];
        code_length[place] = other.code_length[r];
        remainder[place] = other.remainder[r];
        length[place] = other.length[r];
        row[place] = other.row[r];
        is_coded[place] = other.is_coded[r];
        copy_nearest(place, other, r);
    }
    void copy_nearest(std::size_t place, const RowPanel& other, std::size_t r) {
        needed[place] = other.needed[r];
        distance[place] = other.distance[r];
        label[place] = other.label[r];
    }
};

/// How near a row can be to the centres of a panel of which the largest score is known, rounded
/// down.
inline float lower_bound(const RowPanel& rows, std::size_t r, const CentrePanel& panel, float score,
                         double largest_length) {
    if (!rows.is_coded[r] || !panel.is_coded) return 0.0F;
    const double length = rows.length[r];
    const double lengths = length + largest_length;
    const double upper = static_cast<double>(score) + filter_error +
                         rows.remainder[r] * panel.length + rows.code_length[r] * panel.remainder;
    const double product =
        upper * panel.scale / rows.inverse_scale[r] + filter_error * lengths * lengths;
    const double square = length * length - 2.0 * product;
    const double distance = std::sqrt(std::max(square, 0.0)) * (1.0 - bound_margin);
    if (!(distance > smallest_bound)) return 0.0F;
    return static_cast<float>(std::min(distance, largest_bound));
}

}  // namespace nearplane
