"""The settings of Keras on which the course's numbers rest, and a sentence on each that differs.

Keras takes them from variables of the environment, from its file `keras.json`, and from calls such
as `keras.config.set_floatx`. Keras itself is imported by nothing here.
"""

import json
import os
import sys
import warnings
from pathlib import Path

__all__ = ["check_setting", "choose_backend", "differing", "sentences"]

WANTED = {
    "backend": "tensorflow",
    "floatx": "float32",
    "dtype_policy": "float32",
    "image_data_format": "channels_last",
    "max_epochs": None,
    "max_steps_per_epoch": None,
}


def choose_backend():
    """Let Keras run on TensorFlow, and warn of what it would read and the course does not expect.

    Warns:
        UserWarning: If another backend is asked for, or Keras runs on it already; if `keras.json`
            or a variable asks for something else that changes results.
    """
    asked = os.environ.get("KERAS_BACKEND", WANTED["backend"])
    if "keras" in sys.modules:
        running = sys.modules["keras"].config.backend()
        told = sentences({"backend": running} if running != WANTED["backend"] else {})
    else:
        os.environ["KERAS_BACKEND"] = WANTED["backend"]
        told = sentences(_asked_for())
        if asked != WANTED["backend"]:
            told.insert(0, f"KERAS_BACKEND={asked} is set, but the course's networks run on "
                        "TensorFlow, which is taken here.")  # fmt: skip
    for sentence in told:
        warnings.warn(sentence, stacklevel=3)


def check_setting(name):
    """Raise ValueError where a setting, without which nothing runs, is not that of the course."""
    for other, value in differing().items():
        if other == name:
            raise ValueError(*sentences({name: value}))


def differing():
    """Return the settings of Keras, where it is imported, that are not those of the course.

    >>> import keras
    >>> keras.config.set_max_epochs(2)
    >>> differing()
    {'max_epochs': 2}
    >>> keras.config.set_max_epochs(None)
    """
    keras = sys.modules.get("keras")
    if keras is None:
        return {}
    found = {name: getattr(keras.config, name, lambda: None)() for name in WANTED}
    found["dtype_policy"] = found["dtype_policy"].name
    return {name: value for name, value in found.items() if value != WANTED[name]}


def _asked_for():
    """Return what `keras.json` and the environment ask for, and the course does not."""
    home = os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser()
    try:
        found = dict(json.loads(Path(home, "keras.json").read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError):
        found = {}  # Keras, too, leaves aside what it cannot read
    # Variables come after the file, as in Keras; its backend is chosen already.
    asked = {name: found[name] for name in ("floatx", "image_data_format") if name in found}
    for name in ("max_epochs", "max_steps_per_epoch"):
        if value := os.environ.get(f"KERAS_{name.upper()}"):
            asked[name] = int(value) if value.isdecimal() else value
    return {name: value for name, value in asked.items() if value != WANTED[name]}


def sentences(settings):
    """Return a sentence for each setting, which says how to have the course's.

    >>> sentences({"floatx": "float64"})  # doctest: +NORMALIZE_WHITESPACE
    ["Keras has floatx='float64', but the course's numbers are made with floatx='float32'. Call
    keras.config.set_floatx('float32') after import keras, and build the networks anew."]
    """
    return [
        f"Keras has {name}={value!r}, but the course's numbers are made with "
        f"{name}={WANTED[name]!r}. {_remedy(name)}"
        for name, value in settings.items()
    ]


def _remedy(name):
    if name == "backend":
        return "Set the environment variable KERAS_BACKEND=tensorflow and restart the kernel."
    call = f"keras.config.set_{name}({WANTED[name]!r})"
    return f"Call {call} after import keras, and build the networks anew."
