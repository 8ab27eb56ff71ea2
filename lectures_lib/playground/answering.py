"""A trained network to play with: in a notebook, and on a page without a kernel.

`playground(name)` returns a `Playground`. Displayed in a notebook it is HTML with scripts, style
and weights inside. When the site is built (the environment variable `LECTURES_VIEW` is `page`) it
only says its name, and `lectures_lib.site` puts the same scripts beside the page. Without scripts,
in print and with `LECTURES_VIEW=still` it is a picture of its first example.
"""

import base64
import html
import json
import uuid
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from lectures_lib import recorded
from lectures_lib.data import add_noise, load_digits, pulse_train
from lectures_lib.explore import view_of
from lectures_lib.from_scratch import conv2d, dense, lstm, max_pool2d, relu, softmax

__all__ = [
    "MIME_TYPE",
    "SCRIPTS",
    "STYLE",
    "Playground",
    "data",
    "encode",
    "playground",
    "start",
    "still",
]

MIME_TYPE = "application/vnd.lectures-lib.playground+json"
STYLE = "playground.css"
ENGINE = ("products.js", "layers.js", "network.js", "view.js", "notebook.js")
SCRIPTS = {
    "digits": ("images.js", "classes.js", "more_layers.js", *ENGINE, "grid.js", "drawing.js",
               "reach.js", "pictures.js", "digits.js"),
    "gates": ("recurrent.js", "gated.js", *ENGINE, "lines.js", "record.js", "gates.js"),
}  # fmt: skip
# What trains in the page, by the kind of its figure: loaded when the reader asks for it.
SHOWING = ("view.js", "lines.js", "train.js")
LEARNING = ("products.js", "layers.js", "training.js", "loop.js", "trainer.js", *SHOWING)
TRAINING = {
    "digits": (*LEARNING, "grid.js", "drawing.js", "train_digits.js"),
    "pad": (*LEARNING, "powers.js", "train_pad.js"),
    "energies": (*LEARNING, "powers.js", "series.js", "train_energies.js"),
    "recall": (*LEARNING, "powers.js", "series.js", "train_recall.js"),
    "race": (*LEARNING, "rivals.js", "powers.js", "train_race.js"),
    "plane": (*LEARNING, "codes.js", "train_plane.js"),
}
# Loaded before, where the networks of a figure have what stands there.
PARTS = {
    "images.js": ("convolution", "relu", "pooling"),
    "classes.js": ("softmax", "crossentropy"),
    "more_layers.js": ("tanh", "sigmoid", "global pooling"),
    "recurrent.js": ("rnn", "lstm", "gru", "early gru"),
    "gated.js": ("lstm", "gru"),
    "early_gru.js": ("early gru",),
    "squared_error.js": ("squared error",),
    "reconstruction.js": ("sample", "binary crossentropy"),
    "optimisers.js": ("adam", "rmsprop"),
}
CAPTIONS = {
    "digits": "Draw a digit, and see every layer of two trained networks. Blue is below 0, orange "
    "above. Lines lead from the chosen unit to what it is computed from, the frame on the input is "
    "all that it sees, and below its map stands the sum.",
    "gates": "Write a record of charge, and see the gates and states of trained LSTM cells at "
    "every step; below the lines stands the arithmetic of the step under the grey mark.",
}
EXAMPLES = 20
RECORDS = (
    "..2.....1......rr.......d...rr....3....rrr......",
    "1.1.1.1.1.1.r.r.r.....................r.........",
    "3.3.r.3.r.3.r.3.r.3.r...........................",
    "..............................rrrrrrrrrrrrrrrrrr",
)
NOISE_PC = 0.1


IN_NOTEBOOKS = "In a notebook the playground stands here, with the network that was just trained."


@dataclass(frozen=True)
class Playground:
    """A network to play with: what `playground` returns, ready to be displayed."""

    name: str
    caption: str
    alt: str
    shown: dict

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.shown


def playground(name, model=None) -> Playground:
    """Show a trained network that answers at once to what the reader draws or writes.

    Args:
        name: "digits", the two networks of the digits chapter, or "gates", LSTM cells that learnt
            to write, keep and read a charge.
        model: For "digits" a network of one's own, a Keras `Sequential` from `(images, 8, 8, 1)`
            to ten probabilities; it stands before the other two. Notebooks only. Of a network that
            the playground cannot compute it says why.

    Returns:
        A `Playground`, which displays itself as the last expression of a cell.

    Raises:
        ValueError: If there is no such playground, or `LECTURES_VIEW` is no view.

    >>> playground("digits").caption.split(",")[0]
    'Draw a digit'
    """
    if name not in SCRIPTS:
        raise ValueError(f"There is no playground {name!r}. Pass one of: {', '.join(SCRIPTS)}.")
    view = view_of()
    own, said = None, IN_NOTEBOOKS
    if model is not None:
        from lectures_lib.playground.network import own_network

        try:
            own = own_network(model)
        except ValueError as error:  # a sentence: whoever changes a network goes on
            said = str(error)
        if own is None or view != "live":
            return Playground(name, CAPTIONS[name], said, {"text/plain": said})
    picture, alt = still(name)
    shown = {"image/png": base64.b64encode(picture).decode(), "text/plain": alt}
    if view == "page":
        figure = f"playground-{name}"
        shown[MIME_TYPE] = {"name": name, "figure": figure, "caption": CAPTIONS[name], "alt": alt}
    if view == "live":
        shown["text/html"] = _page(name, shown["image/png"], alt, own)
    return Playground(name, CAPTIONS[name], alt, shown)


