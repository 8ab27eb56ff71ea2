"""Data sets are split without leaks, come whole or not at all, and show what they claim to."""

import hashlib
import importlib
import io
import itertools
import os
import pickle
import re
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from sklearn import datasets
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from lectures_lib.data import (
    CIFAR10_CLASSES,
    Dataset,
    DatasetDamaged,
    DatasetUnavailable,
    Split,
    add_noise,
    cifar10,
    detector_image,
    load_cifar10,
    load_digits,
    load_shapes,
    read_digit,
    shift_images,
)
from lectures_lib.data.shapes import FIGURES

PARTS = ("train", "validation", "test")
SHARED = Path(__file__).parents[2] / "shared" / "data"
CIFAR10_NPZ = Path(os.environ.get("LECTURES_DATA_DIR") or SHARED) / "cifar10.npz"


@pytest.fixture(scope="module")
def digits():
    return load_digits(seed=0)


def test_sizes_types_and_names(digits):
    for part, images in zip(PARTS, (1257, 180, 360), strict=True):
        split = getattr(digits, part)
        assert len(split) == images
        assert split.inputs.shape == (images, 8, 8, 1)
        assert split.inputs.dtype == np.float32
        assert split.labels.shape == (images,)
        assert split.labels.dtype == np.int64
    assert digits.class_names == tuple("0123456789")
    assert digits.name == "digits"


def test_a_data_set_needs_no_name(digits):
    parts = (digits.train, digits.validation, digits.test)
    assert Dataset(*parts, digits.class_names).name == ""


@pytest.mark.parametrize("part", PARTS)
def test_classes_keep_their_share(digits, part):
    split = getattr(digits, part)
    proportional = np.bincount(datasets.load_digits().target) * len(split) / 1797
    assert np.all(np.abs(np.bincount(split.labels) - proportional) < 1.01)


@pytest.mark.parametrize("seed", [0, 7])
def test_every_raw_image_is_in_exactly_one_split(seed):
    raw = datasets.load_digits()
    wanted = sorted((*pixels, label) for pixels, label in zip(raw.data, raw.target, strict=True))
    dataset = load_digits(seed=seed)
    got = []
    for part in PARTS:
        split = getattr(dataset, part)
        pixels = 16 * split.inputs.reshape(len(split), 64)
        got += [(*row, label) for row, label in zip(pixels, split.labels, strict=True)]
    np.testing.assert_array_equal(sorted(got), wanted)


def test_pixels_keep_their_place_and_are_scaled_to_one(digits):
    raw = datasets.load_digits()
    first = digits.test.inputs[0, :, :, 0]
    assert any(np.array_equal(first, image / 16) for image in raw.images)
    assert digits.train.inputs.min() == 0
    assert digits.train.inputs.max() == 1


def test_seed_decides_the_split(digits):
    again, other = load_digits(seed=0), load_digits(seed=1)
    for part in PARTS:
        same = getattr(digits, part)
        np.testing.assert_array_equal(getattr(again, part).inputs, same.inputs)
        np.testing.assert_array_equal(getattr(again, part).labels, same.labels)
        assert not np.array_equal(getattr(other, part).inputs, same.inputs)


