"""What a page must know of a Keras model to compute it, or to train it, as Keras does."""

import keras
from keras import layers as kinds

from lectures_lib.playground.sample import SampledCode
from lectures_lib.training.checks import loss_name

__all__ = ["described_layers", "description", "own_network"]

IDLE = (kinds.Flatten, kinds.InputLayer)
IDLE_AFTERWARDS = (kinds.Dropout, kinds.SpatialDropout2D, kinds.GaussianNoise)
NAMES = {"relu": "ReLU"}
ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "softmax")
RECURRENT = {kinds.SimpleRNN: "rnn", kinds.LSTM: "lstm", kinds.GRU: "gru"}
LOSSES = {
    "sparse_categorical_crossentropy": "crossentropy",
    "mean_squared_error": "squared error",
    "binary_crossentropy": "binary crossentropy",
    "summed_crossentropy": "binary crossentropy",
}
# Rows, columns and channels: of images, of series with a row for each step, of numbers.
INPUT = {3: lambda *shape: [*shape], 2: lambda steps, n: [steps, 1, n], 1: lambda n: [1, 1, n]}
BEFORE = {"crossentropy": "softmax", "binary crossentropy": "sigmoid"}
OPTIMISERS = {keras.optimizers.SGD: "sgd", keras.optimizers.Adam: "adam",
              keras.optimizers.RMSprop: "rmsprop"}  # fmt: skip
SHOWN = ("convolution", "relu", "pooling", "global pooling", "dense", "softmax")
# Other values than Keras' own are not known in the page.
FIXED = ("beta_1", "beta_2", "rho", "epsilon", "amsgrad", "centered", "nesterov", "weight_decay",
         "clipnorm", "clipvalue", "use_ema")  # fmt: skip
SUPPORTED = (
    "It has Conv2D with stride 1, square MaxPooling2D, GlobalMaxPooling2D, Flatten, Dense, "
    "SimpleRNN, LSTM and GRU, with biases and Keras' own settings, each followed by ReLU, tanh, "
    "sigmoid or nothing, a SampledCode, and softmax at the end."
)


def described_layers(model, *, trained=False):
    """Return the layers of a Keras `Sequential` as the page knows them, activations by themselves.

    Args:
        model: The model, built.
        trained: Whether training is over. Layers that do nothing to an example then, such as
            `Dropout`, are left out; otherwise they are refused.

    Raises:
        ValueError: If the page cannot compute a layer; the text names it.

    >>> from lectures_lib.models import digits_cnn
    >>> [layer["kind"] for layer in described_layers(digits_cnn())]
    ['convolution', 'relu', 'pooling', 'dense', 'relu', 'dense', 'softmax']
    """
    found = []
    for layer in model.layers:
        config, last = layer.get_config(), layer is model.layers[-1]
        kind = _kind(layer, config)
        if kind:
            found.append(kind | {"title": layer.name} | _penalty(layer))
        elif not isinstance(layer, IDLE + IDLE_AFTERWARDS * trained):
            raise ValueError(
                f"The page cannot compute the layer {layer.name!r}, a {type(layer).__name__}. "
                f"{SUPPORTED}"
            )
        activation = config.get("activation", "linear")
        if type(layer) not in RECURRENT and activation != "linear":
            after = f"{layer.name} after {NAMES.get(activation, activation)}"
            title = activation if activation == "softmax" else after
            found.append({"kind": activation, "title": title})
        if isinstance(layer, kinds.Dense):
            found[-1 - (activation != "linear")]["title"] = (
                "scores" if last else f"{layer.name}, sums"
            )
    return found


def _kind(layer, config):
    """Return what the page needs of a layer, or None if it does not know it."""
    if config.get("activation", "linear") not in ACTIVATIONS or config.get("use_bias") is False:
        return None
    if isinstance(layer, kinds.Conv2D):
        plain = {*config["strides"], *config["dilation_rate"], config["groups"]} == {1}
        made = {"kind": "convolution", "shape": list(layer.kernel.shape)}
        return made | {"padding": config["padding"]} if plain else None
    if isinstance(layer, kinds.Dense):
        return {"kind": "dense", "shape": list(layer.kernel.shape)}
    if isinstance(layer, kinds.MaxPooling2D):
        sizes = {*config["pool_size"], *config["strides"]}
        square = len(sizes) == 1 and config["padding"] == "valid"
        return {"kind": "pooling", "size": sizes.pop()} if square else None
    if isinstance(layer, SampledCode):
        return {"kind": "sample", "size": int(layer.output.shape[-1]), "beta": layer.beta}
    if isinstance(layer, kinds.GlobalMaxPooling2D):
        return {"kind": "global pooling"}
    if type(layer) in RECURRENT:
        usual = type(layer)(layer.units).get_config()
        free = {"name", "units", "return_sequences", "reset_after", "unroll", "dtype", "trainable",
                "build_config", "seed"}  # fmt: skip
        differ = [k for k in usual if k not in free and "initializer" not in k
                  and "regularizer" not in k and config[k] != usual[k]]  # fmt: skip
        return None if differ else {
            "kind": "early " * (config.get("reset_after") is False) + RECURRENT[type(layer)],
            "units": layer.units, "features": int(layer.cell.kernel.shape[0]),
            "sequences": config["return_sequences"],
        }  # fmt: skip
    return None


