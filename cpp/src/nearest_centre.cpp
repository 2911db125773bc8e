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
static_assert(tile_columns<Op> < 64, "a bit for each centre of a panel");

// Row panels that meet a panel of centres in turn: codes of a few KB, which stay in L1.
constexpr std::int64_t block_panels = 8;
constexpr std::int64_t block_rows = block_panels * Op::tile_rows;
// Of one task: about a millisecond.
constexpr double task_operations = 1 << 27;
// All roundings of float32 in the filter, relative to (|x| + |c|)^2; see docs/numerics.md.
constexpr double filter_error = 0x1p-20;

/// The rows of a panel, and the nearest of the centres that each has met. Numbers of all rows lie
/// side by side, so that limits are computed for all of them at once.
struct RowPanel {
    static constexpr int n_rows = Op::tile_rows;

    /// Half of |x|^2 - distance, less what rounding may have cost: what a product must reach.
    std::array<double, n_rows> needed;
    std::array<double, n_rows> inverse_scale;
    std::array<double, n_rows> code_length;
    std::array<double, n_rows> remainder;
    std::array<double, n_rows> length;
    std::array<double, n_rows> distance;
    std::array<std::int32_t, n_rows> label;
    std::array<bool, n_rows> is_coded;
    int count = 0;
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
          n_centres_(std::ssize(centres.values) / rows.cols),
          centres_(centres),
          codes_(centres.codes),
          labels_(labels),
          distances_(distances) {}

    /// What a worker needs to itself.
    struct Room {
        Room(std::int64_t n_features, std::int64_t n_steps)
            : centred(static_cast<std::size_t>(n_code_places(n_features)), 0.0),
              codes(centred.size()),
              features(2 * codes.size()),
              elements(static_cast<std::size_t>(block_rows * n_steps)) {}

        std::vector<double> centred;
        std::vector<std::int32_t> codes;
        std::vector<std::byte> features;
        AlignedVector<Op::Element> elements;
        std::array<RowPanel, block_panels> panels;
    };

    Room room() const { return Room(n_features_, codes_.n_steps()); }

    void assign_block(std::int64_t first, std::int64_t count, Room& room) const {
        const std::int64_t n_panels = (count + Op::tile_rows - 1) / Op::tile_rows;
        visit_layout<T>(rows_, [&](auto row_at) {
            for (std::int64_t i = 0; i < n_panels; ++i) {
                const std::int64_t begin = first + i * Op::tile_rows;
                RowPanel& panel = room.panels[static_cast<std::size_t>(i)];
                panel = {};
                panel.count =
                    static_cast<int>(std::min<std::int64_t>(Op::tile_rows, first + count - begin));
                for (int r = 0; r < panel.count; ++r) {
                    begin_row(row_at(begin + r), begin + r, r, panel, elements(room, i), room);
                }
                guess(row_at, begin, elements(room, i), panel);
            }
            for (std::int64_t p = 0; p < codes_.n_panels(); ++p) {
                for (std::int64_t i = 0; i < n_panels; ++i) {
                    filter(row_at, first + i * Op::tile_rows, p, elements(room, i),
                           room.panels[static_cast<std::size_t>(i)]);
                }
            }
        });
        for (std::int64_t r = 0; r < count; ++r) {
            const RowPanel& panel = room.panels[static_cast<std::size_t>(r / Op::tile_rows)];
            labels_[first + r] = panel.label[static_cast<std::size_t>(r % Op::tile_rows)];
            distances_[first + r] = panel.distance[static_cast<std::size_t>(r % Op::tile_rows)];
        }
    }

private:
    using Sums = Op::Vector[Op::tile_rows][Op::tile_vectors];

    Op::Element* elements(Room& room, std::int64_t i) const {
        return room.elements.data() + i * Op::tile_rows * codes_.n_steps();
    }

    void begin_row(const auto& at, std::int64_t row, int place, RowPanel& panel,
                   Op::Element* elements, Room& room) const {
        const auto r = static_cast<std::size_t>(place);
        panel.label[r] = -1;
        panel.distance[r] = std::numeric_limits<double>::infinity();
        double* centred = room.centred.data();
        for (std::int64_t d = 0; d < n_features_; ++d) {
            centred[d] = static_cast<double>(at(d)) - centres_.mean[static_cast<std::size_t>(d)];
        }
        const std::int64_t n_places = std::ssize(room.centred);
        const VectorSize size = size_of(centred, n_places);
        panel.is_coded[r] = size.can_be_coded();
        if (panel.is_coded[r]) {
            // A row in the middle of the centres gets no finer steps than it can use.
            const double largest =
                std::max({size.largest, codes_.largest_length() / 1024, smallest_coded});
            const Coding coding = encode_vector(centred, n_places, size.length,
                                                largest / codes_.reach(), room.codes.data());
            pack_codes<Op, Op::tile_rows>(room.codes.data(), n_places, codes_.n_steps(),
                                          codes_.row_shift(), place, room.features.data(),
                                          elements);
            panel.inverse_scale[r] = 1.0 / coding.scale;
            panel.code_length[r] = coding.code_length;
            panel.remainder[r] = coding.remainder;
            panel.length[r] = coding.length;
        }
        note_needed(panel, r);
        const std::int32_t guessed = labels_[row];
        if (guessed >= 0 && guessed < n_centres_) meet(at, guessed, panel, r);
    }

