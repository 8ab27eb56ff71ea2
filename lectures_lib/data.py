"""Data sets and their splits, as read-only arrays; nothing here needs a network or TensorFlow."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Dataset", "Split", "detector_image", "load_digits"]

TRACK_SIGMA_PX = 1.0
SPOT_SIGMA_PX = 1.2
SPOT_CELL_PX = 8
MAX_SPOTS = 5


# eq=False: comparing arrays element by element has no single truth value.
@dataclass(frozen=True, eq=False)
class Split:
    """Inputs and labels of one part of a data set.

    Attributes:
        inputs: Array whose first axis counts the examples.
        labels: Array of the same length.

    >>> len(Split(inputs=np.zeros((3, 8, 8, 1)), labels=np.array([4, 0, 9])))
    3
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __post_init__(self):
        if len(self.inputs) != len(self.labels):
            raise ValueError(
                f"The split has {len(self.inputs)} inputs and {len(self.labels)} labels, but needs "
                "one label for each input. Pass arrays whose first axes are equally long."
            )

    def __len__(self):
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """The three splits of a data set: learn from `train`, choose with `validation`, report `test`.

    Attributes:
        train, validation, test: One `Split` each, without common examples.
        class_names: `class_names[label]` is the name of a class.
    """

    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]


def load_digits(*, seed=0):
    """Load 1,797 handwritten digits of 8x8 pixels, split into 1,257 + 180 + 360.

    Every digit has nearly the same share in the three splits (stratified), and the splits have no
    image in common. Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits,
    UCI Machine Learning Repository (1998); the copy that scikit-learn brings along.

    Args:
        seed: Decides which image goes to which split.

    Returns:
        A `Dataset`. Inputs have the shape `(images, 8, 8, 1)`, are float32, and give the grey
        value from 0 (paper) to 1 (ink); labels have the shape `(images,)` and are int64.
        The arrays are read-only.

    >>> digits = load_digits(seed=0)
    >>> digits.train.inputs.shape, len(digits.validation), len(digits.test)
    ((1257, 8, 8, 1), 180, 360)
    >>> float(digits.train.inputs.min()), float(digits.train.inputs.max())
    (0.0, 1.0)
    """
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    raw = datasets.load_digits()
    inputs = (raw.images[..., np.newaxis] / 16).astype("float32")  # 0 ... 16 counts of dark pixels
    labels = raw.target.astype("int64")
    rest, test = train_test_split(
        np.arange(len(labels)), test_size=360, stratify=labels, random_state=seed
    )
    train, validation = train_test_split(
        rest, test_size=180, stratify=labels[rest], random_state=seed
    )
    splits = (_read_only(inputs[rows], labels[rows]) for rows in (train, validation, test))
    return Dataset(*splits, class_names=tuple(str(name) for name in raw.target_names))


def _read_only(inputs, labels):
    """Return a `Split` whose arrays cannot be overwritten by mistake."""
    inputs.setflags(write=False)
    labels.setflags(write=False)
    return Split(inputs, labels)


def detector_image(kind, *, size=32, noise=0.3, angle=None, seed=0):
    """Generate the picture of a particle detector, with and without noise.

    A "track" is one straight line, at most a sixth of the image from its centre, with a Gaussian
    profile of standard deviation 1 pixel. "spots" are up to five round Gaussian spots of standard
    deviation 1.2 pixels, one in each of as many cells of 8x8 pixels, their centres at least
    5 pixels apart. The signal is 1 on the line, or in the centre of a spot.

    Args:
        kind: "track" or "spots".
        size: Rows and columns of the image, in pixels.
        noise: Standard deviation of the Gaussian noise, in units of the noise-free peak height.
        angle: Angle of the track, counter-clockwise from the horizontal, in degrees; random if
            it is not given.
        seed: Decides the picture and its noise.

    Returns:
        `(noisy, clean)`, two float64 arrays of shape `(size, size)`, in units of the noise-free
        peak height. The noise does not change the clean picture of a seed.

    Raises:
        ValueError: If `kind` is unknown, `size` is below 8 or `noise` is negative.

    >>> noisy, clean = detector_image("spots", size=16, noise=0.0)
    >>> noisy.shape, bool((noisy == clean).all())
    ((16, 16), True)
    """
    if kind not in ("track", "spots"):
        raise ValueError(
            f'kind={kind!r} is not a known picture. Pass kind="track" or kind="spots".'
        )
    if size < 8:
        raise ValueError(f"size={size} is too small: the picture needs at least 8 pixels a side.")
    if not noise >= 0:
        raise ValueError(f"noise={noise} is no standard deviation. Pass noise=0 or more.")
    rng = np.random.default_rng(seed)
    clean = _spots(size, rng) if kind == "spots" else _track(size, rng, angle)
    return clean + noise * rng.normal(size=clean.shape), clean


def _track(size, rng, degrees):
    """Return a straight track, shape `(size, size)`, of height 1."""
    angle = rng.uniform(0, np.pi)
    angle = angle if degrees is None else np.deg2rad(degrees)
    offset = rng.uniform(-size / 6, size / 6)
    row, column = np.indices((size, size)) - (size - 1) / 2  # from the centre of the image
    distance = column * np.sin(angle) + row * np.cos(angle) - offset  # rows count downwards
    return np.exp(-(distance**2) / (2 * TRACK_SIGMA_PX**2))


def _spots(size, rng):
    """Return up to five spots of height 1, shape `(size, size)`."""
    cells = size // SPOT_CELL_PX
    chosen = rng.choice(cells**2, size=min(MAX_SPOTS, cells**2), replace=False)
    corners = SPOT_CELL_PX * np.stack(np.divmod(chosen, cells), axis=1)  # (spots, 2)
    # 1.5 pixels around the middle of a cell: neighbours stay 5 pixels, four sigma, apart.
    centres = corners + (SPOT_CELL_PX - 1) / 2 + rng.uniform(-1.5, 1.5, size=corners.shape)
    row, column = np.indices((size, size))
    squared = (row - centres[:, 0, None, None]) ** 2 + (column - centres[:, 1, None, None]) ** 2
    return np.exp(-squared / (2 * SPOT_SIGMA_PX**2)).sum(axis=0)