def _penalty(layer):
    penalty = getattr(layer, "kernel_regularizer", None)
    return {"l2": float(penalty.l2)} if isinstance(penalty, keras.regularizers.L2) else {}


def description(model):
    """Return all that the page needs to train a compiled Keras `Sequential`, ready for JSON.

    Raises:
        ValueError: If the page cannot compute a layer, loss or optimiser; the text names it.

    >>> from lectures_lib.models import memory_network
    >>> found = description(memory_network("gru", hidden=3, num_steps=7, features=2))
    >>> found["input"], found["loss"], found["optimiser"]["kind"], found["clip"]
    ([7, 1, 2], {'kind': 'squared error'}, 'adam', 0.0)
    """
    layers, loss = described_layers(model), LOSSES.get(loss_name(model))
    summed = {"summed": True} if loss_name(model) == "summed_crossentropy" else {}
    last = layers[-1]["kind"]
    if (
        loss is None
        or BEFORE.get(loss, last) != last
        or last in set(BEFORE.values()) - {BEFORE.get(loss, "")}
    ):
        raise ValueError(
            f"The page cannot train the loss {loss_name(model)!r} after {last!r}. It has "
            "sparse_categorical_crossentropy after softmax, binary_crossentropy and "
            "summed_crossentropy after sigmoid, and mean_squared_error after anything else."
        )
    optimiser = model.optimizer
    settings, usual = optimiser.get_config(), type(optimiser)().get_config()
    changed = [name for name in FIXED if name in usual and settings[name] != usual[name]]
    if type(optimiser) not in OPTIMISERS or changed:
        more = f" and {changed[0]}={settings[changed[0]]}" if changed else ""
        raise ValueError(
            f"The page cannot train with {type(optimiser).__name__}{more}. It has SGD with "
            "momentum, Adam and RMSprop with Keras' own settings, a constant learning rate and "
            "global_clipnorm."
        )
    shape = model.input_shape[1:]
    return {
        "input": INPUT[len(shape)](*shape),
        "layers": layers,
        "loss": {"kind": loss} | summed,
        "optimiser": {
            "kind": OPTIMISERS[type(optimiser)],
            "rate": float(settings["learning_rate"]),
            "momentum": float(settings.get("momentum", 0.0)),
        },
        "clip": float(settings["global_clipnorm"] or 0),
    }  # fmt: skip


def own_network(model):
    """Return layers and weights of a Keras `Sequential`, as `digits_networks` has them.

    Raises:
        ValueError: If the playground of the digits cannot compute it; the text says why.

    >>> ends = kinds.Flatten(), kinds.Dense(10, activation="softmax")
    >>> layers, weights = own_network(keras.Sequential([keras.Input((8, 8, 1)), *ends]))
    >>> [layer["title"] for layer in layers], len(weights)
    (['scores', 'softmax'], 2)
    """
    shapes = tuple(model.input_shape[1:]), tuple(model.output_shape[1:])
    if shapes != ((8, 8, 1), (10,)):
        raise ValueError(
            f"The model goes from {shapes[0]} to {shapes[1]}, but the playground has pictures of "
            "(8, 8, 1) and ten digits. Pass a model that was built for these."
        )
    found = described_layers(model, trained=True)
    for layer in found:
        if layer["kind"] not in SHOWN:
            raise ValueError(
                f"The playground cannot show {layer['title']!r}, a layer of the kind "
                f"{layer['kind']!r}. It shows: {', '.join(SHOWN)}."
            )
    if found[-1]["kind"] != "softmax":
        found.append({"kind": "softmax", "title": "softmax"})
    return found, model.get_weights()