@pytest.mark.parametrize("part", PARTS)
def test_arrays_are_read_only(digits, part):
    split = getattr(digits, part)
    for array in (split.inputs, split.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_split_refuses_unequal_lengths():
    with pytest.raises(ValueError, match="3 inputs and 2 labels"):
        Split(np.zeros((3, 8, 8, 1)), np.zeros(2))


@pytest.mark.parametrize("module", ["lectures_lib.data", "lectures_lib.recorded"])
def test_import_is_light(module):
    heavy = "{'keras', 'tensorflow', 'sklearn', 'pandas'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


def ridge_points(clean):
    """Return sub-pixel `(along, across)` of the highest pixel of each row, or of each column."""
    size = len(clean)
    best_rows = np.abs(np.diff(clean.argmax(axis=1))).max()
    best_columns = np.abs(np.diff(clean.argmax(axis=0))).max()
    lines = clean if best_rows <= best_columns else clean.T  # steep tracks: row by row
    points = []
    for along, profile in enumerate(lines):
        peak = profile.argmax()
        if 0 < peak < size - 1 and profile[peak] > 0.5:
            left, middle, right = np.log(profile[peak - 1 : peak + 2])
            points.append((along, peak + (left - right) / (2 * (left - 2 * middle + right))))
    return np.array(points)


@pytest.mark.parametrize("seed", range(6))
def test_track_is_one_straight_line_of_one_pixel_width(seed):
    _, clean = detector_image("track", size=33, seed=seed)
    along, across = ridge_points(clean).T
    assert len(along) > 20
    slope, intercept = np.polyfit(along, across, 1)
    np.testing.assert_allclose(across, slope * along + intercept, atol=1e-6)
    # Summed over the area, a line of unit height and sigma 1 gives its length * sqrt(2 pi).
    length = len(along) * np.hypot(1, slope)
    middle = clean[5:-5, 5:-5]
    assert 0.9 < clean.max() <= 1
    assert clean.sum() / np.sqrt(2 * np.pi) == pytest.approx(length, rel=0.15)
    assert middle.sum() > 0.5 * clean.sum()


@pytest.mark.parametrize("angle", [-30, 0, 20, 45, 70, 90, 135])
def test_track_has_the_angle_asked_for(angle):
    _, clean = detector_image("track", size=41, angle=angle, seed=1)
    row, column = np.indices(clean.shape)
    weights = clean.ravel()
    # The long axis of the bright pixels; rows count downwards, angles counter-clockwise.
    covariance = np.cov(np.stack([column.ravel(), -row.ravel()]), aweights=weights)
    right, up = np.linalg.eigh(covariance)[1][:, -1]
    measured = np.rad2deg(np.arctan2(up, right))
    assert (measured - angle + 90) % 180 - 90 == pytest.approx(0, abs=2)


def test_angle_leaves_offset_and_noise_alone():
    noisy, clean = detector_image("track", angle=0, seed=4)
    turned_noisy, turned = detector_image("track", angle=90, seed=4)
    np.testing.assert_allclose(noisy - clean, turned_noisy - turned, atol=1e-12)
    np.testing.assert_allclose(clean.T, turned, atol=1e-12)


def test_tracks_have_all_directions():
    steep = 0
    for seed in range(40):
        _, clean = detector_image("track", seed=seed)
        steep += clean.max(axis=1).min() > 0.8  # a maximum in each row
    assert 8 < steep < 32


@pytest.mark.parametrize(("size", "spots"), [(8, 1), (16, 4), (32, 5), (45, 5)])
def test_spots_are_counted_and_round(size, spots):
    _, clean = detector_image("spots", size=size, seed=3)
    inner = clean[1:-1, 1:-1]
    neighbours = [
        clean[1 + row : size - 1 + row, 1 + column : size - 1 + column]
        for row in (-1, 0, 1)
        for column in (-1, 0, 1)
        if (row, column) != (0, 0)
    ]
    peaks = np.all([inner >= other for other in neighbours], axis=0) & (inner > 0.5)
    assert peaks.sum() == spots
    # A Gaussian of height 1 has the volume 2 pi sigma^2; a margin cuts off less than 3 %.
    assert clean.sum() == pytest.approx(spots * 2 * np.pi * 1.2**2, rel=0.03)
    assert clean.max() <= 1.001


@pytest.mark.parametrize("kind", ["track", "spots"])
def test_noise_has_the_standard_deviation_asked_for(kind):
    noisy, clean = detector_image(kind, size=128, noise=0.4, seed=2)
    assert noisy.dtype == clean.dtype == np.float64
    assert np.std(noisy - clean) == pytest.approx(0.4, rel=0.03)
    assert np.mean(noisy - clean) == pytest.approx(0, abs=0.015)


@pytest.mark.parametrize("kind", ["track", "spots"])
def test_seed_decides_picture_and_noise(kind):
    noisy, clean = detector_image(kind, seed=5)
    np.testing.assert_array_equal(detector_image(kind, seed=5), (noisy, clean))
    np.testing.assert_array_equal(detector_image(kind, noise=1.0, seed=5)[1], clean)
    assert not np.array_equal(detector_image(kind, seed=6)[1], clean)


@pytest.mark.parametrize(
    ("kind", "settings", "text"),
    [
        ("ring", {}, 'kind="track" or kind="spots"'),
        ("track", {"size": 7}, "at least 8 pixels"),
        ("spots", {"noise": -0.1}, "noise=-0.1 is no standard deviation"),
        ("spots", {"noise": float("nan")}, "noise=nan"),
    ],
)
def test_detector_image_says_what_is_wrong(kind, settings, text):
    with pytest.raises(ValueError, match=text):
        detector_image(kind, **settings)


def checksum(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def numbered_pictures(pictures, mark):
    """Return pictures and labels that tell their row: high byte, low byte, `mark`."""
    rows = np.arange(pictures)
    x = np.zeros((pictures, 32, 32, 3), dtype="uint8")
    x[:, 0, 0] = np.stack([rows // 256, rows % 256, np.full(pictures, mark)], axis=1)
    x[:, 1, 0, 0], x[:, 0, 1, 0] = 7, 9  # rows and columns are told apart
    return x, ((rows * 7 + mark) % 10).astype("uint8")[:, np.newaxis]


def rows_of(split):
    pixels = np.rint(255 * split.inputs[:, 0, 0]).astype(int)
    return pixels[:, 0] * 256 + pixels[:, 1]


def small_arrays():
    (x_train, y_train), (x_test, y_test) = numbered_pictures(300, 0), numbered_pictures(70, 3)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


@pytest.fixture
def forget():
    """Forget what was read, before and after the test."""

    remembering = (cifar10._read_npz, cifar10._read_through_keras)

    def clear():
        for function in remembering:
            function.cache_clear()

    clear()
    yield clear
    clear()


@pytest.fixture
def no_keras(monkeypatch, forget):
    """Let Keras have nothing, without asking it."""

    def fail():
        raise Exception("URL fetch failure")

    monkeypatch.setattr(cifar10, "_read_through_keras", fail)


@pytest.fixture
def write_npz(tmp_path, monkeypatch, no_keras):
    """Return a function that writes `cifar10.npz`, whose checksum then is the right one."""

    def write(write_file=np.savez, **arrays):
        path = tmp_path / "cifar10.npz"
        with open(path, "wb") as file:
            write_file(file, **arrays)
        monkeypatch.setattr(cifar10, "NPZ_SHA256", checksum(path))
        monkeypatch.setenv("LECTURES_DATA_DIR", str(tmp_path))
        return path

    return write


SIZES = dict(train_images=200, validation_images=50, test_images=30)


@pytest.fixture
def small(write_npz):
    return write_npz(**small_arrays())


def test_pictures_and_labels_stay_together_and_are_scaled_to_one(small):
    raw = small_arrays()
    dataset = load_cifar10(**SIZES)
    assert dataset.class_names == CIFAR10_CLASSES
    assert dataset.name == "CIFAR-10"
    for part, kind in zip(PARTS, ("train", "train", "test"), strict=True):
        split = getattr(dataset, part)
        assert len(split) == SIZES[f"{part}_images"]
        assert (split.inputs.dtype, split.labels.dtype) == (np.float32, np.int64)
        rows = rows_of(split)
        expected = raw[f"x_{kind}"][rows].astype("float32") / np.float32(255)
        np.testing.assert_array_equal(split.inputs, expected)
        np.testing.assert_array_equal(split.labels, raw[f"y_{kind}"][rows, 0])
        assert not split.inputs.flags.writeable
        assert not split.labels.flags.writeable


def test_class_names_follow_the_labels_of_cifar10():
    assert " ".join(CIFAR10_CLASSES) == (
        "airplane automobile bird cat deer dog frog horse ship truck"
    )


@pytest.mark.parametrize("seed", [0, 5])
def test_train_and_validation_share_out_the_training_pictures(small, seed):
    dataset = load_cifar10(train_images=230, validation_images=70, test_images=70, seed=seed)
    rows = np.concatenate([rows_of(dataset.train), rows_of(dataset.validation)])
    np.testing.assert_array_equal(np.sort(rows), np.arange(300))
    np.testing.assert_array_equal(rows_of(dataset.test), np.arange(70))


def test_parts_of_cifar10_have_no_picture_twice(small):
    dataset = load_cifar10(**SIZES)
    rows = np.concatenate([rows_of(dataset.train), rows_of(dataset.validation)])
    assert len(set(rows)) == 250
    assert len(set(rows_of(dataset.test))) == 30


@pytest.mark.parametrize("sizes", [(200, 50, 30), (61, 34, 47)])
def test_classes_of_cifar10_have_equal_shares(small, sizes):
    dataset = load_cifar10(**dict(zip(SIZES, sizes, strict=True)))
    for part, images in zip(PARTS, sizes, strict=True):
        counts = np.bincount(getattr(dataset, part).labels, minlength=10)
        assert np.all(np.abs(counts - images / 10) < 1.01)


def test_seed_decides_train_and_validation_but_never_test(small):
    first, again, other = (load_cifar10(**SIZES, seed=seed) for seed in (0, 0, 1))
    for part in PARTS:
        rows = rows_of(getattr(first, part))
        np.testing.assert_array_equal(rows_of(getattr(again, part)), rows)
        same = np.array_equal(np.sort(rows_of(getattr(other, part))), np.sort(rows))
        assert same == (part == "test")


def test_more_training_pictures_are_added_to_the_old_ones(small):
    few = load_cifar10(**(SIZES | {"train_images": 100}))
    many = load_cifar10(**SIZES)
    assert set(rows_of(few.train)) < set(rows_of(many.train))
    assert set(rows_of(few.validation)) == set(rows_of(many.validation))


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ({"train_images": 0}, "train_images=0, but it must be a whole number of at least 10"),
        ({"validation_images": -1}, "validation_images=-1, but it must be .* at least 10"),
        ({"test_images": 9}, "test_images=9, but it must be .* one image of each class"),
        ({"train_images": 0.5}, "train_images=0.5, but it must be a whole number"),
        ({"train_images": 4e4}, "train_images=40000.0, but it must be a whole number"),
        (
            {"validation_images": 5001},
            "train_images=45000 and validation_images=5001 are more than the 50000 training "
            "pictures of CIFAR-10. Lower one of them.",
        ),
        ({"test_images": 10_001}, "test_images=10001, but CIFAR-10 has 10000 test pictures"),
    ],
)
def test_cifar10_says_which_size_is_wrong(no_keras, sizes, text):
    with pytest.raises(ValueError, match=text):
        load_cifar10(**sizes)


def test_a_file_is_read_once_until_it_changes(small, monkeypatch, write_npz):
    read = []
    monkeypatch.setattr(cifar10, "_sha256", lambda path: read.append(path) or checksum(path))
    load_cifar10(**SIZES)
    load_cifar10(**SIZES, seed=1)
    assert read == [small]
    arrays = small_arrays()
    arrays["y_train"] = 9 - arrays["y_train"]
    write_npz(**arrays)
    os.utime(small, ns=(1, 1))
    train = load_cifar10(**SIZES).train
    np.testing.assert_array_equal(train.labels, arrays["y_train"][rows_of(train), 0])
    assert read == [small, small]


@pytest.mark.parametrize("folder", ["~/pictures", "pictures"])
def test_the_folder_may_begin_at_home_or_here(small, tmp_path, monkeypatch, folder):
    (tmp_path / "pictures").mkdir()
    small.rename(tmp_path / "pictures" / "cifar10.npz")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LECTURES_DATA_DIR", folder)
    assert len(load_cifar10(**SIZES).train) == 200


@pytest.mark.parametrize("damage", ["flipped bit", "lost end, at the same time"])
def test_damage_is_found_and_the_file_stays(small, damage):
    load_cifar10(**SIZES)  # what is in memory does not hide the damage
    wanted, status = checksum(small), small.stat()
    content = bytearray(small.read_bytes())
    if damage == "flipped bit":
        content[len(content) // 2] ^= 1
        small.write_bytes(content)
        os.utime(small, ns=(1, 1))
    else:
        content.pop()
        small.write_bytes(content)
        os.utime(small, ns=(1, status.st_mtime_ns))
    with pytest.raises(DatasetDamaged) as error:
        load_cifar10(**SIZES)
    for part in (str(small), wanted, checksum(small), "put an intact file in its place"):
        assert part in str(error.value)
    assert small.read_bytes() == content


def write_text(file):
    file.write(b"<html>Not found</html>")


def without(key):
    return {name: array for name, array in small_arrays().items() if name != key}


@pytest.mark.parametrize(
    ("write_file", "arrays", "text"),
    [
        (np.savez, without("y_test"), "does not hold CIFAR-10: 'y_test is not a file"),
        (write_text, {}, "does not hold CIFAR-10"),
        (lambda file: None, {}, "does not hold CIFAR-10: No data left in file"),
        (lambda file: np.save(file, np.zeros(3)), {}, "does not hold CIFAR-10"),
        (lambda file: file.write(b"PK\x03\x04 cut off"), {}, "does not hold CIFAR-10"),
        (
            np.savez,
            small_arrays() | {"x_train": np.zeros((300, 3, 32, 32), "uint8")},
            r"has pictures of shape \(300, 3, 32, 32\) and labels of shape \(300, 1\), not",
        ),
        (
            np.savez,
            small_arrays() | {"y_test": np.zeros(70, "uint8")},
            r"pictures of shape \(70, 32, 32, 3\) and labels of shape \(70,\), not",
        ),
        (np.savez, small_arrays() | {"y_train": np.zeros((299, 1), "uint8")}, r"\(299, 1\), not"),
    ],
)
def test_a_file_with_other_content_is_refused(write_npz, write_file, arrays, text):
    path = write_npz(write_file, **arrays)
    content = path.read_bytes()
    with pytest.raises(DatasetDamaged, match=text) as error:
        load_cifar10(**SIZES)
    assert str(error.value).startswith(str(path))
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        (None, "LECTURES_DATA_DIR is not set."),
        ("", "LECTURES_DATA_DIR is not set."),
        ("nowhere", r"LECTURES_DATA_DIR=nowhere: .*No such file.*/nowhere/cifar10.npz"),
        ("empty", r"LECTURES_DATA_DIR=empty: .*No such file.*/empty/cifar10.npz"),
        ("wrong", r"LECTURES_DATA_DIR=wrong: .*Is a directory.*/wrong/cifar10.npz"),
    ],
)
def test_the_error_says_what_was_tried_and_what_to_do(
    no_keras, tmp_path, monkeypatch, folder, text
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "wrong" / "cifar10.npz").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", "/home/of/keras")
    if folder is None:
        monkeypatch.delenv("LECTURES_DATA_DIR", raising=False)
    else:
        monkeypatch.setenv("LECTURES_DATA_DIR", folder)
    with pytest.raises(DatasetUnavailable, match=text) as error:
        load_cifar10(**SIZES)
    for part in (
        "CIFAR-10 cannot be had here",
        "Keras, with its cache /home/of/keras/datasets: URL fetch failure",
        "Set LECTURES_DATA_DIR to a folder that holds cifar10.npz, connect to the network",
        "load_shapes()",
    ):
        assert part in str(error.value)


def batches():
    """Return the archive that Keras downloads, with one picture for each of five batches."""
    x_test, y_test = numbered_pictures(30, 3)
    files = {"test_batch": (x_test, y_test)}
    for number in range(5):  # Keras repeats the picture to fill the 10,000 of a batch
        pictures, labels = numbered_pictures(number + 1, 0)
        files[f"data_batch_{number + 1}"] = (pictures[-1:], labels[-1:])
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, (pictures, labels) in files.items():
            data = pictures.transpose(0, 3, 1, 2).reshape(len(pictures), 3072)
            content = pickle.dumps({b"data": data, b"labels": labels.ravel().tolist()})
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class Website:
    """A local web server; `answer` decides how it treats `content`."""

    def __init__(self, content):
        self.content, self.answer, self.asked = content, "whole", 0
        self.closing = threading.Event()
        website = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                website.asked += 1
                if website.answer == "silence":
                    website.closing.wait()
                    return
                self.send_response(404 if website.answer == "missing" else 200)
                if website.answer != "cut, without a length":
                    self.send_header("Content-Length", str(len(website.content)))
                self.end_headers()
                whole = len(website.content) if website.answer in ("whole", "missing") else 500
                self.wfile.write(website.content[:whole])

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/cifar-10-python.tar.gz"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def archive():
    return batches()


@pytest.fixture
def cache(tmp_path, monkeypatch, forget):
    """An empty cache of Keras, and no other file."""
    home = tmp_path / "keras"
    (home / "datasets").mkdir(parents=True)
    (home / "datasets" / "mnist.npz").write_text("of another data set")
    monkeypatch.setenv("KERAS_HOME", str(home))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(home))
    monkeypatch.setattr(cifar10, "_keras_caches", lambda: [home / "datasets"])
    monkeypatch.delenv("LECTURES_DATA_DIR", raising=False)
    return home / "datasets"


