#pragma once
// Short codes of long rows. A level turns a row into a few bytes such that
//
//     step * d(codes of x, codes of y) - error of x - error of y  <=  |x - y|
//
// where d is the distance of the codes (L2, not squared, or L1) and |x - y| the true distance in
// units of the encoder. docs/numerics.md has the proof for each kind of level.

#include <cstdint>
#include <span>
#include <vector>

#include "nearplane/matrix_view.hpp"
#include "nearplane/metric.hpp"
#include "nearplane/parallel.hpp"

namespace nearplane {

enum class CodeKind : std::uint8_t {
    projection,  // L2: rotated principal coordinates, and the length of what they leave out
    groups,      // L1: sums of groups of features
    features,    // the features themselves, a byte each
};

struct CodeLevel {
    CodeKind kind = CodeKind::features;
    std::int64_t width = 0;            // codes of a row
    int bits = 8;                      // of a code; 16 for projections only
    double step = 1.0;                 // between neighbouring codes
    std::vector<double> shift;         // the coordinate in the middle of the codes' range, for each
    std::vector<float> rotation;       // projection: (width - 1)^2, row-major; empty if not rotated
    double tilt = 0.0;                 // projection: |M'M - I| (Frobenius) of M = basis' rotation
    std::vector<std::int64_t> starts;  // groups: group g has feature_order[starts[g], starts[g+1])

    std::int64_t row_bytes() const { return width * bits / 8; }
};

/// How rows become codes. Distances are measured in multiples of `unit`, a power of two.
struct Encoder {
    Metric metric = Metric::euclidean;
    std::vector<double> center;
    double unit = 1.0;
    std::int64_t n_directions = 0;
    std::vector<float> basis;  // n_directions x n_features, nearly orthonormal rows
    std::vector<std::int64_t> feature_order;
    std::vector<CodeLevel> levels;

    std::int64_t n_features() const { return static_cast<std::int64_t>(center.size()); }
};

/// Where the codes of some rows go: rows x width codes, and an error for each row.
struct CodesOut {
    std::byte* codes;
    float* errors;
};

/// Encodes all rows at every level. `out` has an element for each level.
///
/// Preconditions: rows.cols == encoder.n_features(); the arrays of every level have the sizes that
/// its width asks for. Rows whose coordinates overflow get an infinite error.
void encode(const Encoder& encoder, const MatrixView& rows, int n_threads, Monitor& monitor,
            ProgressSpan span, std::span<const CodesOut> out);

}  // namespace nearplane
