"""Folders and archives are read member by member: exact names, exact sizes, nothing extracted."""

import gzip
import io
import pickle
import random
import tarfile
import zlib
from contextlib import contextmanager

import numpy as np
import pytest

from nearplane.datasets import DataFileError, _files
from nearplane.datasets._files import Member, visit_archive, visit_folder

CONTENT = {"one": b"1" * 1000, "two": b"2" * 7, "three": bytes(range(256)) * 30}


def entry(name, content=b"", kind=tarfile.REGTYPE, **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def good_entries():
    return [entry(f"data/{name}", content) for name, content in CONTENT.items()]


def tar_bytes(entries, form=tarfile.GNU_FORMAT):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=form) as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


@pytest.fixture
def write(tmp_path):
    """Write an archive, of entries or of raw tar bytes, and return its path."""

    def write(entries, **options):
        content = entries if isinstance(entries, bytes) else tar_bytes(entries, **options)
        path = tmp_path / "data.tar.gz"
        path.write_bytes(gzip.compress(content, 1))
        return path

    return write


def visited(archive, names=("one", "two", "three"), optional=()):
    found = {}

    def visit(name, member):
        assert name not in found
        found[name] = bytes(member.read_all(10_000))

    visit_archive(archive, "data", names, optional, visit)
    return found


@contextmanager
def nothing_written(folder):
    before = sorted(folder.rglob("*"))
    yield
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_are_read_in_place(write, tmp_path, form):
    archive = write([entry("data", kind=tarfile.DIRTYPE), *good_entries()], form=form)
    with nothing_written(tmp_path):
        assert visited(archive) == CONTENT


def test_members_come_in_the_order_of_the_archive_and_only_those_asked_for(write):
    archive = write([*good_entries()[::-1], entry("data/readme.html", b"<html>" * 5000)])
    assert list(visited(archive)) == ["three", "two", "one"]
    assert list(visited(archive, ["two"])) == ["two"]


def test_optional_members_may_be_missing(write):
    archive = write(good_entries())
    assert list(visited(archive, ["one"], ["two", "four"])) == ["one", "two"]


def test_a_missing_member_is_named(write):
    with pytest.raises(DataFileError, match=r"data\.tar\.gz: has no member data/four"):
        visited(write(good_entries()), ["one", "four"])


@pytest.mark.parametrize(
    "name",
    ["one", "/data/one", "./data/one", "data//one", "data/../data/one", "../data/one", "Data/one"],
)
def test_only_the_exact_name_is_the_member(write, tmp_path, name):
    archive = write([entry(name, b"evil"), entry("../outside", b"evil")])
    with nothing_written(tmp_path.parent), pytest.raises(DataFileError, match="has no member"):
        visited(archive, ["one"])


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (tarfile.SYMTYPE, {"linkname": "/etc/hostname"}),
        (tarfile.LNKTYPE, {"linkname": "data/two"}),
        (tarfile.DIRTYPE, {}),
        (tarfile.FIFOTYPE, {}),
        (tarfile.CHRTYPE, {"devmajor": 1, "devminor": 5}),
        (tarfile.CONTTYPE, {}),
    ],
    ids=["symlink", "hard link", "folder", "pipe", "device", "contiguous"],
)
def test_a_member_that_is_not_a_plain_file_is_refused(write, kind, fields):
    archive = write([*good_entries()[1:], entry("data/one", kind=kind, **fields)])
    with pytest.raises(DataFileError, match="data/one: is not a regular file"):
        visited(archive)


def test_a_sparse_member_is_refused(write):
    pax = {"GNU.sparse.map": "0,1", "GNU.sparse.size": "100000000000", "GNU.sparse.major": "0"}
    archive = write([entry("data/one", b"1", pax_headers=pax)], form=tarfile.PAX_FORMAT)
    with pytest.raises(DataFileError, match="data/one: is not a regular file"):
        visited(archive, ["one"])


@pytest.mark.parametrize("second", [b"1" * 1000, b"other"])
def test_a_second_member_of_the_same_name_is_refused(write, second):
    archive = write([*good_entries(), entry("data/one", second)])
    with pytest.raises(DataFileError, match="holds 'data/one' twice"):
        visited(archive)


def test_a_link_that_shadows_a_member_is_refused(write):
    link = entry("data/one", kind=tarfile.SYMTYPE, linkname="/etc/hostname")
    with pytest.raises(DataFileError, match="twice"):
        visited(write([*good_entries(), link]))


def test_an_archive_that_unpacks_to_too_much_is_refused(write, monkeypatch):
    monkeypatch.setattr(_files, "ARCHIVE_LIMIT", 100_000)
    archive = write([entry("data/filler", bytes(200_000)), *good_entries()])
    assert archive.stat().st_size < 2000
    with pytest.raises(DataFileError, match="unpacks to more than 100,000 bytes"):
        visited(archive)


def test_zeros_after_the_end_of_the_archive_are_bounded_too(write, monkeypatch):
    monkeypatch.setattr(_files, "ARCHIVE_LIMIT", 3_000_000)
    assert visited(write(tar_bytes(good_entries()) + bytes(1_000_000))) == CONTENT
    with pytest.raises(DataFileError, match="unpacks to more than 3,000,000 bytes"):
        visited(write(tar_bytes(good_entries()) + bytes(4_000_000)))


