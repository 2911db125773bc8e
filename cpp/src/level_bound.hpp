#pragma once
// What a level of codes says about a pair of rows.

#include <cmath>
#include <cstdint>
#include <limits>

#include "nearplane/encoder.hpp"
#include "nearplane/integer_distance.hpp"
#include "nearplane/pruned_search.hpp"

namespace nearplane {

/// What a bound is multiplied by so that the few roundings it was computed with cannot matter.
inline constexpr double few_roundings_up = 1.0 + 0x1p-40;
inline constexpr double few_roundings_down = 1.0 - 0x1p-40;

/// From the exact distances a search ranks by to lengths in units of an encoder.
class Reach {
public:
    explicit Reach(const Encoder& encoder)
        : is_l1_(is_l1(encoder.metric)),
          // A measured distance is off by up to D / 16 + 8 roundings, and what follows by a few.
          // The square of a difference that underflows loses at most the smallest number.
          underflow_(static_cast<double>(encoder.n_features()) *
                     std::numeric_limits<double>::denorm_min()),
          scale_((1.0 + (static_cast<double>(encoder.n_features()) / 8.0 + 64.0) *
                            std::numeric_limits<double>::epsilon()) /
                 encoder.unit) {}

    /// How far a row can truly be if it measures `rank`, or less.
    double of(double rank) const { return (is_l1_ ? rank : std::sqrt(rank + underflow_)) * scale_; }

private:
    bool is_l1_;
    double underflow_;
    double scale_;
};

/// One level's codes of some queries and of all base rows.
class LevelBound {
public:
    LevelBound(const CodeLevel& level, bool is_l1, const LevelCodes& query, const LevelCodes& base)
        : distance_(is_l1 ? Distance::manhattan
                          : (level.bits == 16 ? Distance::words : Distance::bytes)),
          width_(level.width),
          step_(level.step),
          row_bytes_(level.row_bytes()),
          inverse_step_(1.0 / level.step),
          query_(query),
          base_(base) {}

    /// How far the codes of query i and base row j are apart, in steps.
    double apart(std::int64_t i, std::int64_t j) const {
        const auto distance = static_cast<double>(code_distance(i, j));
        return distance_ == Distance::manhattan ? distance : std::sqrt(distance);
    }

    std::int64_t row_bytes() const { return row_bytes_; }

    double in_steps(double length) const { return length * inverse_step_; }

    /// A length, in units, that the distance of query i and base row j is not below. Negative where
    /// the codes tell nothing; -infinity where they are not valid.
    double lower(std::int64_t i, std::int64_t j) const {
        return step_ * apart(i, j) * few_roundings_down - errors(i, j);
    }

    /// Whether that length is at most `reach`, without a root.
    bool may_be_within(std::int64_t i, std::int64_t j, double reach) const {
        const double limit = (reach + errors(i, j)) * inverse_step_ * few_roundings_up;
        const auto distance = static_cast<double>(code_distance(i, j));
        return distance <= (distance_ == Distance::manhattan ? limit : limit * limit);
    }

private:
    enum class Distance : std::uint8_t { manhattan, bytes, words };

    double errors(std::int64_t i, std::int64_t j) const {
        return (static_cast<double>(query_.errors[i]) + base_.errors[j]) * few_roundings_up;
    }

    std::int64_t code_distance(std::int64_t i, std::int64_t j) const {
        const std::byte* x = query_.codes + i * row_bytes_;
        const std::byte* y = base_.codes + j * row_bytes_;
        switch (distance_) {
            case Distance::manhattan: return manhattan_bytes(bytes(x), bytes(y), width_);
            case Distance::words: return squared_words(words(x), words(y), width_);
            case Distance::bytes: break;
        }
        return squared_bytes(bytes(x), bytes(y), width_);
    }

    static const std::uint8_t* bytes(const std::byte* codes) {
        return reinterpret_cast<const std::uint8_t*>(codes);
    }
    static const std::int16_t* words(const std::byte* codes) {
        return reinterpret_cast<const std::int16_t*>(codes);
    }

    Distance distance_;
    std::int64_t width_;
    double step_;
    std::int64_t row_bytes_;
    double inverse_step_;
    LevelCodes query_;
    LevelCodes base_;
};

}  // namespace nearplane
