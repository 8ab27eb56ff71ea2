"""Drawn cells: the part that is named is lit, the later ones are pale, and wires meet."""

import itertools

import pytest
from matplotlib.colors import to_hex

from lectures_lib.diagrams import CELLS, LOOKS, draw_cell, draw_stack
from lectures_lib.plots import figure_to_png, new_figure

PARTS = [(cell, part) for cell, parts in CELLS.items() for part in parts]


def texts(axes, look):
    colour = to_hex(LOOKS[look][0])
    return [
        text.get_text()
        for text in axes.texts
        if to_hex(text.get_color()) == colour and text.get_text()
    ]


def words(part):
    return [text for kind in ("boxes", "circles", "labels") for *_, text in part.get(kind, ())]


@pytest.mark.parametrize(("cell", "name"), PARTS)
def test_one_part_is_lit_and_the_rest_is_as_asked(cell, name):
    parts = CELLS[cell]
    earlier = list(parts)[: list(parts).index(name)]
    _, axes = new_figure()
    assert draw_cell(axes, cell=cell, lit=[name], drawn=earlier) is axes
    later = [other for other in parts if other != name and other not in earlier]
    assert texts(axes, "lit") == words(parts[name])
    assert texts(axes, "drawn") == [text for other in earlier for text in words(parts[other])]
    assert texts(axes, "pale") == [text for other in later for text in words(parts[other])]
    widths = [line.get_linewidth() for line in axes.lines]
    wires = len(parts[name].get("wires", ())) + len(parts[name].get("lines", ()))
    assert widths.count(LOOKS["lit"][1]) == wires


@pytest.mark.parametrize("cell", CELLS)
def test_every_part_gives_a_picture_of_its_own(cell):
    pictures = set()
    for lit in ([], *([part] for part in CELLS[cell])):
        figure, axes = new_figure()
        draw_cell(axes, cell=cell, lit=lit)
        assert not texts(axes, "pale")
        pictures.add(figure_to_png(figure))
    assert len(pictures) == len(CELLS[cell]) + 1


def near(point, other, reach=0.72):
    return abs(point[0] - other[0]) <= reach and abs(point[1] - other[1]) <= reach


@pytest.mark.parametrize("cell", CELLS)
def test_every_wire_begins_and_ends_somewhere(cell):
    parts = CELLS[cell].values()
    nodes = [
        (x, y) for part in parts for kind in ("boxes", "circles") for x, y, _ in part.get(kind, ())
    ]
    lines = [line for part in parts for kind in ("wires", "lines") for line in part.get(kind, ())]
    for line in lines:
        for end in (line[0], line[-1]):
            outside = not (1.0 < end[0] < 9.5 and 0.75 < end[1] < 5.25)
            on_a_line = any(
                min(a[0], b[0]) <= end[0] <= max(a[0], b[0])
                and min(a[1], b[1]) <= end[1] <= max(a[1], b[1])
                for other in lines
                if other is not line
                for a, b in itertools.pairwise(other)
            )
            assert outside or on_a_line or any(near(end, node) for node in nodes), (line, end)


def test_the_cells_have_the_gates_of_their_equations():
    gates = {
        cell: [text for part in parts.values() for text in words(part) if text in ("σ", "tanh")]
        for cell, parts in CELLS.items()
    }
    assert sorted(gates["lstm"]) == ["tanh", "tanh", "σ", "σ", "σ"]
    assert sorted(gates["gru"]) == ["tanh", "σ", "σ"]


def test_the_gru_multiplies_by_the_reset_gate_after_the_product():
    """As `reset_after=True`: from the old state to R_h, to the product with r, to tanh."""
    reset, candidate = (CELLS["gru"][name] for name in ("reset", "candidate"))
    product = next((x, y) for x, y, text in reset["boxes"] if text == "$R_h$")
    (gated,) = ((x, y) for x, y, text in reset["circles"])
    (tanh,) = ((x, y) for x, y, text in candidate["boxes"] if text == "tanh")
    line = next(lines for lines in CELLS["gru"]["inputs"]["lines"] if lines[0][1] == 4.6)
    assert line[1][0] < product[0] < gated[0] < tanh[0] and product[1] == gated[1]
    wires = [(wire[0], wire[-1]) for wire in (*reset["wires"], *candidate["wires"])]
    for start, end in ((product, gated), (gated, tanh)):
        assert any(near(a, start) and near(b, end) for a, b in wires)
    assert any(a[0] == line[0][0] and near(b, product) for a, b in wires)


def test_one_box_of_the_stack_is_lit():
    for lit in ((1, 0), (2, 1)):
        _, axes = new_figure()
        draw_stack(axes, lit=lit)
        fills = [to_hex(box.get_facecolor()) for box in axes.patches]
        yellow = to_hex(LOOKS["lit"][2])
        assert [fill == yellow for fill in fills] == [
            (column, layer) == lit for column in range(3) for layer in range(2)
        ]
    assert [text.get_text() for text in axes.texts].count("$C$") == 6


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cell": "rnn"}, "cell='rnn' is unknown. Use one of lstm, gru"),
        ({"lit": ["reset"]}, r"The lstm has no parts \['reset'\]. Use cell line, inputs, forget"),
        ({"cell": "gru", "drawn": ["output"]}, r"The gru has no parts \['output'\]"),
    ],
)
def test_unknown_names_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        draw_cell(new_figure()[1], **given)
