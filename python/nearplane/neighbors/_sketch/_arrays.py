"""A sketch as plain arrays, to be kept in a file, and back without trusting that."""

from collections.abc import Mapping
from dataclasses import replace
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nearplane._blas import one_blas_thread
from nearplane.neighbors._sketch._basis import tilts
from nearplane.neighbors._sketch._design import Design
from nearplane.neighbors._sketch._level import CODE_DTYPES, Codes, Kind, Level
from nearplane.neighbors._sketch._widths import KINDS

Arrays = dict[str, NDArray[Any]]

_OF_SKETCH = ("metric", "center", "unit", "basis", "feature_order", "n_built")
_OF_LEVELS = ("kinds", "widths", "bits", "steps")
_OF_EACH_LEVEL = ("shift", "rotation", "starts", "codes", "errors")

# Directions that are orthonormal up to rounding are so by far.
_LARGEST_TILT = 0.01
# Scales beyond this have no normal inverse.
_LARGEST_EXPONENT = 1022


def pack(design: Design, coded: list[Codes], n_built: int) -> Arrays:
    """Return what `unpack` takes. How tilted directions are is left out: it can be computed."""
    levels = design.levels
    arrays = {
        "metric": np.array(design.metric),
        "center": design.center,
        "unit": np.array(design.unit),
        "basis": design.basis,
        "feature_order": design.feature_order,
        "n_built": np.array(n_built),
        "kinds": np.array([level.kind for level in levels]),
        "widths": np.array([level.width for level in levels]),
        "bits": np.array([level.bits for level in levels]),
        "steps": np.array([level.step for level in levels]),
    }
    for i, (level, (codes, errors)) in enumerate(zip(levels, coded, strict=True)):
        values = (level.shift, level.rotation, level.starts, codes, errors)
        arrays |= dict(zip((f"{name}_{i}" for name in _OF_EACH_LEVEL), values, strict=True))
    return arrays


def unpack(arrays: Mapping[str, NDArray[Any]]) -> tuple[Design, list[Codes], int]:
    """Return what `pack` was given.

    Raises
    ------
    ValueError
        If these are no arrays of a sketch. That codes are those of certain rows cannot be told.
    """
    found = _Found(arrays)
    center = found.finite("center", (None,), np.float64)
    found.require(len(center) > 0, "center", "have a value for each feature")
    unit = found.scale("unit", found.array("unit", (), np.float64).item())
    found.require(frexp(unit)[0] == 0.5, "unit", f"be a power of two; got {unit!r}")
    basis = found.finite("basis", (None, len(center)), np.float32)
    order = found.array("feature_order", (None,), np.int64)
    permuted = np.array_equal(np.sort(order), np.arange(len(center)))
    found.require(
        permuted or len(order) == 0, "feature_order", "name each feature once, or be empty"
    )
    metric = found.text("metric", ()).item()
    found.require(metric in KINDS, "metric", f"be one of {', '.join(KINDS)}; got {metric!r}")
    levels = _levels(found, KINDS[metric], basis, order)
    names = {*_OF_SKETCH, *_OF_LEVELS}
    names |= {f"{name}_{i}" for i in range(len(levels)) for name in _OF_EACH_LEVEL}
    unknown = sorted(set(arrays) - names)
    found.require(not unknown, "its arrays", f"have other names than {', '.join(unknown)}")
    coded = [_codes(found, i, level) for i, level in enumerate(levels)]
    n_rows = {len(array) for pair in coded for array in pair}
    found.require(len(n_rows) == 1, "codes and errors", f"be of equally many rows; got {n_rows}")
    n_built = int(found.array("n_built", (), np.int64))
    found.require(1 <= n_built <= max(n_rows), "n_built", f"be from 1 to {n_rows}; got {n_built}")
    return Design(metric, center, unit, basis, order, levels), coded, n_built


