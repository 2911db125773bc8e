#include "codings.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nearplane::testing {
namespace {

using Rows = std::vector<std::vector<double>>;

/// n rows of length 1 at right angles, by Gram and Schmidt.
Rows right_angles(Random& random, std::int64_t n, std::int64_t length) {
    std::normal_distribution<double> normal;
    Rows rows;
    while (std::ssize(rows) < n) {
        std::vector<double> row(static_cast<std::size_t>(length));
        for (double& value : row) value = normal(random);
        for (int pass = 0; pass < 2; ++pass) {
            for (const auto& other : rows) {
                const double part = std::inner_product(row.begin(), row.end(), other.begin(), 0.0);
                for (std::size_t i = 0; i < row.size(); ++i) row[i] -= part * other[i];
            }
        }
        const double norm = std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
        for (double& value : row) value /= norm;
        rows.push_back(row);
    }
    return rows;
}

std::vector<float> floats_of(const Rows& rows) {
    std::vector<float> result;
    for (const auto& row : rows) {
        for (const double value : row) result.push_back(static_cast<float>(value));
    }
    return result;
}

/// |M'M - I| of M = basis' rotation, as they were rounded to float.
double tilt_of(const std::vector<float>& basis, std::int64_t n_features,
               const std::vector<float>& rotation, std::int64_t k) {
    const auto at = [&](std::int64_t d, std::int64_t j) {
        double sum = 0.0;
        for (std::int64_t i = 0; i < k; ++i) {
            sum += double{basis[static_cast<std::size_t>(i * n_features + d)]} *
                   double{rotation[static_cast<std::size_t>(i * k + j)]};
        }
        return sum;
    };
    Rows columns;
    for (std::int64_t j = 0; j < k; ++j) {
        columns.emplace_back();
        for (std::int64_t d = 0; d < n_features; ++d) columns.back().push_back(at(d, j));
    }
    double squares = 0.0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        for (std::size_t j = 0; j < columns.size(); ++j) {
            const double product = std::inner_product(columns[i].begin(), columns[i].end(),
                                                      columns[j].begin(), i == j ? -1.0 : 0.0);
            squares += product * product;
        }
    }
    return std::sqrt(squares);
}

/// Boundaries of groups, the wider levels' among them those of narrower ones.
std::vector<std::int64_t> starts_of(std::int64_t width, std::int64_t n_features) {
    std::vector<std::int64_t> starts;
    for (std::int64_t g = 0; g < width; ++g) starts.push_back(g);
    starts.push_back(n_features);
    return starts;
}

}  // namespace

template <class T>
Encoder make_encoder(Random& random, Metric metric, const Matrix<T>& rows,
                     const std::vector<LevelPlan>& plans) {
    Encoder encoder;
    encoder.metric = metric;
    const std::int64_t n = rows.cols();
    for (std::int64_t d = 0; d < n; ++d) {
        encoder.center.push_back(static_cast<double>(rows.at(0, d)));
    }
    double reach = 0.0;
    for (std::int64_t i = 1; i < rows.rows(); ++i) {
        reach = std::max(reach, naive_distance(is_l1(metric), rows, i, rows, 0));
    }
    if (!is_l1(metric)) reach = std::sqrt(reach);
    encoder.unit = std::exp2(std::ceil(std::log2(std::max(reach, 1e-3))));
    encoder.feature_order.resize(static_cast<std::size_t>(n));
    std::iota(encoder.feature_order.begin(), encoder.feature_order.end(), 0);
    std::shuffle(encoder.feature_order.begin(), encoder.feature_order.end(), random);
    for (const LevelPlan& plan : plans) {
        if (plan.kind == CodeKind::projection) {
            encoder.n_directions = std::max(encoder.n_directions, plan.width - 1);
        }
    }
    encoder.basis = floats_of(right_angles(random, encoder.n_directions, n));
    for (const LevelPlan& plan : plans) {
        CodeLevel level;
        level.kind = plan.kind;
        level.width = plan.width;
        level.bits = plan.bits;
        level.step = 2.0 / (plan.bits == 16 ? 2894.0 : 255.0);
        level.shift.assign(static_cast<std::size_t>(plan.width), 0.0);
        if (plan.kind == CodeKind::projection) {
            const std::int64_t k = plan.width - 1;
            level.rotation = floats_of(right_angles(random, k, k));
            level.tilt = tilt_of(encoder.basis, n, level.rotation, k);
        }
        if (plan.kind == CodeKind::groups) level.starts = starts_of(plan.width, n);
        encoder.levels.push_back(level);
    }
    return encoder;
}

Codes::Codes(const Encoder& encoder, const MatrixView& rows, int n_threads) {
    std::vector<CodesOut> out;
    for (const CodeLevel& level : encoder.levels) {
        codes_.emplace_back(static_cast<std::size_t>(rows.rows * level.row_bytes()));
        errors_.emplace_back(static_cast<std::size_t>(rows.rows));
        out.push_back({codes_.back().data(), errors_.back().data()});
        levels_.push_back({codes_.back().data(), errors_.back().data()});
    }
    Silence monitor;
    encode(encoder, rows, n_threads, monitor, {}, out);
}

template Encoder make_encoder(Random&, Metric, const Matrix<std::uint8_t>&,
                              const std::vector<LevelPlan>&);
template Encoder make_encoder(Random&, Metric, const Matrix<float>&, const std::vector<LevelPlan>&);
template Encoder make_encoder(Random&, Metric, const Matrix<double>&,
                              const std::vector<LevelPlan>&);

}  // namespace nearplane::testing
