"""Helpers shared by the chapters: data, models, training, figures and sliders.

Importing this package is cheap: TensorFlow is loaded only by `models` and `training`.
"""

import os

from lectures_lib.keras_settings import choose_backend

# Before TensorFlow is imported anywhere: no start-up chatter, and Keras on TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
choose_backend()

__all__ = ["__version__"]
__version__ = "0.3.0"
