"""Image folders: classes and files in their order, what is skipped, and reading many files."""

import _thread
import os
import re
import threading
import warnings
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from nearplane import KNeighborsClassifier, LinearClassifier
from nearplane.datasets import DataFileError, _image_reading, fetch_image_folder, read_images

from .image_folders import colour_of, damaged_files, unreadable_names, write_colours

NAMES = [
    "apple/1.png", "apple/10.png", "apple/2.PNG", "apple/ripe/1.png", "apple/ripe/red/1.jpg",
    "pear/0.png", "plum/a.webp", "plum/b.png",
]  # fmt: skip
NUMBER_OF = {colour_of(number): number for number in range(1000)}


@pytest.fixture
def folder(tmp_path):
    """Three classes; the colour of an image numbers it in the order of the names."""
    root = tmp_path / "fruit"
    write_colours(root, NAMES)
    return root


def numbers(images):
    """Return the numbers that the colours of the images stand for."""
    assert (images == images[:, :1, :1]).all()
    return [NUMBER_OF[tuple(image[0, 0].tolist())] for image in images]


def test_classes_and_files_come_in_the_order_of_their_names(folder):
    fruit = fetch_image_folder(folder, size=(6, 5))
    assert fruit.target_names == ["apple", "pear", "plum"]
    assert fruit.filenames == [str(folder / name) for name in NAMES]
    assert numbers(fruit.images) == list(range(8))
    np.testing.assert_array_equal(fruit.target, [0] * 5 + [1] + [2] * 2)
    assert fruit.target.dtype == np.int64
    assert (fruit.images.shape, fruit.images.dtype) == ((8, 6, 5, 3), np.uint8)
    assert fruit.image_shape == (6, 5, 3)
    assert fruit.skipped == []
    np.testing.assert_array_equal(fruit.data, fruit.images.reshape(8, 90))
    assert np.shares_memory(fruit.data, fruit.images)
    assert "8 colour images in 3 classes, resized to 6 x 5" in fruit.DESCR


def test_grey_images_and_a_pair(folder):
    X, y = fetch_image_folder(str(folder), size=[4, 3], mode="L", return_X_y=True)
    assert X.shape == (8, 12)
    expected = [np.dot(colour_of(n), [0.299, 0.587, 0.114]) for n in range(8)]
    np.testing.assert_allclose(X, np.transpose([expected] * 12), atol=1)
    np.testing.assert_array_equal(y, [0] * 5 + [1] + [2] * 2)
    assert fetch_image_folder(folder, mode="L").image_shape == (32, 32)


