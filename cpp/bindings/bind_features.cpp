// Features of images: rows of pixels in, rows of features out.

#include <cmath>

#include "bindings.hpp"
#include "nearplane/color_histogram.hpp"
#include "nearplane/hog.hpp"

namespace nearplane::bindings {
namespace {

using Float32Array = FloatArray<float>;
using Size = std::array<std::int64_t, 2>;

constexpr std::array<std::pair<std::string_view, BlockNorm>, 5> block_norms{{
    {"none", BlockNorm::none},
    {"L1", BlockNorm::l1},
    {"L1-sqrt", BlockNorm::l1_sqrt},
    {"L2", BlockNorm::l2},
    {"L2-Hys", BlockNorm::l2_hys},
}};

constexpr std::array<std::pair<std::string_view, ColorSpace>, 4> color_spaces{{
    {"channels", ColorSpace::channels},
    {"luma", ColorSpace::luma},
    {"hsv", ColorSpace::hsv},
    {"hue", ColorSpace::hue},
}};

constexpr std::array<std::pair<std::string_view, HistogramScale>, 3> histogram_scales{{
    {"counts", HistogramScale::counts},
    {"shares", HistogramScale::shares},
    {"roots", HistogramScale::roots},
}};

// Three axes of so many have fewer combinations than 64 bits count.
constexpr std::int64_t most_bins = 1 << 20;

/// Where the features of some images are written. Throws ValueError unless all fit together.
float* rows_for(Float32Array& out, const MatrixView& images,
                const std::array<std::int64_t, 3>& shape, std::int64_t n_features) {
    check(images.cols == product_of({shape[0], shape[1], shape[2]}),
          "images must be rows of image_shape");
    check(out.ndim() == 2 && out.shape(0) == images.rows && out.shape(1) == n_features,
          "out must have shape (n_images, n_features_out)");
    return out.mutable_data();  // throws if out is read-only
}

Hog hog_of(const std::array<std::int64_t, 3>& image_shape, const Size& pixels_per_cell,
           const Size& cells_per_block, std::int64_t orientations, const std::string& block_norm) {
    Hog hog{.height = image_shape[0],
            .width = image_shape[1],
            .channels = image_shape[2],
            .cell_height = pixels_per_cell[0],
            .cell_width = pixels_per_cell[1],
            .block_rows = cells_per_block[0],
            .block_columns = cells_per_block[1],
            .orientations = orientations,
            .norm = named(block_norms, block_norm)};
    check(hog.channels >= 1 && hog.cell_height >= 1 && hog.cell_width >= 1 && orientations >= 1,
          "sizes must be positive");
    check(hog.block_rows >= 1 && hog.block_rows <= hog.cell_rows() && hog.block_columns >= 1 &&
              hog.block_columns <= hog.cell_columns(),
          "a block must fit into the image");
    return hog;
}

std::int64_t hog_rows(const py::array& images, Float32Array out,
                      const std::array<std::int64_t, 3>& image_shape, const Size& pixels_per_cell,
                      const Size& cells_per_block, std::int64_t orientations, bool directed,
                      bool take_roots, bool luma, const std::string& block_norm, int n_threads,
                      Progress progress) {
    const MatrixView view = view_of(images, "images");
    Hog hog = hog_of(image_shape, pixels_per_cell, cells_per_block, orientations, block_norm);
    hog.directed = directed;
    hog.take_roots = take_roots;
    hog.luma = luma;
    check(!luma || hog.channels == 3, "luma needs three channels");
    check_threads(n_threads);
    float* data = rows_for(out, view, image_shape, hog.n_features());
    std::int64_t bad = -1;
    run_released(std::move(progress),
                 [&](Monitor& monitor) { bad = extract_hog(hog, view, n_threads, monitor, data); });
    return bad;
}

ColorHistogram histogram_of(const std::array<std::int64_t, 3>& image_shape,
                            const std::string& space, const std::vector<std::int64_t>& bins,
                            const Size& grid, double low, double high) {
    ColorHistogram histogram{.height = image_shape[0],
                             .width = image_shape[1],
                             .channels = image_shape[2],
                             .space = named(color_spaces, space),
                             .bins = bins,
                             .region_rows = grid[0],
                             .region_columns = grid[1],
                             .low = low,
                             .high = high};
    const bool as_it_is = histogram.space == ColorSpace::channels;
    const bool is_single =
        histogram.space == ColorSpace::luma || histogram.space == ColorSpace::hue;
    check(as_it_is || histogram.channels == 3, "the space is one of three channels");
    const auto n_axes =
        static_cast<std::size_t>(as_it_is ? histogram.channels : (is_single ? 1 : 3));
    check(n_axes >= 1 && bins.size() == n_axes, "bins must have a number for each channel");
    for (const std::int64_t n : bins) {
        check(n >= 1 && n <= most_bins, "bins must be between 1 and 2**20");
    }
    check(grid[0] >= 1 && grid[0] <= histogram.height && grid[1] >= 1 && grid[1] <= histogram.width,
          "every region must have a pixel");
    check(low < high && std::isfinite(high - low),
          "low must be less than high, by a finite number");
    return histogram;
}

std::int64_t color_histogram_rows(const py::array& images, Float32Array out,
                                  const std::array<std::int64_t, 3>& image_shape,
                                  const std::string& space, const std::vector<std::int64_t>& bins,
                                  bool joint, bool soft, const Size& grid, const std::string& scale,
                                  double low, double high, int n_threads, Progress progress) {
    const MatrixView view = view_of(images, "images");
    ColorHistogram histogram = histogram_of(image_shape, space, bins, grid, low, high);
    check(!joint || bins.size() == 1 || bins.size() == 3, "only three channels have combinations");
    histogram.joint = joint;
    product_of({grid[0], grid[1], histogram.region_bins()});
    histogram.soft = soft;
    histogram.scale = named(histogram_scales, scale);
    check_threads(n_threads);
    float* data = rows_for(out, view, image_shape, histogram.n_features());
    std::int64_t bad = -1;
    run_released(std::move(progress), [&](Monitor& monitor) {
        bad = extract_color_histogram(histogram, view, n_threads, monitor, data);
    });
    return bad;
}

}  // namespace

void bind_features(py::module_& module) {
    module.def("extract_hog", &hog_rows, py::arg("images"), py::arg("out").noconvert(),
               py::kw_only(), py::arg("image_shape"), py::arg("pixels_per_cell"),
               py::arg("cells_per_block"), py::arg("orientations"), py::arg("directed"),
               py::arg("take_roots"), py::arg("luma"), py::arg("block_norm"), py::arg("n_threads"),
               py::arg("progress"),
               "Writes histograms of oriented gradients, and returns the first image whose are too "
               "large, or -1.");
    module.def("extract_color_histogram", &color_histogram_rows, py::arg("images"),
               py::arg("out").noconvert(), py::kw_only(), py::arg("image_shape"), py::arg("space"),
               py::arg("bins"), py::arg("joint"), py::arg("soft"), py::arg("grid"),
               py::arg("scale"), py::arg("low"), py::arg("high"), py::arg("n_threads"),
               py::arg("progress"),
               "Writes histograms of colours, and returns the first image with a value outside "
               "[low, high], or -1.");
}

}  // namespace nearplane::bindings
