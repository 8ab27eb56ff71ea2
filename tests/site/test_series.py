"""Networks of series and of codes that learn, each on a page of its own, without a built book."""

import html
import random
import re

import numpy as np
import pytest
from conftest import fingers, serving

from lectures_lib.demos.autoencoders_variational_live import (
    latent_plane,
    plane_digits,
    plane_network,
)
from lectures_lib.demos.lstm_long_memory_live import UNITS, memory_race, race_network, race_records
from lectures_lib.demos.rnn_extrapolation_live import unfolding
from lectures_lib.demos.rnn_recurrent_networks_live import learn_to_recall
from lectures_lib.from_scratch import gru, lstm
from lectures_lib.models import series_rnn
from lectures_lib.physics import pairing_energies
from lectures_lib.playground import plane
from lectures_lib.playground.answering import MIME_TYPE, STYLE, asset, start_line
from lectures_lib.site.playgrounds import _engine
from lectures_lib.training import forecast

ENERGIES = pairing_energies(np.arange(2, 42, 2))
FIGURES = {"energies": lambda: unfolding(ENERGIES), "recall": learn_to_recall, "race": memory_race,
           "plane": latent_plane}  # fmt: skip
DESKTOP, PHONE = {"width": 1280, "height": 1000}, {"width": 390, "height": 844}
PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>A figure</title>
<style>html {{ --pst-color-text-muted: #48566b; }}
html[data-theme="dark"] {{ color-scheme: dark; color: white; background: #121212;
  --pst-color-text-base: white; --pst-color-background: #121212; --pst-color-text-muted: #aaa; }}
</style><link rel="stylesheet" href="{style}"><main><h1>A figure</h1><figure style="margin: 0">
<div class="playground" id="{name}-playground"><img class="playground-still" alt="{alt}"><p>
<button type="button" class="playground-begin" hidden data-scripts="engine.js data.js">Train it here
</button> <span role="status"></span></p></div></figure></main><script src="begin.js"></script>"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder for each figure, with all that its page needs."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LECTURES_VIEW", "page")
        for kind, figure in FIGURES.items():
            folder, bundle = tmp_path_factory.mktemp(kind), figure().shown[MIME_TYPE]
            line = start_line("training", f"{bundle['name']}-playground", bundle["page"])
            (folder / "data.js").write_text(line, encoding="utf-8")
            (folder / "engine.js").write_bytes(_engine(bundle["page"]))
            for file in ("begin.js", STYLE):
                (folder / file).write_text(asset(file), encoding="utf-8")
            for theme in ("light", "dark"):
                texts = {"name": bundle["name"], "alt": html.escape(bundle["alt"])}
                page = PAGE.format(theme=theme, style=STYLE, **texts)
                (folder / f"{theme}.html").write_text(page, encoding="utf-8")
            made[kind] = folder
    return made


class Figure:
    """A figure that has begun, and what a reader does with it."""

    def __init__(self, opened):
        self.page, self.box = opened, opened.locator(".playground")
        self.box.get_by_role("button", name="Train it here").click()
        self.box.locator(".playground-live[data-state]").wait_for(timeout=30_000)

    def ask(self, expression):
        return self.page.evaluate(
            f"(({{ report, points, trainer, view, state, description }}) => {expression})"
            "(document.querySelector('.playground').playground)"
        )

    def press(self, name):
        self.box.get_by_role("button", name=name, exact=True).press("Enter")

    def slide(self, label, *keys):
        for key in keys:
            self.box.get_by_role("slider", name=label).press(key)

    def train(self, button):
        """Press the button that begins a run, and wait for its end and the last picture."""
        run = self.ask("trainer.run")
        self.press(button)
        self.finish(run)

    def finish(self, run):
        for _ in range(600):
            if self.ask(f"trainer.run > {run} && ['done', 'diverged'].includes(report?.state)"):
                break
            self.page.wait_for_timeout(50)
        self.page.wait_for_timeout(150)
        return self.ask("report.state")

    def said(self):
        return self.box.locator(".playground-answer").first.inner_text()


def opened(visit, folders, kind, theme="light", **options):
    one = visit(viewport=DESKTOP, **options)
    return one, Figure(one.open(f"file://{folders[kind]}/{theme}.html"))


def test_each_seed_leaves_a_forecast_and_the_fan_is_told_in_numbers(visit, folders):
    one, figure = opened(visit, folders, "energies")
    assert figure.said().startswith("The same 12 energies, ten seeds: how far apart")
    assert figure.ask("trainer.run") == 1  # one click is enough
    figure.slide("speed", "End")
    figure.train("Start again")
    assert figure.ask("[trainer.place, report.kind]") == ["worker", "simd"]
    assert figure.ask("points.map(({ epoch }) => epoch)") == list(range(151))
    now, weights = figure.ask("[view.now, [...report.weights]]")
    model = series_rnn()
    ends = np.cumsum([w.size for w in model.get_weights()])[:-1]
    arrays = zip(np.split(np.array(weights), ends), model.get_weights(), strict=True)
    model.set_weights([values.reshape(old.shape) for values, old in arrays])
    np.testing.assert_allclose(now, forecast(model, ENERGIES[:12], steps=8), atol=2e-5)
    assert max(np.abs(now - ENERGIES[12:])) < 0.1  # it has learnt
    for _ in range(2):
        figure.train("Next seed")
    last = figure.ask("view.fan.map(({ values }) => values.at(-1))")
    found = re.fullmatch(
        r"3 seeds: (.*) to (.*) for 40 particles, (.*) apart; the true energy lies .*\.",
        figure.said().replace("−", "-"),
    )
    np.testing.assert_allclose([float(x) for x in found.groups()],
                               [min(last), max(last), np.ptp(last)], atol=6e-4)  # fmt: skip
    lines = figure.box.locator(".playground-wide > svg .playground-curve")
    assert lines.count() == 2 * 4  # three finished runs and the present forecast, and their errors
    status = figure.box.locator("[role=status]").last
    figure.page.wait_for_timeout(500)
    assert "3 seeds: " in status.text_content() and len(status.text_content()) < 200
    run = figure.ask("trainer.run")
    figure.slide("hidden units", "ArrowLeft")
    figure.finish(run)
    assert figure.box.locator(".playground-wide > svg .playground-before").count() == 2 * 3
    figure.press("Clear the fan")
    assert lines.count() == 2 and figure.ask("view.fan.length") == 0
    assert one.complaints == one.foreign == []


def test_a_seed_counts_once_and_after_the_last_comes_the_first(visit, folders):
    _, figure = opened(visit, folders, "energies")
    figure.slide("speed", "End")
    figure.slide("seed", "End")
    figure.press("Clear the fan")  # of a run before, if it was quick
    figure.train("Start again")
    figure.train("Start again")
    assert figure.ask("view.fan.map(({ seed }) => seed)") == [19]
    figure.train("Next seed")
    assert figure.ask("[state.seed, view.fan.length]") == [0, 2]
    assert figure.box.get_by_role("slider", name="seed").input_value() == "0"


def test_a_rate_that_is_far_too_large_ends_in_nan_and_leaves_no_line(visit, folders):
    one, figure = opened(visit, folders, "energies")
    figure.slide("speed", "End")
    run = figure.ask("trainer.run")
    figure.press("Start again")
    figure.page.evaluate(
        "document.querySelector('.playground').playground.set({ learning_rate: 1e38 })"
    )
    assert figure.finish(run + 1) == "diverged"
    assert "the loss is no longer a number" in figure.box.inner_text()
    assert "NaN" not in figure.box.inner_html()
    assert figure.ask("view.fan.length") <= 1  # of the run before, if it was quick
    figure.slide("learning rate", "ArrowLeft")
    figure.finish(run + 2)
    assert figure.ask("report.state") == "done"
    assert one.complaints == []


def test_recall_shows_the_gradient_in_each_state(visit, folders):
    one, figure = opened(visit, folders, "recall")
    figure.page.evaluate("document.querySelector('.playground').playground.restart('paused')")
    figure.box.get_by_text("How long may a record be").wait_for()  # before an epoch is over
    figure.slide("speed", "End")
    figure.slide("samples of a record", "Home")
    figure.train("Start again")
    norms, first = figure.ask("[view.now.norms, view.first.norms].map((x) => [...x])")
    assert len(norms) == len(first) == 25
    said = re.search(r"first state is (\S+) times that in the last", figure.said())[1]
    assert float(said) == pytest.approx(norms[0] / norms[-1], rel=0.06)
    assert figure.ask("points.at(-1).accuracy") > 0.9
    edge = figure.box.locator(".playground-curves .playground-edge")
    assert edge.count() == 0
    run = figure.ask("trainer.run")
    figure.slide("limit", "End")
    figure.slide("samples of a record", "ArrowRight")
    assert figure.finish(run + 1) == "done"
    assert figure.ask("[description.clip, description.input[0], view.now.norms.length]") == [
        1,
        30,
        30,
    ]
    assert edge.count() == 1
    assert "then cut to 1" in figure.box.locator(".playground-curves").text_content()
    figure.train("Start again")
    weights = [figure.ask("[...report.weights]")]
    figure.train("Start again")
    weights.append(figure.ask("[...report.weights]"))
    assert weights[0] == weights[1]
    assert one.complaints == one.foreign == []


def weights_of(flat, model):
    """Cut weights in a row into the arrays of a model; return it, and what is left over."""
    ends = np.cumsum([w.size for w in model.get_weights()])
    arrays = zip(np.split(flat, ends)[:-1], model.get_weights(), strict=True)
    model.set_weights([values.reshape(old.shape) for values, old in arrays])
    return model, flat[ends[-1] :]


def test_a_race_shows_errors_gates_and_answers_of_the_networks(visit, folders):
    one, figure = opened(visit, folders, "race")
    assert figure.box.get_by_text("Which of the three is the first").is_visible()
    figure.slide("speed", "End")
    figure.slide("steps of a series", "Home")
    figure.slide("limit", "End")
    figure.train("Start again")
    assert figure.ask("report.steps") == 40 * 32
    flat = np.array(figure.ask("[...report.weights]"))
    last = figure.ask("points.at(-1).losses")
    validation = race_records().validation
    inputs, labels = validation.inputs[:, :10], validation.labels
    shown = np.argmax(labels > 0.5)
    for k, layer in enumerate(UNITS):
        model, flat = weights_of(flat, race_network(layer=layer, num_steps=10))
        error = np.mean((np.asarray(model(inputs))[:, 0] - labels) ** 2)
        assert last[k] == pytest.approx(error, rel=1e-3)
        figure.box.get_by_role("radio", name=layer).check()
        answers, units = figure.ask("[[...view.answers], view.units.map((x) => [...x])]")
        assert answers[-1] == pytest.approx(float(model(inputs)[shown, 0]), abs=1e-4)
        assert figure.ask("view.truth") == pytest.approx(labels[shown])
        if layer == "SimpleRNN":
            assert units == [] and "has no gates" in figure.box.inner_text()
            continue
        weights, one_series = model.layers[0].get_weights(), inputs[shown : shown + 1]
        gates = (gru(one_series, *weights).update_gate if layer == "GRU"
                 else lstm(one_series, *weights).forget_gate)[0]  # fmt: skip
        np.testing.assert_allclose(np.transpose(units), gates, atol=1e-4)
        said = figure.box.locator(".playground-wide .playground-answer").inner_text()
        assert float(re.search(r"keeps (?:less than )?(\S+) of", said)[1]) == pytest.approx(
            gates[1:].prod(axis=0).max(), rel=0.06, abs=1e-4
        )
    run = figure.ask("trainer.run")
    figure.press("Next series")
    assert figure.ask("view.series") == shown + 1 and figure.ask("trainer.run") == run
    assert "NaN" not in figure.box.inner_html()
    assert figure.box.locator(".playground-curves > svg .playground-curve").count() == 3
    assert figure.box.locator(".playground-wide > svg .playground-rival-2").count() == 1
    figure.page.evaluate(
        "document.querySelector('.playground').playground.set({ learning_rate: 1e38 })"
    )
    assert figure.finish(run) == "diverged"
    assert "NaN" not in figure.box.inner_html()
    assert one.complaints == one.foreign == []


def pixels(figure, name):
    """Return the picture on a canvas of the view, 0 for paper and 1 for ink."""
    data = figure.ask(f"[...view.{name}.getContext('2d').getImageData(0, 0, 8, 8).data]")
    return np.reshape(data, (64, 4))[:, 3] / 255


def test_the_ring_is_decoded_as_keras_does(visit, folders):
    one, figure = opened(visit, folders, "plane")
    assert figure.ask("trainer.run") == 1
    field = figure.box.get_by_role("application")
    mouse = figure.page.mouse
    digits = plane_digits().validation
    for name in ("linear", "stacked", "variational"):
        figure.box.get_by_role("radio", name=name).check()
        figure.slide("speed", "End")
        figure.train("Start again")
        model, rest = weights_of(
            np.array(figure.ask("[...report.weights]")), plane_network(autoencoder=name)
        )
        assert rest.size == 0
        found = plane.codes(model, digits.inputs.reshape(-1, 64))
        np.testing.assert_allclose(
            np.reshape(figure.ask("[...view.codes]"), (-1, 2)), found, atol=2e-4
        )
        share = plane.neighbours_alike(found, digits.labels)
        said = re.match(r"(\d+) % of the codes lie next to one of the same digit", figure.said())
        assert int(said[1]) == pytest.approx(100 * share, abs=1)
        field.scroll_into_view_if_needed()
        box = field.bounding_box()
        mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
        mouse.down()
        mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.4 * box["height"], steps=3)
        mouse.up()
        mouse.move(box["x"], box["y"])  # lets go
        ring, middle, reach = figure.ask("[view.ring, view.middle, view.reach]")
        np.testing.assert_allclose(ring, [0.4, 0.2], atol=0.02)
        field.press("ArrowLeft")
        field.press("Shift+ArrowUp")
        moved = figure.ask("view.ring")
        np.testing.assert_allclose(np.subtract(moved, ring), [-0.04, 0.2], atol=1e-6)
        code = np.array(middle) + reach * np.array(moved)
        decoded = code[np.newaxis].astype("float32")
        for layer in model.layers[{"linear": 1, "stacked": 2, "variational": 3}[name] :]:
            decoded = layer(decoded)
        wanted = np.clip(np.asarray(decoded)[0], 0, 1)
        np.testing.assert_allclose(pixels(figure, "decoded"), wanted, atol=0.01)
        near = np.square(found - code).sum(axis=1).argmin()
        shown = digits.inputs[near].ravel()
        np.testing.assert_allclose(pixels(figure, "original"), shown, atol=0.01)
        figure.page.wait_for_timeout(600)
        status = figure.box.locator("[role=status]").last.text_content()
        assert status.endswith(f"the nearest code is that of a {digits.labels[near]}.")
        assert figure.box.get_by_role("slider", name="β").is_enabled() == (name == "variational")
    # Chromium would rather not be asked for pixels, as it is here.
    assert (
        [text for text in one.complaints if "willReadFrequently" not in text] == one.foreign == []
    )


def test_beta_is_moved_midway_without_starting_anew(visit, folders):
    one, figure = opened(visit, folders, "plane")
    figure.box.get_by_role("radio", name="variational").check()
    figure.slide("speed", "End")
    figure.train("Start again")
    run, before = figure.ask("[trainer.run, points.at(-1).divergence]")
    figure.slide("β", "End")
    figure.page.wait_for_timeout(100)
    figure.finish(run - 1)
    assert figure.ask("[trainer.run, report.epoch]") == [run, 140]
    assert before > 1.5 and figure.ask("points.at(-1).divergence") < 0.05
    assert np.abs(figure.ask("[...view.codes]")).max() < 0.3
    text = figure.box.locator(".playground-curves .playground-answer").inner_text()
    assert re.fullmatch(r"After 140 epochs: error 1.0\d\d, PCA 0.719, divergence 0.0\d nats.", text)
    figure.box.get_by_role("radio", name="7", exact=True).check()
    assert figure.ask("view.only") == 7
    assert one.complaints == []


def test_the_plane_is_drawn_in_ink_that_differs_and_glides(visit, folders):
    counts = {}
    for theme in ("light", "dark"):
        _, figure = opened(visit, folders, "plane", theme=theme, color_scheme=theme)
        figure.slide("speed", "End")
        figure.train("Start again")
        figure.page.wait_for_timeout(500)
        colours = figure.ask(
            "(({ data }) => { const found = {}; for (let k = 0; k < data.length; k += 4)"
            " if (data[k + 3] === 255) { const name = data.slice(k, k + 3).join(); found[name] ="
            " (found[name] || 0) + 1; } return found; })(view.canvas.getContext('2d')"
            ".getImageData(0, 0, view.canvas.width, view.canvas.height))"
        )
        counts[theme] = {name for name, count in colours.items() if count > 40}
        assert figure.ask("Math.max(...view.drawn.map((x, k) => Math.abs(x - (view.codes[k]"
                          " - view.middle[k % 2]) / view.reach)))") < 0.02  # fmt: skip
    assert {"0,114,178", "196,36,43", "85,85,85"} <= counts["light"]
    assert {"102,184,240", "255,143,143", "192,192,192"} <= counts["dark"]


@pytest.mark.parametrize("kind", FIGURES)
def test_moves_leave_no_error(kind, visit, folders):
    one, figure = opened(visit, folders, kind)
    figure.slide("speed", "End")
    sliders = figure.box.get_by_role("slider").all()
    dice = random.Random(1)
    for _ in range(100):
        if dice.random() < 0.3:
            figure.box.get_by_role("button").nth(dice.randrange(3)).press("Enter")
        else:
            dice.choice(sliders).press(dice.choice(["ArrowLeft", "ArrowRight", "Home", "End"]))
    figure.slide("speed", "End")
    figure.train("Start again")
    found = figure.ask("[report.id, trainer.run, points.map(({ epoch }) => epoch)]")
    assert found[0] == found[1] and found[2] == list(range(len(found[2])))
    assert one.complaints == []


@pytest.mark.parametrize("kind", FIGURES)
def test_a_strict_policy_gets_plain_javascript_in_the_page(kind, visit, folders):
    one = visit(viewport=DESKTOP)
    one.forbid()
    with serving(folders[kind]) as address:
        figure = Figure(one.open(f"{address}/light.html"))
        figure.slide("speed", "End")
        figure.train("Start again")
        assert figure.ask("[trainer.place, report.kind, report.state]") == ["page", "plain", "done"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("kind", FIGURES)
def test_axe_finds_nothing_at_all(kind, viewport, theme, visit, folders):
    one = visit(viewport=viewport, color_scheme=theme)
    figure = Figure(one.open(f"file://{folders[kind]}/{theme}.html"))
    figure.slide("speed", "End")
    figure.train("Start again")
    assert fingers(figure.page) == []
    assert figure.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
