#include "nearplane/nearest_centre.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <vector>

#include "centre_codes.hpp"
#include "scan.hpp"

namespace nearplane {
namespace {

using Op = simd::DotU8;

// Row panels that meet a panel of centres in turn: codes of a few KB, which stay in L1.
constexpr std::int64_t block_panels = 8;
constexpr std::int64_t block_rows = block_panels * Op::tile_rows;
// Of one task: about a millisecond.
constexpr double task_operations = 1 << 26;
// All roundings of float32 in the filter, relative to (|x| + |c|)^2; see docs/numerics.md.
constexpr double filter_error = 0x1p-20;

/// A row and the nearest of the centres it has met.
struct RowState {
    Coding coding;
    bool is_coded = false;
    std::int32_t label = -1;
    double distance = std::numeric_limits<double>::infinity();
};

/// Centres as they are and, once, as codes.
struct Centres {
    Centres(const MatrixView& centres)
        : values(read(centres)), mean(mean_of(values, centres)), codes(centred(centres)) {}

    static std::vector<double> read(const MatrixView& centres) {
        std::vector<double> out(static_cast<std::size_t>(centres.rows * centres.cols));
        visit_scalar(centres.scalar, [&](auto tag) {
            visit_layout<decltype(tag)>(centres, [&](auto row_at) {
                double* to = out.data();
                for (std::int64_t c = 0; c < centres.rows; ++c) {
                    const auto at = row_at(c);
                    for (std::int64_t d = 0; d < centres.cols; ++d) *to++ = at(d);
                }
            });
        });
        return out;
    }

    static std::vector<double> mean_of(const std::vector<double>& values, const MatrixView& shape) {
        std::vector<double> mean(static_cast<std::size_t>(shape.cols), 0.0);
        const double share = 1.0 / static_cast<double>(shape.rows);
        for (std::size_t i = 0; i < values.size(); ++i) mean[i % mean.size()] += values[i] * share;
        return mean;
    }

    CentreCodes<Op> centred(const MatrixView& shape) const {
        std::vector<double> out(values);
        for (std::size_t i = 0; i < out.size(); ++i) out[i] -= mean[i % mean.size()];
        return {out.data(), shape.rows, shape.cols};
    }

    std::vector<double> values;
    std::vector<double> mean;  // any point would do; near the middle, codes have the finest steps
    CentreCodes<Op> codes;
};

template <class T>
class Assignment {
public:
    Assignment(const MatrixView& rows, const Centres& centres, std::int32_t* labels,
               double* distances)
        : rows_(rows),
          n_features_(rows.cols),
          centres_(centres),
          codes_(centres.codes),
          labels_(labels),
          distances_(distances) {}

    /// What a worker needs to itself.
    struct Room {
        explicit Room(std::int64_t n_features, std::int64_t n_steps)
            : centred(static_cast<std::size_t>(n_features)),
              codes(static_cast<std::size_t>(n_features)),
              elements(static_cast<std::size_t>(block_rows * n_steps)) {}

        std::vector<double> centred;
        std::vector<std::int8_t> codes;
        AlignedVector<Op::Element> elements;
        std::array<RowState, block_rows> states;
    };

    Room room() const { return Room(n_features_, codes_.n_steps()); }

    void assign_block(std::int64_t first, std::int64_t count, Room& room) const {
        visit_layout<T>(rows_, [&](auto row_at) {
            for (std::int64_t r = 0; r < count; ++r)
                begin_row(row_at(first + r), first + r, r, room);
            const std::int64_t n_row_panels = (count + Op::tile_rows - 1) / Op::tile_rows;
            for (std::int64_t i = 0; i < n_row_panels; ++i) {
                guess(row_at, first, i, count, room);
            }
            for (std::int64_t p = 0; p < codes_.n_panels(); ++p) {
                for (std::int64_t i = 0; i < n_row_panels; ++i) {
                    filter(row_at, first, i, p, count, room);
                }
            }
        });
        for (std::int64_t r = 0; r < count; ++r) {
            const RowState& state = room.states[static_cast<std::size_t>(r)];
            labels_[first + r] = state.label;
            distances_[first + r] = state.distance;
        }
    }

private:
    using Sums = Op::Vector[Op::tile_rows][Op::tile_vectors];

