#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"
#include "nearplane/distance_matrix.hpp"
#include "nearplane/measure.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

constexpr Metric metrics[] = {Metric::euclidean, Metric::sqeuclidean, Metric::manhattan};

template <class T, class Out>
void check_matrix(const Matrix<T>& x, const Matrix<T>& y, double tolerance, int n_threads) {
    for (const Metric metric : metrics) {
        std::vector<Out> found(static_cast<std::size_t>(x.rows() * y.rows()));
        Silence monitor;
        distance_matrix(x.view(), y.view(), metric, n_threads, monitor, found.data());
        bool are_right = true;
        for (std::int64_t i = 0; i < x.rows(); ++i) {
            for (std::int64_t j = 0; j < y.rows(); ++j) {
                const double truth =
                    distance_from_rank(metric, naive_distance(is_l1(metric), x, i, y, j));
                const auto place = static_cast<std::size_t>(i * y.rows() + j);
                are_right =
                    are_right && is_close(static_cast<double>(found[place]), truth, tolerance);
            }
        }
        CHECK_IN(are_right, named({{"rows", x.rows()}, {"cols", x.cols()}}));
    }
}

TEST(distances, matrices_of_every_width) {
    Random random(1);
    for (std::int64_t cols = 0; cols <= 70; ++cols) {
        const auto bytes = random_matrix<std::uint8_t>(random, 5, cols);
        const auto floats = random_matrix<float>(random, 5, cols);
        const auto doubles = random_matrix<double>(random, 5, cols);
        check_matrix<std::uint8_t, double>(bytes, bytes, 0.0, 1);
        check_matrix<std::uint8_t, float>(bytes, bytes, 1e-7, 1);
        check_matrix<float, float>(floats, floats, 3e-5, 1);
        check_matrix<float, double>(floats, floats, 1.1e-9, 1);
        check_matrix<double, double>(doubles, doubles, 1.1e-9, 1);
        check_matrix<double, float>(doubles, doubles, 3e-5, 1);
    }
}

TEST(distances, matrices_of_every_height_and_layout) {
    Random random(2);
    for (const Layout layout : all_layouts) {
        for (const std::int64_t rows : {0, 1, 2, 15, 31, 33, 64, 130}) {
            const auto bytes = random_matrix<std::uint8_t>(random, rows, 9, layout);
            const auto others = random_matrix<std::uint8_t>(random, 17, 9, layout);
            const auto floats = random_matrix<float>(random, rows, 9, layout);
            const auto more = random_matrix<float>(random, 17, 9, layout);
            check_matrix<std::uint8_t, double>(bytes, others, 0.0, 2);
            check_matrix<float, float>(floats, more, 3e-5, 2);
        }
    }
}

TEST(distances, any_threads_give_the_same_bits) {
    Random random(3);
    const auto x = random_matrix<float>(random, 300, 200);
    std::vector<float> expected(300 * 300);
    std::vector<float> found(300 * 300);
    Silence monitor;
    distance_matrix(x.view(), x.view(), Metric::euclidean, 1, monitor, expected.data());
    for (const int n_threads : {2, 3, 5}) {
        distance_matrix(x.view(), x.view(), Metric::euclidean, n_threads, monitor, found.data());
        CHECK(found == expected);
    }
}

template <class T>
void check_measure(Random& random, std::int64_t cols, Layout layout) {
    const auto x = random_matrix<T>(random, 3, cols, layout);
    const auto y = random_matrix<T>(random, 3, cols);
    for (const Metric metric : metrics) {
        const double truth = naive_distance(is_l1(metric), x, 1, y, 2);
        const double found = measure(metric, x.view(), 1, y.view(), 2);
        CHECK_IN(is_close(found, truth, 1e-13), named({{"cols", cols}}));
        CHECK(measure_within(metric, x.view(), 1, y.view(), 2, found) == found);
        CHECK(measure_within(metric, x.view(), 1, y.view(), 2, found / 2) >= found / 2);
    }
}

TEST(distances, measure_is_the_plain_sum) {
    Random random(4);
    for (const Layout layout : all_layouts) {
        for (std::int64_t cols = 0; cols <= 70; ++cols) {
            check_measure<std::uint8_t>(random, cols, layout);
            check_measure<float>(random, cols, layout);
            check_measure<double>(random, cols, layout);
        }
        check_measure<std::uint8_t>(random, 100003, layout);
    }
}

TEST(distances, huge_and_tiny_numbers) {
    const double largest = std::numeric_limits<double>::max();
    const double smallest = std::numeric_limits<double>::denorm_min();
    Matrix<double> x(4, 3);
    const double values[] = {largest, -largest, smallest, 0.0};
    for (std::int64_t i = 0; i < 4; ++i) {
        for (std::int64_t j = 0; j < 3; ++j) x.set(i, j, values[i]);
    }
    for (const Metric metric : metrics) {
        std::vector<double> found(16);
        Silence monitor;
        distance_matrix(x.view(), x.view(), metric, 1, monitor, found.data());
        CHECK(std::isinf(found[1]) && std::isinf(found[4]));
        for (const std::size_t same : {0, 5, 10, 15}) CHECK(found[same] == 0.0);
        CHECK(found[11] >= 0.0 && found[11] < 1e-300);
    }
}

}  // namespace
}  // namespace nearplane::testing
