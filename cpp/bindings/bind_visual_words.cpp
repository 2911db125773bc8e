// Images as bags of visual words.

#include <utility>

#include "bindings.hpp"
#include "nearplane/visual_words.hpp"

namespace nearplane::bindings {
namespace {

constexpr std::array<std::pair<std::string_view, Assignment>, 3> assignments{{
    {"hard", Assignment::hard},
    {"soft", Assignment::soft},
    {"triangle", Assignment::triangle},
}};

using Float32Array = FloatArray<float>;
using Size = std::array<std::int64_t, 2>;

std::vector<float> values_of(const Float32Array& array) {
    return {array.data(), array.data() + array.size()};
}

VisualWords model_of(const std::array<std::int64_t, 3>& image_shape, const Size& patch_size,
                     std::int64_t stride, const Size& grid, std::optional<double> contrast,
                     const std::optional<Float32Array>& center,
                     const std::optional<Float32Array>& whitening, const Float32Array& words,
                     const std::string& assignment, double bandwidth) {
    const PatchGrid patches{.height = image_shape[0],
                            .width = image_shape[1],
                            .channels = image_shape[2],
                            .patch_height = patch_size[0],
                            .patch_width = patch_size[1],
                            .stride = stride};
    check(patches.channels >= 1 && stride >= 1 && patches.patch_height >= 1 &&
              patches.patch_width >= 1 && patches.height >= patches.patch_height &&
              patches.width >= patches.patch_width,
          "a patch must fit into the image");
    check(grid[0] >= 1 && grid[0] <= patches.rows() && grid[1] >= 1 && grid[1] <= patches.columns(),
          "every region must have a patch");
    const std::int64_t n_features = patches.n_features();
    check(words.ndim() == 2 && words.shape(0) >= 1 && words.shape(1) == n_features,
          "words must have shape (n_words, n_features of a patch)");
    check(!center || (center->ndim() == 1 && center->size() == n_features),
          "center must have a value for each feature of a patch");
    check(!whitening || (whitening->ndim() == 2 && whitening->shape(0) == n_features &&
                         whitening->shape(1) == n_features),
          "whitening must be a square matrix of the features of a patch");
    check(!contrast || *contrast >= 0.0, "contrast must not be negative");
    check(bandwidth > 0.0, "bandwidth must be positive");
    return {.patches = patches,
            .region_rows = grid[0],
            .region_columns = grid[1],
            .contrast = contrast ? static_cast<float>(*contrast) : -1.0F,
            .center = center ? values_of(*center) : std::vector<float>{},
            .whitening = whitening ? values_of(*whitening) : std::vector<float>{},
            .words = values_of(words),
            .assignment = named(assignments, assignment),
            .bandwidth = bandwidth};
}

void encode(const py::array& images, Float32Array out,
            const std::array<std::int64_t, 3>& image_shape, const Size& patch_size,
            std::int64_t stride, const Size& grid, std::optional<double> contrast,
            const std::optional<Float32Array>& center, const std::optional<Float32Array>& whitening,
            const Float32Array& words, const std::string& assignment, double bandwidth,
            int n_threads, Progress progress) {
    const MatrixView view = view_of(images, "images");
    const VisualWords model = model_of(image_shape, patch_size, stride, grid, contrast, center,
                                       whitening, words, assignment, bandwidth);
    check_threads(n_threads);
    check(view.cols == product_of({image_shape[0], image_shape[1], image_shape[2]}),
          "images must be rows of image_shape");
    check(out.ndim() == 2 && out.shape(0) == view.rows && out.shape(1) == model.n_features_out(),
          "out must have shape (n_images, n_features_out)");
    float* data = out.mutable_data();  // throws if out is read-only
    run_released(std::move(progress),
                 [&](Monitor& monitor) { encode_images(model, view, n_threads, monitor, data); });
}

}  // namespace

void bind_visual_words(py::module_& module) {
    module.def("encode_visual_words", &encode, py::arg("images"), py::arg("out").noconvert(),
               py::kw_only(), py::arg("image_shape"), py::arg("patch_size"), py::arg("stride"),
               py::arg("grid"), py::arg("contrast"), py::arg("center"), py::arg("whitening"),
               py::arg("words"), py::arg("assignment"), py::arg("bandwidth"), py::arg("n_threads"),
               py::arg("progress"),
               "Writes what the patches of each image say of the words, region by region.");
}

}  // namespace nearplane::bindings
