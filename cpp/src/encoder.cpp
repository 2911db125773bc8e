#include "nearplane/encoder.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

// Workers share out blocks of rows; a product of Eigen must not start threads of its own.
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>

#include "coder.hpp"
#include "level_bound.hpp"
#include "projection_kernel.hpp"
#include "scan.hpp"

namespace nearplane {
namespace {

using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstFloatMap = Eigen::Map<const FloatMatrix>;

constexpr double float_roundoff = static_cast<double>(std::numeric_limits<float>::epsilon()) / 2;
constexpr double double_roundoff = std::numeric_limits<double>::epsilon() / 2;

/// An error beyond which, or at NaN, the codes say nothing.
float valid_error(double error) {
    const bool is_valid = error < static_cast<double>(std::numeric_limits<float>::max()) / 2;
    return is_valid ? rounded_up(error) : std::numeric_limits<float>::infinity();
}

// ---- features and groups: sums in float64 -------------------------------------------------------

/// Writes the coordinates of one centred row for a level of features or of groups.
void add_up(const CodeLevel& level, const double* ordered, double* coordinates) {
    if (level.kind == CodeKind::features) {
        std::copy_n(ordered, level.width, coordinates);
        return;
    }
    for (std::int64_t g = 0; g < level.width; ++g) {
        double sum = 0.0;
        for (std::int64_t i = level.starts[static_cast<std::size_t>(g)];
             i < level.starts[static_cast<std::size_t>(g) + 1]; ++i) {
            sum += ordered[i];
        }
        coordinates[g] = sum;
    }
}

/// Codes of rows at the levels that need no projection, block by block.
template <class T>
class SumEncoding {
public:
    SumEncoding(const Encoder& encoder, const MatrixView& rows, std::span<const CodesOut> out)
        : encoder_(encoder), rows_(rows), out_(out), centred_(encoder) {}

    void run(int n_threads, Monitor& monitor, ProgressSpan span) const {
        // Half a million features take about a millisecond.
        const std::int64_t block = std::max<std::int64_t>((1 << 19) / encoder_.n_features(), 1);
        parallel_for(ceil_div(rows_.rows, block), n_threads, monitor, span,
                     [&](std::int64_t task, int, Pulse& pulse) {
                         encode_rows(task * block, std::min((task + 1) * block, rows_.rows), pulse);
                     });
    }

private:
    void encode_rows(std::int64_t begin, std::int64_t end, Pulse& pulse) const {
        const std::int64_t n = encoder_.n_features();
        std::vector<double> row(static_cast<std::size_t>(n));
        std::vector<double> ordered(encoder_.feature_order.size());
        std::vector<double> coordinates(static_cast<std::size_t>(n));
        visit_layout<T>(rows_, [&](auto row_at) {
            for (std::int64_t i = begin; i < end && pulse.keep_going(); ++i) {
                const auto at = row_at(i);
                for (std::int64_t d = 0; d < n; ++d)
                    row[static_cast<std::size_t>(d)] = centred_(at, d);
                for (std::size_t d = 0; d < ordered.size(); ++d) {
                    ordered[d] = row[static_cast<std::size_t>(encoder_.feature_order[d])];
                }
                encode_row(i, row.data(), ordered.data(), coordinates.data());
            }
        });
    }

    void encode_row(std::int64_t i, const double* row, const double* ordered,
                    double* coordinates) const {
        const std::int64_t n = encoder_.n_features();
        const double size = partial_sums(n, [row](std::int64_t d) { return std::abs(row[d]); });
        for (std::size_t l = 0; l < encoder_.levels.size(); ++l) {
            const CodeLevel& level = encoder_.levels[l];
            if (level.kind == CodeKind::projection) continue;
            add_up(level, level.kind == CodeKind::features ? row : ordered, coordinates);
            const Coder coder(level, is_l1(encoder_.metric));
            const double lost = coder.code([&](std::int64_t j) { return coordinates[j]; },
                                           out_[l].codes + i * level.row_bytes());
            // Centring rounds twice, a sum of a group at most once a feature, the size of the row
            // n / 16 + 8 times: n + 4 roundings of the size cover them.
            const double rounding =
                size * (static_cast<double>(n) + 4.0) * 1.01 * double_roundoff +
                static_cast<double>(n) * std::numeric_limits<double>::denorm_min();
            out_[l].errors[i] = valid_error(lost + rounding);
        }
    }

