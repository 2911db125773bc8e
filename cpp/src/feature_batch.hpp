#pragma once
// The rows of a batch: gathered once as they are, and turned into the aligned, preprocessed
// features that the products take whenever a pass wants some.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "nearplane/linear.hpp"
#include "nearplane/simd/convert.hpp"

namespace nearplane {

/// Rows of features by blocks: row r of block b is the block_width<T> features at
/// data + b * block_stride + r * block_width<T>.
template <class T>
struct FeatureBlocks {
    const T* data;
    std::int64_t block_stride;

    const T* row(std::int64_t r) const { return data + r * block_width<T>; }
    FeatureBlocks from_row(std::int64_t r) const { return {row(r), block_stride}; }
};

template <class T>
class FeatureBatch {
public:
    /// With `has_bias`, feature number X.cols is always 1; whatever follows it is 0.
    FeatureBatch(const MatrixView& X, const Preprocessing& preprocessing, bool has_bias,
                 std::int64_t capacity)
        : X_(X),
          center_(padded(preprocessing.center, X.cols)),
          scale_(padded(preprocessing.scale, X.cols)),
          bias_feature_(has_bias ? T(1) : T(0)),
          item_size_(visit_scalar(X.scalar, [](auto tag) { return std::int64_t{sizeof(tag)}; })),
          // One line more than the rows need: blocks a power of two apart would compete for the
          // same lines of a cache.
          block_stride_(round_up(capacity * piece(), 64) + 64),
          gathered_(static_cast<std::size_t>(n_blocks() * block_stride_)) {
        if (center_.empty() && !scale_.empty()) center_.assign(scale_.size(), T(0));
        if (scale_.empty() && !center_.empty()) scale_.assign(center_.size(), T(1));
    }

    std::int64_t n_blocks() const { return n_feature_blocks<T>(X_.cols); }

    /// Copies rows row_of(first .. first + count - 1) to places first, first + 1, ... Copying is
    /// what memory is fastest at: converting rows while they arrive takes twice as long. A block
    /// of all rows lies together, so that the second pass reads forwards.
    template <class RowOf>
    void gather(const RowOf& row_of, std::int64_t first, std::int64_t count) {
        visit_scalar(X_.scalar, [&](auto tag) {
            using Source = decltype(tag);
            visit_layout<Source>(X_, [&](auto row_at) {
                for (std::int64_t r = first; r < first + count; ++r) {
                    std::byte* out = gathered_.data() + r * piece();
                    copy_row<Source>(row_at(row_of(r)), out);
                    if constexpr (std::is_same_v<Source, T>) pad_row(r);
                }
            });
        });
    }

    /// Gathered rows [first, first + count) as features of blocks [block, block + n). They are
    /// converted into `room`, blocks `room_stride` apart, unless they can be used as they are.
    FeatureBlocks<T> features(std::int64_t block, std::int64_t n, std::int64_t first,
                              std::int64_t count, T* room, std::int64_t room_stride) const {
        return visit_scalar(X_.scalar, [&](auto tag) -> FeatureBlocks<T> {
            using Source = decltype(tag);
            const std::byte* rows = gathered_.data() + block * block_stride_ + first * piece();
            if constexpr (std::is_same_v<Source, T>) {
                if (center_.empty()) {
                    return {reinterpret_cast<const T*>(rows), block_stride_ / item_size_};
                }
            }
            for (std::int64_t b = block; b < block + n; ++b, rows += block_stride_) {
                convert_block<Source>(rows, b * block_width<T>, count,
                                      room + (b - block) * room_stride);
            }
            return {room, room_stride};
        });
    }

private:
    /// In the arithmetic of T, with zeros for the features that fill the last block.
    static AlignedVector<T> padded(const std::vector<double>& values, std::int64_t n_features) {
        if (values.empty()) return {};
        AlignedVector<T> out(
            static_cast<std::size_t>(n_feature_blocks<T>(n_features) * block_width<T>));
        std::transform(values.begin(), values.end(), out.begin(),
                       [](double value) { return static_cast<T>(value); });
        return out;
    }

    /// Bytes of a row in one block.
    std::int64_t piece() const { return block_width<T> * item_size_; }

    template <class Source>
    void copy_row(const DenseRow<Source>& row, std::byte* out) const {
        constexpr auto size = static_cast<std::int64_t>(sizeof(Source)) * block_width<T>;
        const std::byte* from = row.begin;
        std::int64_t left = X_.cols * static_cast<std::int64_t>(sizeof(Source));
        for (; left >= size; left -= size, from += size, out += block_stride_) {
            std::memcpy(out, from, static_cast<std::size_t>(size));
        }
        std::memcpy(out, from, static_cast<std::size_t>(left));
    }

    template <class Source>
    void copy_row(const StridedRow<Source>& row, std::byte* out) const {
        for (std::int64_t feature = 0; feature < X_.cols; ++feature) {
            const Source value = row(feature);
            std::memcpy(out + feature / block_width<T> * block_stride_ +
                            feature % block_width<T> * std::int64_t{sizeof(Source)},
                        &value, sizeof(Source));
        }
    }

    /// The bias feature and the zeros after it, for rows that are used as gathered.
    void pad_row(std::int64_t r) {
        const std::int64_t end = n_blocks() * block_width<T>;
        for (std::int64_t feature = X_.cols; feature < end; ++feature) {
            auto* block = gathered_.data() + feature / block_width<T> * block_stride_ + r * piece();
            reinterpret_cast<T*>(block)[feature % block_width<T>] =
                feature == X_.cols ? bias_feature_ : T(0);
        }
    }

    template <class Source>
    void convert_block(const std::byte* rows, std::int64_t feature, std::int64_t count,
                       T* out) const {
        const std::int64_t present = std::clamp<std::int64_t>(X_.cols - feature, 0, block_width<T>);
        for (std::int64_t r = 0; r < count; ++r, rows += piece(), out += block_width<T>) {
            if (center_.empty()) {
                convert_row<Source>(rows, out, [](const auto& x, std::int64_t) { return x; });
            } else {
                const T* center = center_.data() + feature;
                const T* scale = scale_.data() + feature;
                convert_row<Source>(rows, out, [&](const auto& x, std::int64_t i) {
                    using Packet = typename simd::Lanes<T>::Packet;
                    const auto centred =
                        Eigen::internal::psub(x, Eigen::internal::pload<Packet>(center + i));
                    return Eigen::internal::pmul(centred,
                                                 Eigen::internal::pload<Packet>(scale + i));
                });
            }
            if (present == block_width<T>) continue;
            std::fill(out + present, out + block_width<T>, T(0));
            if (feature + present == X_.cols) out[present] = bias_feature_;
        }
    }

    template <class Source, class Transform>
    static void convert_row(const std::byte* from, T* out, const Transform& transform) {
        constexpr int lanes = simd::Lanes<T>::count;
        for (std::int64_t i = 0; i < block_width<T>; i += lanes) {
            const auto x = simd::load_as<T, Source>(from + i * std::int64_t{sizeof(Source)});
            Eigen::internal::pstore(out + i, transform(x, i));
        }
    }

    MatrixView X_;
    AlignedVector<T> center_;
    AlignedVector<T> scale_;
    T bias_feature_;
    std::int64_t item_size_;
    std::int64_t block_stride_;
    AlignedVector<std::byte> gathered_;
};

}  // namespace nearplane
