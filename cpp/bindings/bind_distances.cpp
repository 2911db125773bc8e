// Distance matrices, and the check of what is searched.

#include <utility>

#include "bindings.hpp"
#include "nearplane/distance_matrix.hpp"
#include "nearplane/finite.hpp"

namespace nearplane::bindings {
namespace {

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
    module.def("pairwise_distances", &pairwise_distances_into, py::arg("query"), py::arg("base"),
               py::arg("metric"), py::arg("out"), py::kw_only(), py::arg("n_threads"),
               py::arg("progress"),
               "Writes the distance of every query row to every base row into out.");
    module.def("first_nonfinite_row", &first_nonfinite, py::arg("X"), py::kw_only(),
               py::arg("n_threads"), "The first row with a NaN or an infinity, or -1.");
}

}  // namespace nearplane::bindings
