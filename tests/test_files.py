import errno
import os
import stat

import numpy as np
import pytest

import nearplane
from nearplane._cli._features_written import ARRAYS, _exchange
from nearplane._files import errors_naming, replacement, replacing, take_room
from nearplane.features import ColorHistogram

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    return path


def fail(monkeypatch, function, error=FULL):
    def failing(*_):
        raise error

    monkeypatch.setattr(os, function, failing, raising=False)


def test_the_new_file_takes_the_place_of_the_old(path):
    with replacement(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("function", ["fsync", "replace", "chmod"])
def test_an_error_names_the_file_and_leaves_the_old_one(path, function, monkeypatch):
    fail(monkeypatch, function)
    with pytest.raises(OSError, match="No space left on device") as caught, replacement(path):
        pass
    monkeypatch.undo()
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["file"]


def test_an_error_about_the_temporary_file_names_the_file(path):
    with pytest.raises(FileNotFoundError) as caught, replacing(path) as temporary:
        temporary.unlink()
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"


def test_what_went_wrong_first_is_raised(path, monkeypatch):
    def fail_to_remove(self, missing_ok=False):
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr("pathlib.Path.unlink", fail_to_remove)
    with pytest.raises(ZeroDivisionError), replacement(path):
        raise ZeroDivisionError


def test_errors_about_other_files_stay_as_they_are(tmp_path, path):
    with pytest.raises(FileNotFoundError) as caught, replacement(path):
        (tmp_path / "other").read_bytes()
    assert caught.value.filename == str(tmp_path / "other")
    with pytest.raises(OSError, match=r"^truncated$"), replacement(path):
        raise OSError("truncated")


def test_errors_within_a_temporary_folder_name_what_it_becomes(tmp_path):
    scratch = tmp_path / "scratch"
    with pytest.raises(FileNotFoundError) as caught, errors_naming(tmp_path / "made", scratch):
        (scratch / "part").read_bytes()
    assert caught.value.filename == str(tmp_path / "made")


def test_a_disk_that_fails_after_the_replacement_is_reported(path, monkeypatch):
    # The first is that of the content, the second that of the name.
    calls = iter(range(1, 10))

    def fail_at_the_second(_descriptor):
        if next(calls) == 2:
            raise FULL

    monkeypatch.setattr(os, "fsync", fail_at_the_second)
    with pytest.raises(OSError, match=str(path)), replacement(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("answer", [errno.EINVAL, errno.EOPNOTSUPP])
def test_folders_that_cannot_be_made_durable_are_no_reason_to_fail(path, answer, monkeypatch):
    fsync = os.fsync

    def fsync_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(answer, os.strerror(answer))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync_files)
    with replacement(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_folders_that_may_not_be_read_can_be_written_to(path, monkeypatch):
    fail(monkeypatch, "open", PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    with replacement(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_room_is_taken_for_all_of_a_file(tmp_path, monkeypatch):
    path = tmp_path / "sparse"
    with open(path, "wb") as file:
        file.truncate(2**20)
    taken = []
    monkeypatch.setattr(
        os, "posix_fallocate", lambda _, *extent: taken.append(extent), raising=False
    )
    take_room(path)
    assert taken == [(0, 2**20)]


@pytest.mark.parametrize("answer", [errno.EINVAL, errno.EOPNOTSUPP])
def test_features_are_written_where_no_room_can_be_taken(answer, tmp_path, monkeypatch):
    fail(monkeypatch, "posix_fallocate", OSError(answer, os.strerror(answer)))
    images = np.zeros((4, 8, 8, 3), np.uint8)
    path = tmp_path / "features.npy"
    expected = ColorHistogram(2).fit_transform(images)
    assert np.array_equal(ColorHistogram(2).fit(images).transform(images, out=path), expected)


def test_features_find_out_that_the_disk_is_full_before_they_are_computed(tmp_path, monkeypatch):
    images = np.zeros((4, 8, 8, 3), np.uint8)
    histogram = ColorHistogram(2).fit(images)
    fail(monkeypatch, "posix_fallocate")
    monkeypatch.setattr(nearplane.features._color_histogram._core, "extract_color_histogram", None)
    path = tmp_path / "features.npy"
    with pytest.raises(OSError, match="No space left") as caught:
        histogram.transform(images, out=path)
    assert caught.value.filename == str(path)
    assert os.listdir(tmp_path) == []


def test_a_save_that_fails_leaves_an_estimator_that_can_be_saved(tmp_path, monkeypatch):
    path = tmp_path / "model"
    search = nearplane.NearestNeighbors(algorithm="brute").fit(np.eye(4))
    fail(monkeypatch, "fsync")
    with pytest.raises(OSError, match="No space left") as caught:
        search.save(path)
    assert caught.value.filename == str(path)
    monkeypatch.undo()
    search.save(path)
    assert nearplane.NearestNeighbors.load(path).kneighbors(np.eye(4), 1)[1].tolist() == [
        [0],
        [1],
        [2],
        [3],
    ]


def test_a_write_that_fails_names_the_file(path):
    with pytest.raises(OSError, match="Bad file descriptor") as caught, replacement(path):
        os.write(-1, b"new")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"


def folders(tmp_path):
    for version in ("old", "new"):
        (tmp_path / version).mkdir()
        for name in ARRAYS:
            (tmp_path / version / name).write_text(version)
    (tmp_path / "aside").mkdir()
    return tmp_path / "new", tmp_path / "old", tmp_path / "aside"


@pytest.mark.parametrize("failing", range(10))
def test_a_failed_exchange_of_a_data_set_leaves_the_old_one(tmp_path, failing, monkeypatch):
    made, path, aside = folders(tmp_path)
    replace, calls = os.replace, iter(range(100))

    def fail_once(source, target):
        # What has been moved already is never of both versions.
        assert len({file.read_text() for file in path.iterdir()}) <= 1
        if next(calls) == failing:
            raise FULL
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_once)
    with pytest.raises(OSError, match="No space left"):
        _exchange(made, path, aside)
    assert {file.name: file.read_text() for file in path.iterdir()} == dict.fromkeys(ARRAYS, "old")


def test_an_exchange_of_a_data_set_leaves_the_new_one(tmp_path):
    made, path, aside = folders(tmp_path)
    _exchange(made, path, aside)
    assert {file.name: file.read_text() for file in path.iterdir()} == dict.fromkeys(ARRAYS, "new")
