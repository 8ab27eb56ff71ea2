"""One figure function, three views: live sliders, frames on a page, a still picture.

`explore(draw, ...)` returns a `Demo`. Displayed in a notebook it is a row of ipywidgets over
`draw` (`lectures_lib.live`). When the site is built (the environment variable `LECTURES_VIEW` is
`page`) it holds the picture of every state, which `lectures_lib.site` turns into files under
native sliders. With `LECTURES_VIEW=still` it is the picture of the starting state.
`figure(drawn, ...)` is a `Demo` without sliders: a picture with its caption and description.
"""

import base64
import functools
import inspect
import itertools
import math
import numbers
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from lectures_lib.words import spoken

__all__ = ["MAX_STATES", "Demo", "DrawError", "Parameter", "explore", "figure", "registry"]

MAX_STATES = 200
VIEWS = ("live", "page", "still")
MIME_TYPE = "application/vnd.lectures-lib.explore+json"
PACKAGE = Path(__file__).parent

registry = {}
"""Every demo of this process by name: what the tests walk."""


class DrawError(RuntimeError):
    """The draw function failed, or is not a pure function of the state."""


@dataclass(frozen=True)
class Parameter:
    """One slider: a name, a label for people, and the values it can take."""

    name: str
    label: str
    values: tuple
    page_values: tuple

    @property
    def kind(self):
        """`number`, `choice` or `boolean`."""
        return _kind(self.values)

    def text(self, value):
        """Return `value` as people read it and as it stands in an address.

        >>> Parameter("eta", "learning rate", (0.001, 0.1), (0.1,)).text(0.001)
        '0.001'
        """
        if self.kind == "number":
            return f"{value:g}"
        return ("on" if value else "off") if self.kind == "boolean" else value


@dataclass(frozen=True)
class Demo:
    """A pure figure function with its parameters: what `explore` and `figure` return.

    `source` is where the library draws it, as "demos/cnn_digits.py#L12", or an empty text.
    """

    name: str
    draw: object
    alt: object
    caption: str
    parameters: tuple
    start: dict
    source: str = ""
    shown: dict = field(default_factory=dict, repr=False)
    view: str = "still"

    def states(self):
        """Yield the states of the page, the last parameter changing fastest."""
        names = [parameter.name for parameter in self.parameters]
        for values in itertools.product(*(parameter.page_values for parameter in self.parameters)):
            yield dict(zip(names, values, strict=True))

    def png(self, state):
        """Return the picture of one state as PNG bytes, the same in every view."""
        from lectures_lib.plots import pack

        return pack(self.picture(state))

    def picture(self, state):
        """Return the picture of one state as a Pillow image.

        Raises:
            DrawError: If `draw` raises or returns no figure; the text names the state.
        """
        from lectures_lib.plots import figure_to_picture, style

        try:
            with style():
                return figure_to_picture(self.draw(**state))
        except Exception as error:
            raise DrawError(
                f"{self.name}: draw({_call(state)}) raised {type(error).__name__}: {error}. "
                "Every state of the sliders must give a figure; draw a message in the axes "
                "where a combination is invalid."
            ) from error

    def alt_text(self, state):
        """Return the description of one state for people who do not see the picture."""
        text = self.alt(**state)
        if not isinstance(text, str) or not text.strip():
            raise ValueError(
                f"{self.name}: alt({_call(state)}) returned {text!r}. "
                "Return a sentence that says what the picture shows."
            )
        return spoken(text)

    def bundle(self):
        """Draw all states of the page and return them as one JSON-ready dictionary."""
        from lectures_lib.plots import pack

        states = list(self.states())
        with ThreadPoolExecutor(1) as pool:  # one picture is packed while the next is drawn
            frames = list(pool.map(pack, (self.picture(state) for state in states)))
        alts = [self.alt_text(state) for state in states]
        start = states.index(self.start)
        self._check_pure(self.start, frames[start])
        if len(set(frames)) > 1 and len(set(alts)) == 1:
            raise ValueError(
                f"{self.name}: the {len(states)} states have different pictures but one alt "
                f"text, {alts[0]!r}. Let alt(**state) say what this state shows."
            )
        return {
            "name": self.name,
            "caption": self.caption,
            "source": self.source,
            "parameters": [describe(parameter, self.start) for parameter in self.parameters],
            "alts": alts,
            "start": start,
            "frames": [base64.b64encode(frame).decode() for frame in frames],
        }

    def _check_pure(self, state, picture):
        if self.parameters and self.png(state) != picture:
            raise DrawError(
                f"{self.name}: draw({_call(state)}) gave two different pictures. It must depend "
                "on its arguments only: make random generators inside draw from a fixed seed, "
                "and change nothing outside it."
            )

    def views(self, view):
        """Return the picture of the starting state by MIME type; for the page, all pictures."""
        picture, alt = self.png(self.start), self.alt_text(self.start)
        shown = {"image/png": base64.b64encode(picture).decode(), "text/plain": alt}
        if view == "page":
            return shown | {MIME_TYPE: self.bundle()}
        self._check_pure(self.start, picture)
        return shown

    def _ipython_display_(self):
        if self.view != "live" or not self.parameters:
            raise NotImplementedError  # IPython then asks for the bundle
        from lectures_lib import live

        live.show(self)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.shown


