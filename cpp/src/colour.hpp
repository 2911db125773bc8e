#pragma once
// Colours as numbers.

#include <algorithm>

namespace nearplane {

/// Grey of the brightness of a colour, by ITU-R BT.601, as Pillow and introductory courses have it.
inline double luma(double red, double green, double blue) {
    return 0.299 * red + 0.587 * green + 0.114 * blue;
}

struct Hsv {
    double hue;  // 0 of greys
    double saturation;
    double value;
};

/// Of red, green and blue within [0, 1], by the operations of matplotlib.colors.rgb_to_hsv and of
/// skimage.color.rgb2hsv, in their order: hues at the edge of a bin fall into the same one.
inline Hsv hsv_of(double red, double green, double blue) {
    const double largest = std::max(red, std::max(green, blue));
    const double range = largest - std::min(red, std::min(green, blue));
    // Written as choices between values, which compilers vectorise, with a single division.
    double difference = green - blue;
    double sixth = 0.0;
    difference = green == largest ? blue - red : difference;
    sixth = green == largest ? 2.0 : sixth;
    difference = blue == largest ? red - green : difference;
    sixth = blue == largest ? 4.0 : sixth;
    const double sixths = sixth + difference / range;
    const double turns = sixths / 6.0;
    const double hue = turns < 0.0 ? turns + 1.0 : turns;
    return {range > 0.0 ? hue : 0.0, largest > 0.0 ? range / largest : 0.0, largest};
}

}  // namespace nearplane