    /// Measures the distance to a centre, and keeps that if it is nearer or as near and comes
    /// first.
    void meet(const auto& at, std::int32_t centre, RowPanel& panel, std::size_t r) const {
        const double* c = centres_.values.data() + centre * n_features_;
        const double distance = partial_sums(n_features_, [&at, c](std::int64_t d) {
            const double difference = static_cast<double>(at(d)) - c[d];
            return difference * difference;
        });
        // Without a label a distance may be infinite, or NaN of rows that changed meanwhile.
        if (panel.label[r] >= 0 && !(distance < panel.distance[r]) &&
            !(distance == panel.distance[r] && centre < panel.label[r])) {
            return;
        }
        panel.label[r] = centre;
        panel.distance[r] = distance;
        note_needed(panel, r);
    }

    void note_needed(RowPanel& panel, std::size_t r) const {
        const double length = panel.length[r];
        const double lengths = length + codes_.largest_length();
        panel.needed[r] = panel.is_coded[r] ? (length * length - panel.distance[r]) / 2 -
                                                  filter_error * lengths * lengths
                                            : -std::numeric_limits<double>::infinity();
    }

    void multiply(const Op::Element* elements, std::int64_t p, Sums& sums) const {
        NEARPLANE_UNROLL
        for (int v = 0; v < Op::tile_vectors; ++v) {
            const auto starts = Op::starts(codes_.starts(p) + v * Op::lanes);
            NEARPLANE_UNROLL
            for (int r = 0; r < Op::tile_rows; ++r) sums[r][v] = starts;
        }
        run_tile<Op>(elements, codes_.elements(p), codes_.n_steps(), sums);
    }

    /// Gives rows without a label the centre of one panel that seems the nearest: whatever is near
    /// lets the filter hold back most of the others.
    void guess(const auto& row_at, std::int64_t first, const Op::Element* elements,
               RowPanel& rows) const {
        const auto needs_guess = [&rows](std::size_t r) {
            return rows.label[r] < 0 && rows.is_coded[r];
        };
        const std::int64_t p = codes_.n_panels() / 2;
        const CentrePanel& panel = codes_.panel(p);
        Sums sums;
        bool is_multiplied = false;
        for (std::size_t r = 0; r < static_cast<std::size_t>(rows.count); ++r) {
            if (!needs_guess(r) || !panel.is_coded) continue;
            if (!is_multiplied) multiply(elements, p, sums);
            is_multiplied = true;
            alignas(64) Op::Lane finished[tile_columns<Op>];
            for (int v = 0; v < Op::tile_vectors; ++v) {
                Op::store(sums[r][v], finished + v * Op::lanes);
            }
            const auto factor = static_cast<float>(panel.scale * rows.inverse_scale[r]);
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
            meet(row_at(first + static_cast<std::int64_t>(r)), codes_.number(p, best), rows, r);
        }
    }

    /// Lets a panel of rows meet those centres of a panel that may be nearer than what they have.
    void filter(const auto& row_at, std::int64_t first, std::int64_t p, const Op::Element* elements,
                RowPanel& rows) const {
        const CentrePanel& panel = codes_.panel(p);
        // What the sum of codes less `factor` times a centre's offset must reach.
        std::array<float, Op::tile_rows> limits;
        std::array<float, Op::tile_rows> factors;
        const double inverse_scale = 1.0 / panel.scale;
        for (std::size_t r = 0; r < Op::tile_rows; ++r) {
            limits[r] = static_cast<float>(rows.needed[r] * rows.inverse_scale[r] * inverse_scale -
                                           rows.remainder[r] * panel.length -
                                           rows.code_length[r] * panel.remainder - filter_error);
            factors[r] = static_cast<float>(panel.scale * rows.inverse_scale[r]);
        }
        if (!panel.is_coded) limits.fill(-std::numeric_limits<float>::infinity());
        Sums sums;
        multiply(elements, p, sums);
        std::array<std::uint64_t, Op::tile_rows> reached;
        std::uint64_t any = 0;
        NEARPLANE_UNROLL
        for (std::size_t r = 0; r < Op::tile_rows; ++r) {
            std::uint64_t bits = 0;
            NEARPLANE_UNROLL
            for (int v = 0; v < Op::tile_vectors; ++v) {
                bits |= std::uint64_t{Op::reaching(sums[r][v], codes_.offsets(p) + v * Op::lanes,
                                                   factors[r], limits[r])}
                        << (v * Op::lanes);
            }
            reached[r] = bits;
            any |= bits;
        }
        const std::uint64_t present = (std::uint64_t{1} << panel.count) - 1;
        if ((any & present) == 0) return;
        for (std::size_t r = 0; r < static_cast<std::size_t>(rows.count); ++r) {
            for (std::uint64_t bits = reached[r] & present; bits != 0; bits &= bits - 1) {
                const std::int32_t centre = codes_.number(p, std::countr_zero(bits));
                if (centre == rows.label[r]) continue;
                meet(row_at(first + static_cast<std::int64_t>(r)), centre, rows, r);
            }
        }
    }

    const MatrixView& rows_;
    const std::int64_t n_features_;
    const std::int64_t n_centres_;
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
