// k-means: nearest centres, sums of clusters, distances to candidates for seeds.

#include <utility>

#include "constructor.hpp"
#include "nearplane/kmeans.hpp"
#include "nearplane/nearest_centre.hpp"

namespace nearplane::bindings {
namespace {

using Int32Array = py::array_t<std::int32_t, py::array::c_style>;

/// CentreBounds behind a Python class.
struct SharedBounds {
    CentreBounds bounds;
    Turn turn;
};

Int32Array assign(const py::array& X, const py::array& centres,
                  const std::optional<Int32Array>& guess, SharedBounds* shared, int n_threads,
                  Progress progress, Float64Array& distances) {
    const MatrixView rows = view_of(X, "X");
    const MatrixView base = view_of(centres, "centers");
    check_threads(n_threads);
    check(rows.cols == base.cols && rows.cols >= 1 && base.rows >= 1,
          "centers must have a row at least, and as many columns as X");
    check(!guess || (guess->ndim() == 1 && guess->size() == rows.rows),
          "guess must have one value for each row");
    std::optional<Turn::Taken> turn;
    if (shared != nullptr) turn.emplace(shared->turn, "CenterBounds");
    CentreBounds* bounds = shared == nullptr ? nullptr : &shared->bounds;
    if (bounds != nullptr && bounds->are_known()) {
        check(std::ssize(bounds->lower) == rows.rows * bounds->n_groups &&
                  std::ssize(bounds->order) == base.rows &&
                  std::ssize(bounds->centres) == base.rows * base.cols,
              "bounds must be of the same rows and as many centers");
    }
    Int32Array labels(rows.rows);
    std::int32_t* to = labels.mutable_data();
    for (std::int64_t i = 0; i < rows.rows; ++i) to[i] = guess ? guess->data()[i] : -1;
    distances = Float64Array(rows.rows);
    double* lengths = distances.mutable_data();
    run_released(std::move(progress), [&](Monitor& monitor) {
        nearest_centres(rows, base, n_threads, monitor, to, lengths, bounds);
    });
    return labels;
}

py::tuple nearest(const py::array& X, const py::array& centres,
                  const std::optional<Int32Array>& guess, SharedBounds* bounds, int n_threads,
                  Progress progress) {
    Float64Array distances;
    Int32Array labels =
        assign(X, centres, guess, bounds, n_threads, std::move(progress), distances);
    return py::make_tuple(std::move(labels), std::move(distances));
}

const double* weights_of(const OptionalFloat64Array& sample_weight, std::int64_t n_rows) {
    check(!sample_weight || (sample_weight->ndim() == 1 && sample_weight->size() == n_rows),
          "sample_weight must have one value for each row");
    return sample_weight ? sample_weight->data() : nullptr;
}

py::tuple sums_of_clusters(const py::array& X, const Int32Array& labels, std::int64_t n_clusters,
                           const OptionalFloat64Array& sample_weight, int n_threads,
                           Progress progress) {
    const MatrixView rows = view_of(X, "X");
    check_threads(n_threads);
    check(labels.ndim() == 1 && labels.size() == rows.rows,
          "labels must have one value for each row");
    check(n_clusters >= 1, "n_clusters must be at least 1");
    const std::vector<std::int32_t> clusters = copy_of(labels);
    for (const std::int32_t label : clusters) {
        check(label >= 0 && label < n_clusters, "labels must be below n_clusters");
    }
    const double* weight = weights_of(sample_weight, rows.rows);
    Float64Array sums({n_clusters, rows.cols});
    Float64Array weights(n_clusters);
    double* sums_data = sums.mutable_data();
    double* weights_data = weights.mutable_data();
    run_released(std::move(progress), [&](Monitor& monitor) {
        cluster_sums(rows, clusters.data(), weight, n_clusters, n_threads, monitor, sums_data,
                     weights_data);
    });
    return py::make_tuple(std::move(sums), std::move(weights));
}

py::tuple distances_of_candidates(const py::array& X, const py::array& candidates,
                                  const Float64Array& distances,
                                  const OptionalFloat64Array& sample_weight, int n_threads,
                                  Progress progress) {
    const MatrixView rows = view_of(X, "X");
    const MatrixView base = view_of(candidates, "candidates");
    check_threads(n_threads);
    check_pair(rows, base);
    check(distances.ndim() == 1 && distances.size() == rows.rows,
          "distances must have one value for each row");
    const double* weight = weights_of(sample_weight, rows.rows);
    Float64Array nearer({base.rows, rows.rows});
    Float64Array totals(base.rows);
    double* nearer_data = nearer.mutable_data();
    double* totals_data = totals.mutable_data();
    run_released(std::move(progress), [&](Monitor& monitor) {
        nearer_distances(rows, base, distances.data(), weight, n_threads, monitor, nearer_data,
                         totals_data);
    });
    return py::make_tuple(std::move(nearer), std::move(totals));
}

py::array hashes_of_rows(const py::array& X, int n_threads) {
    const MatrixView rows = view_of(X, "X");
    check_threads(n_threads);
    py::array_t<std::uint64_t> hashes(rows.rows);
    std::uint64_t* out = hashes.mutable_data();
    run_released(std::nullopt,
                 [&](Monitor& monitor) { row_hashes(rows, n_threads, monitor, out); });
    return hashes;
}

}  // namespace

void bind_kmeans(py::module_& module) {
    py::class_<SharedBounds> bounds(module, "CenterBounds", py::module_local(),
                                    "How near groups of centers can be to each of the same rows.");
    def_constructor(bounds, [] { return SharedBounds(); });
    module.def("nearest_centers", &nearest, py::arg("X"), py::arg("centers"), py::kw_only(),
               py::arg("guess"), py::arg("bounds") = py::none(), py::arg("n_threads"),
               py::arg("progress"),
               "The nearest center of each row, and the square of its distance.");
    module.def("cluster_sums", &sums_of_clusters, py::arg("X"), py::arg("labels"),
               py::arg("n_clusters"), py::kw_only(), py::arg("sample_weight"), py::arg("n_threads"),
               py::arg("progress"), "The weighted sum of each cluster's rows, and of its weights.");
    module.def("nearer_distances", &distances_of_candidates, py::arg("X"), py::arg("candidates"),
               py::arg("distances"), py::kw_only(), py::arg("sample_weight"), py::arg("n_threads"),
               py::arg("progress"),
               "Squared distances as they would be with each candidate, and their weighted sums.");
    module.def("row_hashes", &hashes_of_rows, py::arg("X"), py::kw_only(), py::arg("n_threads"),
               "A number for each row that depends on its values alone.");
}

}  // namespace nearplane::bindings