def explore(
    draw, *, name, caption, alt=None, start=None, labels=None, page=None, **parameters
) -> Demo:
    """Make one figure function explorable by 1 to 3 sliders, live and on the page.

    Args:
        draw: Pure, deterministic function `draw(**state)` that returns a matplotlib figure.
        name: Name of the demo, unique in the book, used in addresses (`#name?eta=0.1`).
        caption: One or two sentences below the picture, about the starting state.
        alt: Function `alt(**state)` that returns a description of that state's picture.
        start: Starting value of each parameter; the first value where it is not given.
        labels: What each control is called on the page, with units; the name by default.
        page: Coarser lists of values for the page, for parameters with many live values.
        parameters: For each parameter of `draw` its values: numbers (a slider), strings (a
            choice) or booleans (a check box); a single value stays as it is, without a control.

    Returns:
        A `Demo`, which displays itself as the last expression of a cell.

    Raises:
        ValueError: If something above is missing, too large or contradictory.
        DrawError: If `draw` raises or is not pure.

    >>> from matplotlib.figure import Figure
    >>> def draw(power):
    ...     figure = Figure()
    ...     figure.subplots().plot([0, 1, 2], [0, 1, 2**power])
    ...     return figure
    >>> demo = explore(draw, name="powers", caption="A power.", power=[1, 2, 3],
    ...                start={"power": 2}, alt=lambda power: f"A curve that ends at {2**power}.")
    >>> len(list(demo.states())), demo.alt_text({"power": 3})
    (3, 'A curve that ends at 8.')
    """
    start, labels, page = start or {}, labels or {}, page or {}
    check_texts(name, caption, alt)
    _check_names(draw, alt, name, parameters, start | labels | page)
    made = tuple(
        parameter_of(name, key, values, labels, page, fewest=1)
        for key, values in parameters.items()
    )
    full_start = {p.name: start_value(name, p, start) for p in made}
    source, single = source_of(draw), {p.name: p.values[0] for p in made if len(p.values) == 1}
    if single:
        draw, alt = functools.partial(draw, **single), functools.partial(alt, **single)
        made = tuple(p for p in made if p.name not in single)
        full_start = {key: value for key, value in full_start.items() if key not in single}
    count = math.prod(len(p.page_values) for p in made)
    if count > MAX_STATES:
        sizes = " x ".join(str(len(p.page_values)) for p in made)
        raise ValueError(
            f"{name}: {sizes} = {count} states, but a page holds at most {MAX_STATES}. Give "
            "fewer values, or a coarser list for the page only: page={'name': [...]}."
        )
    return _registered(Demo(name, draw, alt, caption, made, full_start, source))


def figure(drawn, *, name, caption, alt) -> Demo:
    """Give a picture its caption, its name in the text and its description.

    Args:
        drawn: A matplotlib figure.
        name: Name of the figure, unique in the book.
        caption: One or two sentences below the picture.
        alt: What the picture shows, for readers who do not see it.

    Returns:
        A `Demo` without sliders, which displays itself as the last expression of a cell.

    Raises:
        ValueError: If a text is missing, or the name is none.
        DrawError: If it is no figure.

    >>> from matplotlib.figure import Figure
    >>> empty = figure(Figure(), name="fig-empty", caption="Nothing.", alt="A white area.")
    >>> list(empty.states()), empty.alt_text({})
    ([{}], 'A white area.')
    """
    check_texts(name, caption, alt)
    caller = inspect.currentframe().f_back.f_code
    return _registered(Demo(name, lambda: drawn, lambda: alt, caption, (), {}, _place(caller)))


def view_of():
    """Return how figures are shown here: "live", "page" or "still", as `LECTURES_VIEW` says."""
    view = os.environ.get("LECTURES_VIEW", "live")
    if view not in VIEWS:
        raise ValueError(f"LECTURES_VIEW is {view!r}; it must be one of {', '.join(VIEWS)}.")
    return view


