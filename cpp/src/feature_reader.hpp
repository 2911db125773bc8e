#pragma once
// Reads rows of any type and layout as the aligned, preprocessed features that the products take.

#include <algorithm>
#include <cstdint>

#include "nearplane/linear.hpp"

namespace nearplane {

/// Where features go: columns come in panels of `panel_width`, row r of panel p at
/// data + p * panel_stride + r * row_stride.
template <class T>
struct FeaturePanels {
    T* data;
    std::int64_t panel_width;
    std::int64_t panel_stride;
    std::int64_t row_stride;
};

template <class T>
class FeatureReader {
public:
    /// With `has_bias`, feature number X.cols is always 1; whatever follows it is 0.
    FeatureReader(const MatrixView& X, const Preprocessing& preprocessing, bool has_bias)
        : X_(X),
          center_(preprocessing.center.begin(), preprocessing.center.end()),
          scale_(preprocessing.scale.begin(), preprocessing.scale.end()),
          bias_feature_(has_bias ? T(1) : T(0)) {
        if (center_.empty() && !scale_.empty()) center_.assign(scale_.size(), T(0));
        if (scale_.empty() && !center_.empty()) scale_.assign(center_.size(), T(1));
    }

    /// Reads features [first, first + count) of rows row_of(0 .. n_rows - 1).
    template <class RowOf>
    void read(const RowOf& row_of, std::int64_t n_rows, std::int64_t first, std::int64_t count,
              const FeaturePanels<T>& out) const {
        visit_scalar(X_.scalar, [&](auto tag) {
            visit_layout<decltype(tag)>(X_, [&](auto row_at) {
                for (std::int64_t r = 0; r < n_rows; ++r) {
                    const auto at = row_at(row_of(r));
                    T* target = out.data + r * out.row_stride;
                    for (std::int64_t done = 0; done < count; done += out.panel_width) {
                        read_panel(at, first + done, std::min(out.panel_width, count - done),
                                   target);
                        target += out.panel_stride;
                    }
                }
            });
        });
    }

private:
    template <class At>
    void read_panel(const At& at, std::int64_t first, std::int64_t count, T* out) const {
        const std::int64_t real = std::clamp<std::int64_t>(X_.cols - first, 0, count);
        if (center_.empty()) {
            for (std::int64_t i = 0; i < real; ++i) out[i] = static_cast<T>(at(first + i));
        } else {
            const T* center = center_.data() + first;
            const T* scale = scale_.data() + first;
            for (std::int64_t i = 0; i < real; ++i) {
                out[i] = (static_cast<T>(at(first + i)) - center[i]) * scale[i];
            }
        }
        if (real == count) return;
        std::fill(out + real, out + count, T(0));
        if (first + real == X_.cols) out[real] = bias_feature_;
    }

    MatrixView X_;
    std::vector<T> center_;
    std::vector<T> scale_;
    T bias_feature_;
};

}  // namespace nearplane
