#include "nearplane/finite.hpp"

#include <algorithm>
#include <atomic>

namespace nearplane {
namespace {

template <class T>
bool is_finite_row(const auto& at, std::int64_t n_features) {
    int bad = 0;
    for (std::int64_t d = 0; d < n_features; ++d) {
        const T value = at(d);
        bad |= static_cast<int>(value - value != 0);  // infinity minus infinity is NaN
    }
    return bad == 0;
}

std::int64_t first_nonfinite(const MatrixView& rows, std::int64_t begin, std::int64_t end) {
    return visit_scalar(rows.scalar, [&](auto tag) {
        using T = decltype(tag);
        return visit_layout<T>(rows, [&](auto row_at) -> std::int64_t {
            for (std::int64_t row = begin; row < end; ++row) {
                if (!is_finite_row<T>(row_at(row), rows.cols)) return row;
            }
            return -1;
        });
    });
}

}  // namespace

std::int64_t first_nonfinite_row(const MatrixView& rows, int n_threads, Monitor& monitor) {
    if (rows.scalar == Scalar::u8) return -1;
    constexpr std::int64_t chunk_values = 1 << 18;
    const std::int64_t chunk =
        std::max<std::int64_t>(chunk_values / std::max<std::int64_t>(rows.cols, 1), 1);
    n_threads = useful_threads(
        4.0 * static_cast<double>(rows.rows) * static_cast<double>(rows.cols), n_threads);
    std::atomic<std::int64_t> first{rows.rows};
    parallel_for((rows.rows + chunk - 1) / chunk, n_threads, monitor, {},
                 [&](std::int64_t task, int, Pulse&) {
                     const std::int64_t begin = task * chunk;
                     if (begin > first) return;
                     const auto row =
                         first_nonfinite(rows, begin, std::min(begin + chunk, rows.rows));
                     if (row < 0) return;
                     std::int64_t seen = first;
                     while (row < seen && !first.compare_exchange_weak(seen, row)) {
                     }
                 });
    return first < rows.rows ? first.load() : -1;
}

}  // namespace nearplane