def _registered(demo):
    """Return a demo with what is shown of it, and keep it in `registry`."""
    view = view_of()
    if view == "page" and demo.name in registry:
        raise ValueError(
            f"The name {demo.name!r} is used by two demos; give this one another name."
        )
    # Drawn here and not when displayed: IPython hides what a display hook raises.
    registry[demo.name] = replace(demo, shown=demo.views(view), view=view)
    return registry[demo.name]


def source_of(draw):
    """Return where a function's code can be read, as in `Demo`; empty for what has no code."""
    code = getattr(draw, "__code__", None)
    return _place(code) if code else ""


def _place(code):
    """Return file and line of code of this package, from the package on; else an empty text."""
    path = Path(code.co_filename)
    if not path.is_relative_to(PACKAGE):
        return ""
    return f"{path.relative_to(PACKAGE).as_posix()}#L{code.co_firstlineno}"


def check_texts(name, caption, alt):
    if not alt:
        raise ValueError(
            f"{name}: no alt text. Pass alt=..., what the picture shows, for readers who do not "
            "see it; with sliders a function of the same parameters as draw."
        )
    if not caption:
        raise ValueError(f"{name}: no caption. Pass caption=..., a sentence about the picture.")
    if not name.replace("-", "").isalnum() or name != name.lower():
        raise ValueError(f"The name {name!r} must be lower-case letters, digits and hyphens.")


def _check_names(draw, alt, name, parameters, options):
    if not 1 <= len(parameters) <= 3:
        raise ValueError(
            f"{name}: {len(parameters)} parameters; explore needs 1 to 3. "
            "Fix the others inside draw, or make two demos."
        )
    for function, role in ((draw, "draw"), (alt, "alt")):
        try:
            inspect.signature(function).bind(**parameters)
        except TypeError as error:
            raise ValueError(
                f"{name}: {role} cannot be called with {', '.join(parameters)}: {error}. "
                "Give a list of values for every argument of draw, and alt the same arguments."
            ) from error
    for key in options:
        if key not in parameters:
            raise ValueError(
                f"{name}: start, labels or page names {key!r}, which is not a parameter. "
                f"The parameters are {', '.join(parameters)}."
            )


def _plain(values):
    """NumPy scalars to Python ones, so that states compare, print and travel as JSON."""
    return tuple(value.item() if hasattr(value, "item") else value for value in values)


def _kind(values):
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if all(isinstance(value, numbers.Real) and not isinstance(value, bool) for value in values):
        return "number"
    return "choice" if all(isinstance(value, str) for value in values) else None


def parameter_of(demo, name, values, labels, page, *, fewest=2):
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ValueError(f"{demo}: {name}={values!r} must be a list of values, such as [1, 2, 3].")
    values = _plain(values)
    if len(values) < fewest or len(set(values)) < len(values):
        wanted = "two or more" if fewest > 1 else "one or more"
        raise ValueError(f"{demo}: {name}={list(values)} needs {wanted} different values.")
    if _kind(values) is None or any(v != v for v in values):
        raise ValueError(
            f"{demo}: {name}={list(values)} must be all numbers (finite), all strings or all "
            "booleans."
        )
    page_values = _plain(page.get(name, values))
    missing = [value for value in page_values if value not in values]
    if missing or not page_values:
        raise ValueError(
            f"{demo}: page values {missing} of {name} are not among its values {list(values)}."
        )
    parameter = Parameter(name, labels.get(name, name.replace("_", " ")), values, page_values)
    if len({parameter.text(value) for value in values}) < len(values):
        raise ValueError(f"{demo}: two values of {name} read alike in six digits: {list(values)}.")
    return parameter


def start_value(demo, parameter, start):
    value = _plain([start.get(parameter.name, parameter.page_values[0])])[0]
    if value not in parameter.page_values:
        raise ValueError(
            f"{demo}: the start value {parameter.name}={value!r} is not on its list "
            f"{list(parameter.page_values)}. Add it there, or start at one of these."
        )
    return next(v for v in parameter.page_values if v == value)


def describe(parameter, start):
    return {
        "name": parameter.name,
        "label": parameter.label,
        "kind": parameter.kind,
        "texts": [parameter.text(value) for value in parameter.page_values],
        "start": parameter.page_values.index(start[parameter.name]),
    }


def _call(state):
    return ", ".join(f"{name}={value!r}" for name, value in state.items())
