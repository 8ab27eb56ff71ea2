"""Links from an assignment to a state of sliders on the site."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

__all__ = ["Preset", "read_preset"]


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
        book: The `Book`.
        text: The state, or what "Copy link" on the site gives.
        where: What an error names as the place of the text.

    Raises ValueError if the chapter, the figure or a slider is not there, or stands on a value
    that it does not have.
    """
    chapter, _, rest = re.sub(r"^\w+://.*?/book/(.*?)\.html", r"\1", text).partition("#")
    name, _, state = rest.partition("?")
    if not name or chapter not in [one.name for one in book.chapters]:
        raise ValueError(
            f"{where} {text}: it must read chapter#figure?slider=value with a chapter of the book, "
            "as cnn/why_convolutions#matched-filter?angle=60."
        )
    demos = book.demos | book.trainings
    if (chapter, name) not in demos:
        there = sorted(demo for place, demo in demos if place == chapter)
        raise ValueError(
            f"{where} {text}: {chapter} has no interactive figure {name!r}. It has {there}."
        )
    demo = demos[chapter, name]
    fault = _wrong(parse_qsl(state, keep_blank_values=True), demo.sliders)
    if fault:
        raise ValueError(f"{where} {text}: {fault}")
    return Preset(chapter, name, state, demo.caption)


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
