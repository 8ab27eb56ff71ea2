"""How large the letters of a figure are on a phone: measured while the figure is drawn."""

from contextlib import contextmanager
from unittest.mock import patch

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.mathtext import MathTextParser

__all__ = ["COLUMN", "LETTER", "SCRIPT", "small_letters"]

COLUMN = 342  # pixels that a figure has on a phone of 390
LETTER, SCRIPT = 9, 8  # pixels: the smallest letters, and exponents and indices, of a figure


@contextmanager
def small_letters():
    """Collect what is drawn too small: pairs of a text and the pixels of its smallest letter.

    >>> from lectures_lib.plots import figure_to_png, new_figure
    >>> figure, axes = new_figure()
    >>> _ = axes.set_title("small", fontsize=5)
    >>> with small_letters() as small:
    ...     png = figure_to_png(figure)
    >>> small
    [('small', 4.8)]
    """
    small, draw, parser = [], RendererAgg.draw_text, MathTextParser("path")

    def measured(renderer, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        pixels = COLUMN / renderer.width * renderer.dpi / 72  # of a point
        sizes = {prop.get_size_in_points()}
        if ismath:  # in a formula sizes differ
            sizes = {size for _, size, *_ in parser.parse(s, 72, prop).glyphs} or sizes
        least = SCRIPT if min(sizes) < prop.get_size_in_points() else LETTER
        if pixels * min(sizes) < least and s.strip():
            small.append((s, round(pixels * min(sizes), 1)))
        draw(renderer, gc, x, y, s, prop, angle, ismath, mtext)

    with patch.object(RendererAgg, "draw_text", measured):
        yield small
