"""Sketches as arrays: there and back, and nothing is believed on the way."""

import numpy as np
import pytest

from nearplane.datasets import make_natural_images
from nearplane.neighbors._sketch import Sketch, design_sketch

from .test_sketch import assert_same_sketch

METRICS = ("euclidean", "manhattan")
ROWS = make_natural_images(120, (12, 12, 3), random_state=0)[0].reshape(120, -1)


def arrays_of(metric, dtype="float32"):
    return Sketch.build(ROWS[:90].astype(dtype), metric, n_threads=1).arrays()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_there_and_back(dtype, metric):
    base = ROWS.astype(dtype)
    sketch = Sketch.build(base[:90], metric, n_threads=1).extend(base[90:], n_threads=1)
    arrays = sketch.arrays()
    assert all(type(array) is np.ndarray and array.dtype != object for array in arrays.values())
    twin = Sketch.from_arrays(arrays)
    assert_same_sketch(twin, sketch)
    found = (s.search(base[:5], base, 3, metric, n_threads=1) for s in (sketch, twin))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_codes_of_16_bits_are_kept_as_such():
    design = design_sketch(ROWS, "euclidean", widths=[8], fine_widths=[8], features=True)
    sketch = Sketch.build(ROWS, "euclidean", design, n_threads=1)
    assert [codes.dtype for codes in sketch.codes] == [np.uint8, np.int16, np.uint8]
    arrays = sketch.arrays()
    assert_same_sketch(Sketch.from_arrays(arrays), sketch)
    for bits in ([8, 8, 8], [16, 16, 8], [8, 16, 16], [8, 32, 8]):
        with pytest.raises(ValueError, match="not the arrays of a sketch"):
            Sketch.from_arrays(arrays | {"bits": np.array(bits)})


