// Searches: by brute force, and pruned by a sketch.

#include <algorithm>
#include <utility>

#include "encoder_arguments.hpp"
#include "nearplane/search.hpp"

namespace nearplane::bindings {
namespace {

using OptionalInt64Array = std::optional<Int64Array>;

/// What both searches are asked for.
struct Job {
    Job(const py::array& query_array, const py::array& base_array, std::int64_t k,
        const std::string& metric, bool exclude_self, const OptionalInt64Array& query_groups,
        const OptionalInt64Array& base_groups, int n_threads)
        : query(view_of(query_array, "query")),
          base(view_of(base_array, "base")),
          options{.k = k,
                  .metric = metric_of(metric),
                  .exclude_self = exclude_self,
                  .n_threads = n_threads} {
        check_pair(query, base);
        check_threads(n_threads);
        check(!exclude_self || query.rows == base.rows,
              "exclude_self needs as many query rows as base rows");
        check(k >= 1 && k <= base.rows - (exclude_self ? 1 : 0),
              "k must be between 1 and the number of base rows");
        check(query_groups.has_value() == base_groups.has_value(),
              "groups must be given for query and base, or for neither");
        if (query_groups) {
            check(query_groups->ndim() == 1 && query_groups->size() == query.rows &&
                      base_groups->ndim() == 1 && base_groups->size() == base.rows,
                  "groups must have one value for each row");
            options.query_groups = query_groups->data();
            options.base_groups = base_groups->data();
        }
        distances = py::array_t<double>({query.rows, k});
        indices = py::array_t<std::int64_t>({query.rows, k});
    }

    MatrixView query;
    MatrixView base;
    SearchOptions options;
    py::array_t<double> distances;
    py::array_t<std::int64_t> indices;
};

py::tuple search(const py::array& query, const py::array& base, std::int64_t k,
                 const std::string& metric, bool exclude_self,
                 const OptionalInt64Array& query_groups, const OptionalInt64Array& base_groups,
                 int n_threads, Progress progress) {
    Job job(query, base, k, metric, exclude_self, query_groups, base_groups, n_threads);
    double* distances = job.distances.mutable_data();
    std::int64_t* indices = job.indices.mutable_data();
    run_released(std::move(progress), [&](Monitor& monitor) {
        argkmin(job.query, job.base, job.options, monitor, distances, indices);
    });
    return py::make_tuple(std::move(job.distances), std::move(job.indices));
}

py::tuple search_pruned(const py::array& query, const py::array& base, const Encoder& encoder,
                        const py::sequence& sketch, std::int64_t k, const std::string& metric,
                        bool exclude_self, const OptionalInt64Array& query_groups,
                        const OptionalInt64Array& base_groups, int n_threads, Progress progress) {
    Job job(query, base, k, metric, exclude_self, query_groups, base_groups, n_threads);
    check(is_l1(job.options.metric) == is_l1(encoder.metric),
          "the encoder was made for another metric");
    check(job.base.cols == encoder.n_features(),
          "base and the encoder differ in the number of features");
    const CodeLevel& first = encoder.levels.front();
    check(first.bits == 8 && first.width <= most_filtered_codes,
          "the first level must have at most 8,192 codes, of 8 bits");
    const Sketch codes = sketch_of(sketch, encoder, job.base.rows);
    const auto n_counts = codes.levels.size() + 1;
    double* distances = job.distances.mutable_data();
    std::int64_t* indices = job.indices.mutable_data();
    py::array_t<std::int64_t> counts(static_cast<py::ssize_t>(n_counts));
    const std::span<std::int64_t> survivors(counts.mutable_data(), n_counts);
    std::fill(survivors.begin(), survivors.end(), 0);
    run_released(std::move(progress), [&](Monitor& monitor) {
        argkmin_pruned(job.query, job.base, encoder, codes.levels, job.options, monitor, distances,
                       indices, survivors);
    });
    return py::make_tuple(std::move(job.distances), std::move(job.indices), std::move(counts));
}

}  // namespace

void bind_search(py::module_& module) {
    module.def("argkmin", &search, py::arg("query"), py::arg("base"), py::arg("k"),
               py::arg("metric"), py::kw_only(), py::arg("exclude_self"),
               py::arg("query_groups") = py::none(), py::arg("base_groups") = py::none(),
               py::arg("n_threads"), py::arg("progress"),
               "Distances and indices of the k nearest base rows of each query row.");
    module.def("argkmin_pruned", &search_pruned, py::arg("query"), py::arg("base"),
               py::arg("encoder"), py::arg("sketch"), py::arg("k"), py::arg("metric"),
               py::kw_only(), py::arg("exclude_self"), py::arg("query_groups") = py::none(),
               py::arg("base_groups") = py::none(), py::arg("n_threads"), py::arg("progress"),
               "The same by way of a sketch of the base rows; also returns how many pairs each "
               "level compared and how many were measured.");
}

}  // namespace nearplane::bindings
