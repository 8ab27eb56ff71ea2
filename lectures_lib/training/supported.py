"""What `fit_many` can train, and what its networks must have in common."""

import keras
from keras import layers, metrics, optimizers, regularizers

from lectures_lib.training.checks import loss_name

__all__ = ["CLIPPING", "LOSSES", "check_alike", "check_supported"]

LAYERS = (
    layers.AveragePooling2D,
    layers.Conv2D,
    layers.Dense,
    layers.Flatten,
    layers.GlobalAveragePooling2D,
    layers.GRU,
    layers.LSTM,
    layers.MaxPooling2D,
    layers.Reshape,
    layers.SimpleRNN,
)
OPTIMISERS = (optimizers.Adam, optimizers.RMSprop, optimizers.SGD)
PENALTIES = (regularizers.L1, regularizers.L2, regularizers.L1L2)
# The losses, each with the accuracy that Keras takes for `metrics=["accuracy"]`.
LOSSES = {
    "categorical_crossentropy": metrics.categorical_accuracy,
    "mean_squared_error": None,
    "sparse_categorical_crossentropy": metrics.sparse_categorical_accuracy,
}
# They would couple the networks, or need chance or memory that the networks do not share.
LAYER_OPTIONS = (
    *("activity_regularizer", "bias_constraint", "kernel_constraint", "recurrent_constraint"),
    *("dropout", "recurrent_dropout", "stateful", "return_state"),
)
OPTIMISER_OPTIONS = "gradient_accumulation_steps", "loss_scale_factor", "use_ema", "weight_decay"
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
# What may differ from network to network, beside initial weights; `Stack` reads it one by one.
FREE = ("build_config", "clip", "initializer", "learning_rate", "name", "regularizer", "seed")


def check_supported(model):
    """Raise ValueError, which names what `Stack` cannot train, unless it can train `model`."""
    if not isinstance(model, keras.Sequential):
        _refuse(f"The model is a {type(model).__name__}", "Sequential models")
    for layer in model.layers:
        place = f"Layer {layer.name!r}"
        if type(layer) not in LAYERS:
            _refuse(f"{place} is a {type(layer).__name__}", f"layers of {_names(LAYERS)}")
        _check_options(place, layer.get_config(), LAYER_OPTIONS)
        if layer.dtype_policy.name != "float32":
            _refuse(f"{place} has the dtype {layer.dtype_policy.name}", "networks in float32")
        if layer.non_trainable_weights:
            _refuse(f"{place} is frozen", "layers that are all trained")
        for weight in layer.weights:
            if weight.regularizer is not None and type(weight.regularizer) not in PENALTIES:
                kind = type(weight.regularizer).__name__
                _refuse(f"{place} has the penalty {kind}", f"penalties {_names(PENALTIES)}")
    if type(model.optimizer) not in OPTIMISERS:
        _refuse(f"The optimiser is {type(model.optimizer).__name__}", _names(OPTIMISERS))
    settings = model.optimizer.get_config()
    _check_options("The optimiser", settings, OPTIMISER_OPTIONS)
    if isinstance(settings["learning_rate"], dict):
        _refuse("The optimiser has a learning-rate schedule", "constant learning rates")
    if loss_name(model) not in LOSSES:
        _refuse(f"The loss is {loss_name(model)!r}", f"the losses {', '.join(LOSSES)}")


def _check_options(place, config, options):
    """Raise ValueError for the first option that is set, be it to a number or to an object."""
    for option in options:
        if config.get(option):
            _refuse(f"{place} has {option}={config[option]!r}", f"networks without {option}")


def _refuse(found, supported):
    raise ValueError(
        f"{found}, but fit_many trains {supported} only. "
        "Change the model, or train the networks one by one with fit."
    )


def _names(classes):
    return ", ".join(kind.__name__ for kind in classes)


def check_alike(models):
    """Raise ValueError, which names the difference, if architecture or optimiser differ."""
    expected = _settings(models[0])
    for network, model in enumerate(models):
        for name, value in _settings(model).items():
            if expected.get(name) != value:
                raise ValueError(
                    f"Network {network} has {name}={value!r}, but network 0 has "
                    f"{expected.get(name)!r}. fit_many trains networks that differ in initial "
                    "weights, penalties, learning rate and clipping; for several architectures use "
                    "sweep."
                )


def _settings(model):
    """Return what the networks must have in common, as a flat dictionary."""
    config = {
        f"layer {i}": {"kind": type(layer).__name__} | layer.get_config()
        for i, layer in enumerate(model.layers)
    }
    config["optimiser"] = model.optimizer.get_config()
    config["loss"] = keras.losses.serialize(keras.losses.get(model.loss))
    config["metrics"] = model.get_compile_config()["metrics"]
    return dict(_flat(config))


def _flat(config, path=""):
    """Yield `("layer 0.filters", 10)` and so on for a nested configuration."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{name}.")
        elif not any(free in f"{path}{name}" for free in FREE):
            yield f"{path}{name}", value
