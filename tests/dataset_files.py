"""Small data sets in the formats of the official ones, as the bytes of their files."""

import gzip
import io
import pickle
import tarfile
import zipfile

import numpy as np

N_TRAIN, N_TEST = 20, 5  # images of the small data sets


def truth(shape, n_classes, seed=0):
    """Return images (25, *shape) and their labels: the training images first."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (N_TRAIN + N_TEST, *shape), np.uint8)
    return images, generator.integers(0, n_classes, N_TRAIN + N_TEST)


def halves(rows):
    return rows[:N_TRAIN], rows[N_TRAIN:]


def planar(images):
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def tar_gz(entries):
    """Return an archive of (name or TarInfo, content) pairs."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as tar:
        for entry, content in entries:
            info = tarfile.TarInfo(entry) if isinstance(entry, str) else entry
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def text_names(names):
    return "\n".join([*names, ""]).encode()


CIFAR10_FOLDERS = {"binary": "cifar-10-batches-bin", "python": "cifar-10-batches-py"}
CIFAR10_ARCHIVES = {"binary": "cifar-10-binary.tar.gz", "python": "cifar-10-python.tar.gz"}
CIFAR10_RECORDS = 4  # of a batch


def cifar10(layout):
    """Return the files of CIFAR-10 in one layout."""
    images, labels = truth((32, 32, 3), 10)
    files = {}
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    for number, name in enumerate(names):
        rows = slice(CIFAR10_RECORDS * number, CIFAR10_RECORDS * (number + 1))
        pixels, of_images = planar(images[rows]), labels[rows]
        if layout == "binary":
            records = np.column_stack([of_images.astype(np.uint8), pixels])
            files[f"{name}.bin"] = records.tobytes()
        else:
            batch = {b"data": pixels, b"labels": of_images.tolist()}
            files[name] = pickle.dumps(batch, protocol=2)
    return files


CIFAR100_FOLDERS = {"binary": "cifar-100-binary", "python": "cifar-100-python"}
COARSE = [f"kind {number}" for number in range(20)]
FINE = [f"thing {number}" for number in range(100)]


def cifar100(layout):
    """Return the files of CIFAR-100 in one layout, and what they hold: images, fine, coarse."""
    images, fine = truth((32, 32, 3), 100)
    coarse = fine % 20
    if layout == "binary":
        labels = np.column_stack([coarse, fine]).astype(np.uint8)
        train, test = halves(np.column_stack([labels, planar(images)]))
        files = {
            "train.bin": train.tobytes(),
            "test.bin": test.tobytes(),
            "fine_label_names.txt": text_names(FINE),
            "coarse_label_names.txt": text_names(COARSE),
        }
    else:
        names = {b"fine_label_names": FINE, b"coarse_label_names": COARSE}
        files = {"meta": pickle.dumps(names, protocol=2)}
        parts = (halves(planar(images)), halves(fine), halves(coarse))
        for name, rows, of_fine, of_coarse in zip(("train", "test"), *parts, strict=True):
            batch = {
                b"filenames": [f"{row}.png" for row in range(len(rows))],
                b"data": rows,
                b"fine_labels": of_fine.tolist(),
                b"coarse_labels": of_coarse.tolist(),
            }
            files[name] = pickle.dumps(batch, protocol=2)
    return files, (images, fine, coarse)


def idx(array):
    """Return an array of bytes in the idx format."""
    lengths = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes()


def mnist():
    """Return the four unpacked files of MNIST, and what they hold: images and labels."""
    images, labels = truth((28, 28), 10)
    files = {}
    parts = zip(("train", "t10k"), halves(images), halves(labels), strict=True)
    for part, of_images, of_labels in parts:
        files[f"{part}-images-idx3-ubyte"] = idx(of_images)
        files[f"{part}-labels-idx1-ubyte"] = idx(of_labels)
    return files, (images, labels)


def packed(files):
    return {f"{name}.gz": gzip.compress(content, 1) for name, content in files.items()}


def npy(array, **options):
    raw = io.BytesIO()
    np.lib.format.write_array(raw, np.asanyarray(array), **options)
    return raw.getvalue()


def npy_header(shape, descr="<f4", fortran="False", version=b"\x01\x00", content=b""):
    """Return an .npy file with a header that claims anything."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    length = len(text).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return b"\x93NUMPY" + version + length + text + content


def npz(members, compression=zipfile.ZIP_STORED):
    """Return an archive of named members, each the bytes of a file."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return raw.getvalue()
