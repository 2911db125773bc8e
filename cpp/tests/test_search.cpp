// Brute force and pruned searches against sorting all distances.

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "check.hpp"
#include "codings.hpp"
#include "nearplane/measure.hpp"
#include "nearplane/pruned_search.hpp"
#include "nearplane/search.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

constexpr Metric metrics[] = {Metric::euclidean, Metric::sqeuclidean, Metric::manhattan};

struct Answer {
    std::vector<double> distances;
    std::vector<std::int64_t> indices;

    explicit Answer(std::int64_t size)
        : distances(static_cast<std::size_t>(size)), indices(distances.size()) {}
};

bool same_bytes(const Answer& a, const Answer& b) {
    return a.indices == b.indices && std::memcmp(a.distances.data(), b.distances.data(),
                                                 a.distances.size() * sizeof(double)) == 0;
}

Answer search(const MatrixView& query, const MatrixView& base, const SearchOptions& options) {
    Answer answer(query.rows * options.k);
    Silence monitor;
    argkmin(query, base, options, monitor, answer.distances.data(), answer.indices.data());
    return answer;
}

/// The k first of all (distance, index), by `rank` of a query and a base row.
template <class Rank>
Answer sorted_answer(std::int64_t n_queries, std::int64_t n_base, const SearchOptions& options,
                     const Rank& rank) {
    Answer answer(n_queries * options.k);
    for (std::int64_t i = 0; i < n_queries; ++i) {
        std::vector<std::pair<double, std::int64_t>> found;
        for (std::int64_t j = 0; j < n_base; ++j) {
            const bool is_own = options.exclude_self && i + options.first_query == j;
            const bool is_group = options.query_groups != nullptr &&
                                  options.query_groups[i] == options.base_groups[j];
            if (!is_own && !is_group) found.emplace_back(rank(i, j), j);
        }
        std::sort(found.begin(), found.end());
        for (std::int64_t n = 0; n < options.k; ++n) {
            const auto& [distance, index] = found[static_cast<std::size_t>(n)];
            const auto place = static_cast<std::size_t>(i * options.k + n);
            answer.distances[place] = distance_from_rank(options.metric, distance);
            answer.indices[place] = index;
        }
    }
    return answer;
}

/// Bytes have one right answer, to the last bit.
void check_bytes(const Matrix<std::uint8_t>& query, const Matrix<std::uint8_t>& base,
                 const SearchOptions& options) {
    const auto expected =
        sorted_answer(query.rows(), base.rows(), options, [&](std::int64_t i, std::int64_t j) {
            return naive_distance(is_l1(options.metric), query, i, base, j);
        });
    CHECK_IN(same_bytes(search(query.view(), base.view(), options), expected),
             named({{"queries", query.rows()},
                    {"base", base.rows()},
                    {"cols", query.cols()},
                    {"k", options.k},
                    {"threads", options.n_threads}}));
}

/// Floats are ranked by what `measure` says, which is tested against the plain sum below.
template <class T>
void check_floats(const Matrix<T>& query, const Matrix<T>& base, const SearchOptions& options) {
    const auto expected =
        sorted_answer(query.rows(), base.rows(), options, [&](std::int64_t i, std::int64_t j) {
            return measure(options.metric, query.view(), i, base.view(), j);
        });
    CHECK_IN(same_bytes(search(query.view(), base.view(), options), expected),
             named({{"queries", query.rows()},
                    {"base", base.rows()},
                    {"cols", query.cols()},
                    {"k", options.k},
                    {"bytes", std::int64_t{sizeof(T)}}}));
}

TEST(search, bytes_of_every_width_up_to_two_vectors) {
    Random random(1);
    for (std::int64_t cols = 1; cols <= 130; ++cols) {
        const auto query = random_matrix<std::uint8_t>(random, 3, cols);
        const auto base = random_matrix<std::uint8_t>(random, 19, cols);
        for (const Metric metric : metrics) check_bytes(query, base, {.k = 4, .metric = metric});
    }
}

