#pragma once
// Encoders for random rows, and the codes that they make.

#include <cstddef>
#include <span>
#include <vector>

#include "nearplane/encoder.hpp"
#include "nearplane/pruned_search.hpp"
#include "samples.hpp"

namespace nearplane::testing {

struct LevelPlan {
    CodeKind kind;
    std::int64_t width;  // at most the number of columns; of features, that number
    int bits;
};

/// An encoder with such levels: random directions and rotations at right angles, random groups that
/// nest, and codes that reach as far as rows of these do.
template <class T>
Encoder make_encoder(Random& random, Metric metric, const Matrix<T>& rows,
                     const std::vector<LevelPlan>& plans);

/// The codes of some rows at all levels. Their memory ends with the last code.
class Codes {
public:
    Codes(const Encoder& encoder, const MatrixView& rows, int n_threads);

    std::span<const LevelCodes> levels() const { return levels_; }

    friend bool operator==(const Codes& a, const Codes& b) {
        return a.codes_ == b.codes_ && a.errors_ == b.errors_;
    }

private:
    std::vector<std::vector<std::byte>> codes_;
    std::vector<std::vector<float>> errors_;
    std::vector<LevelCodes> levels_;
};

}  // namespace nearplane::testing
