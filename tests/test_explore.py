"""explore(): one figure function, three views; and errors that say what to do."""

import base64
import io
import sys

import ipywidgets
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from lectures_lib import explore as module
from lectures_lib import live
from lectures_lib.explore import MAX_STATES, MIME_TYPE, DrawError, explore, figure
from lectures_lib.plots import new_figure, style


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch):
    monkeypatch.setattr(module, "registry", {})


def draw(power, shape="up"):
    figure, axes = new_figure(height=1.5)
    axes.plot([0, 1, 2], [0, 1, 2**power if shape == "up" else -(2**power)])
    return figure


def alt(power, shape="up"):
    return f"A line that goes {shape} to {2**power}."


SETTINGS = {"name": "powers", "caption": "A power of *two*.", "alt": alt}


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def make(view, monkeypatch, **options):
    monkeypatch.setenv("LECTURES_VIEW", view)
    options = (
        SETTINGS | {"power": [1, 2, 3], "shape": ["up", "down"], "start": {"power": 2}} | options
    )
    return explore(draw, **options)


@pytest.mark.slow
def test_page_holds_every_state_in_order_with_its_alt_text(monkeypatch):
    demo = make("page", monkeypatch)
    bundle = demo.shown[MIME_TYPE]
    assert [p["texts"] for p in bundle["parameters"]] == [["1", "2", "3"], ["up", "down"]]
    assert [p["kind"] for p in bundle["parameters"]] == ["number", "choice"]
    assert [p["start"] for p in bundle["parameters"]] == [1, 0]
    assert bundle["start"] == 2  # (2, "up") after (1, up), (1, down)
    assert bundle["alts"][5] == "A line that goes down to 8."
    assert len(bundle["frames"]) == 6
    assert base64.b64decode(bundle["frames"][5]) == demo.png({"power": 3, "shape": "down"})


class Notebook:
    """What the live view displays, in order; an update replaces the output that it names."""

    def __init__(self):
        self.outputs, self.places = [], {}

    def display(self, data, *, raw, metadata=None, display_id=None):
        self.places[display_id] = len(self.outputs)
        self.outputs.append((data, metadata))

    def update_display(self, data, *, raw, metadata=None, display_id=None):
        self.outputs[self.places[display_id]] = (data, metadata)

    def controls(self, place=1):
        model = self.outputs[place][0]["application/vnd.jupyter.widget-view+json"]["model_id"]
        widgets = getattr(ipywidgets.Widget, "_instances", None) or ipywidgets.widget._instances
        return widgets[model].children


@pytest.fixture
def notebook(monkeypatch):
    made = Notebook()
    monkeypatch.setattr(live, "display", made.display)
    monkeypatch.setattr(live, "update_display", made.update_display)
    return made


@pytest.mark.slow
def test_the_views_show_the_same_picture(monkeypatch, notebook):
    still = base64.b64decode(make("still", monkeypatch).shown["image/png"])
    bundle = make("page", monkeypatch, name="powers-2").shown[MIME_TYPE]
    frame = base64.b64decode(bundle["frames"][bundle["start"]])
    live.show(make("live", monkeypatch, name="powers-3"))
    html = notebook.controls()[-1].value
    shown = base64.b64decode(html.split("base64,")[1].split('"')[0])
    saved = base64.b64decode(notebook.outputs[-1][0]["image/png"])
    for other in (frame, shown, saved):
        assert np.array_equal(pixels(still), pixels(other))
    assert 'alt="A line that goes up to 4."' in html


def test_ipython_shows_widgets_in_the_live_view_only(monkeypatch, notebook):
    show = DisplayFormatter().format
    assert show(make("live", monkeypatch)) == ({}, {})
    kinds = [sorted(data) for data, _ in notebook.outputs]
    assert kinds == [
        ["text/html"],
        ["application/vnd.jupyter.widget-view+json", "text/plain"],
        ["image/png", "text/plain"],
    ]
    for view, more in (("still", []), ("page", [MIME_TYPE])):
        data, _ = show(make(view, monkeypatch, name=f"powers-{view}"))
        assert sorted(data) == sorted(["image/png", "text/plain", *more])
    assert len(notebook.outputs) == 3


def test_live_controls_redraw_and_reset(monkeypatch, notebook):
    live.show(make("live", monkeypatch))
    _sentence, power, shape, reset, picture = notebook.controls()
    before, saved_before = picture.value, notebook.outputs[-1]
    power.value = 3
    shape.value = "down"
    assert 'alt="A line that goes down to 8."' in picture.value
    saved, metadata = notebook.outputs[-1]
    assert saved["text/plain"] == "A line that goes down to 8."
    assert f"base64,{saved['image/png']}" in picture.value
    assert saved["image/png"] != saved_before[0]["image/png"]
    reset.click()
    assert picture.value == before
    assert notebook.outputs[-1] == saved_before
    assert (power.value, shape.value) == (2, "up")
    # Room for 5 inch x 1.5 inch is kept while a picture is exchanged.
    size = {"width": 600, "height": 180}
    assert metadata == {"image/png": size | {"alt": "A line that goes down to 8."}}
    assert saved_before[1] == {"image/png": size | {"alt": "A line that goes up to 4."}}
    assert 'width="600" height="180"' in picture.value


