"""What kinds of features are, in sentences, with the parameters they were computed by."""

from typing import Any

from nearplane.report._features_results import FeaturesResults, KindResult
from nearplane.report._text import count


def describe_kind(result: KindResult) -> str:
    """Say what a kind of features is, with the parameters it was computed by.

    Parameters
    ----------
    result : KindResult

    Returns
    -------
    str
    """
    return _DESCRIPTIONS[result.kind](result.parameters)


def _describe_hog(parameters: dict[str, Any]) -> str:
    cell, block = (_size(parameters[name]) for name in ("pixels_per_cell", "cells_per_block"))
    return (
        f"For each cell of {cell} pixels, how much brightness changes in each of "
        f"{parameters['orientations']} directions; blocks of {block} cells are made comparable by "
        "their common size, so that neither brightness nor contrast count. It sees where edges "
        "run, and no colour."
    )


def _describe_words(parameters: dict[str, Any]) -> str:
    grid = _size(parameters["grid"])
    return (
        f"{count(parameters['n_words'])} small pictures of {_size(parameters['patch_size'])} "
        f"pixels, the centres of clusters of {count(parameters['n_patches'])} patches drawn from "
        "training images, without their brightness and contrast and without what neighbouring "
        f"pixels have in common. For each of {grid} regions, how much its patches are like each of "
        "them."
    )


def _size(size: int | list[int]) -> str:
    height, width = size if isinstance(size, list) else (size, size)
    return f"{height} × {width}"


def _describe_colours(parameters: dict[str, Any]) -> str:
    of = {"rgb": "red, green and blue", "hsv": "hue, saturation and value", "hue": "hue"}
    bins, grid = parameters["bins"], parameters["grid"]
    each = bins if isinstance(bins, list) else [bins] * (1 if parameters["space"] == "hue" else 3)
    sizes = " × ".join(map(str, each))
    where = "the image" if grid == 1 else f"each of {_size(grid)} regions"
    return (
        f"Which part of {where} has which colour, in {sizes} bins of {of[parameters['space']]}. It "
        "sees colours, and no shapes."
    )


_DESCRIPTIONS = {
    "color_histogram": _describe_colours,
    "hog": _describe_hog,
    "visual_words": _describe_words,
}


def regions_phrase(features: FeaturesResults) -> str:
    """Say of which parts of an image the colours are counted.

    Parameters
    ----------
    features : FeaturesResults

    Returns
    -------
    str
        Empty if of the whole image, or not at all.
    """
    for result in features.kinds:
        if result.kind == "color_histogram" and result.parameters["grid"] != 1:
            return f" in each of {_size(result.parameters['grid'])} regions"
    return ""
