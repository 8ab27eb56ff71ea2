"""Handwritten digits of 8x8 pixels, brought along by scikit-learn."""

import numpy as np

from lectures_lib.data.splits import Dataset, read_only

__all__ = ["load_digits", "read_digit"]


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
    splits = (read_only(inputs[rows], labels[rows]) for rows in (train, validation, test))
    return Dataset(*splits, class_names=tuple(map(str, raw.target_names)), name="digits")


def read_digit(picture):
    """Turn a photograph or a scan of one digit into a picture as those of `load_digits`.

    The ink is fitted into 32x32 points, and a pixel counts how many of its 4x4 points have ink.

    Args:
        picture: A Pillow image or the path of a file: one digit, dark on light or the reverse.

    Returns:
        A float32 array of shape `(1, 8, 8, 1)`, from 0 (paper) to 1 (ink).

    Raises:
        ValueError: If the picture has one grey value only.

    >>> from PIL import Image
    >>> paper = Image.new("L", (100, 80), "white")
    >>> paper.paste("black", (40, 20, 50, 60))  # a one of 10x40 pixels
    >>> (16 * read_digit(paper)[0, 3, :, 0]).astype(int).tolist()
    [0, 0, 0, 16, 16, 0, 0, 0]
    """
    from PIL import Image, ImageOps

    image = picture if isinstance(picture, Image.Image) else Image.open(picture)
    image = ImageOps.autocontrast(ImageOps.exif_transpose(image).convert("L"))
    if image.getextrema() != (0, 255):
        raise ValueError("The picture has one grey value only. Pass one with a digit on it.")
    image = ImageOps.invert(image) if np.median(image) > 127 else image
    ink = image.crop(image.point(lambda value: 255 * (value > 127)).getbbox())
    points = np.asarray(ImageOps.pad(ink, (32, 32))) > 127
    return points.reshape(1, 8, 4, 8, 4, 1).mean(axis=(2, 4), dtype="float32")