def test_what_is_saved_says_what_to_do_where_no_kernel_answers(monkeypatch, notebook):
    live.show(make("live", monkeypatch))
    assert "run this cell again" in live.SENTENCE
    for place in (notebook.outputs[0][0]["text/html"], notebook.controls()[0].value):
        assert f">{live.SENTENCE}</p>" in place
    # One demo twice: each has a picture of its own.
    live.show(make("live", monkeypatch))
    _sentence, power, *_ = notebook.controls(place=4)
    power.value = 3
    alts = [notebook.outputs[place][0]["text/plain"] for place in (2, 5)]
    assert alts == ["A line that goes up to 4.", "A line that goes up to 8."]


def test_colab_gets_one_output_with_a_picture_that_needs_no_style(monkeypatch, notebook):
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    live.show(make("live", monkeypatch))
    assert len(notebook.outputs) == 1
    assert notebook.outputs[0][0]["text/plain"] == "A line that goes up to 4."
    _sentence, power, *_, picture = notebook.controls(place=0)
    power.value = 3
    assert "display: none" not in picture.value
    assert 'alt="A line that goes up to 8."' in picture.value


def test_the_live_view_is_made_without_what_version_7_of_ipywidgets_lacks(monkeypatch, notebook):
    monkeypatch.delattr(ipywidgets.Widget, "_repr_mimebundle_")
    live.show(make("live", monkeypatch))
    assert len(notebook.controls()) == 5


def test_live_shows_what_went_wrong(monkeypatch, notebook):
    monkeypatch.setenv("LECTURES_VIEW", "live")

    def fails_at_three(power):
        return draw(power) if power < 3 else 1 / 0

    live.show(explore(fails_at_three, **SETTINGS, power=[1, 3]))
    _sentence, control, _reset, picture = notebook.controls()
    control.value = 3
    assert 'role="alert"' in picture.value
    assert "power=3" in picture.value
    assert notebook.outputs[-1][0]["text/plain"] == "A line that goes up to 2."


@pytest.mark.slow
def test_booleans_numpy_values_and_ranges(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")

    def draw_grid(size, grid, rate):
        figure, axes = new_figure(height=1.5)
        axes.plot([0, size * rate])
        axes.grid(grid)
        return figure

    demo = explore(
        draw_grid, name="grid", caption="A grid.",
        alt=lambda size, grid, rate: f"{size} {grid} {rate}",
        size=range(1, 3), grid=[False, True], rate=np.array([0.001, 0.5]), start={"rate": 0.5},
    )  # fmt: skip
    parameters = demo.shown[MIME_TYPE]["parameters"]
    assert [p["kind"] for p in parameters] == ["number", "boolean", "number"]
    assert [p["texts"] for p in parameters] == [["1", "2"], ["off", "on"], ["0.001", "0.5"]]
    assert demo.start == {"size": 1, "grid": False, "rate": 0.5}
    assert type(demo.start["rate"]) is float


def test_a_single_value_has_no_control(monkeypatch):
    demo = make("page", monkeypatch, shape=["down"], start={"power": 2})
    assert [parameter.name for parameter in demo.parameters] == ["power"]
    assert len(demo.shown[MIME_TYPE]["frames"]) == 3 and demo.start == {"power": 2}
    both = make("still", monkeypatch)
    assert demo.png({"power": 3}) == both.png({"power": 3, "shape": "down"})
    assert demo.alt_text({"power": 3}) == both.alt_text({"power": 3, "shape": "down"})
    assert demo.source == both.source
    alone = make("live", monkeypatch, name="alone", power=[2], shape=["up"])
    assert alone.parameters == () and alone.png({}) == both.png({"power": 2, "shape": "up"})


@pytest.mark.slow
def test_page_may_have_a_coarser_grid(monkeypatch):
    demo = make("page", monkeypatch, page={"power": [1, 2]})
    assert len(demo.shown[MIME_TYPE]["frames"]) == 4
    assert demo.parameters[0].values == (1, 2, 3)


def test_frames_are_sharp_and_small(monkeypatch):
    demo = make("still", monkeypatch)
    png = demo.png({"power": 2, "shape": "up"})
    assert pixels(png).shape == (300, 1000, 3)
    assert len(png) < 30_000


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"alt": None}, r"no alt text. Pass alt="),
        ({"caption": ""}, "no caption"),
        ({"name": "My Demo"}, "lower-case letters, digits and hyphens"),
        ({"power": list(range(150))}, rf"150 x 2 = 300 states, .* at most {MAX_STATES}.*page="),
        ({"start": {"power": 7}}, r"start value power=7 is not on its list \[1, 2, 3\]"),
        ({"start": {"pover": 1}}, "'pover', which is not a parameter.*power, shape"),
        ({"power": []}, "one or more different values"),
        ({"power": [1, 1]}, "one or more different values"),
        ({"power": [1, "a"]}, "all numbers"),
        ({"power": [1, float("nan")]}, "all numbers"),
        ({"power": 3}, "must be a list of values"),
        ({"power": [1, 1 + 1e-9]}, "read alike"),
        ({"page": {"power": [1, 9]}}, r"page values \[9\]"),
        ({"colour": [1, 2]}, "draw cannot be called with power, shape, colour"),
        ({"alt": lambda power: "x"}, "alt cannot be called with power, shape"),
        ({"alt": lambda power, shape: ""}, "alt.power=2, shape='up'. returned ''"),
        ({"a": [1, 2], "b": [1, 2]}, "4 parameters; explore needs 1 to 3"),
    ],
)  # fmt: skip
def test_bad_use_says_what_to_do(monkeypatch, options, text):
    with pytest.raises(ValueError, match=text):
        make("page", monkeypatch, **options)
    assert not module.registry