def asset(file):
    """Return the text of a script or of the style."""
    folder = resources.files("lectures_lib") / "site" / "assets" / "static" / "playground"
    return (folder / file).read_text(encoding="utf-8")


def start(name, place, own=None):
    """Return the line of JavaScript that starts a playground in the element whose id is `place`.

    `own` is what `own_network` returns, or None.

    >>> start("gates", "here")[:40]
    'lecturesView.start("gates", "here", {"ne'
    """
    everything = data(name)
    if own:
        mine = shown_network("yours", *own)
        everything = everything | {"networks": [mine, *everything["networks"]]}
    return start_line(name, place, everything)


def start_line(starter, place, everything):
    """Return the line that starts something with data, in the element whose id is `place`.

    >>> start_line("gates", "here", {"text": "</script>"})
    'lecturesView.start("gates", "here", {"text":"\\\\u003c/script>"});\\n'
    """
    # "<" cannot end a script element early, whatever a text contains.
    given = json.dumps(everything, separators=(",", ":")).replace("<", "\\u003c")
    return f'lecturesView.start("{starter}", "{place}", {given});\n'


def _page(name, picture, alt, own):
    """Return HTML that needs nothing else."""
    place = f"playground-{name}-{uuid.uuid4().hex}"  # a notebook may show it twice
    scripts = "".join(map(asset, SCRIPTS[name])) + start(name, place, own)
    return (
        f'<style>{asset(STYLE)}</style><div class="playground" id="{place}">'
        f'<img class="playground-still" src="data:image/png;base64,{picture}" '
        f'alt="{html.escape(alt)}"></div><script>{scripts}</script>'
        f"<p>{html.escape(CAPTIONS[name])}</p>"
    )


@cache
def data(name):
    """Return what a playground's script needs: networks, noise and examples, ready for JSON.

    Weights are base64 of float32, little-endian, one array after the other, in Keras' order.

    >>> [network["title"] for network in data("gates")["networks"]]
    ['one unit', 'three units', 'one unit, badly trained']
    """
    return {"digits": _digits_data, "gates": _gates_data}[name]()


def encode(*arrays):
    """Return arrays as one base64 text.

    >>> encode(np.array([1.0]), np.array([[2.0]]))
    'AACAPwAAAEA='
    """
    flat = np.concatenate([np.ravel(array) for array in arrays]).astype("<f4")
    return base64.b64encode(flat.tobytes()).decode()


def digits_networks():
    """Return title, layers and weights of the two digits networks.

    A layer has a `kind`, a `title` for people and, if it has weights, the `shape` of its kernel.
    """
    arrays = recorded.weights("playground_digits")
    cnn = [
        {"kind": "convolution", "title": "convolution", "shape": arrays[0].shape},
        {"kind": "relu", "title": "ReLU"},
        {"kind": "pooling", "title": "pooling", "size": 2},
    ]
    return [("convolutional", [*cnn, *_dense_layers(arrays[2:6])], arrays[:6]),
            ("dense", _dense_layers(arrays[6:]), arrays[6:])]  # fmt: skip


def _dense_layers(arrays):
    return [
        {"kind": "dense", "title": "hidden layer, sums", "shape": arrays[0].shape},
        {"kind": "relu", "title": "hidden layer after ReLU"},
        {"kind": "dense", "title": "scores", "shape": arrays[2].shape},
        {"kind": "softmax", "title": "softmax"},
    ]


def forward(layers, weights, images):
    """Return the output of every layer for images `(images, 8, 8, 1)`, with our own layers."""
    outputs, left = [images], list(weights)
    for layer in layers:
        given = outputs[-1]
        if layer["kind"] == "convolution":
            outputs.append(
                conv2d(given, left.pop(0), left.pop(0), padding=layer.get("padding", "same"))
            )
        elif layer["kind"] == "pooling":
            outputs.append(max_pool2d(given, pool_size=layer["size"]))
        elif layer["kind"] == "global pooling":
            outputs.append(given.max(axis=(1, 2)))
        elif layer["kind"] == "dense":
            outputs.append(dense(given.reshape(len(given), -1), left.pop(0), left.pop(0)))
        else:
            outputs.append({"relu": relu, "softmax": softmax}[layer["kind"]](given))
    return outputs[1:]


