"""Handwritten digits of 8x8 pixels, brought along by scikit-learn."""

import numpy as np

from lectures_lib.data.splits import Dataset, read_only

__all__ = ["load_digits"]


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
    class_names = tuple(str(name) for name in raw.target_names)
    return Dataset(*splits, class_names=class_names, name="digits")
