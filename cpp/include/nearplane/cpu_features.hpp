#pragma once
// What this processor and its operating system can run. Compiled for the baseline.

#include <string>

namespace nearplane {

/// Whether the processor has a feature, by the name compilers give it ("avx2", "avx512bw", ...),
/// and the operating system saves the registers it needs. Unknown names are an error.
bool cpu_has(const std::string& feature);

}  // namespace nearplane
