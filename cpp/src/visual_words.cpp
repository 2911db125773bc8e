#include "nearplane/visual_words.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

// Workers share out images; a product of Eigen must not start threads of its own.
#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>

#include "centre_panels.hpp"
#include "image_patches.hpp"
#include "nearplane/simd/convert.hpp"

namespace nearplane {
namespace {

using Panels = CentrePanels<float>;
using Floats = Eigen::Map<Eigen::ArrayXf>;
using ConstFloats = Eigen::Map<const Eigen::ArrayXf>;

constexpr std::int64_t row_panel = tile_rows<float>;
/// Patches that meet the words at a time: with 1,600 words their distances take 300 KB, which L2
/// holds beside the words.
constexpr std::int64_t block_panels = 48 / row_panel;
constexpr std::int64_t block_rows = block_panels * row_panel;

double squared_norm(const float* row, std::int64_t n) {
    return Eigen::Map<const Eigen::VectorXf>(row, n).cast<double>().squaredNorm();
}

/// What all workers read: the model, and its matrices packed.
struct Codebook {
    explicit Codebook(const VisualWords& visual_words)
        : model(visual_words),
          n_features(model.patches.n_features()),
          n_words(model.n_words()),
          whitening(model.whitening.data(), model.whitening.empty() ? 0 : n_features, n_features),
          words(model.words.data(), n_words, n_features),
          squared_norms(static_cast<std::size_t>(words.n_panels() * Panels::panel_centres)) {
        for (std::int64_t k = 0; k < n_words; ++k) {
            const double norm = squared_norm(model.words.data() + k * n_features, n_features);
            squared_norms[static_cast<std::size_t>(k)] = static_cast<float>(norm);
            longest = std::max(longest, norm);
        }
    }

    const VisualWords& model;
    std::int64_t n_features;
    std::int64_t n_words;
    Panels whitening;
    Panels words;
    AlignedVector<float> squared_norms;  // of the words; 0 for those that fill up the last panel
    double longest = 0.0;
};

/// One worker: turns one image after the other into its row of features.
class ImageEncoder {
public:
    explicit ImageEncoder(const Codebook& codebook)
        : book_(codebook),
          model_(codebook.model),
          grid_(codebook.model.patches),
          patches_(grid_),
          rows_(room(padded_features())),
          panels_(room(codebook.n_features)),
          norms_(static_cast<std::size_t>(block_rows)),
          distances_(room(n_padded_words())),
          region_(static_cast<std::size_t>(codebook.n_words)),
          totals_(static_cast<std::size_t>(model_.n_features_out())) {}

    void encode(const MatrixView& images, std::int64_t image, Pulse& pulse, float* out) {
        patches_.read(images, image);
        std::fill(totals_.begin(), totals_.end(), 0.0);
        for (std::int64_t first = 0; first < grid_.n_patches(); first += block_rows) {
            if (!pulse.keep_going()) return;
            const std::int64_t count = std::min(block_rows, grid_.n_patches() - first);
            read_block(first, count);
            measure_block(count);
            assign_block(first, count);
        }
        std::transform(totals_.begin(), totals_.end(), out,
                       [](double total) { return static_cast<float>(total); });
    }

private:
    static AlignedVector<float> room(std::int64_t row_length) {
        return AlignedVector<float>(static_cast<std::size_t>(block_rows * row_length));
    }
    std::int64_t padded_features() const {
        return round_up(book_.n_features, Panels::panel_centres);
    }
    std::int64_t n_padded_words() const {
        return static_cast<std::int64_t>(book_.squared_norms.size());
    }
    float* row(std::int64_t r) { return rows_.data() + r * padded_features(); }
    float* distances(std::int64_t r) { return distances_.data() + r * n_padded_words(); }

