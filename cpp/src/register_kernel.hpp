#pragma once
// BoundKernel over one register operation: packing and the blocked loops around the tile are the
// same for bytes and floats; a `Policy` says how features become elements and rows become terms.

#include <algorithm>
#include <utility>

#include "nearplane/bound_kernel.hpp"
#include "nearplane/tile.hpp"

namespace nearplane {

/// The interval terms of one row; see bound_kernel.hpp.
struct Terms {
    double offset;
    double gap;
};

/// Policy requirements, where `at` reads one feature of a row:
///   using Op, Source, QuerySource (the types of base and query rows);  double sign() const;
///   static constexpr std::int64_t block_steps: steps summed in registers before float64 takes over
///   Op::Element query_element(at, first, count) const, base_element(...): the step that starts at
///       feature `first`; features from `count` on are padding and must add nothing to any sum
///   Terms query_terms(at, n_features) const, base_terms(...)
template <class Policy>
class RegisterKernel final : public BoundKernel {
    using Op = typename Policy::Op;
    using Element = typename Op::Element;

    static constexpr std::int64_t query_rows = Op::tile_rows;
    static constexpr std::int64_t base_rows = tile_columns<Op>;
    static constexpr std::int64_t step_features = Op::features_per_step;

public:
    RegisterKernel(Policy policy, std::int64_t n_features)
        : policy_(std::move(policy)),
          n_features_(n_features),
          n_steps_((n_features + step_features - 1) / step_features) {}

    PanelShape shape() const override {
        return {query_rows, base_rows, n_steps_ * static_cast<std::int64_t>(sizeof(Element))};
    }
    double sign() const override { return policy_.sign(); }

    void pack_queries(const MatrixView& rows, std::int64_t first, std::int64_t count,
                      std::byte* panels, RowTerms terms) const override {
        const auto element = [this](const auto& at, std::int64_t feature, std::int64_t n) {
            return policy_.query_element(at, feature, n);
        };
        const auto row_terms = [this](const auto& at) {
            return policy_.query_terms(at, n_features_);
        };
        pack<query_rows, typename Policy::QuerySource>(rows, first, count, panels, terms, element,
                                                       row_terms);
    }

    void pack_base(const MatrixView& rows, std::int64_t first, std::int64_t count,
                   std::byte* panels, RowTerms terms) const override {
        const auto element = [this](const auto& at, std::int64_t feature, std::int64_t n) {
            return policy_.base_element(at, feature, n);
        };
        const auto row_terms = [this](const auto& at) {
            return policy_.base_terms(at, n_features_);
        };
        pack<base_rows, typename Policy::Source>(rows, first, count, panels, terms, element,
                                                 row_terms);
    }

    void compute_sums(const std::byte* query_panels, std::int64_t n_query_panels,
                      const std::byte* base_panels, std::int64_t n_base_panels, double* sums,
                      std::int64_t stride) const override {
        const auto* queries = reinterpret_cast<const Element*>(query_panels);
        const auto* base = reinterpret_cast<const Element*>(base_panels);
        std::fill_n(sums, n_query_panels * query_rows * stride, 0.0);
        for (std::int64_t step = 0; step < n_steps_; step += Policy::block_steps) {
            const std::int64_t steps = std::min(Policy::block_steps, n_steps_ - step);
            for (std::int64_t j = 0; j < n_base_panels; ++j) {
                for (std::int64_t i = 0; i < n_query_panels; ++i) {
                    accumulate_tile<Op>(queries + (i * n_steps_ + step) * query_rows,
                                        base + (j * n_steps_ + step) * base_rows, steps,
                                        sums + i * query_rows * stride + j * base_rows, stride);
                }
            }
        }
    }

private:
    template <std::int64_t panel_rows, class Source, class ToElement, class ToTerms>
    void pack(const MatrixView& rows, std::int64_t first, std::int64_t count, std::byte* panels,
              RowTerms terms, const ToElement& element, const ToTerms& row_terms) const {
        visit_layout<Source>(rows, [&](auto row_at) {
            auto* panel = reinterpret_cast<Element*>(panels);
            for (std::int64_t row = 0; row < count; row += panel_rows) {
                const std::int64_t present = std::min(panel_rows, count - row);
                pack_panel<panel_rows>(row_at, first + row, present, panel, element);
                for (std::int64_t r = row; r < row + present; ++r) {
                    const Terms t = row_terms(row_at(first + r));
                    terms.offset[r] = t.offset;
                    terms.gap[r] = t.gap;
                }
                panel += panel_rows * n_steps_;
            }
        });
    }

    /// Step by step over all rows of the panel, so that writes are consecutive and each row is one
    /// read stream. Row by row would touch a new cache line with every write.
    template <std::int64_t panel_rows, class RowAt, class ToElement>
    void pack_panel(const RowAt& row_at, std::int64_t first, std::int64_t present, Element* panel,
                    const ToElement& element) const {
        if (present < panel_rows) std::fill_n(panel, panel_rows * n_steps_, Element{});
        const std::int64_t full_steps = n_features_ / step_features;
        for (std::int64_t step = 0; step < full_steps; ++step) {
            for (std::int64_t r = 0; r < present; ++r) {
                panel[step * panel_rows + r] =
                    element(row_at(first + r), step * step_features, step_features);
            }
        }
        if (full_steps == n_steps_) return;
        const std::int64_t feature = full_steps * step_features;
        for (std::int64_t r = 0; r < present; ++r) {
            panel[full_steps * panel_rows + r] =
                element(row_at(first + r), feature, n_features_ - feature);
        }
    }

    Policy policy_;
    std::int64_t n_features_;
    std::int64_t n_steps_;
};

}  // namespace nearplane