def shown_network(title, layers, weights):
    """Return a network for the script; the scale of each layer comes from the test pictures."""
    outputs = forward(layers, weights, load_digits(seed=0).test.inputs)
    drawn = [
        layer
        | {
            "scale": float(np.ceil(2 * np.percentile(np.abs(output), 99.5)) / 2) or 0.5,
            "signed": bool(output.min() < 0),
        }
        for layer, output in zip(layers, outputs, strict=True)
    ]
    return {"title": title, "layers": drawn, "weights": encode(*weights)}


def _digits_data():
    greys = np.rint(16 * load_digits(seed=0).test.inputs[:EXAMPLES]).astype(int)
    return {
        "networks": [shown_network(*network) for network in digits_networks()],
        "normals": encode(add_noise(np.zeros((1, 8, 8, 1)), noise=1.0)),
        "examples": [
            "".join("0123456789abcdefg"[grey] for grey in row)
            for row in greys.reshape(EXAMPLES, 64)
        ],
    }


def gates_networks():
    """Return title and weights of the LSTM networks: the best of each size, and the worst."""
    arrays = recorded.weights("playground_gates")
    one, three = arrays[:5], arrays[5:]
    chosen = ("one unit", one, 0), ("three units", three, 0), ("one unit, badly trained", one, -1)
    return [(title, [array[k] for array in copies]) for title, copies, k in chosen]


def _gates_data():
    return {
        "networks": [
            {"title": title, "units": len(weights[1]), "weights": encode(*weights)}
            for title, weights in gates_networks()
        ],
        "normals": encode(pulse_train("." * len(RECORDS[0]), noise_pc=1.0).inputs[..., 0]),
        "examples": list(RECORDS),
        "noise": NOISE_PC,
    }


@cache
def still(name):
    """Return the picture of the first example as PNG bytes, and its description.

    >>> still("gates")[0][:4], still("gates")[1].split(":")[0]
    (b'\\x89PNG', 'A record of 48 steps and what an LSTM of one unit does with it')
    """
    from lectures_lib.plots import figure_to_png, style

    with style():
        figure, alt = {"digits": _draw_digits, "gates": _draw_gates}[name]()
        return figure_to_png(figure), alt


def _draw_digits():
    from lectures_lib.plots import new_figure, show_image

    split = load_digits(seed=0).test
    picture, (_, layers, weights) = split.inputs[:1], digits_networks()[0]
    outputs = forward(layers, weights, picture)
    figure, axes = new_figure(2, 7, height=2.6)
    for panel in axes.flat:
        panel.axis("off")
    show_image(picture[0, :, :, 0], axes=axes[0, 0], title="input", limits=(0, 1), colours="gray_r")
    maps = outputs[1][0]
    for k, panel in enumerate(axes[:, 1:6].flat):
        show_image(maps[:, :, k], axes=panel, title=f"map {k}", limits=(0, 2))
    grid = axes[0, 6].get_gridspec()
    bars = figure.add_subplot(grid[:, 6])
    bars.barh(range(10), outputs[-1][0])
    bars.set(yticks=range(10), xticks=[0, 1], xlim=(0, 1), ylim=(9.6, -0.6))
    bars.set_title("answer", fontsize=10)
    digit, sure = int(outputs[-1].argmax()), outputs[-1].max()
    alt = (
        f"A handwritten {split.labels[0]} on 8 by 8 pixels, its ten feature maps after ReLU, and "
        f"the probabilities of the convolutional network: {digit} with {sure:.0%}."
    )
    return figure, alt


def _draw_gates():
    from lectures_lib.plots import new_figure

    task, (_, weights) = pulse_train(RECORDS[0], noise_pc=NOISE_PC), gates_networks()[0]
    states = lstm(task.inputs, *weights[:3])
    answer = (states.hidden @ weights[3] + weights[4])[0, :, 0]
    figure, axes = new_figure(4, 1, height=6.4, sharex=True)
    panels = [
        ("charge (pC)", {"arrives": task.inputs[0, :, 0]}),
        ("gates", {"$i$": states.input_gate, "$f$": states.forget_gate, "$o$": states.output_gate}),
        ("states", {"$g$": states.candidate, "$C$": states.cell, "$h$": states.hidden}),
        ("read-out (pC)", {"network": answer, "wanted": task.labels[0, :, 0]}),
    ]
    for panel, (quantity, lines) in zip(axes, panels, strict=True):
        for label, line in lines.items():
            panel.plot(np.arange(1, len(RECORDS[0]) + 1), np.ravel(line), label=label)
        panel.set(ylabel=quantity)
        panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    axes[-1].set(xlabel="step")
    reads = [t for t, sign in enumerate(RECORDS[0]) if sign == "r"]
    first, last = reads[0], reads[-1]
    alt = (
        f"A record of {len(RECORDS[0])} steps and what an LSTM of one unit does with it: the input "
        f"gate rises with the charge, the forget gate falls at the command to drain only, and the "
        f"output gate opens at the commands to read, where the read-out is {answer[first]:.1f} pC "
        f"at first and {answer[last]:.1f} pC at last."
    )
    return figure, alt
