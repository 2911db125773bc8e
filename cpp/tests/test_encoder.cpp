// Codes must never say that rows are farther apart than they are.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "check.hpp"
#include "codings.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

template <class Code>
double distance_of_codes(bool is_l1, const std::byte* x, const std::byte* y, std::int64_t width) {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < width; ++i) {
        Code a, b;
        std::memcpy(&a, x + i * static_cast<std::int64_t>(sizeof(Code)), sizeof a);
        std::memcpy(&b, y + i * static_cast<std::int64_t>(sizeof(Code)), sizeof b);
        const std::int64_t difference = std::int64_t{a} - std::int64_t{b};
        sum += is_l1 ? std::abs(difference) : difference * difference;
    }
    return is_l1 ? static_cast<double>(sum) : std::sqrt(static_cast<double>(sum));
}

/// step * d(codes) - errors, as encoder.hpp defines it.
double bound(const CodeLevel& level, bool is_l1, const LevelCodes& codes, std::int64_t i,
             std::int64_t j) {
    const std::byte* x = codes.codes + i * level.row_bytes();
    const std::byte* y = codes.codes + j * level.row_bytes();
    const double apart = level.bits == 16
                             ? distance_of_codes<std::int16_t>(is_l1, x, y, level.width)
                             : distance_of_codes<std::uint8_t>(is_l1, x, y, level.width);
    return level.step * apart - double{codes.errors[i]} - double{codes.errors[j]};
}

template <class T>
void check_bounds(Random& random, Metric metric, const std::vector<LevelPlan>& plans,
                  std::int64_t cols, Layout layout) {
    const auto rows = random_matrix<T>(random, 60, cols, layout);
    const Encoder encoder = make_encoder(random, metric, rows, plans);
    const Codes codes(encoder, rows.view(), 1);
    double best = 0.0;  // of bounds, as a part of the distance
    for (std::size_t l = 0; l < plans.size(); ++l) {
        bool is_true = true;
        for (std::int64_t i = 0; i < rows.rows(); ++i) {
            for (std::int64_t j = 0; j < i; ++j) {
                double truth = naive_distance(is_l1(metric), rows, i, rows, j);
                if (!is_l1(metric)) truth = std::sqrt(truth);
                truth /= encoder.unit;
                const double below =
                    bound(encoder.levels[l], is_l1(metric), codes.levels()[l], i, j);
                best = std::max(best, truth > 0.0 ? below / truth : 0.0);
                is_true = is_true && below <= truth * (1.0 + 1e-12);
            }
        }
        CHECK_IN(is_true, named({{"cols", cols}, {"level", static_cast<std::int64_t>(l)}}));
    }
    // A bound that says nothing would be true as well.
    if (layout != Layout::repeated) CHECK_IN(best > 0.3, std::to_string(best));
    CHECK((Codes(encoder, rows.view(), 3) == codes));
}

TEST(encoder, bounds_hold_for_every_kind_of_level) {
    using enum CodeKind;
    Random random(1);
    for (const Layout layout : all_layouts) {
        for (const std::int64_t cols : {1, 2, 16, 17, 67}) {
            const std::vector<LevelPlan> projections{{projection, (cols + 1) / 2, 8},
                                                     {projection, cols, 8},
                                                     {projection, cols, 16},
                                                     {features, cols, 8}};
            check_bounds<std::uint8_t>(random, Metric::euclidean, projections, cols, layout);
            check_bounds<float>(random, Metric::euclidean, projections, cols, layout);
            check_bounds<double>(random, Metric::sqeuclidean, projections, cols, layout);
            const std::vector<LevelPlan> sums{
                {groups, (cols + 1) / 2, 8}, {groups, cols, 8}, {features, cols, 8}};
            check_bounds<std::uint8_t>(random, Metric::manhattan, sums, cols, layout);
            check_bounds<float>(random, Metric::manhattan, sums, cols, layout);
            check_bounds<double>(random, Metric::manhattan, sums, cols, layout);
        }
    }
}

TEST(encoder, rows_far_beyond_the_codes_are_clipped_and_say_so) {
    using enum CodeKind;
    Random random(2);
    auto rows = random_matrix<double>(random, 4, 8);
    const Encoder encoder =
        make_encoder(random, Metric::euclidean, rows, {{projection, 5, 8}, {features, 8, 8}});
    const double largest = std::numeric_limits<double>::max();
    for (const double far : {1e30, 1e200, largest, -largest}) {
        for (std::int64_t d = 0; d < 8; ++d) rows.set(3, d, far);
        const Codes codes(encoder, rows.view(), 1);
        for (const LevelCodes& level : codes.levels()) {
            CHECK(level.errors[0] >= 0.0F && std::isfinite(level.errors[0]));
            CHECK(double{level.errors[3]} >= std::min(std::abs(far) / encoder.unit, 1e30));
        }
    }
}

TEST(encoder, no_rows) {
    Random random(3);
    const auto rows = random_matrix<float>(random, 4, 8);
    const Encoder encoder =
        make_encoder(random, Metric::euclidean, rows, {{CodeKind::features, 8, 8}});
    Codes codes(encoder, Matrix<float>(0, 8).view(), 2);
    CHECK(codes.levels().size() == 1);
}

}  // namespace
}  // namespace nearplane::testing
