#pragma once
// Sums whose bits do not depend on the instruction set.

#include <algorithm>
#include <cstdint>

namespace nearplane {

inline constexpr int n_partial_sums = 16;  // two AVX-512 vectors of doubles: hides add latency

/// Sixteen sums of which term i belongs to number i mod 16.
class PartialSums {
public:
    /// Adds term(i) for first <= i < last in rising order; `first` is a multiple of 16. Compilers
    /// vectorise this without changing a bit.
    template <class Term>
    void add(std::int64_t first, std::int64_t last, Term term) {
        double sums[n_partial_sums];
        std::copy_n(sums_, n_partial_sums, sums);
        std::int64_t i = first;
        for (; i + n_partial_sums <= last; i += n_partial_sums) {
            for (int lane = 0; lane < n_partial_sums; ++lane) sums[lane] += term(i + lane);
        }
        for (int lane = 0; i < last; ++i, ++lane) sums[lane] += term(i);
        std::copy_n(sums, n_partial_sums, sums_);
    }

    /// The sixteen sums, added as a binary tree.
    double total() const {
        double sums[n_partial_sums];
        std::copy_n(sums_, n_partial_sums, sums);
        for (int half = n_partial_sums / 2; half > 0; half /= 2) {
            for (int lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
        }
        return sums[0];
    }

private:
    double sums_[n_partial_sums] = {};
};

/// sum of term(i) over 0 <= i < n.
template <class Term>
double partial_sums(std::int64_t n, Term term) {
    PartialSums sums;
    sums.add(0, n, term);
    return sums.total();
}

}  // namespace nearplane
