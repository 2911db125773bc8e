#include <algorithm>
#include <limits>
#include <vector>

#include "check.hpp"
#include "nearplane/kmeans.hpp"
#include "nearplane/measure.hpp"
#include "nearplane/nearest_centre.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

struct Assigned {
    std::vector<std::int32_t> labels;
    std::vector<double> distances;
};

template <class T>
Assigned naive_nearest(const Matrix<T>& rows, const Matrix<double>& centres) {
    Matrix<double> wide(rows.rows(), rows.cols());  // `measure` compares rows of one type
    for (std::int64_t i = 0; i < rows.rows(); ++i) {
        for (std::int64_t d = 0; d < rows.cols(); ++d) {
            wide.set(i, d, static_cast<double>(rows.at(i, d)));
        }
    }
    Assigned result;
    for (std::int64_t i = 0; i < rows.rows(); ++i) {
        double least = std::numeric_limits<double>::infinity();
        std::int32_t label = 0;
        for (std::int64_t c = 0; c < centres.rows(); ++c) {
            const double distance = measure(Metric::sqeuclidean, wide.view(), i, centres.view(), c);
            if (!(distance < least)) continue;
            least = distance;
            label = static_cast<std::int32_t>(c);
        }
        result.labels.push_back(label);
        result.distances.push_back(least);
    }
    return result;
}

/// Some steps of k-means with the same bounds: centres move, and labels are those of brute force.
template <class T>
void check_nearest(Random& random, std::int64_t n_rows, std::int64_t n_centres, std::int64_t cols,
                   Layout layout, int n_threads) {
    auto rows = random_matrix<T>(random, n_rows, cols, layout);
    Matrix<double> centres(n_centres, cols);
    for (std::int64_t c = 0; c < n_centres; ++c) {
        const std::int64_t row = whole(random, 0, n_rows - 1);
        for (std::int64_t d = 0; d < cols; ++d) {
            centres.set(c, d, static_cast<double>(rows.at(row, d)));
        }
    }
    std::vector<std::int32_t> labels(static_cast<std::size_t>(n_rows), -1);
    std::vector<double> distances(labels.size());
    CentreBounds bounds;
    Silence monitor;
    for (int step = 0; step < 4; ++step) {
        nearest_centres(rows.view(), centres.view(), n_threads, monitor, labels.data(),
                        distances.data(), step % 2 == 0 ? nullptr : &bounds);
        const auto expected = naive_nearest(rows, centres);
        const auto detail = named({{"rows", n_rows}, {"centres", n_centres}, {"cols", cols}});
        CHECK_IN(labels == expected.labels, detail);
        CHECK_IN(distances == expected.distances, detail);
        for (std::int64_t c = 0; c < n_centres; ++c) {
            for (std::int64_t d = 0; d < cols; ++d) {
                centres.set(c, d, centres.at(c, d) + real(random, -0.1, 0.1));
            }
        }
    }
}

TEST(kmeans, nearest_centres_are_those_of_brute_force) {
    Random random(1);
    for (const Layout layout : all_layouts) {
        for (const std::int64_t n_centres : {1, 9, 70}) {
            for (const std::int64_t cols : {1, 17, 67}) {
                check_nearest<std::uint8_t>(random, 50, n_centres, cols, layout, 2);
                check_nearest<float>(random, 50, n_centres, cols, layout, 1);
                check_nearest<double>(random, 50, n_centres, cols, layout, 3);
            }
        }
    }
    check_nearest<std::uint8_t>(random, 600, 100, 50, Layout::dense, 3);
    check_nearest<float>(random, 600, 100, 50, Layout::dense, 3);
}

