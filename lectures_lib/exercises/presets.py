"""Links from an assignment to a state of sliders on the site."""

import ast
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from lectures_lib.exercises.source import read_text_cells

__all__ = ["Preset", "read_preset"]

OPTIONS = {"name", "caption", "alt", "start", "labels", "page"}


@dataclass(frozen=True)
class Preset:
    """A state of an interactive figure: `chapter`, its `name` and the `state` of its sliders."""

    chapter: str
    name: str
    state: str
    caption: str = ""


def read_preset(book, text):
    """Check `cnn/tuning#map?rate=0.1` against the chapters and return it as a `Preset`.

    Raises ValueError if the chapter, the figure or a slider is not there, or stands on a value
    that it does not have.
    """
    chapter, _, rest = text.partition("#")
    name, _, state = rest.partition("?")
    path = Path(book) / f"{chapter}.ipynb"
    if not name or not path.is_file():
        raise ValueError(
            f"--link {text}: it must read chapter#figure?slider=value with a chapter of the book, "
            "as cnn/why_convolutions#matched-filter?angle=60."
        )
    demos = dict(_demos(path))
    if name not in demos:
        raise ValueError(
            f"--link {text}: {chapter} has no interactive figure {name!r}. It has {sorted(demos)}."
        )
    sliders = demos[name]
    for slider, value in parse_qsl(state, keep_blank_values=True):
        if slider not in sliders:
            raise ValueError(
                f"--link {text}: {name} has no slider {slider!r}. It has {sorted(sliders)}."
            )
        values = sliders[slider]
        if values is not None and value not in values:
            raise ValueError(
                f"--link {text}: the slider {slider} has no value {value}. It has "
                f"{', '.join(values)}."
            )
    return Preset(chapter, name, state, _caption(path, name))


def _demos(path):
    """Yield `(name, {slider: values})` for each call of `explore` in a notebook."""
    for call in _calls(path):
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        page = options.get("page")
        coarse = dict(zip((k.value for k in page.keys), page.values, strict=True)) if page else {}
        sliders = {key: node for key, node in options.items() if key not in OPTIONS} | coarse
        yield options["name"].value, {key: _values(node) for key, node in sliders.items()}


def _calls(path):
    for source, _ in read_text_cells(path):
        if "explore(" not in source:
            continue
        try:
            tree = ast.parse(source)
        except SyntaxError:  # text, or a cell with a line of IPython's own
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "explore":
                yield node


def _caption(path, name):
    for call in _calls(path):
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        caption = options.get("caption")
        if options["name"].value == name and isinstance(caption, ast.Constant):
            return caption.value
    return ""


def _values(node):
    """Return the values of a slider as they stand in addresses, or None if code makes them."""
    try:
        return [f"{value:g}" if type(value) in (int, float) else str(value)
                for value in ast.literal_eval(node)]  # fmt: skip
    except (ValueError, TypeError):
        pass
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range":
        return [str(value) for value in range(*map(ast.literal_eval, node.args))]
    return None
