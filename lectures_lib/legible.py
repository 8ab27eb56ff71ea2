"""Whether the letters of a figure can be read on a phone: measured while the figure is drawn."""

from contextlib import contextmanager
from unittest.mock import patch
from weakref import WeakKeyDictionary

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.mathtext import MathTextParser
from matplotlib.transforms import Bbox

__all__ = ["COLUMN", "LETTER", "SCRIPT", "small_letters"]

COLUMN = 342  # pixels that a figure has on a phone of 390
LETTER, SCRIPT = 9, 8  # pixels: the smallest letters, and exponents and indices, of a figure


@contextmanager
def small_letters():
    """Collect what is drawn too small: pairs of a text and the pixels of its smallest letter.

    What beside the data is drawn over another text is collected, too, with the width they share.

    >>> from lectures_lib.plots import figure_to_png, new_figure
    >>> figure, axes = new_figure()
    >>> _ = axes.set_title("small", fontsize=5)
    >>> with small_letters() as small:
    ...     png = figure_to_png(figure)
    >>> small
    [('small', 4.8)]
    >>> _ = axes.set_title("fits"), axes.set_xticks([0.5, 0.51], ["one", "two"])
    >>> with small_letters() as small:
    ...     png = figure_to_png(figure)
    >>> [text for text, pixels in small]
    ['two over one']
    """
    small, draw, parser = [], RendererAgg.draw_text, MathTextParser("path")
    drawn, clear = WeakKeyDictionary(), RendererAgg.clear

    def measured(renderer, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        pixels = COLUMN / renderer.width * renderer.dpi / 72  # of a point
        sizes = {prop.get_size_in_points()}
        if ismath:  # in a formula sizes differ
            sizes = {size for _, size, *_ in parser.parse(s, 72, prop).glyphs} or sizes
        least = SCRIPT if min(sizes) < prop.get_size_in_points() else LETTER
        if pixels * min(sizes) < least and s.strip():
            small.append((s, round(pixels * min(sizes), 1)))
        if mtext is not None and s.strip() and angle % 90 == 0:
            box, others = mtext.get_window_extent(renderer), drawn.setdefault(renderer, [])
            if mtext.axes is None or not mtext.axes.bbox.contains(*box.min):  # not on data
                for other, text in others:
                    if pixels := round(_shared(box, other) * COLUMN / renderer.width, 1):
                        small.append((f"{s} over {text}", pixels))
                others.append((box, s))
        draw(renderer, gc, x, y, s, prop, angle, ismath, mtext)

    def begun(renderer):
        drawn.pop(renderer, None)
        clear(renderer)

    with patch.multiple(RendererAgg, draw_text=measured, clear=begun):
        yield small


def _shared(box, other):
    """Return the width of what two boxes share, 0 if it is only a rim."""
    both = Bbox.intersection(box, other)
    return both.width if both and both.height > min(box.height, other.height) / 2 else 0
