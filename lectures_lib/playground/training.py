"""A network that trains where it is shown: in a notebook with Keras, in the page without a kernel.

`train(build, data, ...)` returns a `Training`. In a notebook it is sliders over a run of
`training.fit`. When the site is built (`LECTURES_VIEW` is `page`) it also holds what the page needs
to train the same network by itself, with the same sliders. Elsewhere it is the picture of the run
with the starting values.
"""

import base64
import itertools
from dataclasses import dataclass, field, replace
from functools import cache

from lectures_lib.explore import Demo, check_texts, describe, parameter_of, start_value, view_of
from lectures_lib.playground.answering import MIME_TYPE
from lectures_lib.playground.kinds import Run
from lectures_lib.playground.pictures import DIGITS, PAD
from lectures_lib.playground.plane import PLANE
from lectures_lib.playground.race import RACE
from lectures_lib.playground.series import ENERGIES, RECALL
from lectures_lib.training import fit

__all__ = ["Training", "train"]

KINDS = {"digits": DIGITS, "pad": PAD, "energies": ENERGIES, "recall": RECALL, "race": RACE,
         "plane": PLANE}  # fmt: skip
SETTINGS = ("learning_rate", "l2", "batch_size", "seed")  # all others change the architecture


@dataclass(frozen=True)
class Training(Demo):
    """A `Demo` of which each state is a run; `page` is what trains it without a kernel."""

    page: dict = field(default_factory=dict, repr=False)

    def views(self, view):
        """Return the picture of the starting run by MIME type; for the page, what trains it."""
        if view != "page":
            return super().views(view)
        picture, alt = self.png(self.start), self.alt_text(self.start)
        texts = {"name": self.name, "figure": self.name, "caption": self.caption, "alt": alt}
        texts["source"] = self.source
        shown = {"image/png": base64.b64encode(picture).decode(), "text/plain": alt}
        return shown | {MIME_TYPE: texts | {"picture": shown["image/png"], "page": self.page}}


def train(
    build, data, *, name, caption, kind="digits", epochs=60, start=None,
    labels=None, source="", more=None, **controls,
) -> Training:  # fmt: skip
    """Let readers train a network: with Keras in a notebook, by the page's own engine on the page.

    Args:
        build: Function that returns a compiled `keras.Sequential`. It is called with the value of
            each control but `batch_size`.
        data: A `Dataset`; its test split is not looked at.
        name: Name of the figure, unique in the book.
        caption: One or two sentences below it.
        kind: What is shown beside the curves: "digits", kernels and what they answer to a digit
            that the reader draws, "pad", a plane of `learning_rate` and `l2`, both above 0,
            "energies", the forecast of a series, "recall", the gradients of a recurrent network,
            "race", which needs a control `layer`: networks that learn side by side, or "plane",
            which needs controls `autoencoder` and `beta`: the codes of autoencoders with two.
        epochs: Length of a run.
        start: Starting value of each control; the first value where it is not given.
        labels: What each control is called, with units; the name by default.
        source: Where its code can be read, as in `Demo`.
        more: What else the page gets. A pad needs `recorded`, a map of finished runs: the lists
            `learning_rate` and `l2`, `accuracy`, a row for each rate with None for nan, and `what`,
            a few words about them. A forecast needs `series`: all `values`, of which the network
            learns from the first `known`, and their `distance` in particles.
        controls: The values of each control. `learning_rate`, `l2`, `batch_size` and `seed` belong
            to the training; all others are arguments of `build` that change the architecture, and
            `num_steps` also cuts the series of `data` after so many steps.

    Returns:
        A `Training`, which displays itself as the last expression of a cell.

    Raises:
        ValueError: If a text or value is missing or contradictory, or the page cannot train the
            network; the text says what it can.
    """
    start, labels = start or {}, labels or {}
    check_texts(name, caption, "a run")
    if kind not in KINDS:
        raise ValueError(f"{name}: kind={kind!r} is unknown. Pass one of: {', '.join(KINDS)}.")
    shown = KINDS[kind]
    parameters = tuple(
        parameter_of(name, key, values, labels, {}) for key, values in controls.items()
    )
    unknown = sorted({*start, *labels} - controls.keys())
    if unknown:
        raise ValueError(
            f"{name}: start or labels name {unknown[0]!r}, which is not a control. The controls "
            f"are {', '.join(controls)}."
        )
    full_start = {p.name: start_value(name, p, start) for p in parameters}
    shown.check(name, controls, data, more or {})

    def built(state):
        given = {key: value for key, value in state.items() if key != "batch_size"}
        if "learning_rate" in given:
            given["learning_rate"] = float(given["learning_rate"])  # Keras refuses 1
        return build(**given)

    @cache
    def run(*values):
        state = dict(zip(controls, values, strict=True))
        model = built(state)
        before, examples = model.get_weights(), cut(data, state.get("num_steps"))
        how = {
            "batch_size": state.get("batch_size", shown.batch_size),
            "seed": state.get("seed", 0),
        }
        rows = fit(model, shown.learns(examples), epochs=epochs, progress=False, **how)
        return Run(model, rows, examples, before)

    def runs(state):
        if not shown.rivals:
            return run(*state.values())
        states = {value: state | {shown.rivals: value} for value in controls[shown.rivals]}
        return {value: run(*each.values()) for value, each in states.items()}

    page = {
        "kind": kind,
        "epochs": epochs,
        "batchSize": shown.batch_size,
        "controls": [describe(p, full_start) | {"values": list(p.page_values)} for p in parameters],
        "examples": {part: shown.pack(getattr(data, part)) for part in ("train", "validation")},
        **shown.given(data),
    } | (more or {})
    made = Training(
        name,
        lambda **state: shown.draw(runs(state), state, page),
        lambda **state: shown.say(runs(state), state, page),
        caption,
        parameters,
        full_start,
        source,
        page=page | _networks(built, parameters, full_start),
    )
    view = view_of()
    return replace(made, shown=made.views(view), view=view)


def _networks(built, parameters, start):
    """Return the names that change the architecture, and each architecture by their values."""
    from lectures_lib.playground.network import description

    free = [p for p in parameters if p.name not in SETTINGS]
    found = {}
    for values in itertools.product(*(p.page_values for p in free)):
        state = start | {p.name: value for p, value in zip(free, values, strict=True)}
        key = (value if isinstance(value, str) else f"{value:g}" for value in values)
        found[" ".join(key)] = description(built(state))
    return {"structure": [p.name for p in free], "networks": found}


def cut(data, steps):
    """Return a `Dataset` of series that end after `steps`; without a number, as it is.

    >>> from lectures_lib.data import Dataset, pulse_records
    >>> records = pulse_records(series=3, num_steps=9)
    >>> cut(Dataset(records, records, records, class_names=()), 5).test.inputs.shape
    (3, 5, 1)
    """
    if steps is None:
        return data
    parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
    return replace(data, **{k: replace(s, inputs=s.inputs[:, :steps]) for k, s in parts.items()})