    /// Patches as they are compared with words: rows, their squared norms, and packed.
    void read_block(std::int64_t first, std::int64_t count) {
        for (std::int64_t r = 0; r < count; ++r) {
            patches_.copy(first + r, row(r));
            if (model_.contrast >= 0.0F) normalize_patch(row(r), book_.n_features, model_.contrast);
            if (!model_.center.empty()) {
                Floats(row(r), book_.n_features) -=
                    ConstFloats(model_.center.data(), book_.n_features);
            }
        }
        if (!model_.whitening.empty()) {
            pack(count);
            multiply(book_.whitening, count,
                     [this](std::int64_t r, std::int64_t column, auto sums) {
                         Eigen::internal::pstore(row(r) + column, sums);
                     });
        }
        for (std::int64_t r = 0; r < count; ++r) {
            norms_[static_cast<std::size_t>(r)] =
                static_cast<float>(squared_norm(row(r), book_.n_features));
        }
        pack(count);
    }

    void pack(std::int64_t count) {
        for (std::int64_t r = 0; r < count; r += row_panel) {
            pack_row_panel(row(r), std::min(row_panel, count - r), padded_features(),
                           book_.n_features, panels_.data() + r * book_.n_features);
        }
    }

    /// Calls store(row, column, products of the row with the centres from that column on). A panel
    /// of centres stays in L1 while all rows of the block meet it.
    template <class Store>
    void multiply(const Panels& centres, std::int64_t count, const Store& store) {
        using Op = Panels::Op;
        Panels::Tile tile;
        for (std::int64_t panel = 0; panel < centres.n_panels(); ++panel) {
            for (std::int64_t r = 0; r < count; r += row_panel) {
                centres.multiply(panels_.data() + r * book_.n_features, panel, tile);
                NEARPLANE_UNROLL
                for (int i = 0; i < Op::tile_rows; ++i) {
                    NEARPLANE_UNROLL
                    for (int v = 0; v < Op::tile_vectors; ++v) {
                        store(r + i, panel * Panels::panel_centres + v * Op::lanes, tile[i][v]);
                    }
                }
            }
        }
    }

    /// Squared distances of all rows to all words, by |z|^2 + |w|^2 - 2 z.w.
    void measure_block(std::int64_t count) {
        using Vector = Panels::Vector;
        const auto minus_two = Eigen::internal::pset1<Vector>(-2.0F);
        multiply(book_.words, count, [&](std::int64_t r, std::int64_t column, auto products) {
            const auto norms = Eigen::internal::padd(
                Eigen::internal::pset1<Vector>(norms_[static_cast<std::size_t>(r)]),
                Eigen::internal::pload<Vector>(book_.squared_norms.data() + column));
            Eigen::internal::pstore(distances(r) + column,
                                    Eigen::internal::pmadd(minus_two, products, norms));
        });
    }

    /// Adds what each patch says to its region, those of one region in a row in float32.
    void assign_block(std::int64_t first, std::int64_t count) {
        std::int64_t r = 0;
        while (r < count) {
            const std::int64_t region = region_of(first + r);
            std::fill(region_.begin(), region_.end(), 0.0F);
            for (; r < count && region_of(first + r) == region; ++r) assign(r);
            double* totals = totals_.data() + region * book_.n_words;
            for (std::size_t k = 0; k < region_.size(); ++k) {
                totals[k] += static_cast<double>(region_[k]);
            }
        }
    }

    std::int64_t region_of(std::int64_t patch) const {
        const std::int64_t y = patch / grid_.columns() * model_.region_rows / grid_.rows();
        const std::int64_t x = patch % grid_.columns() * model_.region_columns / grid_.columns();
        return y * model_.region_columns + x;
    }

    void assign(std::int64_t r) {
        Floats squared(distances(r), book_.n_words);
        Floats words(region_.data(), book_.n_words);
        switch (model_.assignment) {
            case Assignment::hard: words[nearest(r)] += 1.0F; return;
            case Assignment::soft: {
                const auto steepness =
                    static_cast<float>(-0.5 / (model_.bandwidth * model_.bandwidth));
                squared = squared.max(0.0F);
                squared = ((squared - squared.minCoeff()) * steepness).exp();
                words += squared / squared.sum();
                return;
            }
            case Assignment::triangle: {
                const double sum = take_roots(squared);
                words += (static_cast<float>(sum / static_cast<double>(book_.n_words)) - squared)
                             .max(0.0F);
                return;
            }
        }
    }

