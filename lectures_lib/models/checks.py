"""Refuse settings that no network can have."""

from lectures_lib.keras_settings import check_setting

__all__ = ["check_images", "check_rates"]


def check_images():
    """Raise ValueError where Keras takes the channels of images for their rows."""
    check_setting("image_data_format")


def check_rates(*, l2, learning_rate):
    """Raise ValueError for a negative penalty or a learning rate that is not positive."""
    if not l2 >= 0:
        raise ValueError(f"l2={l2} would reward large weights. Pass l2=0 (no penalty) or more.")
    if not learning_rate > 0:
        raise ValueError(
            f"learning_rate={learning_rate} does not descend. Pass a learning_rate above 0."
        )
