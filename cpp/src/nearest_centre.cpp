#include "nearplane/nearest_centre.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "centre_groups.hpp"
#include "scan.hpp"

namespace nearplane {
namespace {

using Op = CentreOp;
static_assert(tile_columns<Op> < 64, "a bit for each centre of a panel");

// Row panels that meet a panel of centres in turn: many, so that those few of their rows that
// bounds leave fill tiles; but their codes, of so many bytes, have to stay in L2.
constexpr std::int64_t most_block_panels = 96;
constexpr std::int64_t block_bytes = 256 << 10;
// Of one task: about a millisecond.
constexpr double task_operations = 1 << 27;
// Pairs of rows and groups that bounds may leave for it to be worth gathering them.
constexpr double worthwhile_share = 0.5;

template <class T>
class Assignment {
public:
    Assignment(const MatrixView& rows, const Centres& centres, std::int32_t* labels,
               double* distances, CentreBounds* bounds, const Groups* groups)
        : rows_(rows),
          n_features_(rows.cols),
          n_centres_(std::ssize(centres.values) / rows.cols),
          centres_(centres),
          codes_(centres.codes),
          labels_(labels),
          distances_(distances),
          bounds_(bounds),
          groups_(groups) {
        const std::int64_t panel_bytes = Op::tile_rows * codes_.n_steps() *
                                         static_cast<std::int64_t>(sizeof(typename Op::Element));
        block_panels_ = std::clamp<std::int64_t>(block_bytes / panel_bytes, 8, most_block_panels);
    }

    /// What a worker needs to itself.
    struct Room {
        Room(std::int64_t n_features, std::int64_t n_steps, std::int64_t n_panels)
            : centred(static_cast<std::size_t>(n_code_places(n_features)), 0.0),
              codes(centred.size()),
              features(2 * codes.size()),
              elements(static_cast<std::size_t>(n_panels * Op::tile_rows * n_steps)),
              gathered_elements(static_cast<std::size_t>(Op::tile_rows * n_steps)),
              panels(static_cast<std::size_t>(n_panels)) {}

        std::vector<double> centred;
        std::vector<std::int32_t> codes;
        std::vector<std::byte> features;
        AlignedVector<Op::Element> elements;
        AlignedVector<Op::Element> gathered_elements;
        std::vector<RowPanel> panels;
        RowPanel gathered{};
        // The rows of a block that may be near a group.
        std::array<std::vector<std::int64_t>, CentreBounds::most_groups> near;
    };

    std::int64_t block_rows() const { return block_panels_ * Op::tile_rows; }
    Room room() const { return Room(n_features_, codes_.n_steps(), block_panels_); }

    /// Without sense if the pulse says to stop.
    void assign_block(std::int64_t first, std::int64_t count, Room& room, Pulse& pulse) const {
        const std::int64_t n_panels = (count + Op::tile_rows - 1) / Op::tile_rows;
        visit_layout<T>(rows_, [&](auto row_at) {
            for (std::int64_t i = 0; i < n_panels; ++i) {
                begin_panel(row_at, first + i * Op::tile_rows, first + count,
                            room.panels[static_cast<std::size_t>(i)]);
            }
            if (groups_ != nullptr && groups_->are_bound() && find_near(n_panels, room)) {
                meet_near(row_at, n_panels, room, pulse);
            } else {
                meet_all(row_at, n_panels, room, pulse);
            }
        });
        for (std::int64_t i = 0; i < n_panels; ++i) {
            const RowPanel& panel = room.panels[static_cast<std::size_t>(i)];
            for (std::size_t r = 0; r < static_cast<std::size_t>(panel.count); ++r) {
                labels_[panel.row[r]] = panel.label[r];
                distances_[panel.row[r]] = panel.distance[r];
            }
        }
    }

private:
    using Sums = Op::Vector[Op::tile_rows][Op::tile_vectors];

    /// Takes rows, and measures the distances to the centres that are guessed.
    void begin_panel(const auto& row_at, std::int64_t begin, std::int64_t end,
                     RowPanel& panel) const {
        panel = {};
        panel.count = static_cast<int>(std::min<std::int64_t>(Op::tile_rows, end - begin));
        for (std::size_t r = 0; r < static_cast<std::size_t>(panel.count); ++r) {
            panel.row[r] = begin + static_cast<std::int64_t>(r);
            panel.label[r] = -1;
            panel.distance[r] = std::numeric_limits<double>::infinity();
            const std::int32_t guessed = labels_[panel.row[r]];
            if (guessed >= 0 && guessed < n_centres_) {
                meet(row_at(panel.row[r]), guessed, panel, r);
            }
        }
    }

