"""Drawings of the LSTM and GRU cells, built up part by part, and of where a cell sits."""

from matplotlib.patches import FancyBboxPatch

from lectures_lib.plots import COLOURS

__all__ = ["CELLS", "draw_cell", "draw_stack"]

# For each part of a cell: wires that end in an arrow, lines that do not, boxes that apply a
# function, circles that join wires entry by entry, and labels, at (x, y) on a plane of 10 by 6.
CELLS = {
    "lstm": {
        "cell line": dict(wires=[[(0.3, 4.6), (9.7, 4.6)]],
                          labels=[(0.45, 5.0, "$C_{t-1}$"), (9.55, 5.0, "$C_t$")]),
        "inputs": dict(lines=[[(0.3, 1.3), (6.9, 1.3)]], wires=[[(1.4, 0.4), (1.4, 1.3)]],
                       labels=[(0.45, 1.7, "$h_{t-1}$"), (1.75, 0.4, "$x_t$")]),
        "forget": dict(wires=[[(2.4, 1.3), (2.4, 2.0)], [(2.4, 2.8), (2.4, 4.35)]],
                       boxes=[(2.4, 2.4, "σ")], circles=[(2.4, 4.6, "×")],
                       labels=[(2.8, 3.4, "$f_t$")]),
        "input": dict(wires=[[(3.9, 1.3), (3.9, 2.0)], [(3.9, 2.8), (3.9, 3.5), (4.45, 3.5)]],
                      boxes=[(3.9, 2.4, "σ")], labels=[(3.75, 3.75, "$i_t$")]),
        "candidate": dict(wires=[[(5.4, 1.3), (5.4, 2.0)], [(5.4, 2.8), (5.4, 3.5), (4.95, 3.5)]],
                          boxes=[(5.4, 2.4, "tanh")], labels=[(5.6, 3.75, "$g_t$")]),
        "update": dict(wires=[[(4.7, 3.75), (4.7, 4.35)]],
                       circles=[(4.7, 3.5, "×"), (4.7, 4.6, "+")]),
        "output": dict(wires=[[(6.9, 1.3), (6.9, 2.0)], [(7.45, 2.4), (8.0, 2.4)]],
                       boxes=[(6.9, 2.4, "σ")], labels=[(7.72, 2.0, "$o_t$")]),
        "hidden": dict(wires=[[(8.25, 4.6), (8.25, 3.85)], [(8.25, 3.15), (8.25, 2.65)],
                              [(8.25, 2.15), (8.25, 1.3), (9.7, 1.3)], [(9.1, 1.3), (9.1, 5.7)]],
                       boxes=[(8.25, 3.5, "tanh")], circles=[(8.25, 2.4, "×")],
                       labels=[(9.55, 1.7, "$h_t$"), (8.75, 5.6, "$h_t$")]),
    },
    "gru": {
        "state line": dict(wires=[[(0.3, 4.6), (9.7, 4.6)], [(9.1, 4.6), (9.1, 5.7)]],
                           labels=[(0.45, 5.0, "$h_{t-1}$"), (9.55, 5.0, "$h_t$"),
                                   (8.75, 5.6, "$h_t$")]),
        "inputs": dict(lines=[[(1.2, 4.6), (1.2, 1.5), (4.9, 1.5)], [(0.3, 1.0), (7.7, 1.0)]],
                       labels=[(0.5, 0.65, "$x_t$")]),
        "reset": dict(wires=[[(3.2, 1.5), (3.2, 2.0)], [(3.6, 1.0), (3.6, 2.0)],
                             [(3.4, 2.8), (3.4, 3.2)], [(1.2, 3.45), (1.55, 3.45)],
                             [(2.65, 3.45), (3.15, 3.45)]],
                      boxes=[(3.4, 2.4, "σ"), (2.1, 3.45, "$R_h$")], circles=[(3.4, 3.45, "×")],
                      labels=[(3.75, 3.08, "$r_t$")]),
        "update": dict(wires=[[(4.9, 1.5), (4.9, 2.0)], [(5.3, 1.0), (5.3, 2.0)],
                              [(5.1, 2.8), (5.1, 4.35)], [(5.1, 3.9), (5.9, 3.9)],
                              [(6.5, 3.9), (7.45, 3.9)]],
                       boxes=[(5.1, 2.4, "σ")], circles=[(5.1, 4.6, "×"), (6.2, 3.9, "1−")],
                       labels=[(5.45, 3.05, "$z_t$")]),
        "candidate": dict(wires=[[(7.7, 1.0), (7.7, 2.0)], [(7.7, 2.8), (7.7, 3.65)],
                                 [(3.65, 3.45), (6.55, 3.45), (6.55, 2.4), (7.15, 2.4)],
                                 [(7.7, 4.15), (7.7, 4.35)]],
                          boxes=[(7.7, 2.4, "tanh")], circles=[(7.7, 3.9, "×"), (7.7, 4.6, "+")],
                          labels=[(8.1, 3.2, r"$\tilde h_t$")]),
    },
}  # fmt: skip
LOOKS = {  # colour of lines, their width, colour of boxes
    "lit": (COLOURS[0], 3.2, "#FFE08A"),
    "drawn": ("black", 1.2, "white"),
    "pale": ("0.8", 1.0, "white"),
}


