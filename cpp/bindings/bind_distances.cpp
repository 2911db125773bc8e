// Searches, distance matrices, and the check of their input.

#include <utility>

#include "bindings.hpp"
#include "nearplane/distance_matrix.hpp"
#include "nearplane/finite.hpp"
#include "nearplane/search.hpp"

namespace nearplane::bindings {
namespace {

using Progress = std::optional<py::function>;

void check_pair(const MatrixView& query, const MatrixView& base) {
    if (query.scalar != base.scalar || query.cols != base.cols) {
        throw py::value_error("query and base must have the same dtype and number of columns");
    }
}

std::pair<py::array_t<double>, py::array_t<std::int64_t>> argkmin_arrays(
    const py::array& query, const py::array& base, std::int64_t k, const std::string& metric,
    bool exclude_self, int n_threads, Progress progress) {
    const MatrixView query_view = view_of(query, "query");
    const MatrixView base_view = view_of(base, "base");
    check_pair(query_view, base_view);
    check_threads(n_threads);
    if (exclude_self && query_view.rows != base_view.rows) {
        throw py::value_error("exclude_self needs as many query rows as base rows");
    }
    if (k < 1 || k > base_view.rows - (exclude_self ? 1 : 0)) {
        throw py::value_error("k must be between 1 and the number of base rows");
    }
    py::array_t<double> distances({query_view.rows, k});
    py::array_t<std::int64_t> indices({query_view.rows, k});
    double* distances_data = distances.mutable_data();
    std::int64_t* indices_data = indices.mutable_data();
    const SearchOptions options{k, metric_of(metric), exclude_self, n_threads};
    run_released(std::move(progress), [&](Monitor& monitor) {
        argkmin(query_view, base_view, options, monitor, distances_data, indices_data);
    });
    return {std::move(distances), std::move(indices)};
}

void pairwise_distances_into(const py::array& query, const py::array& base,
                             const std::string& metric, py::array out, int n_threads,
                             Progress progress) {
    const MatrixView query_view = view_of(query, "query");
    const MatrixView base_view = view_of(base, "base");
    const MatrixView out_view = view_of(out, "out");
    check_pair(query_view, base_view);
    check_threads(n_threads);
    const bool contiguous = (out.flags() & py::array::c_style) != 0;
    const auto address = reinterpret_cast<std::uintptr_t>(out.data());
    const bool aligned = address % static_cast<std::uintptr_t>(out.itemsize()) == 0;
    if (out_view.scalar == Scalar::u8 || !contiguous || !aligned ||
        out_view.rows != query_view.rows || out_view.cols != base_view.rows) {
        throw py::value_error(
            "out must be an aligned C-contiguous float array of shape (n_query, n_base)");
    }
    void* data = out.mutable_data();  // throws if out is read-only
    const Metric which = metric_of(metric);
    run_released(std::move(progress), [&](Monitor& monitor) {
        if (out_view.scalar == Scalar::f32) {
            distance_matrix(query_view, base_view, which, n_threads, monitor,
                            static_cast<float*>(data));
        } else {
            distance_matrix(query_view, base_view, which, n_threads, monitor,
                            static_cast<double*>(data));
        }
    });
}

std::int64_t first_nonfinite(const py::array& rows, int n_threads) {
    const MatrixView view = view_of(rows, "X");
    check_threads(n_threads);
    std::int64_t row = -1;
    run_released(std::nullopt,
                 [&](Monitor& monitor) { row = first_nonfinite_row(view, n_threads, monitor); });
    return row;
}

}  // namespace

void bind_distances(py::module_& module) {
    module.def("argkmin", &argkmin_arrays, py::arg("query"), py::arg("base"), py::arg("k"),
               py::arg("metric"), py::kw_only(), py::arg("exclude_self"), py::arg("n_threads"),
               py::arg("progress"),
               "Distances and indices of the k nearest base rows of each query row.");
    module.def("pairwise_distances", &pairwise_distances_into, py::arg("query"), py::arg("base"),
               py::arg("metric"), py::arg("out"), py::kw_only(), py::arg("n_threads"),
               py::arg("progress"),
               "Writes the distance of every query row to every base row into out.");
    module.def("first_nonfinite_row", &first_nonfinite, py::arg("X"), py::kw_only(),
               py::arg("n_threads"), "The first row with a NaN or an infinity, or -1.");
}

}  // namespace nearplane::bindings