    const Encoder& encoder_;
    const MatrixView& rows_;
    std::span<const CodesOut> out_;
    CentredFeature<T> centred_;
};

// ---- projections: products in float32 ----------------------------------------------------------

/// What arithmetic can cost at one level; see docs/numerics.md.
struct ProjectionError {
    ProjectionError(const CodeLevel& level, std::int64_t n_features, std::int64_t block_steps) {
        const double k = static_cast<double>(level.width - 1);
        const double n = static_cast<double>(n_features);
        const auto block = static_cast<double>(std::min(block_steps, n_features));
        const double first = (block + 4.0) * float_roundoff + n * double_roundoff;
        const double second = level.rotation.empty() ? 0.0 : (k + 4.0) * float_roundoff;
        // 1.2 covers directions and rotations that are orthonormal but for some per cent.
        coordinates = 1.2 * ((first + second) * std::sqrt(k) + 2.0 * float_roundoff) + level.tilt;
        // Floats that underflow lose at most the smallest of them: once a feature, once a product.
        underflow = (k + 4.0) * n * static_cast<double>(std::numeric_limits<float>::denorm_min());
        squares = 2.1 * (n / 8.0 + 16.0) * double_roundoff;
    }

    double coordinates;  // length of the error of all of them, as a multiple of the row's length
    double underflow;    // and what comes on top
    double squares;      // error of sums of squares, as a multiple of the row's squared length
};

template <class T>
class ProjectionEncoding {
    using Kernel = RegisterKernel<Projection<T>>;

public:
    ProjectionEncoding(const Encoder& encoder, const MatrixView& rows,
                       std::span<const CodesOut> out)
        : encoder_(encoder), rows_(rows), out_(out), kernel_(Projection<T>(encoder), rows.cols) {}

    void run(int n_threads, Monitor& monitor, ProgressSpan span) {
        const std::int64_t m = encoder_.n_directions;
        const MatrixView directions{reinterpret_cast<const std::byte*>(encoder_.basis.data()),
                                    Scalar::f32,
                                    m,
                                    rows_.cols,
                                    rows_.cols * static_cast<std::int64_t>(sizeof(float)),
                                    static_cast<std::int64_t>(sizeof(float))};
        ScanPlan plan(kernel_, m, rows_.rows, n_threads);
        // A row is coded when all its products are there, so all directions are packed at once.
        const std::int64_t panel = kernel_.shape().query_rows;
        plan.super_queries = ceil_div(m, panel) * panel;
        products_.resize(static_cast<std::size_t>(n_threads));
        Scan scan(kernel_, directions, rows_, plan, n_threads, monitor);
        scan.run_block({0, m, span}, [&](const SumBlock& block, int worker) {
            FloatMatrix& products = products_[static_cast<std::size_t>(worker)];
            if (products.rows() == 0) products.resize(m, plan.chunk_base);
            for (std::int64_t i = 0; i < block.n_queries; ++i) {
                for (std::int64_t j = 0; j < block.n_base; ++j) {
                    products(block.first_query + i, j) =
                        static_cast<float>(block.sums[i * block.stride + j]);
                }
            }
            if (block.first_query + block.n_queries == m) encode_block(block, products);
        });
    }

private:
    void encode_block(const SumBlock& block, const FloatMatrix& products) const {
        for (std::size_t l = 0; l < encoder_.levels.size(); ++l) {
            if (encoder_.levels[l].kind == CodeKind::projection) encode_level(l, block, products);
        }
    }

