// The k nearest of intervals that arrive in any order.

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "check.hpp"
#include "nearplane/top_k.hpp"
#include "samples.hpp"

namespace nearplane::testing {
namespace {

struct Stream {
    std::vector<double> distances;  // true ones, by index
    std::vector<Candidate> candidates;
};

/// Distances with ties, and intervals around them: as wide as `width`, some of no width, some that
/// say nothing.
Stream random_stream(Random& random, std::int64_t n, double width) {
    Stream stream;
    for (std::int64_t i = 0; i < n; ++i) {
        const auto distance = static_cast<double>(whole(random, 0, n / 2));
        const double below = real(random, 0.0, width);
        const double above = real(random, 0.0, width);
        stream.distances.push_back(distance);
        switch (whole(random, 0, 9)) {
            case 0: stream.candidates.push_back({distance, distance, i}); break;
            case 1: {
                const double nan = std::numeric_limits<double>::quiet_NaN();
                stream.candidates.push_back({nan, nan, i});
                break;
            }
            default: stream.candidates.push_back({distance - below, distance + above, i});
        }
    }
    std::shuffle(stream.candidates.begin(), stream.candidates.end(), random);
    return stream;
}

std::vector<std::int64_t> naive_nearest(const Stream& stream, std::int64_t k) {
    std::vector<std::pair<double, std::int64_t>> all;
    for (const Candidate& c : stream.candidates) {
        all.emplace_back(stream.distances[static_cast<std::size_t>(c.index)], c.index);
    }
    std::sort(all.begin(), all.end());
    std::vector<std::int64_t> indices;
    for (const auto& [distance, index] : all) {
        if (std::ssize(indices) < k) indices.push_back(index);
    }
    return indices;
}

TEST(top_k, keeps_the_nearest_of_any_stream) {
    Random random(1);
    for (const std::int64_t n : {0, 1, 5, 40, 100, 3000}) {
        for (const std::int64_t k : {1, 2, 16, 100, 900}) {
            for (const double width : {0.0, 0.4, 5.0, 1e4}) {
                const Stream stream = random_stream(random, n, width);
                const auto measure = [&](std::int64_t, std::int64_t index) {
                    return stream.distances[static_cast<std::size_t>(index)];
                };
                std::vector<Candidate> storage(
                    static_cast<std::size_t>(CandidateBuffer::capacity_for(k)));
                CandidateBuffer buffer(storage.data(), k);
                for (const Candidate& c : stream.candidates) buffer.push(c, 0, measure);
                std::vector<std::int64_t> found;
                for (const Candidate& c : buffer.finish(0, measure)) {
                    found.push_back(c.index);
                    CHECK(c.lower == stream.distances[static_cast<std::size_t>(c.index)]);
                }
                CHECK_IN(found == naive_nearest(stream, k), named({{"n", n}, {"k", k}}));
            }
        }
    }
}

TEST(top_k, thresholds_sink_to_the_lowest_whoever_lowers_them) {
    SharedThresholds thresholds(3);
    CHECK(thresholds.get(1) == std::numeric_limits<double>::infinity());
    Silence monitor;
    parallel_for(1000, 4, monitor, {}, [&](std::int64_t task, int, Pulse&) {
        thresholds.lower(1, static_cast<double>((task * 7919) % 1000) + 5.0);
    });
    CHECK(thresholds.get(1) == 5.0);
    thresholds.lower(1, 6.0);
    CHECK(thresholds.get(1) == 5.0);
    CHECK(thresholds.get(2) == std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace nearplane::testing
