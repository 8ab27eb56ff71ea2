"""The digits are split without leaks, and the generated pictures are what they claim to be."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn import datasets

from lectures_lib.data import Split, detector_image, load_digits

PARTS = ("train", "validation", "test")


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