TEST(search, every_number_of_rows_up_to_some_panels) {
    Random random(2);
    for (std::int64_t n = 1; n <= 70; ++n) {
        const auto query = random_matrix<std::uint8_t>(random, n, 5);
        const auto base = random_matrix<std::uint8_t>(random, n, 5);
        const auto floats = random_matrix<float>(random, n, 5);
        for (const Metric metric : metrics) {
            check_bytes(query, base, {.k = 1 + n / 2, .metric = metric, .n_threads = 2});
            check_floats(floats, floats, {.k = n, .metric = metric});
        }
    }
}

TEST(search, floats_of_every_width_up_to_two_vectors) {
    Random random(3);
    for (std::int64_t cols = 1; cols <= 70; ++cols) {
        for (const Metric metric : metrics) {
            check_floats(random_matrix<float>(random, 3, cols),
                         random_matrix<float>(random, 19, cols), {.k = 4, .metric = metric});
            check_floats(random_matrix<double>(random, 3, cols),
                         random_matrix<double>(random, 19, cols), {.k = 4, .metric = metric});
        }
    }
}

TEST(search, rows_that_lie_in_any_way) {
    Random random(4);
    for (const Layout of_query : all_layouts) {
        for (const Layout of_base : all_layouts) {
            const auto query = random_matrix<std::uint8_t>(random, 7, 67, of_query);
            const auto base = random_matrix<std::uint8_t>(random, 33, 67, of_base);
            const auto floats = random_matrix<float>(random, 7, 67, of_query);
            const auto doubles = random_matrix<double>(random, 33, 35, of_base);
            for (const Metric metric : metrics) {
                check_bytes(query, base, {.k = 5, .metric = metric});
                check_floats(floats, floats, {.k = 3, .metric = metric});
                check_floats(doubles, doubles, {.k = 3, .metric = metric});
            }
        }
    }
}

TEST(search, extreme_bytes_fill_the_accumulators) {
    for (const std::int64_t cols : {4096, 20000, 70001}) {
        Matrix<std::uint8_t> query(2, cols);
        Matrix<std::uint8_t> base(3, cols);
        query.fill([] { return 255; });
        for (std::int64_t j = 0; j < cols; ++j) base.set(1, j, 255);
        for (const Metric metric : metrics) check_bytes(query, base, {.k = 3, .metric = metric});
    }
}

TEST(search, more_rows_than_a_chunk_on_any_threads) {
    Random random(5);
    const auto query = random_matrix<std::uint8_t>(random, 70, 40);
    const auto base = random_matrix<std::uint8_t>(random, 1500, 40);
    const auto floats = random_matrix<float>(random, 400, 33);
    for (const int n_threads : {1, 2, 4}) {
        for (const Metric metric : metrics) {
            check_bytes(query, base, {.k = 17, .metric = metric, .n_threads = n_threads});
            check_floats(floats, floats, {.k = 11, .metric = metric, .n_threads = n_threads});
        }
    }
}

TEST(search, equally_far_rows_come_in_the_order_of_their_indices) {
    Matrix<std::uint8_t> rows(400, 3);
    Random random(6);
    rows.fill([&] { return whole(random, 0, 1); });
    for (const Metric metric : metrics) {
        for (const std::int64_t k : {1, 50, 399}) {
            check_bytes(rows, rows, {.k = k, .metric = metric, .n_threads = 3});
            check_bytes(rows, rows, {.k = k, .metric = metric, .exclude_self = true});
        }
    }
}

TEST(search, skips_own_rows_and_groups) {
    Random random(7);
    const auto rows = random_matrix<std::uint8_t>(random, 600, 30);
    std::vector<std::int64_t> groups(600);
    for (auto& group : groups) group = whole(random, 0, 4);
    for (const Metric metric : metrics) {
        for (const int n_threads : {1, 3}) {
            check_bytes(rows, rows,
                        {.k = 7, .metric = metric, .exclude_self = true, .n_threads = n_threads});
            check_bytes(rows, rows,
                        {.k = 7,
                         .metric = metric,
                         .n_threads = n_threads,
                         .query_groups = groups.data(),
                         .base_groups = groups.data()});
            auto some = rows.view();
            some.data += 100 * some.row_stride;
            some.rows = 50;
            const SearchOptions later{.k = 7,
                                      .metric = metric,
                                      .exclude_self = true,
                                      .n_threads = n_threads,
                                      .first_query = 100};
            const auto expected =
                sorted_answer(50, 600, later, [&](std::int64_t i, std::int64_t j) {
                    return naive_distance(is_l1(metric), rows, 100 + i, rows, j);
                });
            CHECK(same_bytes(search(some, rows.view(), later), expected));
        }
    }
}

