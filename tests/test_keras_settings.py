"""What a reader has set in Keras is named in a sentence, or works."""

import json
import os
import re
import subprocess
import sys

import keras
import pytest

from lectures_lib import keras_settings, models, recorded, training
from lectures_lib.data import load_digits

IMAGE_MODELS = (
    "cifar_cnn", "cifar_dense", "cifar_residual", "convolutional_autoencoder", "digits_cnn",
    "digits_dense", "digits_linear", "linear_autoencoder", "sparse_autoencoder",
    "stacked_autoencoder", "variational_autoencoder",
)  # fmt: skip


@pytest.fixture
def choose():
    """Set one setting of Keras; all are as they were afterwards."""
    before = {name: getattr(keras.config, name)() for name in keras_settings.WANTED}

    def make(name, value):
        getattr(keras.config, f"set_{name}")(value)

    yield make
    for name in ("floatx", "dtype_policy", "image_data_format", "max_epochs"):
        make(name, before[name])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("floatx", "float64"),
        ("dtype_policy", "mixed_bfloat16"),
        ("image_data_format", "channels_first"),
        ("max_epochs", 1),
    ],
)
def test_what_differs_stands_below_a_compared_number(name, value, choose, capsys):
    choose(name, value)
    assert list(keras_settings.differing().items()) == [(name, value)]
    recorded.compare("accuracy", 0.9, recorded=0.91, within=0.1)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "accuracy: recorded run 0.91, yours 0.90"
    assert second.startswith(f"Keras has {name}={value!r}, but the course's numbers are made with ")
    remedy = re.search(r"Call (keras\.config\.set_\w+\(.*?\)) after import keras", second)[1]
    exec(remedy)  # it helps
    assert keras_settings.differing() == {}


@pytest.mark.parametrize("name", IMAGE_MODELS)
def test_channels_first_is_named_before_keras_takes_rows_for_channels(name, choose):
    choose("image_data_format", "channels_first")
    with pytest.raises(ValueError, match=r"Call keras\.config\.set_image_data_format\('channels_l"):
        getattr(models, name)()


@pytest.mark.parametrize("policy", ["float64", "mixed_bfloat16"])
def test_many_networks_are_trained_in_float32_only(policy, choose):
    choose("dtype_policy", policy)
    with pytest.raises(ValueError, match=rf"'flatten' has the dtype {policy}, but fit_many trains"):
        training.fit_many(models.digits_linear, {"seed": [0, 1]}, load_digits(), epochs=1)


def python(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout, done.stderr


@pytest.mark.slow
def test_what_keras_would_read_is_told_before_it_does(tmp_path):
    asked = {"backend": "torch", "floatx": "float64", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(asked), encoding="utf-8")
    code = "import lectures_lib, keras; print(keras.config.backend(), keras.config.max_epochs())"
    environment = {"KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path), "KERAS_MAX_EPOCHS": "3"}
    out, said = python(code, **environment)
    assert out.split() == ["tensorflow", "3"], said
    assert "KERAS_BACKEND=jax is set, but the course's networks run on TensorFlow, which" in said
    for text in ("floatx='float64'", "image_data_format='channels_first'", "max_epochs=3"):
        assert f"Keras has {text}, but the course's numbers are made with" in said


def test_a_keras_that_runs_elsewhere_already_is_told(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    wanted = (
        "Keras has backend='jax', but the course's numbers are made with backend='tensorflow'. "
        "Set the environment variable KERAS_BACKEND=tensorflow and restart the kernel."
    )
    with pytest.warns(UserWarning, match=f"^{wanted}$"):
        keras_settings.choose_backend()
    with pytest.raises(ValueError, match=f"^{wanted}$"):
        training.fit(models.digits_linear(), load_digits())


@pytest.mark.parametrize("text", [None, "", "[]", '"x"', '{"floatx": "float32"}'])
def test_nothing_is_said_without_a_reason(text, tmp_path, monkeypatch, recwarn):
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    if text is not None:
        (tmp_path / "keras.json").write_text(text, encoding="utf-8")
    keras_settings.choose_backend()
    assert not recwarn.list