@pytest.fixture
def website(archive, cache, monkeypatch):
    """The website from which Keras downloads; its archive is the right one."""
    website = Website(archive)
    wanted = hashlib.sha256(archive).hexdigest()
    module = importlib.import_module("keras.src.datasets.cifar10")
    get_file = module.get_file

    def get_from_website(**settings):
        return get_file(**(settings | {"origin": website.url, "file_hash": wanted}))

    monkeypatch.setattr(module, "get_file", get_from_website)
    monkeypatch.setattr(cifar10, "KERAS_ARCHIVE_SHA256", wanted)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("urllib.request._opener", None)  # it remembers the proxies
    socket.setdefaulttimeout(60.5)
    yield website
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(None)
    website.close()
    assert timeout == 60.5


def names(cache):
    return {path.name for path in cache.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_keras_downloads_once_and_quietly(website, forget, cache, capfd, data_format):
    import keras

    before = keras.config.image_data_format()
    keras.config.set_image_data_format(data_format)
    try:
        dataset = load_cifar10(**SIZES)
    finally:
        keras.config.set_image_data_format(before)
    output = capfd.readouterr()
    assert output.out == ""
    assert "Downloading CIFAR-10" in output.err
    (first, labels), (x_test, y_test) = numbered_pictures(5, 0), numbered_pictures(30, 3)
    rows = rows_of(dataset.train)
    np.testing.assert_array_equal(np.bincount(rows), [40] * 5)
    np.testing.assert_array_equal(dataset.train.inputs, first[rows] / np.float32(255))
    np.testing.assert_array_equal(dataset.train.labels, labels[rows, 0])
    np.testing.assert_array_equal(dataset.test.inputs, x_test / np.float32(255))
    np.testing.assert_array_equal(dataset.test.labels, y_test[:, 0])
    assert dataset.train.inputs.flags.c_contiguous
    load_cifar10(**SIZES, seed=1)  # from memory
    forget()
    load_cifar10(**SIZES)  # from the cache
    assert capfd.readouterr() == ("", "")
    assert website.asked == 1


def test_a_proxy_with_a_certificate_of_its_own_is_named(website, cache, tmp_path, monkeypatch):
    certificate = tmp_path / "proxy.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=proxy", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", tmp_path / "key.pem", "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "key.pem")
    website.server.socket = context.wrap_socket(website.server.socket, server_side=True)
    website.url = website.url.replace("http:", "https:")
    monkeypatch.setattr(website.server, "handle_error", lambda *refused: None)
    with pytest.raises(DatasetUnavailable) as error:
        load_cifar10(**SIZES)
    for part in ("certificate verify failed", "SSL_CERT_FILE name a file", "Set LECTURES_DATA_DIR"):
        assert part in str(error.value)
    assert names(cache) == {"mnist.npz"} and website.asked == 0
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr("urllib.request._opener", None)  # as after a restart
    assert len(load_cifar10(**SIZES).test) == 30