def _levels(
    found: "_Found", kind: Kind, basis: NDArray[np.float32], order: NDArray[np.int64]
) -> tuple[Level, ...]:
    """Return the levels; `kind` is what all but the last are of."""
    kinds = found.text("kinds", (None,)).tolist()
    allowed = [kind] * len(kinds), [kind] * (len(kinds) - 1) + ["features"]
    found.require(len(kinds) > 0 and kinds in allowed, "kinds", f"be {kind}; got {kinds}")
    widths = found.array("widths", (len(kinds),), np.int64).tolist()
    bits = found.array("bits", (len(kinds),), np.int64).tolist()
    steps = found.array("steps", (len(kinds),), np.float64).tolist()
    most = {"projection": len(basis) + 1, "groups": len(order), "features": basis.shape[1]}
    least = {"projection": 2, "groups": 1, "features": basis.shape[1]}
    levels = []
    for i, (own_kind, width, n_bits) in enumerate(zip(kinds, widths, bits, strict=True)):
        bounds = f"from {least[own_kind]} to {most[own_kind]}; got {width}"
        found.require(least[own_kind] <= width <= most[own_kind], f"widths[{i}]", f"be {bounds}")
        wide = n_bits == 16 and own_kind == "projection" and i > 0
        found.require(n_bits == 8 or wide, f"bits[{i}]", f"be 8; got {n_bits}")
        levels.append(
            Level(
                own_kind,
                width,
                found.scale(f"steps[{i}]", steps[i]),
                found.finite(f"shift_{i}", (width,), np.float64),
                rotation=_rotation(found, i, width if own_kind == "projection" else 1),
                starts=_starts(found, i, width if own_kind == "groups" else -1, len(order)),
                bits=n_bits,
            )
        )
    widest = max((level.width for level in levels if level.kind == "projection"), default=1)
    found.require(len(basis) == widest - 1, "basis", f"have {widest - 1} rows; got {len(basis)}")
    return _tilted(found, basis, levels)


def _tilted(found: "_Found", basis: NDArray[np.float32], levels: list[Level]) -> tuple[Level, ...]:
    with one_blas_thread():
        bounds = tilts(basis, [level.rotation for level in levels])
    found.require(max(bounds) <= _LARGEST_TILT, "basis and rotations", "be orthonormal")
    return tuple(
        replace(level, tilt=tilt) if level.kind == "projection" else level
        for level, tilt in zip(levels, bounds, strict=True)
    )


def _rotation(found: "_Found", position: int, width: int) -> NDArray[np.float32]:
    return found.finite(f"rotation_{position}", (width - 1, width - 1), np.float32)


def _starts(found: "_Found", position: int, width: int, n_features: int) -> NDArray[np.int64]:
    name = f"starts_{position}"
    starts = found.array(name, (width + 1,), np.int64)
    if len(starts):
        rising = starts[0] == 0 and starts[-1] == n_features and (np.diff(starts) > 0).all()
        found.require(bool(rising), name, f"rise from 0 to {n_features}")
    return starts


def _codes(found: "_Found", position: int, level: Level) -> Codes:
    codes = found.array(f"codes_{position}", (None, level.width), CODE_DTYPES[level.bits])
    name = f"errors_{position}"
    errors = found.array(name, (None,), np.float32)
    found.require(bool((errors >= 0).all()), name, "be 0 or more")  # NaN is neither
    return codes, errors


class _Found:
    """Arrays by name; one that is not as it must be is a ValueError."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = arrays

    def require(self, condition: bool, name: str, wanted: str) -> None:
        if not condition:
            raise ValueError(f"These are not the arrays of a sketch: {name} must {wanted}.")

    def array(self, name: str, shape: tuple[int | None, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array of this shape, None being any length, and type; row by row in memory."""
        array = self._sized(name, shape)
        wanted = np.dtype(dtype)
        self.require(array.dtype == wanted, name, f"be {wanted}; got {array.dtype}")
        return np.asarray(array, order="C")

    def finite(self, name: str, shape: tuple[int | None, ...], dtype: DTypeLike) -> NDArray[Any]:
        array = self.array(name, shape, dtype)
        self.require(bool(np.isfinite(array).all()), name, "be finite")
        return array

    def text(self, name: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        array = self._sized(name, shape)
        self.require(array.dtype.kind == "U", name, f"be text; got {array.dtype}")
        return array

    def scale(self, name: str, value: float) -> float:
        """Return a number that is positive and has a normal inverse."""
        good = 2.0**-_LARGEST_EXPONENT <= value <= 2.0**_LARGEST_EXPONENT  # NaN is not
        self.require(good, name, f"be positive, neither tiny nor huge; got {value!r}")
        return value

    def _sized(self, name: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        array = self._arrays.get(name)
        if not isinstance(array, np.ndarray):
            raise ValueError(f"These are not the arrays of a sketch: {name} is missing.")
        fits = array.ndim == len(shape) and all(
            wanted in (None, n) for wanted, n in zip(shape, array.shape, strict=True)
        )
        self.require(fits, name, f"have shape {shape}; got {array.shape}")
        return array