    /// Lets all rows meet all centres.
    void meet_all(const auto& row_at, std::int64_t n_panels, Room& room, Pulse& pulse) const {
        const std::int64_t panel_length = Op::tile_rows * codes_.n_steps();
        for (std::int64_t i = 0; i < n_panels; ++i) {
            RowPanel& panel = room.panels[static_cast<std::size_t>(i)];
            Op::Element* elements = room.elements.data() + i * panel_length;
            for (std::size_t r = 0; r < static_cast<std::size_t>(panel.count); ++r) {
                encode_row(row_at, panel, r, elements + r, Op::tile_rows, room);
            }
            guess(row_at, elements, panel);
        }
        for (std::int64_t p = 0; p < codes_.n_panels() && pulse.keep_going(); ++p) {
            for (std::int64_t i = 0; i < n_panels; ++i) {
                filter(row_at, p, room.elements.data() + i * panel_length,
                       room.panels[static_cast<std::size_t>(i)]);
            }
        }
    }

    /// Lists the rows that may be near each group, after moving their bounds; false if they are so
    /// many that all might as well meet all.
    bool find_near(std::int64_t n_panels, Room& room) const {
        for (auto& rows : room.near) rows.clear();
        std::int64_t n_near = 0;
        std::int64_t n_pairs = 0;
        for (std::int64_t i = 0; i < n_panels; ++i) {
            const RowPanel& panel = room.panels[static_cast<std::size_t>(i)];
            n_pairs += panel.count * groups_->count;
            for (std::size_t r = 0; r < static_cast<std::size_t>(panel.count); ++r) {
                const auto place = i * Op::tile_rows + static_cast<std::int64_t>(r);
                groups_->find_near(bounds_->of_row(panel.row[r]), panel.distance[r],
                                   [&](std::size_t group) {
                                       room.near[group].push_back(place);
                                       ++n_near;
                                   });
            }
        }
        return static_cast<double>(n_near) <= worthwhile_share * static_cast<double>(n_pairs);
    }

    /// Lets rows meet the groups that they may be near.
    void meet_near(const auto& row_at, std::int64_t n_panels, Room& room, Pulse& pulse) const {
        const std::int64_t n_steps = codes_.n_steps();
        for (std::int64_t i = 0; i < n_panels; ++i) {
            RowPanel& panel = room.panels[static_cast<std::size_t>(i)];
            for (std::size_t r = 0; r < static_cast<std::size_t>(panel.count); ++r) {
                const auto place = i * Op::tile_rows + static_cast<std::int64_t>(r);
                encode_row(row_at, panel, r, room.elements.data() + place * n_steps, 1, room);
            }
        }
        for (std::int64_t p = 0; p < codes_.n_panels() && pulse.keep_going(); ++p) {
            const auto& near = room.near[static_cast<std::size_t>(groups_->of_panel(p))];
            for (std::size_t begin = 0; begin < near.size(); begin += Op::tile_rows) {
                const std::size_t count = std::min<std::size_t>(Op::tile_rows, near.size() - begin);
                meet_gathered(row_at, p, near.data() + begin, count, room);
            }
        }
    }

    void meet_gathered(const auto& row_at, std::int64_t p, const std::int64_t* places,
                       std::size_t count, Room& room) const {
        const std::int64_t n_steps = codes_.n_steps();
        RowPanel& gathered = room.gathered;
        gathered.count = static_cast<int>(count);
        const auto home = [&](std::size_t r) -> RowPanel& {
            return room.panels[static_cast<std::size_t>(places[r] / Op::tile_rows)];
        };
        const auto place_at_home = [&](std::size_t r) {
            return static_cast<std::size_t>(places[r] % Op::tile_rows);
        };
        for (std::size_t r = 0; r < count; ++r) {
            gathered.copy(r, home(r), place_at_home(r));
            const Op::Element* from = room.elements.data() + places[r] * n_steps;
            Op::Element* to = room.gathered_elements.data() + r;
            for (std::int64_t s = 0; s < n_steps; ++s) to[s * Op::tile_rows] = from[s];
        }
        filter(row_at, p, room.gathered_elements.data(), gathered);
        for (std::size_t r = 0; r < count; ++r) {
            home(r).copy_nearest(place_at_home(r), gathered, r);
        }
    }

    /// Turns a row into codes, elements `stride` apart.
    void encode_row(const auto& row_at, RowPanel& panel, std::size_t r, Op::Element* elements,
                    std::int64_t stride, Room& room) const {
        const auto at = row_at(panel.row[r]);
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
            pack_codes<Op>(room.codes.data(), n_places, codes_.n_steps(), codes_.row_shift(),
                           room.features.data(), elements, stride);
            panel.inverse_scale[r] = 1.0 / coding.scale;
            panel.code_length[r] = coding.code_length;
            panel.remainder[r] = coding.remainder;
            panel.length[r] = coding.length;
        }
        panel.note_needed(r, codes_.largest_length());
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
        panel.note_needed(r, codes_.largest_length());
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
    void guess(const auto& row_at, const Op::Element* elements, RowPanel& rows) const {
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
            meet(row_at(rows.row[r]), codes_.number(p, best), rows, r);
        }
    }

