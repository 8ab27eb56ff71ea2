"""Links from an assignment to a state of sliders on the site."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from lectures_lib.exercises.book import read_text_cells

__all__ = ["Preset", "read_preset"]

OPTIONS = {"name", "caption", "alt", "start", "labels", "page"}


@dataclass(frozen=True)
class Preset:
    """A state of an interactive figure: `chapter`, its `name` and the `state` of its sliders."""

    chapter: str
    name: str
    state: str
    caption: str = ""


def read_preset(book, text, where="--link"):
    """Check `cnn/tuning#map?rate=0.1` against the chapters and return it as a `Preset`.

    Args:
        book: Folder of the chapters.
        text: The state, or what "Copy link" on the site gives.
        where: What an error names as the place of the text.

    Raises ValueError if the chapter, the figure or a slider is not there, or stands on a value
    that it does not have.
    """
    chapter, _, rest = re.sub(r"^\w+://.*?/book/(.*?)\.html", r"\1", text).partition("#")
    name, _, state = rest.partition("?")
    path = Path(book) / f"{chapter}.ipynb"
    if not name or not path.is_file():
        raise ValueError(
            f"{where} {text}: it must read chapter#figure?slider=value with a chapter of the book, "
            "as cnn/why_convolutions#matched-filter?angle=60."
        )
    demos = {name: (caption, sliders) for name, caption, sliders in _demos(path)}
    if name not in demos:
        raise ValueError(
            f"{where} {text}: {chapter} has no interactive figure {name!r}. It has {sorted(demos)}."
        )
    caption, sliders = demos[name]
    fault = _wrong(parse_qsl(state, keep_blank_values=True), sliders)
    if fault:
        raise ValueError(f"{where} {text}: {fault}")
    return Preset(chapter, name, state, caption)


def _wrong(state, sliders):
    """Return what is wrong with `(slider, value)` pairs in a sentence, or an empty text."""
    for number, (slider, value) in enumerate(state):
        if slider not in sliders:
            return f"there is no slider {slider!r}. There are {sorted(sliders)}."
        if slider in dict(state[:number]):
            return f"the slider {slider} is given twice."
        values = sliders[slider]
        if values is not None and value not in values:
            return f"the slider {slider} has no value {value}. It has {', '.join(values)}."
    return ""


def _demos(path):
    """Yield `(name, caption, {slider: values})` for each call of `explore` in a notebook."""
    for call in _calls(path):
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        page = options.get("page")
        if not isinstance(options.get("name"), ast.Constant):
            continue  # no address to link to
        pairs = zip(page.keys, page.values, strict=True) if isinstance(page, ast.Dict) else ()
        coarse = {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}
        sliders = {key: node for key, node in options.items() if key not in OPTIONS} | coarse
        caption = getattr(options.get("caption"), "value", "")
        values = {key: _values(node) for key, node in sliders.items()}
        yield options["name"].value, caption if isinstance(caption, str) else "", values


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