def test_a_file_of_ones_own_comes_before_keras(small, monkeypatch):
    monkeypatch.setattr(cifar10, "_read_through_keras", lambda: pytest.fail("asked Keras"))
    assert len(load_cifar10(**SIZES).test) == 30


def test_keras_is_asked_when_the_folder_has_no_file(website, tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURES_DATA_DIR", str(tmp_path / "nowhere"))
    assert len(load_cifar10(**SIZES).test) == 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("cut", "retrieval incomplete: got only 500 out of"),
        ("cut, without a length", "Incomplete or corrupted file detected"),
        ("missing", "404"),
        ("silence", "timed out"),
    ],
)
def test_a_failed_download_leaves_nothing(website, cache, monkeypatch, capsys, answer, text):
    monkeypatch.setattr(cifar10, "TIMEOUT_S", 2)
    website.answer = answer
    with pytest.raises(DatasetUnavailable, match=text) as error:
        load_cifar10(**SIZES)
    assert str(cache) in str(error.value)
    if answer == "missing":  # Keras leaves the connection open
        error.value.__cause__.__context__.close()
    assert names(cache) == {"mnist.npz"}
    assert capsys.readouterr().out == ""
    website.answer = "whole"
    assert len(load_cifar10(**SIZES).test) == 30  # no failure is remembered


