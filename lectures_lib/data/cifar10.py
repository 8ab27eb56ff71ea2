"""CIFAR-10: 60,000 colour photographs of ten classes, from a file or through Keras."""

import contextlib
import functools
import hashlib
import io
import os
import shutil
import socket
import sys
import zipfile
from pathlib import Path

import numpy as np

from lectures_lib.data.splits import Dataset, check_counts, read_only

__all__ = ["CIFAR10_CLASSES", "DatasetDamaged", "DatasetUnavailable", "load_cifar10"]

CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
TRAINING_PICTURES, TEST_PICTURES = 50_000, 10_000
NPZ_SHA256 = "16404becee6de136f89ad2bb26fc8ba911dedaf4935291dc2f8760cd741479d2"
KERAS_ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
TIMEOUT_S = 10
CERTIFICATE = "Let SSL_CERT_FILE name a file with your network's certificate; restart the kernel."
ADVICE = "It was left as it is; delete it, or put an intact file in its place."


class DatasetUnavailable(RuntimeError):
    """A data set cannot be had here; the text says why each way failed, and what to do."""


class DatasetDamaged(ValueError):
    """A file is not what it should be; the text names it. It is left as it was."""


def load_cifar10(*, train_images=45_000, validation_images=5_000, test_images=10_000, seed=0):
    """Load CIFAR-10, or a part of it, with nearly equal shares of the classes in each split.

    The 50,000 training pictures are divided between `train` and `validation`; `test` comes from
    the 10,000 official test pictures. The file is `$LECTURES_DATA_DIR/cifar10.npz` if there is
    one, and else the one that Keras has cached or downloads (170 MB, once).
    Source: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009).

    Args:
        train_images, validation_images: Pictures to take, at least 10 each, together at most
            50,000. Only pictures that are taken become float32, 12 kB each.
        test_images: The same for the test pictures, at most 10,000.
        seed: Decides which pictures go to `train` and `validation`, and never those of `test`.

    Returns:
        A `Dataset`. Inputs have the shape `(images, 32, 32, 3)`, are float32, and give red, green
        and blue from 0 to 1; labels have the shape `(images,)` and are int64. The arrays are
        read-only.

    Raises:
        ValueError: If more pictures are asked for than there are, or fewer than one of each class.
        DatasetDamaged: If `$LECTURES_DATA_DIR/cifar10.npz` is not the file it should be.
        DatasetUnavailable: If there is no such file, and Keras has none and cannot download it.

    >>> load_cifar10(train_images=50_000)
    Traceback (most recent call last):
        ...
    ValueError: train_images=50000 and validation_images=5000 are more than the 50000 training \
pictures of CIFAR-10. Lower one of them.
    """
    from sklearn.model_selection import train_test_split
    from sklearn.utils import resample

    _check_sizes(train_images, validation_images, test_images)
    x_train, y_train, x_test, y_test = _raw_arrays()
    # Validation first: it stays the same, and train grows, when train_images grows by tens.
    sizes = dict(train_size=validation_images, test_size=train_images)
    validation, train = train_test_split(
        np.arange(len(y_train)), **sizes, stratify=y_train, random_state=seed
    )
    test = resample(
        np.arange(len(y_test)),
        n_samples=test_images,
        replace=False,
        stratify=y_test,
        random_state=0,
    )
    return Dataset(
        train=_take(x_train, y_train, train),
        validation=_take(x_train, y_train, validation),
        test=_take(x_test, y_test, np.sort(test)),  # all of them: in the official order
        class_names=CIFAR10_CLASSES,
        name="CIFAR-10",
    )


def _check_sizes(train_images, validation_images, test_images):
    check_counts(len(CIFAR10_CLASSES), train_images, validation_images, test_images)
    if train_images + validation_images > TRAINING_PICTURES:
        raise ValueError(
            f"train_images={train_images} and validation_images={validation_images} are more than "
            f"the {TRAINING_PICTURES} training pictures of CIFAR-10. Lower one of them."
        )
    if test_images > TEST_PICTURES:
        raise ValueError(
            f"test_images={test_images}, but CIFAR-10 has {TEST_PICTURES} test pictures. Lower it."
        )