    void begin_row(const auto& at, std::int64_t row, std::int64_t r, Room& room) const {
        RowState& state = room.states[static_cast<std::size_t>(r)];
        state = {};
        double* centred = room.centred.data();
        for (std::int64_t d = 0; d < n_features_; ++d) {
            centred[d] = static_cast<double>(at(d)) - centres_.mean[static_cast<std::size_t>(d)];
        }
        const double size = largest_size(centred, n_features_);
        state.is_coded = size < largest_coded;
        if (state.is_coded) {
            // A row in the middle of the centres gets no finer steps than it can use.
            const double largest = std::max({size, codes_.largest_length() / 1024, smallest_coded});
            state.coding =
                encode_vector(centred, n_features_, largest / codes_.reach(), room.codes.data());
            pack_codes<Op, Op::tile_rows>(
                room.codes.data(), n_features_, codes_.row_shift(), r % Op::tile_rows,
                room.elements.data() + r / Op::tile_rows * Op::tile_rows * codes_.n_steps());
        }
        const std::int32_t guessed = labels_[row];
        if (guessed >= 0 && guessed < std::ssize(centres_.values) / n_features_) {
            meet(at, guessed, state);
        }
    }

    /// Measures the distance to a centre, and keeps that if it is nearer or as near and comes
    /// first.
    void meet(const auto& at, std::int32_t centre, RowState& state) const {
        const double* c = centres_.values.data() + centre * n_features_;
        const double distance = partial_sums(n_features_, [&at, c](std::int64_t d) {
            const double difference = static_cast<double>(at(d)) - c[d];
            return difference * difference;
        });
        // Without a label a distance may be infinite, or NaN of rows that changed meanwhile.
        if (state.label >= 0 && !(distance < state.distance) &&
            !(distance == state.distance && centre < state.label)) {
            return;
        }
        state.label = centre;
        state.distance = distance;
    }

    void multiply(std::int64_t i, std::int64_t p, const Room& room, Sums& sums) const {
        NEARPLANE_UNROLL
        for (int v = 0; v < Op::tile_vectors; ++v) {
            const auto starts = Op::starts(codes_.starts(p) + v * Op::lanes);
            NEARPLANE_UNROLL
            for (int r = 0; r < Op::tile_rows; ++r) sums[r][v] = starts;
        }
        run_tile<Op>(room.elements.data() + i * Op::tile_rows * codes_.n_steps(),
                     codes_.elements(p), codes_.n_steps(), sums);
    }

    /// What the sum of codes less `factor` times a centre's offset must reach, or the centre is
    /// farther than the nearest so far.
    float limit(const RowState& state, const CentrePanel& panel) const {
        if (!state.is_coded || !panel.is_coded) return -std::numeric_limits<float>::infinity();
        const Coding& row = state.coding;
        const double unit = row.scale * panel.scale;
        const double lengths = row.length + codes_.largest_length();
        const double needed = (row.length * row.length - state.distance) / 2;
        return static_cast<float>((needed - filter_error * lengths * lengths) / unit -
                                  row.remainder * panel.length - row.code_length * panel.remainder -
                                  filter_error);
    }

    /// Gives rows without a label the centre of one panel that seems the nearest: whatever is near
    /// lets the filter hold back most of the others.
    void guess(const auto& row_at, std::int64_t first, std::int64_t i, std::int64_t count,
               Room& room) const {
        const std::int64_t end = std::min(count, (i + 1) * Op::tile_rows);
        const auto needs_guess = [&](const RowState& state) {
            return state.label < 0 && state.is_coded;
        };
        const auto states = room.states.begin();
        if (!std::any_of(states + i * Op::tile_rows, states + end, needs_guess)) return;
        const std::int64_t p = codes_.n_panels() / 2;
        const CentrePanel& panel = codes_.panel(p);
        if (!panel.is_coded) return;
        Sums sums;
        multiply(i, p, room, sums);
        alignas(64) Op::Lane finished[tile_columns<Op>];
        for (std::int64_t r = i * Op::tile_rows; r < end; ++r) {
            RowState& state = states[r];
            if (!needs_guess(state)) continue;
            for (int v = 0; v < Op::tile_vectors; ++v) {
                Op::store(sums[r % Op::tile_rows][v], finished + v * Op::lanes);
            }
            const auto factor = static_cast<float>(panel.scale / state.coding.scale);
            int best = 0;
            float best_score = -std::numeric_limits<float>::infinity();
            for (int place = 0; place < panel.count; ++place) {
                const float score =
                    static_cast<float>(finished[place]) - factor * codes_.offsets(p)[place];
                if (score > best_score) {
                    best = place;
                    best_score = score;
                }
            }
            meet(row_at(first + r), codes_.number(p, best), state);
        }
    }

