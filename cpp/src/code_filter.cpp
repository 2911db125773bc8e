#include "code_filter.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "byte_kernels.hpp"

namespace nearplane {
namespace {

// Sums of codes stay below 2^30 in size; what passes or fails everything lies beyond, and a start
// plus a sum still fits an int32.
constexpr double beyond_all_sums = 1 << 30;
constexpr auto never = std::numeric_limits<std::int32_t>::max();

/// The largest integer up to `value`, or what lies beyond all sums if that is nearer to 0. A NaN,
/// which only an error that was changed during the search can cause, is small.
std::int32_t saturated_floor(double value) {
    if (!(value > -beyond_all_sums)) return static_cast<std::int32_t>(-beyond_all_sums);
    return static_cast<std::int32_t>(std::floor(std::min(value, beyond_all_sums)));
}

/// L1: a pair is kept if  sum <= reach + slack,  that is  -slack + sum <= reach.
struct ManhattanLimits {
    static std::int32_t start(double, double slack) { return saturated_floor(-slack); }
    static std::int32_t start_of_padding() { return never / 2 + 1; }
    static std::int32_t limit(double, double reach) {
        return saturated_floor(std::min(reach, beyond_all_sums - 1));
    }
    static std::int32_t limit_of_padding() { return -never; }
};

/// L2: with d = query offset + base offset - 2 sum, a pair is kept if  d <= reach^2,  that is
/// -offset / 2 + sum >= (query offset - reach^2) / 2. A slack cannot be separated from the reach,
/// so it is either none, because the caller has put it into the reach, or infinite.
struct EuclideanLimits {
    static std::int32_t start(double offset, double slack) {
        return slack > 0.0 ? saturated_floor(beyond_all_sums) : -saturated_floor(offset / 2);
    }
    static std::int32_t start_of_padding() { return -never; }
    static std::int32_t limit(double offset, double reach) {
        return saturated_floor(std::max((offset - reach * reach) / 2, 1 - beyond_all_sums));
    }
    static std::int32_t limit_of_padding() { return never; }
};

template <class Policy, class Limits>
class TileFilter final : public CodeFilter {
    using Op = typename Policy::Op;
    using Element = typename Op::Element;

public:
    explicit TileFilter(std::int64_t width)
        : packer_(Policy{}, width),
          n_steps_((width + Op::features_per_step - 1) / Op::features_per_step) {}

    const BoundKernel& packer() const override { return packer_; }
    std::int32_t start(double offset, double slack) const override {
        return Limits::start(offset, slack);
    }
    std::int32_t start_of_padding() const override { return Limits::start_of_padding(); }
    std::int32_t limit(double offset, double reach) const override {
        return Limits::limit(offset, reach);
    }
    std::int32_t limit_of_padding() const override { return Limits::limit_of_padding(); }

    std::int64_t filter(const std::byte* query_panels, std::int64_t n_query_panels,
                        const std::int32_t* limits, const std::byte* base_panels,
                        std::int64_t n_base_panels, const std::int32_t* starts,
                        RowPair* pairs) const override {
        const auto* queries = reinterpret_cast<const Element*>(query_panels);
        const auto* base = reinterpret_cast<const Element*>(base_panels);
        RowPair* end = pairs;
        for (std::int64_t j = 0; j < n_base_panels; ++j) {
            for (std::int64_t i = 0; i < n_query_panels; ++i) {
                std::uint64_t passed[Op::tile_rows];
                filter_tile<Op>(queries + i * n_steps_ * Op::tile_rows,
                                base + j * n_steps_ * tile_columns<Op>, n_steps_,
                                starts + j * tile_columns<Op>, limits + i * Op::tile_rows, passed);
                for (int row = 0; row < Op::tile_rows; ++row) {
                    end = list_pairs(static_cast<std::int32_t>(i * Op::tile_rows + row),
                                     static_cast<std::int32_t>(j * tile_columns<Op>), passed[row],
                                     end);
                }
            }
        }
        return end - pairs;
    }

private:
    static RowPair* list_pairs(std::int32_t query, std::int32_t first_base, std::uint64_t passed,
                               RowPair* out) {
        for (; passed != 0; passed &= passed - 1) {
            *out++ = {query, first_base + std::countr_zero(passed)};
        }
        return out;
    }

    RegisterKernel<Policy> packer_;
    std::int64_t n_steps_;
};

}  // namespace

std::unique_ptr<CodeFilter> make_code_filter(Metric metric, std::int64_t width) {
    if (is_l1(metric)) {
        return std::make_unique<TileFilter<ByteManhattan<simd::AbsDiffU8>, ManhattanLimits>>(width);
    }
    return std::make_unique<TileFilter<ByteSquaredEuclidean<simd::DotU8>, EuclideanLimits>>(width);
}

}  // namespace nearplane
