"""Trained models leave the sandbox as data, and their limits are looked at where no answer runs.

An answer could replace what counts its own layers and weights.
"""

import base64
import importlib
import inspect
import io
import json
import os
import zipfile
from dataclasses import dataclass

from lectures_lib.exercises import Trained

__all__ = ["Packed", "limited", "packed"]

# Layers that run code, or a graph of somebody else's.
REFUSED = {"Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"}
FILE = "model.keras"


def limited(question):
    """Return whether a task limits what a model may be."""
    return isinstance(question, Trained) and any((
        question.most_parameters, question.largest_code, question.forbidden, question.recurrent,
    ))  # fmt: skip


def packed(model):
    """Return a Keras model as `Packed`; it needs an empty folder to write in."""
    model.save(FILE)
    try:
        with open(FILE, "rb") as file:
            return Packed(base64.b64encode(file.read()).decode())
    finally:
        os.remove(FILE)


@dataclass(frozen=True)
class Packed:
    """A Keras model as the text of its file."""

    text: str

    def model(self):
        """Return the model; nothing that is not Keras's own is in it.

        Raises:
            ValueError: If something is.
        """
        import keras

        data = base64.b64decode(self.text)
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            _check(json.loads(file.read("config.json")))
        with open(FILE, "wb") as file:
            file.write(data)
        return keras.saving.load_model(FILE, compile=False, safe_mode=True)


def _check(config):
    """Raise a `ValueError` where a configuration names anything but layers and parts of Keras."""
    parts = config.items() if isinstance(config, dict) else enumerate(config)
    for name, part in parts:
        if isinstance(part, (dict, list)) and name != "compile_config":
            _check(part)
    if isinstance(config, dict) and "class_name" in config:
        name, module = str(config["class_name"]), str(config.get("module"))
        if name != "__keras_tensor__" and not _is_of_keras(module, name):
            raise ValueError(f"it holds {name}, which is no part of Keras itself.")


def _is_of_keras(module, name):
    import keras

    if module.partition(".")[0] != "keras" or name in REFUSED:
        return False
    found = getattr(importlib.import_module(module), name, None)
    kinds = (
        keras.Operation, keras.Initializer, keras.Regularizer, keras.constraints.Constraint,
        keras.DTypePolicy,
    )  # fmt: skip
    return inspect.isclass(found) and issubclass(found, kinds)