def test_a_damaged_archive_of_keras_is_named_and_stays(website, archive, cache):
    path = cache / "cifar-10-batches-py-target_archive"
    path.write_bytes(archive[:500])
    with pytest.raises(DatasetUnavailable) as error:
        load_cifar10(**SIZES)
    wanted = hashlib.sha256(archive).hexdigest()
    for part in (f"{path} is damaged", checksum(path), wanted, "delete it"):
        assert part in str(error.value)
    assert path.read_bytes() == archive[:500]
    assert website.asked == 0


@pytest.mark.parametrize("there_before", [False, True])
@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_unpacking_that_fails_keeps_only_the_archive(
    website, archive, cache, monkeypatch, failure, there_before
):
    path, folder = cache / "cifar-10-batches-py-target_archive", cache / "cifar-10-batches-py-new"
    old = cache / "cifar-10-batches-py"
    if there_before:
        path.write_bytes(archive)
        old.mkdir()

    def fail(*args):
        folder.mkdir()
        (folder / "data_batch_1").write_text("half")
        raise failure

    monkeypatch.setattr("keras.src.utils.file_utils.extract_archive", fail)
    stopped = isinstance(failure, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt if stopped else DatasetUnavailable):
        load_cifar10(**SIZES)
    assert names(cache) == {"mnist.npz", path.name} | ({old.name} if there_before else set())
    assert path.read_bytes() == archive
    assert website.asked == (not there_before)


@pytest.mark.parametrize("there", [True, False], ids=["archive kept", "archive gone"])
@pytest.mark.parametrize("batch", [None, b"half"], ids=["lost", "cut"])
def test_a_folder_that_is_half_unpacked_is_repaired(website, archive, cache, there, batch):
    folder = cache / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    if batch:
        (folder / "data_batch_3").write_bytes(batch)
    if there:
        (cache / "cifar-10-batches-py-target_archive").write_bytes(archive)
    dataset = load_cifar10(**SIZES)
    np.testing.assert_array_equal(np.bincount(rows_of(dataset.train)), [40] * 5)
    assert website.asked == (not there)


