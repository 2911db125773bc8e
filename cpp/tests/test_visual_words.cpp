// Bags of visual words against one patch after the other.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "check.hpp"
#include "nearplane/visual_words.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

/// One patch as it is compared with words: brought to mean 0 and spread 1, and whitened.
template <class T>
std::vector<double> naive_patch(const VisualWords& model, const Matrix<T>& images,
                                std::int64_t image, std::int64_t row, std::int64_t column) {
    const PatchGrid& grid = model.patches;
    std::vector<double> patch;
    for (std::int64_t y = 0; y < grid.patch_height; ++y) {
        for (std::int64_t x = 0; x < grid.patch_width * grid.channels; ++x) {
            const std::int64_t place =
                ((row * grid.stride + y) * grid.width + column * grid.stride);
            patch.push_back(static_cast<double>(images.at(image, place * grid.channels + x)));
        }
    }
    const auto n = static_cast<double>(patch.size());
    if (model.contrast >= 0.0F) {
        const double mean = std::accumulate(patch.begin(), patch.end(), 0.0) / n;
        double squares = 0.0;
        for (double& value : patch) {
            value -= mean;
            squares += value * value;
        }
        const double spread = std::sqrt(squares / n + double{model.contrast});
        for (double& value : patch) value /= spread;
    }
    if (model.whitening.empty()) return patch;
    std::vector<double> white(patch.size());
    for (std::size_t i = 0; i < white.size(); ++i) {
        for (std::size_t j = 0; j < white.size(); ++j) {
            white[i] += double{model.whitening[i * white.size() + j]} *
                        (patch[j] - double{model.center[j]});
        }
    }
    return white;
}

/// What a patch says of all words.
std::vector<double> naive_shares(const VisualWords& model, const std::vector<double>& patch) {
    std::vector<double> shares;
    for (std::int64_t k = 0; k < model.n_words(); ++k) {
        double squares = 0.0;
        for (std::size_t d = 0; d < patch.size(); ++d) {
            const double difference =
                patch[d] - double{model.words[static_cast<std::size_t>(k) * patch.size() + d]};
            squares += difference * difference;
        }
        shares.push_back(squares);
    }
    if (model.assignment == Assignment::hard) {
        const auto nearest = std::min_element(shares.begin(), shares.end()) - shares.begin();
        for (std::size_t k = 0; k < shares.size(); ++k) {
            shares[k] = static_cast<std::ptrdiff_t>(k) == nearest ? 1.0 : 0.0;
        }
        return shares;
    }
    double sum = 0.0;
    for (double& share : shares) {
        share = model.assignment == Assignment::soft
                    ? std::exp(-0.5 * share / (model.bandwidth * model.bandwidth))
                    : std::sqrt(share);
        sum += share;
    }
    for (double& share : shares) {
        share = model.assignment == Assignment::soft
                    ? share / sum
                    : std::max(0.0, sum / static_cast<double>(shares.size()) - share);
    }
    return shares;
}

template <class T>
void check_words(Random& random, VisualWords model, std::int64_t n_words, Layout layout) {
    const PatchGrid& grid = model.patches;
    const std::int64_t n = grid.n_features();
    const auto images =
        random_matrix<T>(random, 3, grid.height * grid.width * grid.channels, layout);
    std::normal_distribution<float> normal;
    model.words.resize(static_cast<std::size_t>(n_words * n));
    for (float& value : model.words) value = normal(random);
    std::vector<float> found(static_cast<std::size_t>(3 * model.n_features_out()));
    Silence monitor;
    encode_images(model, images.view(), 2, monitor, found.data());
    for (std::int64_t image = 0; image < 3; ++image) {
        std::vector<double> truth(static_cast<std::size_t>(model.n_features_out()));
        for (std::int64_t row = 0; row < grid.rows(); ++row) {
            for (std::int64_t column = 0; column < grid.columns(); ++column) {
                const auto shares =
                    naive_shares(model, naive_patch(model, images, image, row, column));
                const std::int64_t region =
                    row * model.region_rows / grid.rows() * model.region_columns +
                    column * model.region_columns / grid.columns();
                for (std::size_t k = 0; k < shares.size(); ++k) {
                    truth[static_cast<std::size_t>(region * n_words) + k] += shares[k];
                }
            }
        }
        double largest = 1.0;
        for (const double value : truth) largest = std::max(largest, value);
        for (std::size_t k = 0; k < truth.size(); ++k) {
            const double value = found[static_cast<std::size_t>(image) * truth.size() + k];
            CHECK_IN(std::abs(value - truth[k]) <= 2e-3 * largest,
                     named({{"words", n_words}, {"features", n}}));
        }
    }
}

TEST(visual_words, against_one_patch_after_the_other) {
    Random random(1);
    for (const Layout layout : all_layouts) {
        for (const auto assignment : {Assignment::hard, Assignment::soft, Assignment::triangle}) {
            for (const std::int64_t n_words : {1, 2, 31, 33, 70}) {
                VisualWords model;
                model.patches = {13, 9, 3, 4, 3, 2};
                model.region_rows = 2;
                model.region_columns = 2;
                model.assignment = assignment;
                model.bandwidth = 3.0;
                check_words<float>(random, model, n_words, layout);
                model.contrast = 0.1F;
                check_words<std::uint8_t>(random, model, n_words, layout);
                check_words<double>(random, model, n_words, layout);
            }
        }
    }
}

TEST(visual_words, of_whitened_patches) {
    Random random(2);
    VisualWords model;
    model.patches = {20, 20, 1, 5, 5, 1};
    model.contrast = 0.01F;
    const auto whitening = random_matrix<float>(random, 25, 25);
    for (std::int64_t i = 0; i < 25; ++i) {
        model.center.push_back(static_cast<float>(real(random, -0.2, 0.2)));
        for (std::int64_t j = 0; j < 25; ++j) model.whitening.push_back(whitening.at(i, j) / 5);
    }
    check_words<double>(random, model, 40, Layout::padded);
}

TEST(visual_words, no_images_and_the_smallest_of_them) {
    Random random(3);
    VisualWords model;
    model.patches = {1, 1, 1, 1, 1, 1};
    check_words<float>(random, model, 1, Layout::dense);
    model.words = {0.0F};
    Silence monitor;
    encode_images(model, Matrix<float>(0, 1).view(), 2, monitor, nullptr);
    CHECK(model.n_features_out() == 1);
}

}  // namespace
}  // namespace nearplane::testing