    /// Replaces squared distances by distances, and returns their sum: both in one pass, and in
    /// float32 but for the last additions, for the sum of some fifty a lane loses nothing that
    /// matters. By one expression of Eigen's after the other an image took half as long again.
    static double take_roots(Floats squared) {
        using Packet = simd::Lanes<float>::Packet;
        constexpr std::int64_t lanes = simd::Lanes<float>::count;
        const std::int64_t n_whole = squared.size() / lanes * lanes;
        const auto zero = Eigen::internal::pset1<Packet>(0.0F);
        Packet sums = zero;
        for (std::int64_t k = 0; k < n_whole; k += lanes) {
            float* place = squared.data() + k;
            const auto root = Eigen::internal::psqrt(
                Eigen::internal::pmax(Eigen::internal::pload<Packet>(place), zero));
            Eigen::internal::pstore(place, root);
            sums = Eigen::internal::padd(sums, root);
        }
        double total = static_cast<double>(Eigen::internal::predux(sums));
        for (std::int64_t k = n_whole; k < squared.size(); ++k) {
            squared[k] = std::sqrt(std::max(squared[k], 0.0F));
            total += static_cast<double>(squared[k]);
        }
        return total;
    }

    /// The word nearest to the float32 row, exactly: words that rounding may have put in the wrong
    /// order are measured in float64. A sum of n products errs by at most n + 3 roundings of
    /// |z| |w|, the rest of the formula by a few of |z|^2 + |w|^2, all of which (|z| + |w|)^2 is
    /// larger than.
    std::int64_t nearest(std::int64_t r) {
        const ConstFloats squared(distances(r), book_.n_words);
        std::int64_t best = 0;
        const double least = static_cast<double>(squared.minCoeff(&best));
        const double reach = std::sqrt(static_cast<double>(norms_[static_cast<std::size_t>(r)])) +
                             std::sqrt(book_.longest);
        const double error = 1.01 * static_cast<double>(book_.n_features + 8) *
                             (std::numeric_limits<float>::epsilon() / 2.0) * reach * reach;
        const auto limit = static_cast<float>((least + 2.0 * error) * (1.0 + 1e-6));
        if ((squared <= limit).count() == 1) return best;
        double nearest_distance = std::numeric_limits<double>::infinity();
        for (std::int64_t k = 0; k < book_.n_words; ++k) {
            if (!(squared[k] <= limit)) continue;
            const double measured = measure(r, k);
            if (measured < nearest_distance) {
                nearest_distance = measured;
                best = k;
            }
        }
        return best;
    }

    double measure(std::int64_t r, std::int64_t k) {
        const float* z = row(r);
        const float* word = model_.words.data() + k * book_.n_features;
        double sum = 0.0;
        for (std::int64_t d = 0; d < book_.n_features; ++d) {
            const double difference = static_cast<double>(z[d]) - static_cast<double>(word[d]);
            sum += difference * difference;
        }
        return sum;
    }

    const Codebook& book_;
    const VisualWords& model_;
    const PatchGrid grid_;
    ImagePatches patches_;
    AlignedVector<float> rows_;       // block_rows patches, normalised and whitened
    AlignedVector<float> panels_;     // the same, packed
    std::vector<float> norms_;        // their squared norms
    AlignedVector<float> distances_;  // block_rows x words
    std::vector<float> region_;       // what the patches of the block say of a region's words
    std::vector<double> totals_;      // and all patches so far, of all regions
};

}  // namespace

void encode_images(const VisualWords& model, const MatrixView& images, int n_threads,
                   Monitor& monitor, float* out) {
    const Codebook codebook(model);
    const double image_work = static_cast<double>(model.patches.n_patches()) *
                              static_cast<double>(model.words.size() + model.whitening.size());
    n_threads = useful_threads(image_work * static_cast<double>(images.rows), n_threads);
    std::vector<std::unique_ptr<ImageEncoder>> encoders(static_cast<std::size_t>(n_threads));
    parallel_for(images.rows, n_threads, monitor, {},
                 [&](std::int64_t image, int worker, Pulse& pulse) {
                     auto& encoder = encoders[static_cast<std::size_t>(worker)];
                     if (!encoder) encoder = std::make_unique<ImageEncoder>(codebook);
                     encoder->encode(images, image, pulse, out + image * model.n_features_out());
                 });
}

}  // namespace nearplane