def test_without_a_network_the_error_comes_at_once(cache, monkeypatch):
    timeouts = []

    def fail(*args, **kwargs):
        timeouts.append(socket.getdefaulttimeout())
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(DatasetUnavailable, match="Temporary failure in name resolution"):
        load_cifar10(**SIZES)
    assert timeouts == [10]
    assert socket.getdefaulttimeout() is None
    assert names(cache) == {"mnist.npz"}


def test_a_cache_that_cannot_be_written_is_no_crash(cache, monkeypatch, tmp_path):
    home = tmp_path / "a_file"
    home.write_text("no folder")
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(home))
    monkeypatch.setattr(cifar10, "_keras_caches", lambda: [home / "datasets"])
    with pytest.raises(DatasetUnavailable, match=r"a_file/datasets: .*Not a directory"):
        load_cifar10(**SIZES)
    assert home.read_text() == "no folder"


REAL_CACHES = cifar10._keras_caches


@pytest.mark.parametrize(("writable", "number"), [(True, 0), (False, 1)])
def test_the_caches_are_those_of_keras(cache, monkeypatch, writable, number):
    made = []

    def refuse(path, **settings):
        made.append(Path(path))
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "access", lambda path, mode: writable)
    monkeypatch.setattr(os, "makedirs", refuse)
    with pytest.raises(DatasetUnavailable, match="Permission denied"):
        load_cifar10(**SIZES)
    assert made == [REAL_CACHES()[number]]
    monkeypatch.delenv("KERAS_HOME")
    assert REAL_CACHES()[0] == Path.home() / ".keras" / "datasets"


@pytest.mark.slow
@pytest.mark.skipif(
    not CIFAR10_NPZ.exists(), reason="set LECTURES_DATA_DIR to a folder that holds cifar10.npz"
)
def test_the_real_cifar10_is_split_whole(monkeypatch, forget):
    monkeypatch.setenv("LECTURES_DATA_DIR", str(CIFAR10_NPZ.parent))
    dataset = load_cifar10()
    with np.load(CIFAR10_NPZ) as raw:
        wanted = sorted(map(hash, map(bytes, raw["x_train"])))
        np.testing.assert_array_equal(dataset.test.labels, raw["y_test"][:, 0])
        np.testing.assert_array_equal(np.rint(255 * dataset.test.inputs[7]), raw["x_test"][7])
    got = []
    for split, images in ((dataset.train, 4500), (dataset.validation, 500)):
        np.testing.assert_array_equal(np.bincount(split.labels), [images] * 10)
        got += [hash(bytes(np.rint(255 * picture).astype("uint8"))) for picture in split.inputs]
    assert sorted(got) == wanted


@pytest.fixture(scope="module")
def shapes():
    return load_shapes(train_images=1500, validation_images=103, test_images=500)


@pytest.fixture(scope="module")
def clear_shapes():
    return load_shapes(train_images=1000, validation_images=10, test_images=10, noise=0, seed=1)


def test_shapes_look_like_cifar10(shapes):
    for part, images in zip(PARTS, (1500, 103, 500), strict=True):
        split = getattr(shapes, part)
        assert split.inputs.shape == (images, 32, 32, 3)
        assert split.labels.shape == (images,)
        assert (split.inputs.dtype, split.labels.dtype) == (np.float32, np.int64)
        assert split.inputs.min() >= 0
        assert split.inputs.max() <= 1
        counts = np.bincount(split.labels)
        assert set(counts) <= {images // 10, images // 10 + 1}
        assert np.mean(np.diff(split.labels) < 0) > 0.3  # in random order
        for array in (split.inputs, split.labels):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
    assert shapes.name == "generated shapes"
    assert len(shapes.class_names) == 10


def test_no_shape_is_in_two_splits(shapes):
    pictures = [bytes(picture) for part in PARTS for picture in getattr(shapes, part).inputs]
    assert len(set(pictures)) == len(pictures) == 2103
    alike = load_shapes(train_images=20, validation_images=20, test_images=20)
    assert len({bytes(getattr(alike, part).inputs) for part in PARTS}) == 3


def test_seed_and_size_decide_the_shapes(shapes):
    sizes = dict(train_images=1500, validation_images=10, test_images=500)
    again, other = load_shapes(**sizes), load_shapes(**sizes, seed=1)
    np.testing.assert_array_equal(again.train.inputs, shapes.train.inputs)
    np.testing.assert_array_equal(again.train.labels, shapes.train.labels)
    assert not np.array_equal(other.train.labels, shapes.train.labels)
    # The size of validation changes no other split.
    np.testing.assert_array_equal(again.test.inputs, shapes.test.inputs)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"train_images": 9}, "train_images=9, but it must be a whole number of at least 10"),
        ({"validation_images": 10.5}, "validation_images=10.5, but it must be"),
        ({"test_images": -10}, "test_images=-10, but it must be"),
        ({"noise": -0.1}, "noise=-0.1 is no standard deviation"),
        ({"noise": float("nan")}, "noise=nan is no standard deviation"),
        ({"noise": float("inf")}, "noise=inf is no standard deviation"),
    ],
)
def test_load_shapes_says_what_is_wrong(settings, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        load_shapes(**settings)


def test_noise_of_shapes_has_the_standard_deviation_asked_for(clear_shapes):
    noisy = load_shapes(train_images=1000, validation_images=10, test_images=10, noise=0.1, seed=1)
    np.testing.assert_array_equal(noisy.train.labels, clear_shapes.train.labels)
    clean = clear_shapes.train.inputs
    far_from_the_limits = (clean > 0.45) & (clean < 0.55)
    added = (noisy.train.inputs - clean)[far_from_the_limits]
    assert np.std(added) == pytest.approx(0.1, rel=0.02)
    assert np.mean(added) == pytest.approx(0, abs=0.002)


def covers(shapes, name):
    """Return pictures of a class: 0 where they have the colour of most corners, 1 in the other."""
    pictures = shapes.train.inputs[shapes.train.labels == shapes.class_names.index(name)]
    grey = pictures[..., 0].astype(float)  # any colour: the two differ in each
    low, high = grey.min(axis=(1, 2), keepdims=True), grey.max(axis=(1, 2), keepdims=True)
    scaled = (grey - low) / (high - low)
    corners = scaled[:, [0, 0, -1, -1], [0, -1, 0, -1]].mean(axis=1)[:, None, None]
    return np.where(corners > 0.5, 1 - scaled, scaled)


def moments(cover):
    """Return area, centre of mass (row, column), and polar moment over area squared."""
    row, column = np.indices(cover.shape)
    area = cover.sum()
    centre = (cover * row).sum() / area, (cover * column).sum() / area
    squared = (row - centre[0]) ** 2 + (column - centre[1]) ** 2
    return area, *centre, (cover * squared).sum() / area**2


# Polar moment of inertia over the square of the area does not depend on size, place and tilt.
CROSS_AREA = 2 * 0.5 * 1.98 - 0.5**2  # two bars of width 0.5 and of length 1.98
CROSS_MOMENT = 2 * 0.5 * 1.98 * (0.5**2 + 1.98**2) / 12 - 0.5**4 / 6


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        ("disc", 1 / (2 * np.pi)),
        ("ring", (1 + 0.5**2) / (1 - 0.5**2) / (2 * np.pi)),
        ("square", 1 / 6),
        ("triangle", 1 / (3 * np.sqrt(3))),
        ("cross", CROSS_MOMENT / CROSS_AREA**2),
    ],
)
def test_figures_have_their_form_and_lie_anywhere_inside(clear_shapes, name, ratio):
    pictures = covers(clear_shapes, name)
    area, row, column, measured = np.transpose([moments(cover) for cover in pictures])
    assert np.median(measured) == pytest.approx(ratio, rel=0.035)
    assert np.allclose(measured, ratio, rtol=0.1)
    border = np.ones((32, 32), dtype=bool)
    border[1:-1, 1:-1] = False
    assert pictures[:, border].max() < 0.7  # no figure is cut off
    assert area.max() > 2.5 * area.min()
    for centre in (row, column):
        assert np.std(centre) > 3
        assert np.mean(centre) == pytest.approx(15.5, abs=2.5)
    assert abs(np.corrcoef(row, column)[0, 1]) < 0.4


