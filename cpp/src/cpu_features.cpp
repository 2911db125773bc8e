#include "nearplane/cpu_features.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <stdexcept>

#if defined(_M_X64) || defined(__x86_64__)
#define NEARPLANE_X86 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace nearplane {
namespace {

enum class Register : std::uint8_t { eax, ebx, ecx, edx };

enum class State : std::uint64_t {  // bits of XCR0 that the operating system must have set
    sse = 0,
    avx = 0x6,      // XMM and YMM
    avx512 = 0xe6,  // and the masks and both halves of ZMM
};

/// Where a feature shows: leaf, sub-leaf, register and bit of CPUID, and the state it needs.
struct Feature {
    std::uint32_t leaf;
    std::uint32_t subleaf;
    Register reg;
    int bit;
    State state;
};

// Intel Software Developer's Manual, volume 2, CPUID.
const std::map<std::string, Feature> features = {
    {"sse4.2", {1, 0, Register::ecx, 20, State::sse}},
    {"popcnt", {1, 0, Register::ecx, 23, State::sse}},
    {"movbe", {1, 0, Register::ecx, 22, State::sse}},
    {"lzcnt", {0x80000001, 0, Register::ecx, 5, State::sse}},
    {"f16c", {1, 0, Register::ecx, 29, State::avx}},
    {"fma", {1, 0, Register::ecx, 12, State::avx}},
    {"avx2", {7, 0, Register::ebx, 5, State::avx}},
    {"bmi", {7, 0, Register::ebx, 3, State::sse}},
    {"bmi2", {7, 0, Register::ebx, 8, State::sse}},
    {"avxvnni", {7, 1, Register::eax, 4, State::avx}},
    {"avx512f", {7, 0, Register::ebx, 16, State::avx512}},
    {"avx512bw", {7, 0, Register::ebx, 30, State::avx512}},
    {"avx512cd", {7, 0, Register::ebx, 28, State::avx512}},
    {"avx512dq", {7, 0, Register::ebx, 17, State::avx512}},
    {"avx512vl", {7, 0, Register::ebx, 31, State::avx512}},
    {"avx512vnni", {7, 0, Register::ecx, 11, State::avx512}},
};

#ifdef NEARPLANE_X86

using Registers = std::array<std::uint32_t, 4>;

Registers cpuid(std::uint32_t leaf, std::uint32_t subleaf) {
    Registers out{};
#if defined(_MSC_VER)
    int values[4];
    __cpuidex(values, static_cast<int>(leaf), static_cast<int>(subleaf));
    for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::uint32_t>(values[i]);
#else
    __cpuid_count(leaf, subleaf, out[0], out[1], out[2], out[3]);
#endif
    return out;
}

std::uint64_t enabled_state() {
    constexpr std::uint32_t osxsave = 1U << 27;
    if ((cpuid(1, 0)[static_cast<std::size_t>(Register::ecx)] & osxsave) == 0) return 0;
#if defined(_MSC_VER)
    return _xgetbv(0);
#else
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (static_cast<std::uint64_t>(high) << 32) | low;
#endif
}

bool has(const Feature& feature) {
    const auto state = static_cast<std::uint64_t>(feature.state);
    if ((enabled_state() & state) != state) return false;
    constexpr std::uint32_t extended = 0x80000000;  // leaves from here on are counted apart
    if (cpuid(feature.leaf & extended, 0)[0] < feature.leaf) return false;
    if (feature.subleaf > cpuid(feature.leaf, 0)[0] && feature.subleaf > 0) return false;
    const Registers registers = cpuid(feature.leaf, feature.subleaf);
    return ((registers[static_cast<std::size_t>(feature.reg)] >> feature.bit) & 1U) != 0;
}

#else

bool has(const Feature&) {
    return false;
}

#endif

}  // namespace

bool cpu_has(const std::string& feature) {
    const auto found = features.find(feature);
    if (found == features.end()) throw std::invalid_argument("unknown CPU feature " + feature);
    return has(found->second);
}

}  // namespace nearplane