def _take(pictures, labels, rows):
    """Return the `rows` as a `Split`, scaled from 0 ... 255 to 0 ... 1."""
    inputs = pictures[rows].astype("float32", order="C")  # those of Keras are transposed
    inputs /= 255  # in place: 45,000 pictures are 550 MB
    return read_only(inputs, labels[rows, 0].astype("int64"))


def _raw_arrays():
    """Return pictures and labels of training and test, from the first place that has them."""
    tried = ["LECTURES_DATA_DIR is not set."]
    if folder := os.environ.get("LECTURES_DATA_DIR"):
        path = Path(os.path.abspath(os.path.expanduser(folder)), "cifar10.npz")
        try:
            status = path.stat()
            return _read_npz(path, NPZ_SHA256, status.st_size, status.st_mtime_ns)
        except OSError as error:
            tried = [f"LECTURES_DATA_DIR={folder}: {error}"]
    try:
        return _read_through_keras()
    except Exception as error:  # Keras makes an Exception of all that goes wrong in a download
        tried.append(f"Keras, with its cache {_keras_caches()[0]}: {error or repr(error)}")
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            tried.append(CERTIFICATE)
        raise DatasetUnavailable(
            "CIFAR-10 cannot be had here.\n- " + "\n- ".join(tried) + "\nSet LECTURES_DATA_DIR to "
            "a folder that holds cifar10.npz, connect to the network, or use the stand-in: "
            "load_shapes()."
        ) from error


# One set of raw arrays, 184 MB, stays in memory: reading and checking takes seconds each time.
@functools.lru_cache(maxsize=1)
def _read_npz(path, sha256, size, mtime_ns):
    """Return the raw arrays of a file; `size` and `mtime_ns` tell when it has changed."""
    _check_sum(path, sha256)
    try:
        with open(path, "rb") as file, np.load(file) as archive:
            arrays = [archive[key] for key in ("x_train", "y_train", "x_test", "y_test")]
    except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetDamaged(f"{path} does not hold CIFAR-10: {error}. {ADVICE}") from error
    for pictures, labels in (arrays[:2], arrays[2:]):
        if pictures.shape != (len(labels), 32, 32, 3) or labels.shape != (len(labels), 1):
            raise DatasetDamaged(
                f"{path} has pictures of shape {pictures.shape} and labels of shape "
                f"{labels.shape}, not (images, 32, 32, 3) and (images, 1). {ADVICE}"
            )
    return arrays


def _check_sum(path, sha256):
    """Raise `DatasetDamaged` if a file has another SHA-256."""
    if (found := _sha256(path)) != sha256:
        raise DatasetDamaged(
            f"{path} is damaged or another file: its SHA-256 is {found}, but should be {sha256}. "
            f"{ADVICE}"
        )


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.lru_cache(maxsize=1)
def _read_through_keras():
    """Return the raw arrays that Keras has cached or downloads; keep nothing half-written."""
    before = _keras_files()
    archives = [path for path in before if path.is_file()]
    for path in archives:  # Keras would overwrite a damaged one, and delete it without a network
        _check_sum(path, KERAS_ARCHIVE_SHA256)
    if not archives:
        # past `sys.stderr`: what is written there while the book is built is an error of its page
        print("Downloading CIFAR-10, 170 MB, once.", file=sys.__stderr__)
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT_S)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Keras writes its progress there
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    except BaseException:  # also when the kernel is interrupted
        for path in _keras_files() - before:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif _sha256(path) != KERAS_ARCHIVE_SHA256:
                path.unlink()
        raise
    finally:
        socket.setdefaulttimeout(timeout)
    if x_train.shape[1] == 3:  # Keras is set to channels_first
        x_train, x_test = np.moveaxis(x_train, 1, -1), np.moveaxis(x_test, 1, -1)
    return x_train, y_train, x_test, y_test


def _keras_caches():
    """Return the folders where Keras may keep data sets; the second if the first is read-only."""
    homes = os.environ.get("KERAS_HOME", "~/.keras"), "/tmp/.keras"
    return [Path(home).expanduser() / "datasets" for home in homes]


def _keras_files():
    """Return the archives (files) and unpacked archives (folders) of CIFAR-10 that Keras has."""
    return {path for cache in _keras_caches() for path in cache.glob("cifar-10-batches-py*")}