def test_triangles_stand_on_a_side(clear_shapes):
    for cover in covers(clear_shapes, "triangle"):
        rows = np.flatnonzero(cover.max(axis=1) > 0.5)
        widths = cover[rows].sum(axis=1)
        assert widths[: len(rows) // 3].mean() < widths[-len(rows) // 3 :].mean() - 1


def direction(picture):
    """Return the angle of the steepest change from the vertical, in radians, 0 ... pi/2."""
    along_rows, along_columns = np.gradient(picture)
    xx, yy = (along_columns**2).sum(), (along_rows**2).sum()
    xy = (along_rows * along_columns).sum()
    return abs(np.arctan2(2 * xy, yy - xx)) / 2


@pytest.mark.parametrize(
    ("name", "middle"),
    [("horizontal stripes", 0), ("vertical stripes", np.pi / 2), ("gradient", 0)],
)
def test_stripes_and_gradients_keep_their_direction(clear_shapes, name, middle):
    tilt = [abs(direction(cover) - middle) for cover in covers(clear_shapes, name)]
    assert max(tilt) < 0.35
    assert max(tilt) > 0.15


def test_gradients_rise_slowly(clear_shapes):
    for cover in covers(clear_shapes, "gradient"):
        rows = cover.mean(axis=1)
        assert np.all(np.diff(rows) >= -1e-6) or np.all(np.diff(rows) <= 1e-6)
        assert np.abs(np.diff(cover, axis=0)).max() < 0.2


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("horizontal stripes", 1 / 2),
        ("vertical stripes", 1 / 2),
        ("checkerboard", 1 / 2),
        ("spots", np.pi * 0.25**2 / 0.8**2),
    ],
)
def test_patterns_fill_the_picture(clear_shapes, name, share):
    pictures = covers(clear_shapes, name)
    mean = pictures.mean(axis=(1, 2))
    assert np.median(np.minimum(mean, 1 - mean)) == pytest.approx(share, abs=0.03)
    quarters = pictures.reshape(-1, 2, 16, 2, 16).std(axis=(2, 4))
    assert quarters.min() > 0.15
    if name in ("checkerboard", "spots"):  # the same along rows and columns
        strength = np.abs(np.diff(pictures, axis=1)).sum((1, 2))
        strength /= np.abs(np.diff(pictures, axis=2)).sum((1, 2))
        assert np.median(np.abs(np.log(strength))) < 0.05


def test_colours_differ_and_neither_is_the_usual_one(clear_shapes):
    patterns = [i for i, name in enumerate(clear_shapes.class_names) if name != "gradient"]
    pictures = clear_shapes.train.inputs[np.isin(clear_shapes.train.labels, patterns)]
    pixels = pictures.reshape(len(pictures), -1, 3)
    contrast = np.ptp(pixels, axis=1)
    assert contrast.min() > 0.2
    assert contrast.max() < 0.751
    corner = pixels[:, 0]
    assert np.allclose(corner.mean(axis=0), 0.5, atol=0.06)
    assert np.allclose(corner.std(axis=0), 1 / np.sqrt(12), atol=0.03)
    assert np.abs(np.corrcoef(corner.T) - np.eye(3)).max() < 0.2


