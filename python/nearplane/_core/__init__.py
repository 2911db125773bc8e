"""Picks the compiled level at import: the fastest one this processor can run.

The environment variable ``NEARPLANE_ISA`` forces a level. Every level has the same functions, which
``__init__.pyi`` describes, and finds the same neighbours at the same distances to the last bit.
Scores of linear models are float sums, whose last bits may differ between levels.
"""

import importlib
import os

from nearplane._core._cpu import available_levels, built_levels


def _chosen_level() -> str:
    available = available_levels()
    forced = os.environ.get("NEARPLANE_ISA")
    if forced:
        if forced in available:
            return forced
        reason = "this processor cannot run it" if forced in built_levels() else "not built"
        raise ImportError(
            f"NEARPLANE_ISA={forced!r}: {reason}; choose one of {', '.join(available)}"
        )
    if not available:
        raise ImportError(
            f"nearplane was built for {', '.join(built_levels())}, and this processor can run none "
            "of them; build it here with pip install --no-binary nearplane nearplane"
        )
    return available[-1]


_level = importlib.import_module(f"{__name__}._{_chosen_level()}")

CenterBounds = _level.CenterBounds
Encoder = _level.Encoder
EpochTrace = _level.EpochTrace
LinearTrainer = _level.LinearTrainer
Setting = _level.Setting
argkmin = _level.argkmin
argkmin_pruned = _level.argkmin_pruned
build_info = _level.build_info
cluster_sums = _level.cluster_sums
encode_visual_words = _level.encode_visual_words
extract_color_histogram = _level.extract_color_histogram
extract_hog = _level.extract_hog
first_nonfinite_row = _level.first_nonfinite_row
isa_level = _level.isa_level
linear_loss = _level.linear_loss
linear_scores = _level.linear_scores
loss_from_scores = _level.loss_from_scores
max_threads = _level.max_threads
nearer_distances = _level.nearer_distances
nearest_centers = _level.nearest_centers
pairwise_distances = _level.pairwise_distances
row_hashes = _level.row_hashes

__all__ = [
    "CenterBounds",
    "Encoder",
    "EpochTrace",
    "LinearTrainer",
    "Setting",
    "argkmin",
    "argkmin_pruned",
    "available_levels",
    "build_info",
    "built_levels",
    "cluster_sums",
    "encode_visual_words",
    "extract_color_histogram",
    "extract_hog",
    "first_nonfinite_row",
    "isa_level",
    "linear_loss",
    "linear_scores",
    "loss_from_scores",
    "max_threads",
    "nearer_distances",
    "nearest_centers",
    "pairwise_distances",
    "row_hashes",
]
