"""MNIST and Fashion-MNIST: found packed or not, downloaded from any site, and told apart."""

import gzip
import hashlib
import threading
import tracemalloc
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from nearplane.datasets import DataFileError, _home, _mnist, fetch_fashion_mnist, fetch_mnist
from nearplane.datasets._mnist_sources import FASHION_MNIST, MNIST

from .dataset_files import N_TEST, N_TRAIN, idx, mnist, packed, write

FETCH = {"mnist": fetch_mnist, "fashion-mnist": fetch_fashion_mnist}
ROWS = {"train": slice(N_TRAIN), "test": slice(N_TRAIN, None), "all": slice(None)}


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    monkeypatch.setattr(_mnist, "N_IMAGES", {"train": N_TRAIN, "t10k": N_TEST})


def with_dots(files):
    return {name.replace("-idx", ".idx"): content for name, content in files.items()}


@pytest.mark.parametrize("subset", ROWS)
@pytest.mark.parametrize("form", [packed, dict, with_dots])
@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("mnist", "mnist"),
        ("mnist", "MNIST/raw"),
        ("mnist", "."),
        ("fashion-mnist", "fashion-mnist"),
        ("fashion-mnist", "FashionMNIST/raw"),
        ("fashion-mnist", "."),
    ],
)
def test_files_are_found_in_every_place_and_form(name, folder, form, subset, tmp_path):
    files, (images, labels) = mnist()
    write(tmp_path / folder, form(files))
    found = FETCH[name](tmp_path, subset=subset, download_if_missing=False)
    np.testing.assert_array_equal(found.images, images[ROWS[subset]])
    np.testing.assert_array_equal(found.target, labels[ROWS[subset]])
    assert found.images.dtype == np.uint8
    assert found.images.flags.c_contiguous
    assert found.target.dtype == np.int64
    assert np.shares_memory(found.data, found.images)
    assert found.image_shape == (28, 28)
    assert len(found.target_names) == 10


def test_the_classes_have_names(tmp_path):
    write(tmp_path, mnist()[0])
    assert fetch_mnist(tmp_path).target_names == list("0123456789")
    assert fetch_fashion_mnist(tmp_path).target_names[-1] == "Ankle boot"
    assert "LeCun" in fetch_mnist(tmp_path).DESCR
    assert "Xiao" in fetch_fashion_mnist(tmp_path).DESCR


def test_a_pair_holds_rows_and_labels(tmp_path):
    files, (images, labels) = mnist()
    write(tmp_path, files)
    X, y = fetch_mnist(tmp_path, subset="test", return_X_y=True)
    np.testing.assert_array_equal(X, images[N_TRAIN:].reshape(N_TEST, 784))
    np.testing.assert_array_equal(y, labels[N_TRAIN:])


def test_only_the_files_of_the_subset_are_needed(tmp_path):
    files, _ = mnist()
    write(tmp_path, {name: files[name] for name in files if name.startswith("t10k")})
    assert len(fetch_mnist(tmp_path, subset="test").target) == N_TEST
    with pytest.raises(FileNotFoundError, match=r"no train-images-idx3-ubyte\.gz"):
        fetch_mnist(tmp_path, subset="all", download_if_missing=False)


@pytest.mark.parametrize("name", FETCH)
def test_missing_data_lists_every_place(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="MNIST is not in") as caught:
        FETCH[name](tmp_path, download_if_missing=False)
    assert f"{tmp_path / name}: no train-images" in str(caught.value)
    assert "download_if_missing=True" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


