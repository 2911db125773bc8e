#pragma once
// Colours as numbers.

namespace nearplane {

/// Grey of the brightness of a colour, by ITU-R BT.601, as Pillow and introductory courses have it.
inline double luma(double red, double green, double blue) {
    return 0.299 * red + 0.587 * green + 0.114 * blue;
}

}  // namespace nearplane
