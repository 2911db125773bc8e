"""The cache of an image folder: used while it is true, replaced in one step, harmed by nothing."""

import json
import mmap
import os
import pickle
import shutil
import threading
import tracemalloc
import warnings

import numpy as np
import PIL
import pytest
from PIL import Image

from nearplane import KNeighborsClassifier
from nearplane.datasets import DataFileError, _image_cache, _image_reading, fetch_image_folder

from .image_folders import write_colours
from .test_datasets_folder import interrupting, numbers

NAMES = [f"{label}/{number}.png" for label in "abc" for number in range(4)]


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "images"
    write_colours(root, NAMES)
    return root


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "kept" / "here"


@pytest.fixture
def decoded(monkeypatch):
    """Return the list of files decoded since it was last cleared."""
    files = []
    decode = _image_reading.decode_image

    def decode_and_note(path, form):
        files.append(path)
        return decode(path, form)

    monkeypatch.setattr(_image_reading, "decode_image", decode_and_note)
    return files


def check(folder, cache, expected=range(12), **options):
    result = fetch_image_folder(folder, size=(4, 3), cache=cache, **options)
    assert numbers(result.images) == list(expected)
    assert result.images.shape[1:] == (4, 3, 3)
    assert not result.images.flags.writeable
    return result


def files_in(cache):
    return sorted(path.suffix for path in cache.iterdir())


def test_the_second_call_decodes_nothing(folder, cache, decoded):
    first = check(folder, cache)
    assert len(decoded) == 12
    decoded.clear()
    second = check(folder, cache)
    assert decoded == []
    for key in ("target_names", "filenames", "image_shape", "skipped", "DESCR"):
        assert first[key] == second[key]
    np.testing.assert_array_equal(first.target, second.target)
    assert files_in(cache) == [".json", ".npy"]


@pytest.mark.parametrize("call", [1, 2])
def test_the_pixels_lie_in_the_file(folder, cache, call):
    for _ in range(call):
        base = check(folder, cache).data
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, mmap.mmap)
    (file,) = cache.glob("*.npy")
    assert numbers(np.load(file)) == list(range(12))


def test_skipped_files_are_remembered(folder, cache, decoded):
    (folder / "b" / "00.png").write_bytes(b"")
    (folder / "d").mkdir()
    (folder / "d" / "0.png").write_bytes(b"no image")
    expected = [
        (str(folder / "b" / "00.png"), "is empty"),
        (str(folder / "d"), "holds no image that can be read"),
        (str(folder / "d" / "0.png"), "is not an image of a known format, or damaged at its start"),
    ]
    for n_decoded in (14, 0):
        decoded.clear()
        with pytest.warns(UserWarning, match="3 files or folders were skipped"):
            result = check(folder, cache)
        assert result.skipped == expected
        assert len(decoded) == n_decoded
        assert result.target_names == ["a", "b", "c"]
        np.testing.assert_array_equal(result.target, np.repeat([0, 1, 2], 4))
    with pytest.raises(DataFileError, match=r"00.png: is empty"):
        check(folder, cache, on_error="raise")


def touch(folder, name=NAMES[0]):
    status = os.stat(folder / name)
    os.utime(folder / name, ns=(status.st_atime_ns, status.st_mtime_ns + 1000))


def swap_names(folder):
    # Same lengths and times; only which name is which has changed.
    (folder / NAMES[0]).rename(folder / "x")
    (folder / NAMES[5]).rename(folder / NAMES[0])
    (folder / "x").rename(folder / NAMES[5])