def fourier_amplitudes(pictures):
    """Return what shifts and a swap of the colours leave as it is."""
    amplitudes = np.abs(np.fft.rfft2(pictures - pictures.mean((1, 2), keepdims=True), axes=(1, 2)))
    return np.log1p(np.sqrt((amplitudes**2).sum(axis=-1)))


@pytest.mark.parametrize(
    ("classifier", "features", "lowest", "highest"),
    [
        (LogisticRegression(), lambda pictures: pictures.mean(axis=(1, 2)), 0, 0.15),
        (LogisticRegression(), lambda pictures: pictures.mean(axis=(1, 2, 3))[:, None], 0, 0.15),
        (RidgeClassifier(alpha=100), lambda pictures: pictures, 0.1, 0.4),
        (KNeighborsClassifier(1), lambda pictures: pictures, 0.2, 0.5),
        (SVC(C=10), fourier_amplitudes, 0.9, 1),
    ],
    ids=["mean colour", "mean brightness", "linear", "nearest neighbour", "form"],
)
def test_the_class_is_in_the_form_alone(shapes, classifier, features, lowest, highest):
    def flat(split):
        return features(split.inputs).reshape(len(split), -1)

    classifier.fit(flat(shapes.train), shapes.train.labels)
    assert lowest <= classifier.score(flat(shapes.test), shapes.test.labels) <= highest


@pytest.mark.parametrize(("down", "right"), [(0, 2), (-1, 0), (3, -1), (0, 0)])
def test_shifted_images_repeat_their_edge(down, right):
    images = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    moved = shift_images(images, down=down, right=right)
    assert moved.shape == images.shape
    for i, j in np.ndindex(4, 5):
        row, column = min(max(i - down, 0), 3), min(max(j - right, 0), 4)
        np.testing.assert_array_equal(moved[:, i, j], images[:, row, column])


@pytest.mark.parametrize(("down", "right"), [(0, 2), (-1, 0), (3, -1), (-4, 1), (0, 0)])
def test_what_enters_a_shifted_image_may_have_one_value(down, right):
    images = 1.0 + np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    moved = shift_images(images, down=down, right=right, fill=-7)
    for i, j in np.ndindex(4, 5):
        inside = 0 <= i - down < 4 and 0 <= j - right < 5
        wanted = images[:, i - down, j - right] if inside else -7
        np.testing.assert_array_equal(moved[:, i, j], np.broadcast_to(wanted, (2, 3)))
    assert images.min() == 1.0


def paper(size, ink, *, light=230, dark=20):
    """Return a picture of light paper with dark boxes of ink: left, top, right, bottom."""
    made = Image.new("L", size, light)
    for box in ink:
        made.paste(dark, box)
    return made


def test_a_picture_file_becomes_a_digit(tmp_path):
    # A seven: a bar of 32 points over a stem, four times as large as the points of the data set.
    seven = paper((300, 260), [(80, 60, 208, 92), (176, 92, 208, 188)])
    wanted = np.zeros((8, 8))
    wanted[:2], wanted[2:, 6:] = 1, 1
    for made, name in ((seven, "black.png"), (ImageOps.invert(seven), "white.jpg")):
        made.convert("RGB").resize((600, 520)).save(tmp_path / name)
        digit = read_digit(tmp_path / name)
        assert (digit.shape, digit.dtype) == ((1, 8, 8, 1), np.float32)
        np.testing.assert_allclose(digit[0, 1:, :, 0], wanted[1:], atol=0.26)
        assert set(np.unique(16 * digit)) <= set(range(17))


def test_a_narrow_digit_stands_in_the_middle_and_fills_the_height():
    one = read_digit(paper((90, 200), [(10, 20, 30, 180)]))[0, :, :, 0]
    assert one.min(axis=0).tolist() == [0, 0, 0, 0.5, 0.5, 0, 0, 0]


def test_paper_without_ink_is_refused():
    with pytest.raises(ValueError, match="has one grey value only"):
        read_digit(paper((50, 50), []))


def test_noise_is_gaussian_and_seeded():
    images = np.full((40, 10, 10, 3), 0.5, "float32")
    noisy = add_noise(images, noise=0.2, seed=1)
    assert noisy.dtype == np.float32
    assert np.mean(noisy - 0.5) == pytest.approx(0, abs=0.01)
    assert np.std(noisy - 0.5) == pytest.approx(0.2, abs=0.01)
    assert np.mean(np.abs(noisy - 0.5) < 0.2) == pytest.approx(0.683, abs=0.02)
    np.testing.assert_array_equal(noisy, add_noise(images, noise=0.2, seed=1))
    assert not np.array_equal(noisy, add_noise(images, noise=0.2, seed=2))
    np.testing.assert_array_equal(add_noise(images, noise=0), images)


def test_negative_noise_is_refused():
    with pytest.raises(ValueError, match="noise=-1 is no standard deviation"):
        add_noise(np.zeros(3), noise=-1)


def test_spots_lie_on_a_square_lattice():
    u, v = np.random.default_rng(0).uniform(-1, 1, size=(2, 500, 1))
    places = 0.8 * np.array([*itertools.product(range(-2, 3), repeat=2)])
    nearest = np.hypot(u - places[:, 0], v - places[:, 1]).min(axis=1)
    np.testing.assert_allclose(FIGURES["spots"](u, v)[:, 0], 0.25 - nearest, atol=1e-12)