def draw_cell(axes, *, cell="lstm", lit=(), drawn=None):
    """Draw a cell, some of its parts lit, and those of the steps to come pale.

    Args:
        axes: Where to draw; about 3 inch high at the width of the page.
        cell: "lstm", or "gru" with the reset after the product, as in Keras.
        lit: Names of the parts with thick blue lines and yellow boxes.
        drawn: Names of the other parts that are drawn in black; all by default.

    Returns:
        The axes.

    Raises:
        ValueError: If a name is not one of `CELLS`, or not one of its parts.

    >>> from lectures_lib.plots import new_figure
    >>> axes = draw_cell(new_figure()[1], lit=["forget"])
    >>> [text.get_text() for text in axes.texts if text.get_color() == COLOURS[0]]
    ['σ', '×', '$f_t$']
    """
    if cell not in CELLS:
        raise ValueError(f"cell={cell!r} is unknown. Use one of {', '.join(CELLS)}.")
    parts = CELLS[cell]
    drawn = parts if drawn is None else drawn
    unknown = [name for name in [*lit, *drawn] if name not in parts]
    if unknown:
        raise ValueError(f"The {cell} has no parts {unknown}. Use {', '.join(parts)}.")
    frame = FancyBboxPatch((1.0, 0.75), 8.5, 4.5, boxstyle="round,pad=0,rounding_size=0.3")
    axes.add_patch(frame).set(facecolor="#F4F4F4", edgecolor="none", zorder=0)
    for order, (name, part) in enumerate(parts.items()):
        look = "lit" if name in lit else "drawn" if name in drawn else "pale"
        _draw_part(axes, part, LOOKS[look], 10 * ["pale", "drawn", "lit"].index(look) + order)
    axes.set(xlim=(-0.1, 10.1), ylim=(0.1, 5.9))
    axes.axis("off")
    return axes


def _draw_part(axes, part, look, order):
    """Draw the wires, boxes, circles and labels of one part, above all of a lower order."""
    colour, width, fill = look
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    wires = part.get("wires", ())
    for points in [*part.get("lines", ()), *(wire[:-1] for wire in wires)]:
        axes.plot(*zip(*points, strict=True), "-", color=colour, linewidth=width, zorder=order + 1)
    for *_, last, end in wires:
        axes.annotate("", end, last, arrowprops=arrow, zorder=order + 1)
    for x, y, text in part.get("boxes", ()):
        box = FancyBboxPatch((x - 0.55, y - 0.4), 1.1, 0.8, boxstyle="round,pad=0")
        axes.add_patch(box).set(facecolor=fill, edgecolor=colour, linewidth=width, zorder=40)
        axes.text(x, y, text, color=colour, fontsize=13, ha="center", va="center", zorder=41)
    for x, y, text in part.get("circles", ()):
        size = 260 if len(text) == 1 else 520
        dot = dict(facecolor=fill, edgecolor=colour, linewidth=width, zorder=40)
        axes.scatter([x], [y], size, **dot)
        style = dict(color=colour, fontsize=13 if len(text) == 1 else 11, zorder=41)
        axes.text(x, y, text, ha="center", va="center", **style)
    for x, y, text in part.get("labels", ()):
        axes.text(x, y, text, color=colour, fontsize=14, ha="center", va="center", zorder=41)


def draw_stack(axes, *, lit=(1, 0)):
    """Draw two layers of cells over three steps; `lit` is the column and layer of one cell.

    Args:
        axes: Where to draw.
        lit: Column 0, 1 or 2, and layer 0 (below) or 1.

    Returns:
        The axes.

    >>> from lectures_lib.plots import new_figure
    >>> len(draw_stack(new_figure()[1]).patches)
    6
    """
    arrow = {"arrowstyle": "-|>", "color": "black", "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    for column, step in enumerate(("t-1", "t", "t+1")):
        x = 3.3 * column
        axes.text(x, -1.75, f"$x_{{{step}}}$", fontsize=14, ha="center", va="center")
        for layer in range(2):
            y = 2 * layer
            _, width, fill = LOOKS["lit" if (column, layer) == lit else "drawn"]
            box = FancyBboxPatch((x - 0.7, y - 0.5), 1.4, 1, boxstyle="round,pad=0.1")
            axes.add_patch(box).set(facecolor=fill, edgecolor="black", linewidth=width)
            axes.annotate("", (x, y - 0.6), (x, y - 1.4), arrowprops=arrow)
            for height, name in zip((-0.25, 0.25), "hC", strict=True):
                ends = (x + 2.5, y + height), (x + 0.8, y + height)
                axes.annotate("", *ends, arrowprops=arrow)
                place = (x + 1.65, y + 2.4 * height)
                axes.text(*place, f"${name}$", fontsize=13, ha="center", va="center")
        axes.annotate("", (x, 3.4), (x, 2.6), arrowprops=arrow)
    axes.set(xlim=(-1, 9.2), ylim=(-2.1, 3.5))
    axes.axis("off")
    return axes