template <class T>
void check_sums(Random& random, std::int64_t n_rows, std::int64_t n_clusters, Layout layout) {
    const auto rows = random_matrix<T>(random, n_rows, 37, layout);
    std::vector<std::int32_t> labels;
    std::vector<double> weights;
    for (std::int64_t i = 0; i < n_rows; ++i) {
        // Clusters of all sizes, and some empty.
        const double share = real(random, 0.0, 1.0);
        labels.push_back(
            static_cast<std::int32_t>(share * share * share * static_cast<double>(n_clusters)));
        weights.push_back(real(random, 0.0, 2.0));
    }
    const auto size = static_cast<std::size_t>(n_clusters * 37);
    for (const double* sample_weight :
         {static_cast<const double*>(nullptr), static_cast<const double*>(weights.data())}) {
        std::vector<double> truth(size);
        for (std::int64_t i = 0; i < n_rows; ++i) {
            const double weight = sample_weight == nullptr ? 1.0 : sample_weight[i];
            for (std::int64_t d = 0; d < 37; ++d) {
                truth[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)] * 37 + d)] +=
                    weight * static_cast<double>(rows.at(i, d));
            }
        }
        std::vector<double> first;
        for (const int n_threads : {1, 3}) {
            std::vector<double> sums(size, 5.0);
            std::vector<double> totals(static_cast<std::size_t>(n_clusters), 5.0);
            Silence monitor;
            cluster_sums(rows.view(), labels.data(), sample_weight, n_clusters, n_threads, monitor,
                         sums.data(), totals.data());
            if (n_threads == 1) first = sums;
            CHECK(sums == first);
            bool is_right = true;
            for (std::size_t k = 0; k < size; ++k) {
                is_right = is_right &&
                           std::abs(sums[k] - truth[k]) <= 1e-9 * static_cast<double>(1 + n_rows);
            }
            CHECK(is_right);
        }
    }
}

TEST(kmeans, sums_of_clusters) {
    Random random(2);
    for (const Layout layout : all_layouts) {
        check_sums<std::uint8_t>(random, 100, 7, layout);
        check_sums<float>(random, 100, 7, layout);
        check_sums<double>(random, 1, 3, layout);
    }
    check_sums<float>(random, 5000, 4, Layout::dense);  // clusters in parts
}

TEST(kmeans, distances_to_candidates_only_shrink) {
    Random random(3);
    Silence monitor;
    for (const Layout layout : all_layouts) {
        const auto rows = random_matrix<float>(random, 400, 23, layout);
        const auto candidates = random_matrix<float>(random, 3, 23);
        std::vector<double> nearest;
        std::vector<double> weights;
        for (int i = 0; i < 400; ++i) {
            nearest.push_back(real(random, 0.0, 80.0));
            weights.push_back(real(random, 0.0, 2.0));
        }
        std::vector<double> distances(1200);
        std::vector<double> totals(3);
        nearer_distances(rows.view(), candidates.view(), nearest.data(), weights.data(), 3, monitor,
                         distances.data(), totals.data());
        for (std::int64_t t = 0; t < 3; ++t) {
            double total = 0.0;
            for (std::int64_t i = 0; i < 400; ++i) {
                const auto row = static_cast<std::size_t>(i);
                const double truth =
                    std::min(nearest[row], naive_distance(false, rows, i, candidates, t));
                const double found = distances[static_cast<std::size_t>(t * 400 + i)];
                CHECK(is_close(found, truth, 1e-6));
                total += weights[row] * found;
            }
            CHECK(is_close(totals[static_cast<std::size_t>(t)], total, 1e-12));
        }
    }
}

TEST(kmeans, hashes_know_values_alone) {
    Random random(4);
    Silence monitor;
    const auto bytes = random_matrix<std::uint8_t>(random, 100, 31);
    std::vector<std::uint64_t> expected(100);
    row_hashes(bytes.view(), 1, monitor, expected.data());
    for (const Layout layout : all_layouts) {
        if (layout == Layout::repeated) continue;
        Matrix<float> floats(100, 31, layout);
        Matrix<double> doubles(100, 31, layout);
        for (std::int64_t i = 0; i < 100; ++i) {
            for (std::int64_t d = 0; d < 31; ++d) {
                floats.set(i, d, static_cast<float>(bytes.at(i, d)));
                doubles.set(i, d, static_cast<double>(bytes.at(i, d)));
            }
        }
        std::vector<std::uint64_t> found(100);
        row_hashes(floats.view(), 3, monitor, found.data());
        CHECK(found == expected);
        row_hashes(doubles.view(), 2, monitor, found.data());
        CHECK(found == expected);
    }
    std::sort(expected.begin(), expected.end());
    CHECK(std::adjacent_find(expected.begin(), expected.end()) == expected.end());
}

TEST(kmeans, no_rows) {
    Random random(5);
    Silence monitor;
    const Matrix<float> none(0, 4);
    const auto centres = random_matrix<float>(random, 3, 4);
    nearest_centres(none.view(), centres.view(), 2, monitor, nullptr, nullptr);
    std::vector<double> sums(12, 1.0);
    std::vector<double> totals(3, 1.0);
    cluster_sums(none.view(), nullptr, nullptr, 3, 2, monitor, sums.data(), totals.data());
    CHECK((sums == std::vector<double>(12, 0.0)));
    CHECK((totals == std::vector<double>(3, 0.0)));
}

}  // namespace
}  // namespace nearplane::testing