def test_no_parameters(monkeypatch):
    with pytest.raises(ValueError, match="0 parameters; explore needs 1 to 3"):
        explore(draw, **SETTINGS)


def test_a_figure_is_a_demo_without_sliders(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    with style():
        drawn = draw(2)
    one = figure(drawn, name="one", caption="A line.", alt="It rises to 4.")
    shown = one._repr_mimebundle_()
    assert shown["text/plain"] == "It rises to 4."
    bundle = shown[MIME_TYPE]
    assert (bundle["parameters"], bundle["alts"]) == ([], ["It rises to 4."])
    (frame,) = bundle["frames"]
    np.testing.assert_array_equal(
        pixels(base64.b64decode(frame)),
        pixels(make("still", monkeypatch).png({"power": 2, "shape": "up"})),
    )
    monkeypatch.setenv("LECTURES_VIEW", "live")
    one = figure(draw(2), name="one", caption="A line.", alt="It rises to 4.")
    with pytest.raises(NotImplementedError):  # no widgets: IPython takes the picture
        one._ipython_display_()
    assert set(one._repr_mimebundle_()) == {"image/png", "text/plain"}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"alt": ""}, "one: no alt text. Pass alt=..., what the picture shows"),
        ({"caption": ""}, "one: no caption"),
        ({"name": "One"}, "The name 'One' must be lower-case"),
    ],
)
def test_a_figure_needs_its_texts(options, text):
    settings = {"name": "one", "caption": "A line.", "alt": "It rises."} | options
    with pytest.raises(ValueError, match=text):
        figure(draw(1), **settings)


def test_a_figure_must_be_one():
    with pytest.raises(DrawError, match="draw returned 3; it must return a matplotlib figure"):
        figure(3, name="one", caption="A line.", alt="It rises.")


def test_the_source_of_a_figure_is_named_if_it_stands_in_the_library(monkeypatch):
    assert make("still", monkeypatch).source == ""
    from lectures_lib.demos import cnn_digits

    found = cnn_digits.filters(np.ones((3, 3, 1, 2))).source
    file, line = found.split("#L")
    assert file == "demos/cnn_digits.py"
    text = (module.PACKAGE / file).read_text(encoding="utf-8").splitlines()
    assert text[int(line) - 1].startswith("def filters(")


def test_a_name_is_used_once_on_a_page_but_a_cell_may_be_run_again(monkeypatch):
    make("still", monkeypatch)
    make("still", monkeypatch)
    with pytest.raises(ValueError, match="'powers' is used by two demos"):
        make("page", monkeypatch)


@pytest.mark.slow
def test_one_alt_text_for_different_pictures(monkeypatch):
    with pytest.raises(ValueError, match="6 states have different pictures but one alt text"):
        make("page", monkeypatch, alt=lambda power, shape: "A line.")


@pytest.mark.parametrize("view", ["live", "page", "still"])
def test_impure_draw_function(monkeypatch, view):
    monkeypatch.setenv("LECTURES_VIEW", view)
    rng = np.random.default_rng(0)

    def impure(power):
        figure, axes = new_figure(height=1.5)
        axes.plot(rng.normal(size=5))
        return figure

    with pytest.raises(DrawError, match=r"draw\(power=1\) gave two different pictures.*fixed seed"):
        explore(impure, **SETTINGS, power=[1, 2])


def test_a_draw_that_raises_names_the_state(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")

    def fails(power):
        return draw(power) if power < 3 else 1 / 0

    with pytest.raises(DrawError, match=r"draw\(power=3\) raised ZeroDivisionError"):
        explore(fails, **SETTINGS, power=[1, 2, 3])


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda power: None, "returned None; it must return a matplotlib figure"),
        (lambda power: infinite(), "an axis has limits"),
    ],
)
def test_what_draw_must_return(monkeypatch, wrong, text):
    monkeypatch.setenv("LECTURES_VIEW", "still")
    with pytest.raises(DrawError, match=text):
        explore(wrong, **SETTINGS, power=[1, 2])


def infinite():
    figure, axes = new_figure(height=1.5)
    axes.viewLim.intervalx = (0, np.inf)
    return figure


def test_unknown_view(monkeypatch):
    with pytest.raises(ValueError, match="LECTURES_VIEW is 'frames'; it must be one of live, page"):
        make("frames", monkeypatch)