@pytest.mark.parametrize("name", ["data/one", "elsewhere"])
@pytest.mark.parametrize("size", [2**33 - 1, 2**62, 2**85])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE, tarfile.CONTTYPE])
def test_a_claimed_size_is_not_believed(write, name, size, kind):
    # Without the check, tarfile would step towards the claimed end for hours.
    header = entry(name, kind=kind, size=size)[0].tobuf(tarfile.GNU_FORMAT)
    archive = write(tar_bytes(good_entries()[1:])[:-10240] + header)
    with pytest.raises(DataFileError, match="claims to unpack to"):
        visited(archive)


def test_a_negative_size_is_refused(write):
    header = entry("elsewhere", size=-512)[0].tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(DataFileError, match=r"data\.tar\.gz"):
        visited(write(header + tar_bytes(good_entries())))


def test_a_long_chain_of_long_names_is_refused(write):
    header = entry("././@LongLink", b"name\0", kind=tarfile.GNUTYPE_LONGNAME)[0]
    chain = header.tobuf(tarfile.GNU_FORMAT) + b"name\0".ljust(512, b"\0")
    with pytest.raises(DataFileError, match="is not an intact tar"):
        visited(write(chain * 5000 + tar_bytes(good_entries())))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip at all" * 100,
        b"\x1f\x8b",
        gzip.compress(b""),
        gzip.compress(b"no tar" * 999),
    ],
    ids=["empty", "not gzip", "magic only", "gzip of nothing", "gzip of no tar"],
)
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "data.tar.gz"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=r"data\.tar\.gz"):
        visited(path)


def test_every_truncation_of_an_archive_is_refused(write):
    archive = write(good_entries())
    whole = archive.read_bytes()
    for end in range(0, len(whole), 7):
        archive.write_bytes(whole[:end])
        with pytest.raises(DataFileError, match=r"data\.tar\.gz") as caught:
            visited(archive)
        assert caught.value.offset is None or caught.value.offset <= end


def test_a_wrong_checksum_is_noticed_though_all_members_were_read(write):
    archive = write(good_entries())
    whole = bytearray(archive.read_bytes())
    whole[-8] ^= 1
    archive.write_bytes(whole)
    with pytest.raises(DataFileError, match="CRC check failed"):
        visited(archive)


def test_changed_bytes_give_the_content_or_a_data_file_error(write):
    original = tar_bytes([entry("././@PaxHeader", b"19 GNU.sparse.map=0", kind=tarfile.XHDTYPE)])
    original = original[:1024] + tar_bytes(good_entries())[:-8192]
    generator = random.Random(0)
    outcomes = set()
    for _ in range(600):
        changed = bytearray(original)
        for _ in range(generator.randint(1, 3)):
            changed[generator.randrange(1800)] = generator.choice(b"\x00\x800179SgLxK ")
        try:
            outcomes.add(visited(write(bytes(changed))) == CONTENT)
        except DataFileError:
            outcomes.add(None)
    assert None in outcomes


def test_a_short_member_says_where_it_ends():
    member = Member("batch", 10, io.BytesIO(b"1234567"))
    with pytest.raises(DataFileError, match="batch, byte 7: ends here, 3 bytes too early"):
        member.read_all(10)


def test_a_long_member_is_not_read(monkeypatch):
    monkeypatch.setattr(np, "empty", None)  # nothing is allocated
    with pytest.raises(DataFileError, match="is 1,099,511,627,776 bytes long; at most 4,096"):
        Member("batch", 2**40, io.BytesIO()).read_all(4096)


def test_an_empty_member_is_empty():
    assert Member("batch", 0, io.BytesIO()).read_all(10).shape == (0,)


def test_files_of_a_folder_are_visited_by_name(tmp_path):
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    found = []
    visit_folder(tmp_path, ["two", "one"], lambda name, member: found.append((name, member.size)))
    assert found == [("two", 7), ("one", 1000)]


def test_a_folder_in_place_of_a_file_is_an_os_error(tmp_path):
    (tmp_path / "one").mkdir()
    with pytest.raises(OSError, match="one"):
        visit_folder(tmp_path, ["one"], lambda name, member: None)


def test_the_error_survives_pickling():
    error = pickle.loads(pickle.dumps(DataFileError("file", "is wrong", 1234)))
    assert (error.path, error.problem, error.offset) == ("file", "is wrong", 1234)
    assert str(error) == "file, byte 1,234: is wrong"
    assert isinstance(error, ValueError)
    assert str(DataFileError("file", "is wrong")) == "file: is wrong"


def test_damaged_compressed_data_is_reported(write):
    archive = write([entry("data/one", random.Random(1).randbytes(5000))])
    whole = bytearray(archive.read_bytes())
    whole[20:40] = bytes(20)
    archive.write_bytes(whole)
    with pytest.raises(DataFileError, match="is not an intact tar") as caught:
        visited(archive, ["one"])
    assert isinstance(caught.value.__cause__, zlib.error | tarfile.TarError)
