#include <limits>

#include "check.hpp"
#include "nearplane/finite.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

template <class T>
void check_every_place(Layout layout) {
    Random random(1);
    Silence monitor;
    const T bad[] = {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                     std::numeric_limits<T>::quiet_NaN()};
    for (const std::int64_t cols : {1, 2, 7, 16, 33, 67}) {
        auto rows = random_matrix<T>(random, 5, cols, layout);
        rows.set(0, 0, std::numeric_limits<T>::max());
        CHECK(first_nonfinite_row(rows.view(), 2, monitor) == -1);
        const std::int64_t n_rows = layout == Layout::repeated ? 1 : rows.rows();
        for (std::int64_t i = 0; i < n_rows; ++i) {
            for (std::int64_t j = 0; j < cols; ++j) {
                const T kept = rows.at(i, j);
                rows.set(i, j, bad[(i + j) % 3]);
                CHECK_IN(first_nonfinite_row(rows.view(), 2, monitor) == i,
                         named({{"row", i}, {"column", j}, {"cols", cols}}));
                rows.set(i, j, kept);
            }
        }
    }
}

TEST(finite, finds_the_first_bad_row_wherever_it_is) {
    for (const Layout layout : all_layouts) {
        check_every_place<float>(layout);
        check_every_place<double>(layout);
    }
}

TEST(finite, the_first_of_many_for_any_threads) {
    Random random(2);
    Silence monitor;
    auto rows = random_matrix<float>(random, 3000, 400);
    for (const std::int64_t bad : {2999, 2000, 1001, 1000}) {
        rows.set(bad, 399, std::numeric_limits<float>::quiet_NaN());
        for (const int n_threads : {1, 2, 5}) {
            CHECK(first_nonfinite_row(rows.view(), n_threads, monitor) == bad);
        }
    }
}

TEST(finite, bytes_and_nothing_are_finite) {
    Random random(3);
    Silence monitor;
    CHECK(first_nonfinite_row(random_matrix<std::uint8_t>(random, 9, 9).view(), 2, monitor) == -1);
    for (const auto& [n, d] : {std::pair{0, 0}, {0, 5}, {5, 0}}) {
        CHECK(first_nonfinite_row(Matrix<double>(n, d).view(), 2, monitor) == -1);
    }
}

}  // namespace
}  // namespace nearplane::testing
