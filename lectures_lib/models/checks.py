"""Refuse settings that no network can have, before it is built."""

import keras

from lectures_lib.data.splits import check_positive
from lectures_lib.keras_settings import check_setting

__all__ = ["begin"]


def begin(seed=None, *, learning_rate, l2=0, **sizes):
    """Raise ValueError for what no network can have; set the seeds, unless `seed` is None."""
    check_setting("image_data_format")
    check_positive(**sizes)
    if not l2 >= 0:
        raise ValueError(f"l2={l2} would reward large weights. Pass l2=0 (no penalty) or more.")
    if not learning_rate > 0:
        raise ValueError(
            f"learning_rate={learning_rate} does not descend. Pass a learning_rate above 0."
        )
    if seed is not None:
        keras.utils.set_random_seed(seed)
