#include "nearplane/top_k.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nearplane {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// An object, because algorithms inline its calls; those of a function they would make by address.
constexpr auto upper_before = [](const Candidate& a, const Candidate& b) {
    return a.upper < b.upper || (a.upper == b.upper && a.index < b.index);
};

bool certainly_after(const Candidate& candidate, const Candidate& bound) {
    return candidate.lower > bound.upper ||
           (candidate.lower == bound.upper && candidate.index > bound.index);
}

/// NaN bounds (infinity minus infinity, where the fast arithmetic overflowed) say nothing.
Candidate with_valid_bounds(Candidate candidate) {
    if (!(candidate.lower <= candidate.upper)) return {-infinity, infinity, candidate.index};
    return candidate;
}

}  // namespace

void CandidateBuffer::push(Candidate candidate, std::int64_t query, const Measure& measure) {
    candidate = with_valid_bounds(candidate);
    if (certainly_after(candidate, bound_)) return;
    storage_[size_++] = candidate;
    if (size_ == capacity_) shrink(query, measure);
}

std::span<Candidate> CandidateBuffer::finish(std::int64_t query, const Measure& measure) {
    if (size_ > k_) keep_possible();
    measure_all(query, measure);
    std::sort(storage_, storage_ + size_, upper_before);
    size_ = std::min(size_, k_);
    return candidates();
}

void CandidateBuffer::shrink(std::int64_t query, const Measure& measure) {
    if (keep_roughly()) return;
    keep_possible();
    // Shrinking must make room for several pushes to pay for itself.
    if (size_ > (k_ + capacity_) / 2) {
        measure_all(query, measure);
        keep_possible();
    }
}

bool CandidateBuffer::keep_roughly() {
    // Selecting the k-th mispredicts every other branch; counting what is below a value is
    // vectorised, and halving an interval of values has none to predict: a fifth of the time.
    constexpr std::int64_t most = 512;
    constexpr int most_halvings = 12;
    if (size_ > most) return false;
    std::array<double, most> uppers;
    double low = infinity, high = -infinity;
    for (std::int64_t i = 0; i < size_; ++i) {
        uppers[static_cast<std::size_t>(i)] = storage_[i].upper;
        low = std::min(low, storage_[i].upper);
        high = std::max(high, storage_[i].upper);
    }
    high = std::min(high, bound_.upper);
    const std::int64_t enough = k_ + (capacity_ - k_) / 8;
    for (int halving = 0; halving < most_halvings; ++halving) {
        const double middle = low + (high - low) / 2;  // NaN among infinities: below it is nothing
        std::int64_t n_below = 0;
        for (std::int64_t i = 0; i < size_; ++i) {
            n_below += static_cast<std::int64_t>(uppers[static_cast<std::size_t>(i)] <= middle);
        }
        if (n_below < k_) {
            low = middle;
        } else if (n_below > enough) {
            high = middle;
        } else {
            keep_up_to(middle);
            return size_ <= (k_ + capacity_) / 2;
        }
    }
    return false;
}

void CandidateBuffer::keep_up_to(double threshold) {
    // Any index at that distance: k rows are certainly before the next one.
    bound_ = {threshold, threshold, std::numeric_limits<std::int64_t>::max()};
    std::int64_t n_kept = 0;
    for (std::int64_t i = 0; i < size_; ++i) {
        storage_[n_kept] = storage_[i];
        n_kept += static_cast<std::int64_t>(storage_[i].lower <= threshold);
    }
    size_ = n_kept;
}

void CandidateBuffer::measure_all(std::int64_t query, const Measure& measure) {
    for (Candidate& candidate : candidates()) {
        if (candidate.is_measured()) continue;
        // Only rows changed behind our back since they were validated measure as NaN. Infinity
        // keeps the order total, without which sorting would run out of the buffer.
        const double distance = measure(query, candidate.index);
        candidate.lower = candidate.upper = std::isnan(distance) ? infinity : distance;
    }
}

void CandidateBuffer::keep_possible() {
    std::nth_element(storage_, storage_ + k_ - 1, storage_ + size_, upper_before);
    const Candidate& kth = storage_[k_ - 1];
    if (upper_before(kth, bound_)) bound_ = kth;
    const auto* end = std::remove_if(storage_, storage_ + size_, [this](const Candidate& c) {
        return certainly_after(c, bound_);
    });
    size_ = end - storage_;
}

}  // namespace nearplane
