"""Hostile data files - several hundred, made from templates - are refused and do no harm."""

import random
import tracemalloc

import numpy as np
import pytest

from nearplane.datasets import DataFileError, _cifar10, _cifar100, _mnist, _npy, load_arrays

from .dataset_files import CIFAR10_RECORDS, N_TEST, N_TRAIN, write
from .hostile_arrays import ARRAY_CASES
from .hostile_files import FILE_CASES, SOUND

CASES = FILE_CASES | ARRAY_CASES

# The files of a case and what is made of them measure some hundred kB; headers claim up to 2**126.
MOST_MEMORY = 16 * 2**20


@pytest.fixture(autouse=True)
def small_data(monkeypatch):
    monkeypatch.setattr(_cifar10, "RECORDS_PER_BATCH", CIFAR10_RECORDS)
    monkeypatch.setattr(_cifar100, "TRAIN_RECORDS", N_TRAIN)
    monkeypatch.setattr(_cifar100, "TEST_RECORDS", N_TEST)
    monkeypatch.setattr(_mnist, "N_IMAGES", {"train": N_TRAIN, "t10k": N_TEST})
    monkeypatch.setattr(_npy, "_UNPACKED_LIMIT", 2**20)


def contents(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Write the files of a case; afterwards nothing else may have been written."""
    folder = tmp_path / "deep" / "data"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    written = {}

    def place(case):
        write(folder, case.files)
        written.update(contents(tmp_path))
        return folder

    yield place
    assert contents(tmp_path) == written


def test_there_are_several_hundred_cases():
    assert len(CASES) == len(FILE_CASES) + len(ARRAY_CASES)
    assert sum(case.refused for case in CASES.values()) > 400


@pytest.mark.parametrize("name", SOUND)
def test_without_damage_every_data_set_is_read(name, place):
    SOUND[name].read(place(SOUND[name]))


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_is_refused_by_name_in_little_memory(name, place):
    case = CASES[name]
    folder = place(case)
    tracemalloc.start()
    try:
        if case.refused:
            with pytest.raises(DataFileError) as caught:
                case.read(folder)
            assert caught.value.path.startswith(str(folder))
            assert caught.value.problem
            assert len(str(caught.value)) < 500
        else:
            case.read(folder)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["npz", "npy rows", "npy labels", "mnist images-idx3 gz"])
def test_changed_bytes_give_data_or_a_data_file_error(name, place):
    case = SOUND[name]
    folder = place(case)
    generator = random.Random(0)
    target = folder / next(iter(case.files))
    sound = target.read_bytes()
    outcomes = set()
    for _ in range(300):
        changed = bytearray(sound)
        for _ in range(generator.randint(1, 3)):
            changed[generator.randrange(len(changed))] = generator.choice(b"\x00\x01\x80\xff(')9")
        target.write_bytes(changed)
        try:
            case.read(folder)
            outcomes.add(True)
        except DataFileError:
            outcomes.add(False)
    target.write_bytes(sound)
    assert False in outcomes


def test_the_limit_of_a_bomb_leaves_room_for_what_packs_well(tmp_path):
    # Seven of eight elements are nought, as after a ReLU: this packs to a sixth.
    rows = np.random.default_rng(0).normal(size=(4000, 512)).astype(np.float32)
    rows[np.random.default_rng(1).random(rows.shape) < 7 / 8] = 0
    np.savez_compressed(tmp_path / "sparse.npz", X=rows, y=np.arange(4000) % 7)
    np.testing.assert_array_equal(load_arrays(tmp_path / "sparse.npz").X, rows)