def test_read_only_memory_maps_will_do(tmp_path):
    arrays = {}
    for name, array in arrays_of("euclidean").items():
        np.save(tmp_path / f"{name}.npy", array)
        arrays[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r" if array.size else None)
    sketch = Sketch.from_arrays(arrays)
    base = ROWS[:90].astype(np.float32)
    indices = sketch.search(base[:5], base, 1, "euclidean", n_threads=1)[1]
    np.testing.assert_array_equal(indices[:, 0], np.arange(5))
    assert np.may_share_memory(sketch.codes[0], arrays["codes_0"])


@pytest.mark.parametrize("metric", METRICS)
def test_looseness_is_remembered(metric):
    sketch = Sketch.build(ROWS.astype(np.float32), metric, n_threads=1)
    odd = np.random.default_rng(0).uniform(-900, 900, (50, ROWS.shape[1])).astype(np.float32)
    assert Sketch.from_arrays(sketch.extend(odd, n_threads=1).arrays()).is_loose


def test_a_tilt_that_is_stored_too_small_would_not_matter():
    arrays = arrays_of("euclidean")
    arrays["basis"] = (arrays["basis"] * 1.0001).astype(np.float32)
    assert Sketch.from_arrays(arrays).levels[0].tilt > 1e-4


DAMAGES = {
    "list": lambda array: array.tolist(),
    "dtype": lambda array: array.astype("S20" if array.dtype.kind == "U" else np.float16),
    "twice": lambda array: np.concatenate([np.atleast_1d(array)] * 2),
    "axis": lambda array: array[None],
}


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_every_array_must_be_as_it_was(damage, metric):
    whole = arrays_of(metric)
    for name, array in whole.items():
        damaged = damage(array)
        if array.size == 0 and np.shape(damaged) == array.shape and damage is DAMAGES["twice"]:
            continue  # twice nothing
        with pytest.raises(ValueError, match="not the arrays of a sketch"):
            Sketch.from_arrays(whole | {name: damaged})


@pytest.mark.parametrize("metric", METRICS)
def test_every_array_must_be_there(metric):
    whole = arrays_of(metric)
    for missing in whole:
        with pytest.raises(ValueError, match=f"{missing} is missing"):
            Sketch.from_arrays({name: whole[name] for name in whole if name != missing})


@pytest.mark.parametrize("name", ["center", "basis", "errors_0", "steps", "n_built"])
def test_numbers_must_be_in_the_machines_byte_order(name):
    arrays = arrays_of("euclidean")
    arrays[name] = arrays[name].astype(arrays[name].dtype.newbyteorder())
    with pytest.raises(ValueError, match=f"{name} must be"):
        Sketch.from_arrays(arrays)


def changed(array, place, value):
    array = array.copy()
    array[place] = value
    return array


BOTH = [
    ("metric", lambda a: np.array("cosine")),
    ("center", lambda a: changed(a, 3, np.nan)),
    ("center", lambda a: a[:0]),
    ("unit", lambda a: np.array(3.0)),
    ("unit", lambda a: np.array(-2.0)),
    ("unit", lambda a: np.array(0.0)),
    ("unit", lambda a: np.array(np.nan)),
    ("unit", lambda a: np.array(np.inf)),
    ("unit", lambda a: np.array(5e-324)),
    ("n_built", lambda a: np.array(0)),
    ("n_built", lambda a: np.array(91)),
    ("kinds", lambda a: changed(a, 0, "features")),
    ("kinds", lambda a: changed(a, -1, "feature")),
    ("widths", lambda a: changed(a, 0, 0)),
    ("widths", lambda a: changed(a, 0, -1)),
    ("widths", lambda a: changed(a, 0, 2**62)),
    ("widths", lambda a: changed(a, -1, a[-1] - 1)),
    ("bits", lambda a: changed(a, 0, 16)),
    ("bits", lambda a: changed(a, 0, 7)),
    ("steps", lambda a: changed(a, 0, np.nan)),
    ("steps", lambda a: changed(a, 0, 0)),
    ("steps", lambda a: changed(a, 0, -1)),
    ("steps", lambda a: changed(a, 0, np.inf)),
    ("steps", lambda a: changed(a, 0, 1e-310)),
    ("shift_0", lambda a: changed(a, 0, np.inf)),
    ("codes_0", lambda a: a[:-1]),
    ("codes_0", lambda a: a[:0]),
    ("codes_0", lambda a: a[:, :-1]),
    ("codes_0", lambda a: a.astype(np.int16)),
    ("errors_0", lambda a: changed(a, 5, np.nan)),
    ("errors_0", lambda a: changed(a, 5, -1e-9)),
    ("errors_0", lambda a: a[:-1]),
    ("errors_1", lambda a: a[1:]),
    ("codes_9", lambda a: np.zeros(3)),
    ("comment", lambda a: np.array("")),
]
PROJECTIONS = [
    ("metric", lambda a: np.array("manhattan")),
    ("kinds", lambda a: changed(a.astype("U10"), 0, "groups")),
    ("basis", lambda a: changed(a, (0, 0), np.nan)),
    ("basis", lambda a: changed(a, 0, a[1])),
    ("basis", lambda a: a * np.float32(2)),
    ("basis", lambda a: np.full_like(a, 3e38)),
    ("basis", lambda a: a[:-1]),
    ("basis", lambda a: a[:, :-1]),
    ("rotation_0", np.zeros_like),
    ("rotation_0", lambda a: changed(a, (1, 2), np.inf)),
    ("rotation_0", lambda a: a[:0, :0]),
    ("starts_0", lambda a: np.arange(3)),
    ("feature_order", lambda a: np.array([0, 0])),
]
GROUPS = [
    ("metric", lambda a: np.array("euclidean")),
    ("feature_order", lambda a: changed(a, 0, a[1])),
    ("feature_order", lambda a: changed(a, 0, -1)),
    ("feature_order", lambda a: changed(a, 0, len(a))),
    ("feature_order", lambda a: a[:-1]),
    ("feature_order", lambda a: a[:0]),
    ("starts_0", lambda a: changed(a, 0, 1)),
    ("starts_0", lambda a: changed(a, 2, a[1])),
    ("starts_0", lambda a: changed(a, 2, a[1] - 1)),
    ("starts_0", lambda a: changed(a, -1, a[-1] + 1)),
    ("starts_0", lambda a: changed(a, 1, 2**62)),
    ("starts_0", lambda a: a[:-1]),
    ("rotation_0", lambda a: np.eye(3, dtype=np.float32)),
]


@pytest.mark.parametrize(
    ("metric", "name", "damage"),
    [(metric, *case) for metric in METRICS for case in BOTH]
    + [("euclidean", *case) for case in PROJECTIONS]
    + [("manhattan", *case) for case in GROUPS],
)
def test_damaged_arrays_are_refused(metric, name, damage):
    arrays = arrays_of(metric)
    arrays[name] = damage(arrays.get(name))
    with pytest.raises(ValueError, match="not the arrays of a sketch"):
        Sketch.from_arrays(arrays)