    /// Lets a panel of rows meet those centres of a panel that may be nearer than what they have.
    void filter(const auto& row_at, std::int64_t p, const Op::Element* elements,
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
        if (bounds_ != nullptr) note_bounds(rows, panel, p, sums, factors);
        const std::uint64_t present = (std::uint64_t{1} << panel.count) - 1;
        if ((any & present) == 0) return;
        for (std::size_t r = 0; r < static_cast<std::size_t>(rows.count); ++r) {
            for (std::uint64_t bits = reached[r] & present; bits != 0; bits &= bits - 1) {
                const std::int32_t centre = codes_.number(p, std::countr_zero(bits));
                if (centre == rows.label[r]) continue;
                meet(row_at(rows.row[r]), centre, rows, r);
            }
        }
    }

    /// Writes how near the centres of a panel can be to each row, rounded down.
    void note_bounds(const RowPanel& rows, const CentrePanel& panel, std::int64_t p,
                     const Sums& sums, const std::array<float, Op::tile_rows>& factors) const {
        std::array<float, Op::tile_rows> scores;
        NEARPLANE_UNROLL
        for (std::size_t r = 0; r < Op::tile_rows; ++r) {
            float score = Op::largest(sums[r][0], codes_.offsets(p), factors[r]);
            NEARPLANE_UNROLL
            for (int v = 1; v < Op::tile_vectors; ++v) {
                score = std::max(
                    score, Op::largest(sums[r][v], codes_.offsets(p) + v * Op::lanes, factors[r]));
            }
            scores[r] = score;
        }
        const std::int64_t group = groups_->of_panel(p);
        for (std::size_t r = 0; r < static_cast<std::size_t>(rows.count); ++r) {
            const float bound = lower_bound(rows, r, panel, scores[r], codes_.largest_length());
            float& lower = bounds_->of_row(rows.row[r])[group];
            lower = groups_->is_first(p) ? bound : std::min(lower, bound);
        }
    }

    const MatrixView& rows_;
    const std::int64_t n_features_;
    const std::int64_t n_centres_;
    const Centres& centres_;
    const CentreCodes<Op>& codes_;
    std::int32_t* labels_;
    double* distances_;
    CentreBounds* bounds_;
    const Groups* groups_;
    std::int64_t block_panels_;
};

}  // namespace

void nearest_centres(const MatrixView& rows, const MatrixView& centres, int n_threads,
                     Monitor& monitor, std::int32_t* labels, double* distances,
                     CentreBounds* bounds) {
    assert(rows.cols == centres.cols && centres.rows >= 1);
    if (rows.rows == 0) return;
    const bool are_known = bounds != nullptr && bounds->are_known();
    n_threads = useful_threads(n_operations(rows, centres), n_threads);
    Centres prepared(centres, are_known ? &bounds->order : nullptr, n_threads, monitor);
    std::optional<Groups> groups;
    if (bounds != nullptr) {
        groups.emplace(prepared, *bounds, n_threads, monitor);
        bounds->centres.clear();  // not known, should this be interrupted
        bounds->order = prepared.codes.order();
        bounds->n_groups = groups->count;
        bounds->lower.resize(static_cast<std::size_t>(rows.rows * groups->count));
    }
    visit_scalar(rows.scalar, [&](auto tag) {
        const Assignment<decltype(tag)> assignment(rows, prepared, labels, distances, bounds,
                                                   groups ? &*groups : nullptr);
        const std::int64_t block_rows = assignment.block_rows();
        const double per_block = static_cast<double>(block_rows) *
                                 static_cast<double>(centres.rows) *
                                 static_cast<double>(centres.cols);
        const auto blocks = static_cast<std::int64_t>(std::max(task_operations / per_block, 1.0));
        const std::int64_t task_rows = std::min(blocks, rows.rows) * block_rows;
        const std::int64_t n_tasks = (rows.rows + task_rows - 1) / task_rows;
        std::vector<typename Assignment<decltype(tag)>::Room> rooms(
            static_cast<std::size_t>(n_threads), assignment.room());
        const auto assign = [&](std::int64_t task, int worker, Pulse& pulse) {
            const std::int64_t end = std::min((task + 1) * task_rows, rows.rows);
            for (std::int64_t first = task * task_rows; first < end; first += block_rows) {
                assignment.assign_block(first, std::min(block_rows, end - first),
                                        rooms[static_cast<std::size_t>(worker)], pulse);
            }
        };
        parallel_for(n_tasks, n_threads, monitor, {}, assign);
    });
    if (bounds != nullptr) bounds->centres = std::move(prepared.values);
}

}  // namespace nearplane