    void encode_level(std::size_t l, const SumBlock& block, const FloatMatrix& products) const {
        const CodeLevel& level = encoder_.levels[l];
        const std::int64_t k = level.width - 1;
        // A column for each row, so that the coordinates of a row lie side by side.
        const Eigen::MatrixXf rotated = rotate(level, products.topLeftCorner(k, block.n_base));
        const ProjectionError error(level, rows_.cols, Projection<T>::block_steps);
        for (std::int64_t j = 0; j < block.n_base; ++j) {
            encode_row(l, block.first_base + j, rotated.col(j).data(), block.base_offsets[j],
                       error);
        }
    }

    static Eigen::MatrixXf rotate(const CodeLevel& level, const auto& products) {
        if (level.rotation.empty()) return products;
        const std::int64_t k = level.width - 1;
        return ConstFloatMap(level.rotation.data(), k, k).transpose() * products;
    }

    void encode_row(std::size_t l, std::int64_t row, const float* coordinates,
                    double squared_length, const ProjectionError& error) const {
        const CodeLevel& level = encoder_.levels[l];
        const std::int64_t k = level.width - 1;
        const double squared_part = partial_sums(k, [coordinates](std::int64_t i) {
            const double y = coordinates[i];
            return y * y;
        });
        const double residual = std::sqrt(std::max(squared_length - squared_part, 0.0));
        const Coder coder(level, false);
        const double lost =
            coder.code([&](std::int64_t i) { return i < k ? double{coordinates[i]} : residual; },
                       out_[l].codes + row * level.row_bytes());
        const double length = std::sqrt(squared_length) * few_roundings_up;
        const double moved = error.coordinates * length + error.underflow;
        // |sqrt(a) - sqrt(b)| is at most sqrt(|a - b|), and at most |a - b| / sqrt(a).
        const double squared_error =
            moved * (2.0 * length + moved) + error.squares * squared_length;
        const double residual_error = std::min(std::sqrt(squared_error), squared_error / residual);
        out_[l].errors[row] = valid_error((lost + residual_error + moved) * few_roundings_up);
    }

    const Encoder& encoder_;
    const MatrixView& rows_;
    std::span<const CodesOut> out_;
    Kernel kernel_;
    std::vector<FloatMatrix> products_;
};

bool has_projection(const Encoder& encoder) {
    return std::any_of(encoder.levels.begin(), encoder.levels.end(),
                       [](const CodeLevel& level) { return level.kind == CodeKind::projection; });
}

bool has_sums(const Encoder& encoder) {
    return std::any_of(encoder.levels.begin(), encoder.levels.end(),
                       [](const CodeLevel& level) { return level.kind != CodeKind::projection; });
}

}  // namespace

void encode(const Encoder& encoder, const MatrixView& rows, int n_threads, Monitor& monitor,
            ProgressSpan span, std::span<const CodesOut> out) {
    assert(rows.cols == encoder.n_features() && out.size() == encoder.levels.size());
    if (rows.rows == 0) return;
    n_threads = useful_threads(static_cast<double>(rows.rows) * static_cast<double>(rows.cols) *
                                   static_cast<double>(encoder.n_directions + 1),
                               n_threads);
    const double middle = has_projection(encoder) && has_sums(encoder)
                              ? span.begin + 0.7 * (span.end - span.begin)
                              : (has_projection(encoder) ? span.end : span.begin);
    visit_scalar(rows.scalar, [&](auto tag) {
        using T = decltype(tag);
        if (has_projection(encoder)) {
            ProjectionEncoding<T>(encoder, rows, out).run(n_threads, monitor, {span.begin, middle});
        }
        if (has_sums(encoder)) {
            SumEncoding<T>(encoder, rows, out).run(n_threads, monitor, {middle, span.end});
        }
    });
}

}  // namespace nearplane
