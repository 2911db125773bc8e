// Encoders: rows in, short codes and their errors out.

#include "constructor.hpp"
#include "encoder_arguments.hpp"

namespace nearplane::bindings {
namespace {

py::list encode_rows(const Encoder& encoder, const py::array& X, int n_threads, Progress progress) {
    const MatrixView rows = view_of(X, "X");
    check_threads(n_threads);
    check(rows.cols == encoder.n_features(), "X and the encoder differ in the number of features");
    py::list codes;
    std::vector<CodesOut> out;
    for (const CodeLevel& level : encoder.levels) {
        py::array level_codes = level.bits == 16
                                    ? py::array(CodeArray<std::int16_t>({rows.rows, level.width}))
                                    : py::array(CodeArray<std::uint8_t>({rows.rows, level.width}));
        Float32Array errors(rows.rows);
        out.push_back({static_cast<std::byte*>(level_codes.mutable_data()), errors.mutable_data()});
        codes.append(py::make_tuple(std::move(level_codes), std::move(errors)));
    }
    run_released(std::move(progress),
                 [&](Monitor& monitor) { encode(encoder, rows, n_threads, monitor, {}, out); });
    return codes;
}

}  // namespace

void bind_encoder(py::module_& module) {
    py::class_<Encoder> encoder(module, "Encoder", py::module_local(),
                                "How rows become the short codes that a pruned search compares.");
    def_constructor(encoder, &encoder_of, py::arg("metric"), py::kw_only(), py::arg("center"),
                    py::arg("unit"), py::arg("basis"), py::arg("feature_order"), py::arg("levels"));
    encoder.def("encode", &encode_rows, py::arg("X"), py::kw_only(), py::arg("n_threads"),
                py::arg("progress"));
}

}  // namespace nearplane::bindings