def test_what_is_hidden_or_no_image_is_left_alone(folder):
    before = fetch_image_folder(folder)
    for name in ("apple/.1.png", "apple/.thumbnails/1.png", "apple/notes.txt", ".git/1.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"nothing to see")
    (folder / "labels.csv").write_text("a,b")
    after = fetch_image_folder(folder)
    assert after.filenames == before.filenames
    assert after.skipped == []


@pytest.mark.parametrize("n_jobs", [1, 2, 7, -1, None])
def test_the_result_does_not_depend_on_the_number_of_threads(tmp_path, n_jobs):
    names = [f"{number % 3}/{number:03}.png" for number in range(300)]
    write_colours(tmp_path, sorted(names))
    result = fetch_image_folder(tmp_path, size=(2, 2), n_jobs=n_jobs, verbose=True)
    assert numbers(result.images) == list(range(300))


def write_damaged(root):
    """Add what cannot be read to a folder of images, and return all of it in order."""
    (root / "apple" / "worm").mkdir()
    unreadable_names(root / "apple" / "worm")
    for name, (content, _) in damaged_files().items():
        (root / "pear" / f"{name}.jpg").write_bytes(content)
    (root / "quince" / "empty").mkdir(parents=True)
    (root / "rotten").mkdir()
    (root / "rotten" / "1.png").write_bytes(b"")
    (root / "loose.png").write_bytes(b"whatever")
    links = [f"apple/worm/{name}.png" for name in ("itself", "nowhere", "pipe")]
    return sorted(
        str(root / name)
        for name in [
            *(links if os.name == "posix" else []),
            *(f"pear/{name}.jpg" for name in damaged_files()),
            *("quince", "rotten", "rotten/1.png", "loose.png"),
        ]
    )


def test_what_cannot_be_read_is_skipped_and_listed(folder):
    damaged = write_damaged(folder)
    count = f"{len(damaged)} files or folders were skipped; the first: {re.escape(damaged[0])} "
    with pytest.warns(UserWarning, match=count) as caught:
        fruit = fetch_image_folder(folder)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert [path for path, _ in fruit.skipped] == damaged
    reasons = dict(fruit.skipped)
    for name, (_, reason) in damaged_files().items():
        assert reason in reasons[str(folder / "pear" / f"{name}.jpg")]
    assert reasons[str(folder / "quince")] == "holds no images"
    assert reasons[str(folder / "rotten")] == "holds no image that can be read"
    assert reasons[str(folder / "loose.png")] == "is in no folder of a class"
    assert fruit.target_names == ["apple", "pear", "plum"]
    assert fruit.filenames == [str(folder / name) for name in NAMES]
    np.testing.assert_array_equal(fruit.target, [0] * 5 + [1] + [2] * 2)
    assert numbers(fruit.images) == list(range(8))


@pytest.mark.parametrize(
    "name", ["pear/half of a jpeg.jpg", "quince", "rotten/1.png", "loose.png", "plum/empty.jpg"]
)
def test_what_cannot_be_read_is_raised_if_asked_for(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    if name == "quince":
        (folder / name).mkdir()
    else:
        (folder / name).write_bytes(damaged_files().get(name[5:-4], (b"", ""))[0])
    with pytest.raises(DataFileError) as caught:
        fetch_image_folder(folder, on_error="raise")
    assert caught.value.path == str(folder / name)


def test_of_several_damaged_files_the_first_is_raised(tmp_path):
    files = [tmp_path / f"{number}.png" for number in range(60)]
    for file in files:
        Image.new("L", (2, 2)).save(file)
    for number in (23, 40, 41, 59):
        files[number].write_bytes(b"")
    with pytest.raises(DataFileError, match=r"23.png: is empty"):
        read_images(files, n_jobs=4)


LINKS = {
    "back to the folder": ("apple/loop", "..", 0),
    "to itself": ("apple/ripe/loop", ".", 0),
    "to a folder of the class": ("apple/zz", "ripe", 0),
    "to another class": ("apple/zz", "../plum", 2),
    "as a class": ("zz", "apple", 5),
}


@pytest.mark.parametrize("name", LINKS if os.name == "posix" else [])
def test_links_are_followed_but_not_in_circles(folder, name):
    link, target, n_more = LINKS[name]
    (folder / link).symlink_to(target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fruit = fetch_image_folder(folder)
    assert len(fruit.images) == 8 + n_more
    listed = [] if n_more else [(str(folder / link), "is a link to a folder that is read already")]
    assert fruit.skipped == listed


@pytest.mark.parametrize("name", ["nothing", "a file", "no classes", "no images", "all damaged"])
def test_a_folder_without_images_is_an_error(tmp_path, name):
    root = tmp_path / "root"
    if name == "a file":
        root.write_bytes(b"")
    elif name != "nothing":
        (root / "class").mkdir(parents=True)
    if name == "no classes":
        Image.new("L", (2, 2)).save(root / "1.png")
    if name == "all damaged":
        (root / "class" / "1.png").write_bytes(b"")
    kinds = {"nothing": FileNotFoundError, "a file": NotADirectoryError}
    with pytest.raises(kinds.get(name, DataFileError), match="root"):
        fetch_image_folder(root)


@pytest.mark.parametrize(
    ("argument", "value", "kind"),
    [
        ("size", 32, ValueError),
        ("size", (32,), ValueError),
        ("size", (32, 32, 3), ValueError),
        ("size", (0, 32), ValueError),
        ("size", (32, 32.0), TypeError),
        ("size", (True, 32), TypeError),
        ("mode", "rgb", ValueError),
        ("mode", None, ValueError),
        ("on_error", "ignore", ValueError),
        ("n_jobs", 0, ValueError),
        ("verbose", 1, TypeError),
        ("return_X_y", "yes", TypeError),
        ("cache", 3, TypeError),
        ("path", None, TypeError),
    ],
)
def test_wrong_arguments_are_named(folder, argument, value, kind):
    with pytest.raises(kind, match=argument):
        fetch_image_folder(**{"path": folder, argument: value})


def test_a_class_of_links_to_nothing_has_no_image_that_can_be_read(folder):
    (folder / "lost").mkdir()
    (folder / "lost" / "1.png").symlink_to(folder / "nowhere.png")
    with pytest.warns(UserWarning, match="2 files or folders were skipped"):
        skipped = dict(fetch_image_folder(folder).skipped)
    assert skipped[str(folder / "lost")] == "holds no image that can be read"


@pytest.mark.parametrize("side", [2**24, 2**40])
def test_what_does_not_fit_into_memory_wants_a_cache(folder, side):
    with pytest.raises(MemoryError, match=r"8 images of .* do not fit into memory; give a cache"):
        fetch_image_folder(folder, size=(side, side))
    with pytest.raises(MemoryError, match=r"1 images of .* do not fit into memory; read fewer"):
        read_images([folder / NAMES[0]], size=(side, side))


def test_names_of_files_are_plain_text(folder):
    (name,) = read_images(np.array([str(folder / NAMES[0])])).filenames
    assert type(name) is str


@pytest.mark.parametrize("files", ["1.png", b"1.png", [b"1.png"], [None], 3])
def test_files_must_be_paths(files):
    with pytest.raises(TypeError, match="files must be"):
        read_images(files)


def test_files_are_read_in_the_order_given(folder):
    order = [5, 0, 7, 7, 1]
    files = (folder / NAMES[number] for number in order)
    result = read_images(files, size=(3, 4))
    assert numbers(result.images) == order
    assert result.filenames == [str(folder / NAMES[number]) for number in order]
    assert result.skipped == []
    assert read_images([], size=(3, 4)).images.shape == (0, 3, 4, 3)


def test_the_readable_ones_of_many_files_are_kept_in_order(folder):
    (folder / "broken").write_bytes(b"no image")
    files = [folder / NAMES[0], folder / "broken", folder / NAMES[1], folder / "missing"]
    result = read_images(files, on_error="skip")
    assert numbers(result.images) == [0, 1]
    assert result.filenames == [str(files[0]), str(files[2])]
    assert [path for path, _ in result.skipped] == [str(files[1]), str(files[3])]


def interrupting(after):
    """Return a decoder that presses Ctrl-C when it has decoded so many images."""
    decode, calls = _image_reading.decode_image, iter(range(10**6))

    def decode_and_interrupt(path, form):
        if next(calls) == after:
            _thread.interrupt_main()
        return decode(path, form)

    return decode_and_interrupt


@pytest.mark.parametrize("after", [0, 5, 290])
def test_an_interrupt_ends_reading_and_leaves_everything_usable(tmp_path, monkeypatch, after):
    write_colours(tmp_path, [f"class/{number:03}.png" for number in range(300)])
    with monkeypatch.context() as patch:
        patch.setattr(_image_reading, "decode_image", interrupting(after))
        with pytest.raises(KeyboardInterrupt):
            fetch_image_folder(tmp_path, size=(2, 2), n_jobs=2)
    for thread in threading.enumerate():
        if thread.name.startswith("nearplane-images"):
            thread.join()  # with the image it was at, or the test hangs
    assert numbers(fetch_image_folder(tmp_path, size=(2, 2)).images) == list(range(300))


def test_threads_do_not_run_far_ahead(tmp_path, monkeypatch):
    write_colours(tmp_path, [f"class/{number:03}.png" for number in range(300)])
    decoded = []
    decode = _image_reading.decode_image
    monkeypatch.setattr(
        _image_reading,
        "decode_image",
        lambda path, form: decoded.append(path) or decode(path, form),
    )
    form = _image_reading.check_form((2, 2), "RGB")
    reader = _image_reading.Reader(form, "raise", 2, False)
    files = sorted(str(path) for path in (tmp_path / "class").iterdir())
    results = reader._decoded(files)
    assert numbers(np.array(list(islice(results, 10)))) == list(range(10))
    results.close()
    # The task of these ten, and two waiting for each thread.
    assert len(decoded) <= 5 * 16


def test_estimators_take_what_was_read(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(60):
        label = ("bright", "dark")[number % 2]
        (tmp_path / label).mkdir(exist_ok=True)
        pixels = rng.integers(0, 128, (20, 30, 3), np.uint8) + np.uint8(128 * (label == "bright"))
        Image.fromarray(pixels).save(tmp_path / label / f"{number}.jpg")
    images = fetch_image_folder(tmp_path, size=(8, 8))
    names = np.array(images.target_names)[images.target]
    for model in (KNeighborsClassifier(3), LinearClassifier(random_state=0)):
        assert model.fit(images.images, names).score(images.images, names) == 1