FIRST = {
    ("mnist", "train"): [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
    ("mnist", "test"): [7, 2, 1, 0, 4, 1, 4, 9, 5, 9],
    ("fashion-mnist", "train"): [9, 0, 0, 3, 0, 2, 7, 2, 5, 5],
    ("fashion-mnist", "test"): [9, 2, 1, 1, 6, 1, 4, 6, 5, 7],
}


@pytest.mark.parametrize(("name", "subset"), FIRST)
def test_one_data_set_is_not_taken_for_the_other(name, subset, tmp_path, monkeypatch):
    monkeypatch.setattr(_mnist, "N_IMAGES", {"train": N_TRAIN, "t10k": 10})
    part, n = {"train": ("train", N_TRAIN), "test": ("t10k", 10)}[subset]
    labels = np.resize(FIRST[name, subset], n)
    files = {
        f"{part}-labels-idx1-ubyte": idx(labels),
        f"{part}-images-idx3-ubyte": idx(np.zeros((n, 28, 28))),
    }
    write(tmp_path, files)
    (other,) = set(FETCH) - {name}
    np.testing.assert_array_equal(FETCH[name](tmp_path, subset=subset).target, labels)
    with pytest.raises(
        DataFileError, match=r"holds the labels of .*, not of .*; the files of both"
    ):
        FETCH[other](tmp_path, subset=subset)


@pytest.mark.parametrize("row", [0, N_TRAIN - 1])
def test_a_label_out_of_range_is_refused_with_its_byte(row, tmp_path):
    files, _ = mnist()
    content = bytearray(files["train-labels-idx1-ubyte"])
    content[8 + row] = 10
    write(tmp_path, files | {"train-labels-idx1-ubyte": bytes(content)})
    problem = f"byte {8 + row}: the label of image {row} is 10, which is not one of 0 to 9"
    with pytest.raises(DataFileError, match=problem):
        fetch_mnist(tmp_path)


@pytest.mark.parametrize("subset", ["both", None, ["train"]])
def test_an_unknown_subset_is_refused(subset, tmp_path):
    with pytest.raises(ValueError, match="subset must be 'train', 'test' or 'all', got"):
        fetch_mnist(tmp_path, subset=subset)


class Page(BaseHTTPRequestHandler):
    """Answers with the file that the server has under the path."""

    def do_GET(self):
        content = self.server.files.get(self.path)
        self.server.asked.append(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *arguments):
        """Keep the test's output free of the server's."""


@pytest.fixture
def site(monkeypatch):
    """A server with two sites, of which only the second has the files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    files = packed(mnist()[0])
    server.files = {f"/second/{name}": content for name, content in files.items()}
    server.asked = []
    base = f"http://127.0.0.1:{server.server_port}"
    known = replace(
        MNIST,
        sites=(f"{base}/first/", f"{base}/second/"),
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    monkeypatch.setattr(_mnist, "MNIST", known)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_missing_files_are_downloaded_from_the_next_site_and_then_found(site, tmp_path):
    found = fetch_mnist(tmp_path, subset="test", n_retries=0)
    np.testing.assert_array_equal(found.images, mnist()[1][0][N_TRAIN:])
    names = ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == names
    assert [path for path in site.asked if path.startswith("/second")] == [
        f"/second/{name}" for name in names
    ]
    site.asked.clear()
    fetch_mnist(tmp_path, subset="test")
    assert site.asked == []
    fetch_mnist(tmp_path, subset="all", n_retries=0)
    assert len(list((tmp_path / "mnist").iterdir())) == 4


def test_a_failure_of_every_site_tells_of_each(site, tmp_path):
    site.files = {path: content + b"!" for path, content in site.files.items()}
    with pytest.raises(OSError, match=r"could not download .*/first/.* or .*/second/.*404.*hash"):
        fetch_mnist(tmp_path, n_retries=0)
    assert list((tmp_path / "mnist").iterdir()) == []


def test_a_download_shows_how_far_it_is(site, tmp_path, monkeypatch):
    shown = []

    @contextmanager
    def bar(description, *, enabled):
        assert enabled
        yield lambda fraction, note: shown.append((description, fraction, note))

    monkeypatch.setattr(_home, "progress_bar", bar)
    fetch_mnist(tmp_path, subset="test", n_retries=0, verbose=True)
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        fractions = [fraction for text, fraction, _ in shown if text == f"Downloading {name}"]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1
    assert all(note.startswith("of ") and note.endswith(" MB") for _, _, note in shown)


@pytest.mark.parametrize("fetch", FETCH.values())
def test_verbose_is_a_flag(fetch, tmp_path):
    with pytest.raises(TypeError, match="verbose must be True or False; got 1"):
        fetch(tmp_path, verbose=1)


@pytest.mark.parametrize("collection", [MNIST, FASHION_MNIST])
def test_every_official_file_is_pinned(collection):
    names = {f"{name}.gz" for name in mnist()[0]}
    assert set(collection.sha256) == names
    digests = {bytes.fromhex(digest) for digest in collection.sha256.values()}
    assert {len(digest) for digest in digests} == {32}
    assert len(digests) == 4
    assert len(collection.sites) > 1
    assert all(site.startswith("http") and site.endswith("/") for site in collection.sites)


def test_a_packed_file_of_the_official_size_is_read_in_the_memory_of_the_result(
    tmp_path, monkeypatch
):
    monkeypatch.undo()
    images, labels = np.zeros((60_000, 28, 28), np.uint8), np.ones(60_000, np.uint8)
    names = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
    contents = (gzip.compress(idx(array), 1) for array in (images, labels))
    write(tmp_path, dict(zip(names, contents, strict=True)))
    tracemalloc.start()
    try:
        X, y = fetch_mnist(tmp_path, return_X_y=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert X.shape == (60_000, 784)
    assert (y == 1).all()
    assert peak < X.nbytes + y.nbytes + 2**22