    /// Lets a panel of rows meet those centres of a panel that may be nearer than what they have.
    void filter(const auto& row_at, std::int64_t first, std::int64_t i, std::int64_t p,
                std::int64_t count, Room& room) const {
        const CentrePanel& panel = codes_.panel(p);
        const std::int64_t begin = i * Op::tile_rows;
        Sums sums;
        multiply(i, p, room, sums);
        std::uint64_t reached[Op::tile_rows];
        NEARPLANE_UNROLL
        for (int r = 0; r < Op::tile_rows; ++r) {
            const RowState& state = room.states[static_cast<std::size_t>(begin + r)];
            const float least = limit(state, panel);
            const auto factor = static_cast<float>(panel.scale / state.coding.scale);
            std::uint64_t bits = 0;
            NEARPLANE_UNROLL
            for (int v = 0; v < Op::tile_vectors; ++v) {
                bits |= std::uint64_t{Op::reaching(sums[r][v], codes_.offsets(p) + v * Op::lanes,
                                                   factor, least)}
                        << (v * Op::lanes);
            }
            reached[r] = bits;
        }
        const std::uint64_t present = (std::uint64_t{1} << panel.count) - 1;
        const int n_rows = static_cast<int>(std::min<std::int64_t>(Op::tile_rows, count - begin));
        for (int r = 0; r < n_rows; ++r) {
            RowState& state = room.states[static_cast<std::size_t>(begin + r)];
            for (std::uint64_t bits = reached[r] & present; bits != 0; bits &= bits - 1) {
                const std::int32_t centre = codes_.number(p, std::countr_zero(bits));
                if (centre != state.label) meet(row_at(first + begin + r), centre, state);
            }
        }
    }

    const MatrixView& rows_;
    const std::int64_t n_features_;
    const Centres& centres_;
    const CentreCodes<Op>& codes_;
    std::int32_t* labels_;
    double* distances_;
};

}  // namespace

void nearest_centres(const MatrixView& rows, const MatrixView& centres, int n_threads,
                     Monitor& monitor, std::int32_t* labels, double* distances) {
    assert(rows.cols == centres.cols && centres.rows >= 1);
    if (rows.rows == 0) return;
    const Centres prepared(centres);
    visit_scalar(rows.scalar, [&](auto tag) {
        const Assignment<decltype(tag)> assignment(rows, prepared, labels, distances);
        const double per_block = static_cast<double>(block_rows) *
                                 static_cast<double>(centres.rows) *
                                 static_cast<double>(centres.cols);
        const auto blocks = static_cast<std::int64_t>(std::max(task_operations / per_block, 1.0));
        const std::int64_t task_rows = std::min(blocks, rows.rows) * block_rows;
        const std::int64_t n_tasks = (rows.rows + task_rows - 1) / task_rows;
        n_threads = useful_threads(n_operations(rows, centres), n_threads);
        std::vector<typename Assignment<decltype(tag)>::Room> rooms(
            static_cast<std::size_t>(n_threads), assignment.room());
        parallel_for(n_tasks, n_threads, monitor, {}, [&](std::int64_t task, int worker, Pulse&) {
            const std::int64_t end = std::min((task + 1) * task_rows, rows.rows);
            for (std::int64_t first = task * task_rows; first < end; first += block_rows) {
                assignment.assign_block(first, std::min(block_rows, end - first),
                                        rooms[static_cast<std::size_t>(worker)]);
            }
        });
    });
}

}  // namespace nearplane
