"""Missing data is downloaded once, verified, and a failure is one clear error."""

import hashlib
import io
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nearplane.datasets import _cifar10, fetch_cifar10

N = 4
NAME = "cifar-10-binary.tar.gz"


def archive():
    """Return an archive of N records a batch, all of them of class 3."""
    raw = io.BytesIO()
    record = b"\x03" + bytes(3072)
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name in [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]:
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(record * N)
            tar.addfile(info, io.BytesIO(record * N))
    return raw.getvalue()


class Site(ThreadingHTTPServer):
    """A web site with one file; it answers the first requests with `failures`."""

    def __init__(self, content):
        self.content = content
        self.failures = []
        self.requests = 0
        super().__init__(("127.0.0.1", 0), Page)


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server
        site.requests += 1
        status = site.failures.pop(0) if site.failures else 200
        self.send_response(status)
        self.send_header("Content-Length", str(len(site.content)))
        self.end_headers()
        self.wfile.write(site.content)

    def log_message(self, *arguments):
        """Keep the test's output free of the server's."""


@pytest.fixture
def site(monkeypatch):
    content = archive()
    server = Site(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(_cifar10, "RECORDS_PER_BATCH", N)
    monkeypatch.setattr(_cifar10, "DOWNLOAD_URL", f"http://127.0.0.1:{server.server_port}/{NAME}")
    monkeypatch.setattr(_cifar10, "DOWNLOAD_SHA256", hashlib.sha256(content).hexdigest())
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_missing_data_is_downloaded_once_and_then_found(site, tmp_path):
    home = tmp_path / "made" / "by the download"
    found = fetch_cifar10(home, subset="all")
    assert found.images.shape == (6 * N, 32, 32, 3)
    assert (found.target == 3).all()
    assert [path.name for path in home.iterdir()] == [NAME]
    fetch_cifar10(home)
    assert site.requests == 1


def test_a_failed_download_is_tried_again(site, tmp_path):
    site.failures = [503, 503]
    assert len(fetch_cifar10(tmp_path, n_retries=2).images) == 5 * N
    assert site.requests == 3


def test_a_download_that_keeps_failing_is_an_os_error(site, tmp_path):
    site.failures = [404] * 9
    with pytest.raises(OSError, match=r"could not download http.*tar\.gz to .*404"):
        fetch_cifar10(tmp_path, n_retries=1)
    assert site.requests == 2
    assert list(tmp_path.iterdir()) == []


def test_a_download_with_another_checksum_is_an_os_error_and_is_not_kept(site, tmp_path):
    site.content = site.content[:-1] + b"!"
    with pytest.raises(OSError, match=r"could not download .*hash"):
        fetch_cifar10(tmp_path, n_retries=0)
    assert list(tmp_path.iterdir()) == []


def test_no_server_is_an_os_error(site, tmp_path):
    site.shutdown()
    site.server_close()
    with pytest.raises(OSError, match="could not download"):
        fetch_cifar10(tmp_path, n_retries=0)


def test_a_folder_that_cannot_be_made_is_an_os_error(site, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="could not download"):
        fetch_cifar10(tmp_path / "file", n_retries=0)
    assert site.requests == 0


def test_without_pooch_the_error_names_what_to_install(site, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install 'nearplane\[data\]'.*put the file into"):
        fetch_cifar10(tmp_path)
    assert site.requests == 0


@pytest.mark.parametrize(("n_retries", "kind"), [(-1, ValueError), (1.5, TypeError)])
def test_a_number_of_retries_that_is_none_is_refused(n_retries, kind, tmp_path):
    with pytest.raises(kind, match="n_retries"):
        fetch_cifar10(tmp_path, n_retries=n_retries)


def test_the_official_archive_is_pinned():
    assert f"https://www.cs.toronto.edu/~kriz/{NAME}" == _cifar10.DOWNLOAD_URL
    assert len(bytes.fromhex(_cifar10.DOWNLOAD_SHA256)) == 32