CHANGES = {
    "added": lambda folder: write_colours(folder, [*NAMES, "c/9.png"]),
    "removed": lambda folder: (folder / NAMES[11]).unlink(),
    "moved": lambda folder: (folder / NAMES[11]).rename(folder / "c" / "5.png"),
    "touched": touch,
    "renamed class": lambda folder: (folder / "c").rename(folder / "d"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_files_is_noticed(folder, cache, decoded, name):
    before = check(folder, cache)
    decoded.clear()
    CHANGES[name](folder)
    expected = {"added": range(13), "removed": range(11)}.get(name, range(12))
    check(folder, cache, expected)
    assert len(decoded) == len(expected)
    # What is left is the new one alone, and the old one can be used as long as it is.
    assert files_in(cache) == [".json", ".npy"]
    assert numbers(before.images) == list(range(12))


def test_swapped_files_are_noticed(folder, cache):
    status = os.stat(folder / NAMES[0])
    for name in NAMES:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content + bytes(100 - len(content)))  # all of one length
        times = status.st_atime_ns, status.st_mtime_ns + NAMES.index(name)
        os.utime(folder / name, ns=times)
    check(folder, cache)
    swap_names(folder)
    check(folder, cache, [5, 1, 2, 3, 4, 0, *range(6, 12)])


def test_another_version_of_pillow_decodes_anew(folder, cache, decoded, monkeypatch):
    check(folder, cache)
    decoded.clear()
    monkeypatch.setattr(PIL, "__version__", "0.0")
    check(folder, cache)
    assert len(decoded) == 12


def test_forms_and_folders_have_places_of_their_own(folder, cache, decoded, tmp_path):
    other = tmp_path / "elsewhere" / "images"
    write_colours(other, NAMES[:5])
    for n_decoded in (12 + 12 + 12 + 5, 0):
        decoded.clear()
        check(folder, cache)
        assert fetch_image_folder(folder, size=(3, 4), cache=cache).images.shape[1:] == (3, 4, 3)
        assert fetch_image_folder(folder, mode="L", cache=cache).images.shape[1:] == (32, 32)
        check(other, cache, range(5))
        assert len(decoded) == n_decoded
    assert len(files_in(cache)) == 8


def test_one_folder_by_two_paths_has_one_place(folder, cache, decoded, monkeypatch):
    check(folder, str(cache))
    decoded.clear()
    monkeypatch.chdir(folder.parent)
    assert check("images", cache).filenames[0] == os.path.join("images", "a", "0.png")
    assert decoded == []


def test_a_cache_in_the_folder_of_images_is_no_class(folder, decoded):
    for n_decoded in (12, 0):
        decoded.clear()
        assert check(folder, folder / "cache").target_names == ["a", "b", "c"]
        assert len(decoded) == n_decoded


def test_a_cache_in_the_folder_of_a_class_hides_no_image_of_it(folder, decoded):
    for n_decoded in (12, 0):
        decoded.clear()
        assert check(folder, folder / "b").target_names == ["a", "b", "c"]
        assert len(decoded) == n_decoded


def edited(**changes):
    return lambda manifest, images: manifest.write_text(
        json.dumps(json.loads(manifest.read_text()) | changes)
    )


def images_like(make):
    return lambda manifest, images: images.write_bytes(make(images.read_bytes()))


def other_array(array):
    return lambda manifest, images: np.save(images, array)


class Hostile:
    def __reduce__(self):
        return os.abort, ()


def hostile_array(manifest, images):
    np.save(images, np.array([Hostile()]), allow_pickle=True)


def archive(manifest, images):
    np.savez(images.with_suffix(".npz"), images=np.zeros((12, 4, 3, 3), np.uint8))
    os.replace(images.with_suffix(".npz"), images)


DAMAGE = {
    "no manifest": lambda manifest, images: manifest.unlink(),
    "no images": lambda manifest, images: images.unlink(),
    "empty manifest": lambda manifest, images: manifest.write_bytes(b""),
    "half a manifest": lambda manifest, images: manifest.write_bytes(manifest.read_bytes()[:200]),
    "bytes": lambda manifest, images: manifest.write_bytes(b"\xff\xfe\x00"),
    "a list": lambda manifest, images: manifest.write_text("[1, 2]"),
    "nested": lambda manifest, images: manifest.write_text("[" * 100_000),
    "a pickle": lambda manifest, images: manifest.write_bytes(pickle.dumps(Hostile())),
    "other format": edited(format="something else"),
    "other version": edited(version=2),
    "other folder": edited(folder="/elsewhere"),
    "other size": edited(size=[3, 4]),
    "other mode": edited(mode="L"),
    "other count": edited(n_files=11),
    "other files": edited(fingerprint="0" * 32),
    "no name": edited(images=None),
    "empty name": edited(images=""),
    "path": edited(images="../../secret.npy"),
    "absolute path": edited(images="/etc/passwd"),
    "folder": edited(images=".."),
    "null": edited(images="a\0b.npy"),
    "skipped: none": edited(skipped=None),
    "skipped: number": edited(skipped=[3]),
    "skipped: negative": edited(skipped=[[-1, "why"]]),
    "skipped: too large": edited(skipped=[[12, "why"]]),
    "skipped: twice": edited(skipped=[[3, "why"], [3, "why"]]),
    "skipped: not so": edited(skipped=[[3, "why"]]),
    "skipped: long": edited(skipped=[[3, "why", "more"]]),
    "skipped: text": edited(skipped=[["3", "why"]]),
    "skipped: object": edited(skipped={"3": "why"}),
    "images: empty": images_like(lambda content: b""),
    "images: header": images_like(lambda content: content[:128]),
    "images: cut": images_like(lambda content: content[:-1]),
    "images: magic": images_like(lambda content: b"\x93NUMPX" + content[6:]),
    "images: text": images_like(lambda content: b"no array"),
    "images: huge": images_like(lambda content: content.replace(b"(12, ", b"(99999999999, ")),
    "images: expression": images_like(lambda content: content.replace(b"(12, 4,", b"(4*3,4,")),
    "images: floats": other_array(np.zeros((12, 4, 3, 3))),
    "images: fewer": other_array(np.zeros((11, 4, 3, 3), np.uint8)),
    "images: flat": other_array(np.zeros((12, 36), np.uint8)),
    "images: Fortran": other_array(np.zeros((12, 4, 3, 3), np.uint8, order="F")),
    "images: none": other_array(np.zeros((0, 4, 3, 3), np.uint8)),
    "images: objects": hostile_array,
    "images: several": archive,
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_cache_is_made_anew(folder, cache, name):
    secret = cache.parent.parent / "secret.npy"
    np.save(secret, np.zeros((12, 4, 3, 3), np.uint8))
    check(folder, cache)
    (manifest,), (images,) = cache.glob("*.json"), cache.glob("*.npy")
    DAMAGE[name](manifest, images)
    check(folder, cache)
    assert secret.exists()
    check(folder, cache)


@pytest.mark.parametrize("name", ["mine.npy", "notes.json"])
def test_only_files_of_the_cache_are_replaced(folder, cache, name):
    check(folder, cache)
    (cache / name).write_bytes(b"mine")
    (manifest,) = cache.glob("images-*.json")
    edited(images=name)(manifest, None)
    check(folder, cache)
    assert (cache / name).read_bytes() == b"mine"


@pytest.mark.parametrize("after", [0, 5, 290])
@pytest.mark.parametrize("kept", [False, True])
def test_an_interrupt_leaves_the_cache_as_it_was(folder, cache, monkeypatch, after, kept):
    write_colours(folder, [f"class/{number:03}.png" for number in range(300)])
    for label in "abc":
        shutil.rmtree(folder / label)
    if kept:
        fetch_image_folder(folder, size=(4, 3), cache=cache)
        touch(folder, "class/007.png")
    before = sorted(cache.iterdir()) if kept else []
    with monkeypatch.context() as patch:
        patch.setattr(_image_reading, "decode_image", interrupting(after))
        with pytest.raises(KeyboardInterrupt):
            check(folder, cache, n_jobs=2)
    assert sorted(cache.iterdir()) == before
    check(folder, cache, range(300))
    assert files_in(cache) == [".json", ".npy"]


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_a_full_disk_is_reported_and_leaves_nothing_or_all(folder, cache, monkeypatch, failing):
    # Brought to the disk are the images, the entry of their file, the manifest, and its entry: then
    # the cache is complete.
    calls = iter(range(1, 10))

    def fsync(_descriptor):
        if next(calls) == failing:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(_image_cache.os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        check(folder, cache)
    assert files_in(cache) == ([".json", ".npy"] if failing == 4 else [])
    check(folder, cache)


def test_an_error_leaves_nothing(folder, cache):
    (folder / "c" / "2.png").write_bytes(b"")
    with pytest.raises(DataFileError, match=r"2.png: is empty"):
        check(folder, cache, on_error="raise")
    for name in NAMES:
        (folder / name).write_bytes(b"")
    with pytest.raises(DataFileError, match="of its 12 images none can be read"):
        check(folder, cache)
    assert list(cache.iterdir()) == []


def test_a_cache_that_is_a_file_is_an_error(folder, tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OSError, match="file"):
        check(folder, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_several_may_make_the_same_cache_at_once(folder, cache):
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(check(folder, cache))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        assert numbers(result.images) == list(range(12))
    check(folder, cache)


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    # 60 MB of pixels, of files with three bytes' worth of content.
    (tmp_path / "images" / "class").mkdir(parents=True)
    Image.new("RGB", (1, 1)).save(tmp_path / "first.png")
    for number in range(300):
        shutil.copy(tmp_path / "first.png", tmp_path / "images" / "class" / f"{number}.png")
    tracemalloc.start()
    result = fetch_image_folder(
        tmp_path / "images", size=(256, 256), cache=tmp_path / "cache", n_jobs=1
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.images.nbytes > 58e6
    assert peak < 20e6


def test_estimators_take_mapped_images(folder, cache):
    images = check(folder, cache)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = KNeighborsClassifier(1).fit(images.images, images.target)
    assert model.score(images.data, images.target) == 1
