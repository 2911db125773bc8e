#include "samples.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <type_traits>

namespace nearplane::testing {

std::int64_t whole(Random& random, std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

double real(Random& random, double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
}

template <class T>
Matrix<T>::Matrix(std::int64_t rows, std::int64_t cols, Layout layout) {
    const auto size = static_cast<std::int64_t>(sizeof(T));
    const std::int64_t start = layout == Layout::misaligned ? 1 : 0;
    const std::int64_t col_stride = layout == Layout::spread ? 3 * size : size;
    const std::int64_t padding = layout == Layout::padded ? 5 * size : 0;
    const std::int64_t row_stride = layout == Layout::repeated ? 0 : cols * col_stride + padding;
    const std::int64_t last = (rows - 1) * row_stride + (cols - 1) * col_stride + size;
    const bool is_empty = rows == 0 || cols == 0;
    memory_.resize(static_cast<std::size_t>(start + (is_empty ? 0 : last)));
    view_ = {memory_.data() + start, scalar_of<T>(), rows, cols, row_stride, col_stride};
    if (layout == Layout::backwards && !is_empty) {
        view_.data += last - size;
        view_.row_stride = -row_stride;
        view_.col_stride = -col_stride;
    }
}

template <class T>
Matrix<T> random_matrix(Random& random, std::int64_t rows, std::int64_t cols, Layout layout) {
    Matrix<T> result(rows, cols, layout);
    if constexpr (std::is_same_v<T, std::uint8_t>) {
        const bool is_extreme = whole(random, 0, 3) == 0;
        result.fill([&] { return is_extreme ? 255 * whole(random, 0, 1) : whole(random, 0, 255); });
    } else {
        std::normal_distribution<double> normal;
        result.fill([&] { return normal(random); });
    }
    return result;
}

template <class T>
double naive_distance(bool is_l1, const Matrix<T>& x, std::int64_t i, const Matrix<T>& y,
                      std::int64_t j) {
    using Sum = std::conditional_t<std::is_same_v<T, std::uint8_t>, std::int64_t, double>;
    Sum sum = 0;
    for (std::int64_t d = 0; d < x.cols(); ++d) {
        const Sum difference = static_cast<Sum>(x.at(i, d)) - static_cast<Sum>(y.at(j, d));
        sum += is_l1 ? std::abs(difference) : difference * difference;
    }
    return static_cast<double>(sum);
}

bool is_close(double a, double b, double tolerance) {
    constexpr double nearly_zero = 1e-300;
    return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b)) + nearly_zero;
}

std::string named(const std::vector<std::pair<const char*, std::int64_t>>& values) {
    std::string result;
    for (const auto& [name, value] : values) {
        result += (result.empty() ? "" : ", ") + std::string(name) + "=" + std::to_string(value);
    }
    return result;
}

template class Matrix<std::uint8_t>;
template class Matrix<float>;
template class Matrix<double>;
template Matrix<std::uint8_t> random_matrix(Random&, std::int64_t, std::int64_t, Layout);
template Matrix<float> random_matrix(Random&, std::int64_t, std::int64_t, Layout);
template Matrix<double> random_matrix(Random&, std::int64_t, std::int64_t, Layout);
template double naive_distance(bool, const Matrix<std::uint8_t>&, std::int64_t,
                               const Matrix<std::uint8_t>&, std::int64_t);
template double naive_distance(bool, const Matrix<float>&, std::int64_t, const Matrix<float>&,
                               std::int64_t);
template double naive_distance(bool, const Matrix<double>&, std::int64_t, const Matrix<double>&,
                               std::int64_t);

}  // namespace nearplane::testing
