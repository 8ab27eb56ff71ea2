"""Figures: what they say, and that they are small and the same each time."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from PIL import Image

from lectures_lib import plots
from lectures_lib.legible import small_letters
from lectures_lib.plots import new_figure


def test_frames_hold_the_figures_pixels_in_256_colours():
    figure, axes = new_figure(height=2.5)
    axes.plot([0, 1], [0, 1])
    picture = plots.figure_to_picture(figure)
    packed = Image.open(io.BytesIO(plots.pack(picture)))
    assert packed.mode == "P"
    assert packed.size == picture.size == (1000, 500)
    difference = np.abs(np.asarray(packed.convert("RGB"), int) - np.asarray(picture, int))
    assert difference.max() <= 24
    assert np.mean(difference) < 0.1
    assert plots.figure_to_png(figure) == plots.pack(picture)


def test_the_style_of_other_code_does_not_leak_into_a_figure():
    import matplotlib as mpl

    def png():
        with plots.style():
            figure, axes = new_figure(height=1.5)
            axes.plot([0, 1], [1, 0])
            return plots.figure_to_png(figure)

    before = png()
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9, "figure.facecolor": "red"}):
        assert png() == before


def test_series_differ_in_line_style_as_well_as_colour():
    _, axes = new_figure()
    lines = [axes.plot([0, 1], [i, i])[0] for i in range(4)]
    assert len({line.get_linestyle() for line in lines}) == 4
    assert len({line.get_color() for line in lines}) == 4


def test_window_is_marked_from_its_top_left_pixel():
    _, axes = new_figure()
    plots.mark_window(axes, row=2, column=5, height=3, width=4)
    corners = axes.patches[0].get_path().vertices
    placed = axes.patches[0].get_patch_transform().transform(corners)
    assert placed.min(axis=0).tolist() == [4.5, 1.5]
    assert placed.max(axis=0).tolist() == [8.5, 4.5]


def test_values_are_written_into_their_pixels_and_stay_readable():
    _, axes = new_figure()
    plots.write_values(np.array([[0.0, -1.5], [9.0, 2.0], [3.0, 4.0]]), axes=axes, digits=1)
    written = {t.get_position(): (t.get_text(), t.get_color()) for t in axes.texts}
    assert written[1, 0] == ("\N{MINUS SIGN}1.5", "white")
    assert written[0, 1] == ("9.0", "black")
    assert len(written) == 6


def test_history_is_drawn_with_units_and_one_line_for_each_split():
    rows = [(e, s, 1 / e, 0.5) for e in (1, 2, 3) for s in ("train", "validation")]
    history = pd.DataFrame(rows, columns=["epoch", "split", "loss", "accuracy"])
    _, axes = new_figure()
    plots.plot_history(history, quantity="loss", axes=axes)
    assert [line.get_label() for line in axes.lines] == ["train", "validation"]
    assert axes.lines[0].get_ydata().tolist() == [1, 1 / 2, 1 / 3]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss (nats)")


def test_confusion_matrix_has_true_classes_in_rows_and_hides_zeros():
    _, axes = new_figure()
    counts = np.array([[5, 2], [0, 7]])
    plots.plot_confusion(counts, class_names=("cat", "dog"), axes=axes)
    assert {t.get_position(): t.get_text() for t in axes.texts} == {
        (0, 0): "5",
        (1, 0): "2",
        (1, 1): "7",
    }
    assert axes.get_ylabel() == "true class"
    assert [t.get_text() for t in axes.get_xticklabels()] == ["cat", "dog"]


def test_volumes_are_named_by_their_shapes():
    _, axes = new_figure()
    plots.draw_volumes([(8, 6, 3), (4, 3, 5)], names=["POOL"], axes=axes)
    texts = [text.get_text() for text in axes.texts]
    assert "8×6\n×3" in texts
    assert "POOL" in texts


@pytest.mark.parametrize("wrong", [None, "figure", np.zeros(3)])
def test_only_figures_become_pictures(wrong):
    with pytest.raises(ValueError, match="it must return a matplotlib figure"):
        plots.figure_to_picture(wrong)


def test_use_style_makes_notebooks_show_packed_figures(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        plots.use_style()
        figure, axes = new_figure(height=2)
        axes.plot([1, 2])
        data, metadata = shell.display_formatter.format(figure)
        assert data["image/png"] in (plots.figure_to_png(figure), _base64(figure))
        assert metadata["image/png"] == {"width": 500, "height": 200}
    finally:
        InteractiveShell.clear_instance()
    assert isinstance(figure, Figure)


def _base64(figure):
    import base64

    return base64.b64encode(plots.figure_to_png(figure)).decode()


def test_grid_has_its_values_in_their_cells_and_real_ticks():
    figure, axes = new_figure()
    scores = pd.DataFrame(
        [[0.9, 0.15, np.nan], [0.25, 1.0, 0.5]],
        index=pd.Index([0.1, 10.0], name="rate"),
        columns=pd.Index([1e-3, 1.0, 100.0], name="penalty"),
    )
    plots.plot_grid(scores, axes=axes, mark=(10.0, 1e-3))
    figure.draw_without_rendering()
    written = {t.get_text(): (t.get_position(), t.get_color()) for t in axes.texts}
    assert written[".90"] == ((0.5, 0.5), "black")  # light yellow below it
    assert written[".15"] == ((1.5, 0.5), "white")
    assert written["nan"][0] == (2.5, 0.5)
    assert written["1.00"][0] == (1.5, 1.5)
    assert [t.get_text() for t in axes.get_xticklabels()] == [
        "$10^{-3}$", "$10^{0}$", "$10^{2}$",
    ]  # fmt: skip
    assert [t.get_text() for t in axes.get_yticklabels()] == ["$10^{-1}$", "$10^{1}$"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("penalty", "rate")
    (frame,) = (patch for patch in axes.patches if not patch.get_fill())
    assert (frame.get_x(), frame.get_y()) == (0, 1)


def test_grid_without_numbers_shows_cells_only():
    _figure, axes = new_figure()
    plots.plot_grid(pd.DataFrame([[0.5]], index=[0.1], columns=[1.0]), axes=axes, size=None)
    assert not axes.texts


def test_losses_of_runs_are_drawn_with_their_levels():
    run = SimpleNamespace(history={"loss": [1.0, 0.5], "val_loss": [2.0, 0.25]})
    figure, said = plots.draw_losses(run, ylabel="V²", variance=0.5, levels={"a": 1, "b": 0.125})
    (axes,) = figure.axes
    drawn = {line.get_label(): (line.get_ydata(), line.get_linestyle()) for line in axes.lines}
    assert list(drawn["training"][0]) == [2, 1] and list(drawn["validation"][0]) == [4, 0.5]
    assert list(drawn["b"][0]) == [0.125, 0.125]
    styles = [drawn[name][1] for name in ("training", "validation", "a", "b")]
    assert styles == ["-", "--", "--", ":"]
    assert (
        said == "Curves over 2 epochs. At the end: training 1; validation 0.5. Lines: a 1, b 0.125."
    )
    assert axes.get_ylabel() == "V²" and axes.get_yscale() == "log"
    once = SimpleNamespace(history={"loss": [0.5]})
    figure, said = plots.draw_losses(
        {"x": once, "y": once}, ylabel="loss", parts=("loss",), log=False
    )
    (axes,) = figure.axes
    assert (
        said == "Curves over 1 epoch. At the end: x 0.5; y 0.5." and axes.get_yscale() == "linear"
    )
    assert {line.get_marker() for line in axes.lines} == {"o"}  # a line of one point is none
    assert len({line.get_color() for line in axes.lines}) == 2


def box_of(picture, colours):
    """Return the box of the pixels that have one of some colours, in thousandths."""
    pixels = np.asarray(picture)
    rows, columns = np.nonzero((pixels[:, :, None] == np.array(colours)).all(axis=3).any(axis=2))
    height, width = pixels.shape[:2]
    sides = columns.min() / width, rows.min() / height, (columns.max() + 1) / width
    return 1000 * np.array([*sides, (rows.max() + 1) / height])


def test_colours_that_are_values_are_kept_where_they_are():
    figure, axes = new_figure(2, 2, height=4)
    magenta, cyan = (255, 0, 255), (0, 255, 255)
    plots.show_image(np.full((4, 8, 3), magenta, float) / 255, axes=axes[0, 0], title="image")
    axes[0, 1].plot([0, 1], color="magenta", linewidth=5)
    axes[1, 0].pcolormesh(np.eye(3), cmap=ListedColormap(["cyan", "magenta"]))
    axes[1, 0].set(xlim=(1, 9))  # a part of it is not seen
    axes[1, 1].scatter([0, 1], [0, 1], color="magenta")
    picture = plots.figure_to_picture(figure)
    first, second = plots.true_colours(figure)
    above, below = picture.crop((0, 0, 500, 400)), picture.crop((0, 400, 500, 800))
    np.testing.assert_allclose(first, box_of(above, [magenta]) / 2, atol=2)
    seen = box_of(below, [magenta, cyan]) / 2 + [0, 500, 0, 500]
    np.testing.assert_allclose(second, seen, atol=4)  # the frame covers its edges
    packed = Image.open(io.BytesIO(plots.pack(picture)))
    assert json.loads(packed.info["true colours"]) == [first, second]


def test_points_coloured_by_value_keep_their_axes_and_their_bar():
    figure, axes = new_figure()
    points = axes.scatter([0, 1], [0, 1], c=[0, 1])
    bar = figure.colorbar(points)
    plots.figure_to_picture(figure)
    for box, kept in zip(plots.true_colours(figure), (axes, bar.ax), strict=True):
        (left, bottom), (right, top) = 1000 * kept.get_position().get_points()
        np.testing.assert_allclose(box, [left, 1000 - top, right, 1000 - bottom], atol=2)
    axes.set_visible(False)
    assert len(plots.true_colours(figure)) == 1


def test_a_picture_of_lines_says_nothing_of_colours():
    figure, axes = new_figure()
    axes.plot([0, 1])
    assert "true colours" not in Image.open(io.BytesIO(plots.figure_to_png(figure))).info


@pytest.mark.parametrize(
    ("text", "size", "pixels"),
    # 342 pixels for 360 points: 9 and 8 pixels are 9.47 and 8.42 points.
    [("a", 9.5, None), ("a", 9.4, 8.9), ("$10^2$", 10, None), ("$10^2$", 9.8, 7.9),
     ("$x$", 9.4, 8.9), ("", 1, None), (" ", 1, None)],
)  # fmt: skip
def test_small_letters_are_found(text, size, pixels):
    figure, axes = new_figure()
    axes.text(0.5, 0.5, text, fontsize=size)
    axes.text(0.5, 0.2, "not seen", fontsize=1, visible=False)
    with small_letters() as small:
        plots.figure_to_picture(figure)
    assert small == ([] if pixels is None else [(text, pixels)])
