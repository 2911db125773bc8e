#include "nearplane/top_k.hpp"

#include <algorithm>
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
    keep_possible();
    // Shrinking must make room for several pushes to pay for itself.
    if (size_ > (k_ + capacity_) / 2) {
        measure_all(query, measure);
        keep_possible();
    }
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