TEST(search, no_queries_or_no_features) {
    Random random(8);
    const auto base = random_matrix<float>(random, 9, 4);
    CHECK(search(Matrix<float>(0, 4).view(), base.view(), {.k = 2}).indices.empty());
    const auto found = search(Matrix<float>(2, 0).view(), Matrix<float>(5, 0).view(), {.k = 3});
    CHECK((found.indices == std::vector<std::int64_t>{0, 1, 2, 0, 1, 2}));
    CHECK((found.distances == std::vector<double>(6, 0.0)));
}

TEST(search, an_exception_of_the_monitor_ends_it) {
    class Refusal final : public Monitor {
        void poll(double) override { throw std::runtime_error("stop"); }
    };
    // 10^12 operations, if it were not stopped. One row seen many times takes no memory.
    const Matrix<std::uint8_t> rows(500000, 2000, Layout::repeated);
    std::vector<double> distances(500000);
    std::vector<std::int64_t> indices(500000);
    for (const int n_threads : {1, 3}) {
        Refusal monitor;
        CHECK_THROWS(std::runtime_error, argkmin(rows.view(), rows.view(), {.n_threads = n_threads},
                                                 monitor, distances.data(), indices.data()));
    }
}

template <class T>
void check_pruned(Random& random, Metric metric, const std::vector<LevelPlan>& plans,
                  std::int64_t cols, Layout layout) {
    const auto query = random_matrix<T>(random, 37, cols, layout);
    const auto base = random_matrix<T>(random, 1100, cols, layout);
    const Encoder encoder = make_encoder(random, metric, base, plans);
    const Codes codes(encoder, base.view(), 2);
    using Setting = std::pair<int, std::int64_t>;
    for (const auto& [n_threads, k] : {Setting{1, 10}, Setting{3, 1}, Setting{3, 200}}) {
        const SearchOptions options{.k = k, .metric = metric, .n_threads = n_threads};
        Answer found(query.rows() * k);
        std::vector<std::int64_t> survivors(encoder.levels.size() + 1);
        Silence monitor;
        argkmin_pruned(query.view(), base.view(), encoder, codes.levels(), options, monitor,
                       found.distances.data(), found.indices.data(), survivors);
        CHECK_IN(same_bytes(found, search(query.view(), base.view(), options)),
                 named({{"cols", cols}, {"k", k}, {"levels", std::ssize(plans)}}));
        CHECK(survivors.back() >= query.rows() * k);
    }
}

TEST(search, pruned_is_brute_force_byte_for_byte) {
    using enum CodeKind;
    Random random(9);
    // Not every width in every layout: that takes ThreadSanitizer minutes.
    using Case = std::pair<Layout, std::int64_t>;
    for (const auto& [layout, cols] :
         {Case{Layout::dense, 48}, Case{Layout::misaligned, 67}, Case{Layout::padded, 5},
          Case{Layout::spread, 48}, Case{Layout::backwards, 67}, Case{Layout::repeated, 5}}) {
        for (const Metric metric : {Metric::euclidean, Metric::sqeuclidean}) {
            const std::vector<LevelPlan> some{{projection, 5, 8}, {projection, cols, 16}};
            check_pruned<std::uint8_t>(random, metric, some, cols, layout);
            check_pruned<float>(random, metric, {{projection, 4, 8}, {features, cols, 8}}, cols,
                                layout);
            check_pruned<double>(random, metric, {{features, cols, 8}}, cols, layout);
        }
        check_pruned<std::uint8_t>(random, Metric::manhattan, {{groups, 3, 8}, {groups, cols, 8}},
                                   cols, layout);
        check_pruned<float>(random, Metric::manhattan, {{groups, 5, 8}, {features, cols, 8}}, cols,
                            layout);
    }
}

}  // namespace
}  // namespace nearplane::testing
