#pragma once
// Sums whose bits do not depend on the instruction set.

#include <cstdint>

namespace nearplane {

inline constexpr int n_partial_sums = 16;  // two AVX-512 vectors of doubles: hides add latency

/// sum of term(i) over 0 <= i < n: term i is added to partial sum i mod 16 in rising order, and the
/// partial sums as a binary tree. Compilers vectorise this without changing a bit.
template <class Term>
double partial_sums(std::int64_t n, Term term) {
    double sums[n_partial_sums] = {};
    std::int64_t i = 0;
    for (; i + n_partial_sums <= n; i += n_partial_sums) {
        for (int lane = 0; lane < n_partial_sums; ++lane) sums[lane] += term(i + lane);
    }
    for (int lane = 0; i < n; ++i, ++lane) sums[lane] += term(i);
    for (int half = n_partial_sums / 2; half > 0; half /= 2) {
        for (int lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
    }
    return sums[0];
}

}  // namespace nearplane
