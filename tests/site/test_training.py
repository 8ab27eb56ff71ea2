"""Networks that train in the page: equal to Keras, in a worker, alive, and quiet when not asked."""

import gzip
import json
import random
import re

import matplotlib
import numpy as np
import pytest
from conftest import BLOCKED, SITE, fingers, schemes
from test_engine import TASKS, assert_equal_weights, task

from lectures_lib.playground.answering import PARTS, asset

PAGES = {
    "train-digits": "book/cnn/digits.html", "edge-of-stability": "book/cnn/tuning.html",
    "learn-to-recall": "book/rnn/recurrent_networks.html",
    "energies-unfolding": "book/rnn/extrapolation.html",
    "memory-race": "book/lstm/long_memory.html",
    "latent-plane": "book/autoencoders/variational.html",
}  # fmt: skip
FRONT = "book/intro.html"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
CODE_BUDGET, DATA_BUDGET = 16 * 1024, 40_000  # bytes, packed
# Weights after `wanted` steps, as tests/engine.mjs gives them.
TRAIN = """({ network, start, inputs, labels, batches, wanted }) => {
  const decode = (text) => new Float32Array(
    Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
  const encode = (values) => btoa(String.fromCharCode(...new Uint8Array(values.buffer)));
  const part = (values, width, rows) => Float32Array.from(
    rows.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)]));
  const engine = lecturesEngine();
  const made = engine.build({ ...network, start: decode(start) });
  const [x, y] = [decode(inputs.values), decode(labels.values)];
  const weights = {};
  batches.forEach((rows, k) => {
    engine.step(made, part(x, inputs.width, rows), part(y, labels.width, rows));
    if (wanted.includes(k + 1)) weights[k + 1] = encode(engine.weightsOf(made));
  });
  return { weights };
}"""
TRAINING = "document.getElementById('{}-playground').playground"


def box(opened, name="train-digits"):
    return opened.locator(f"#{name}-playground")


def begin(one, base, name="train-digits", page=None):
    """Open a page and let its network train; return the page and its box."""
    opened = one.open(f"{base}/{page or PAGES[name]}")
    here = box(opened, name)
    here.scroll_into_view_if_needed()
    here.get_by_role("button", name="Train it here").click()
    here.locator(".playground-live[data-state]").wait_for(timeout=30_000)
    return opened, here


def report(opened, name="train-digits"):
    """Return what the last report said, and how many points the curve has."""
    return opened.evaluate(
        f"(({{ report, points, trainer }}) => ({{ ...report, weights: null, run: trainer.run,"
        f" place: trainer.place, epochs: points.map(({{ epoch }}) => epoch) }}))"
        f"({TRAINING.format(name)})"
    )


def wait_for(opened, condition, name="train-digits", timeout=30_000):
    """Wait for a report that fits; after a new start there is none for a moment."""
    opened.wait_for_function(
        f"(({{ report, points, trainer }}) => report && ({condition}))({TRAINING.format(name)})",
        timeout=timeout,
    )


def move(here, label, presses):
    slider = here.get_by_role("slider", name=label, exact=False)
    for _ in range(abs(presses)):
        slider.press("ArrowRight" if presses > 0 else "ArrowLeft")


def test_the_engine_of_the_page_equals_keras(visit, address):
    asks = []
    for base in (address, f"file://{SITE}"):
        opened, here = begin(visit(), base)
        wait_for(opened, "report.steps > 13")
        here.get_by_role("button", name="Pause").press("Enter")
        found = report(opened)
        assert (found["place"], found["kind"]) == ("worker", "simd")
        for file in PARTS:
            opened.evaluate(f"(() => {{ {asset(file)} }})()")
        asks.append(opened.evaluate)
    for name in TASKS:
        for ask in asks:
            assert_equal_weights(ask(f"({TRAIN})({json.dumps(task(name).case())})"), name)


@pytest.mark.parametrize("where", ["http", "file"])
def test_it_trains_in_a_worker_from_everywhere(where, visit, subfolder_address):
    one = visit()
    opened, here = begin(one, subfolder_address if where == "http" else f"file://{SITE}")
    move(here, "speed", 3)
    wait_for(opened, "report.state === 'done'")
    found = report(opened)
    assert (found["place"], found["kind"]) == ("worker", "simd")
    assert found["epochs"] == list(range(61))
    said = here.locator(".playground-curves .playground-answer").inner_text()
    accuracy = re.fullmatch(r"After 60 epochs: loss .*, validation accuracy (0\.\d+)\.", said)[1]
    assert 0.9 < float(accuracy) < 1
    status = here.locator("[role=status]").last
    opened.wait_for_timeout(600)
    assert status.text_content().startswith(f"{said} It takes the drawing for a 7, with ")
    assert one.foreign == one.complaints == []


def test_nothing_is_loaded_before_the_first_click(visit, address):
    for name, page in [*PAGES.items(), ("train-digits", FRONT)]:
        one = visit()
        opened = one.open(f"{address}/{page}")
        before = set(one.bodies)
        assert not [
            url for url in before if re.search(r"(train|loop|engine|stability)\S*\.js", url)
        ]
        here = box(opened, name)
        here.scroll_into_view_if_needed()
        here.get_by_role("button", name="Train it here").click()
        here.locator(".playground-live").wait_for(timeout=30_000)
        urls = [url for url in set(one.bodies) - before if ".js" in url]
        added = {url: one.bodies[url].body() for url in urls}
        code = {url: body for url, body in added.items() if f"_playgrounds/{name}.js" not in url}
        data = {url: body for url, body in added.items() if url not in code}
        sizes = [sum(len(gzip.compress(b, 6)) for b in part.values()) for part in (code, data)]
        assert len(data) == 1
        assert sizes[0] < CODE_BUDGET and sizes[1] < DATA_BUDGET, (name, sizes)
        opened.close()  # or it trains beside the next


def test_a_strict_policy_gets_plain_javascript_in_the_page(visit, address):
    one = visit()
    one.forbid()
    one.context.add_init_script(BLOCKED)
    opened, here = begin(one, address)
    move(here, "speed", 3)
    while len(report(opened)["epochs"]) < 4:
        opened.wait_for_timeout(100)  # `wait_for_function` is against the policy
    found = report(opened)
    assert (found["place"], found["kind"]) == ("page", "plain")
    here.get_by_label("My drawing is a").select_option("7")
    here.get_by_role("button", name="Teach it").press("Enter")
    assert here.get_by_text("1 of your own: they stand in every batch.", exact=True).count() == 1
    assert one.foreign == []


def test_two_hundred_moves_leave_one_loop_and_no_stale_curve(visit, address):
    one = visit()
    opened, here = begin(one, address)
    sliders = here.get_by_role("slider").all()
    buttons = [here.get_by_role("button", name=name, exact=True) for name in
               ("Start again", "One step", "Next example", "Move right", "Teach it")]  # fmt: skip
    dice = random.Random(3)
    for _ in range(200):
        if dice.random() < 0.2:
            dice.choice(buttons).press("Enter")
        else:
            dice.choice(sliders).press(dice.choice(["ArrowLeft", "ArrowRight", "Home", "End"]))
    here.get_by_role("button", name="Start again").press("Enter")
    wait_for(opened, "points.length > 2")
    found = report(opened)
    assert found["id"] == found["run"] > 50
    assert found["epochs"][:3] == [0, 1, 2]
    assert np.all(np.diff(found["epochs"]) > 0)
    counted = opened.evaluate(
        f"async () => {{ const it = {TRAINING.format('train-digits')}; let n = 0;"
        " const heard = it.trainer.onReport; it.trainer.onReport = (r) => { n += 1; heard(r); };"
        " await new Promise((done) => setTimeout(done, 1000)); return n; }"
    )
    assert 0 < counted <= 35  # thirty a second: one loop
    assert one.complaints == []


def release(here, rate, l2):
    """Let the cross go at a learning rate and a penalty of the pad."""
    drawing = here.locator(".playground-plane svg")
    drawing.scroll_into_view_if_needed()
    lines = drawing.locator(".playground-tick")  # from 1e-5 to 10, of both axes in turn
    (left, right), (top, bottom) = (
        [lines.nth(k).bounding_box()[side] for k in (start, start + 12)]
        for start, side in ((0, "x"), (1, "y"))
    )
    x, y = ((np.log10(value) + 5) / 6 for value in (l2, rate))
    drawing.page.mouse.click(left + x * (right - left), top + y * (bottom - top))


def wait_for_pad(opened):
    opened.wait_for_timeout(50)
    wait_for(opened, "['done', 'diverged'].includes(report.state)", "edge-of-stability")
    opened.wait_for_timeout(100)  # the next picture


def test_each_release_on_the_pad_trains_and_leaves_a_dot(visit, address):
    one = visit(viewport=DESKTOP)
    opened, here = begin(one, address, name="edge-of-stability")
    dots, said = here.locator(".playground-dots > g"), here.locator(".playground-answer").first
    wait_for_pad(opened)  # it has begun by itself
    assert dots.count() == 1
    settings = [(0.1, 1e-3), (0.03, 1e-5), (0.001, 1e-4), (10, 1e-5), (3, 0.3), (10, 10)]
    for count, (rate, l2) in enumerate(settings, start=2):
        release(here, rate, l2)
        wait_for_pad(opened)
        assert dots.count() == count
        text = said.inner_text()
        state = opened.evaluate(f"({TRAINING.format('edge-of-stability')}).state")
        assert (state["learning_rate"], state["l2"]) == (rate, l2)
        if count > 5:  # beyond the edge, or before it at a large rate
            assert text.endswith("the loss is nan.")
            assert dots.nth(count - 1).locator(".playground-nan").count() == 1
            continue
        accuracy = float(re.search(r"accuracy (0\.\d+), \d+ of 10 kernels", text)[1])
        assert dots.nth(count - 1).locator("text").text_content() == f"{accuracy:.2f}"[1:]
        drawn = (
            dots.nth(count - 1).locator(".playground-dot").evaluate("e => e.getAttribute('fill')")
        )
        wanted = 255 * np.array(matplotlib.colormaps["viridis"](accuracy)[:3])
        assert np.abs(np.array(re.findall(r"\d+", drawn), int) - wanted).max() < 20
    assert text.startswith("η = 10, λ = 10:")
    assert one.complaints == []


def test_a_move_in_a_run_breaks_or_mends_the_network(visit, address):
    opened, here = begin(visit(viewport=DESKTOP), address, name="edge-of-stability")
    wait_for_pad(opened)  # it has begun by itself
    release(here, 0.1, 1e-3)
    wait_for_pad(opened)
    here.get_by_label("changes the run that is going on").press("Space")
    move(here, "speed", 4)
    for rate, most, least in ((0.3, 1, 0.8), (10, 0.11, 0), (0.1, 0.11, 0)):
        release(here, rate, 1e-3)
        wait_for_pad(opened)
        accuracy, run = opened.evaluate(
            f"(({{ points, trainer }}) => [points.at(-1).accuracy, trainer.run])"
            f"({TRAINING.format('edge-of-stability')})"
        )
        assert least <= accuracy <= most
    assert run == 2  # all in one run
    assert "0 of 10 kernels" in here.locator(".playground-answer").first.inner_text()
    assert "learning rate (log" in here.locator(".playground-svg").text_content()
    here.get_by_role("button", name="Start again").press("Enter")
    wait_for(opened, "report.epoch > 2 && report.epoch < 20", "edge-of-stability")
    here.get_by_text("10 of 10 kernels answer").wait_for()
    here.get_by_label("starts a new run").press("Space")
    here.get_by_role("slider", name="learning rate").press("ArrowLeft")
    here.get_by_role("slider", name="learning rate").press("ArrowRight")
    wait_for_pad(opened)
    assert opened.evaluate(f"({TRAINING.format('edge-of-stability')}).trainer.run") == 5
    assert here.locator(".playground-dots > g").count() == 3


def test_two_hundred_moves_of_the_pad_leave_no_error(visit, address):
    one = visit(viewport=DESKTOP)
    opened, here = begin(one, address, name="edge-of-stability")
    controls = [*here.get_by_role("slider").all(), *here.get_by_role("radio").all(),
                here.get_by_role("checkbox")]  # fmt: skip
    buttons = [here.get_by_role("button", name=name, exact=True)
               for name in ("Start again", "One step", "Clear the dots")]  # fmt: skip
    dice = random.Random(5)
    for _ in range(200):
        what = dice.random()
        if what < 0.2:
            dice.choice(buttons).press("Enter")
        elif what < 0.4:
            release(here, 10 ** dice.uniform(-5, 1), 10 ** dice.uniform(-5, 1))
        else:
            keys = ["ArrowLeft", "ArrowRight", "Home", "End", "Enter", "Space"]
            dice.choice(controls).press(dice.choice(keys))
    here.get_by_label("starts a new run").check()
    here.get_by_role("button", name="Clear the dots").press("Enter")
    release(here, 0.1, 1e-3)
    wait_for_pad(opened)
    found = report(opened, "edge-of-stability")
    assert found["id"] == found["run"] > 10
    assert found["epochs"] == list(range(31))
    assert here.locator(".playground-dots > g").count() == 1
    assert one.complaints == []


def test_it_pauses_out_of_view_and_goes_on(visit, address):
    opened, here = begin(visit(viewport=DESKTOP), address)
    wait_for(opened, "report.steps > 2")
    opened.evaluate("scrollTo(0, 0)")
    wait_for(opened, "report.state === 'paused'")
    steps = report(opened)["steps"]
    opened.wait_for_timeout(400)
    assert report(opened)["steps"] == steps
    here.scroll_into_view_if_needed()
    wait_for(opened, f"report.steps > {steps} && report.state === 'running'")
    here.get_by_role("button", name="Pause").press("Enter")
    wait_for(opened, "report.state === 'paused'")
    opened.evaluate("scrollTo(0, 0)")
    opened.wait_for_timeout(200)
    here.scroll_into_view_if_needed()
    opened.wait_for_timeout(200)
    assert report(opened)["state"] == "paused"  # as the reader left it


def test_one_training_at_a_time(visit, address):
    opened, _ = begin(visit(), address)
    wait_for(opened, "report.steps > 2")
    opened.evaluate(
        f"() => {{ const {{ data, description }} = {TRAINING.format('train-digits')};"
        " window.other = new lecturesTrainer(lecturesView.examplesOf(data.examples), () => {});"
        " window.other.start({ network: description, batchSize: 100, epochs: 5,"
        "   own: { inputs: [], labels: [] } }); }"
    )
    wait_for(opened, "report.state === 'paused'")


def test_the_answer_changes_with_the_drawing_and_with_what_is_taught(visit, address):
    opened, here = begin(visit(), address)
    move(here, "speed", 3)
    wait_for(opened, "report.state === 'done'")
    best = here.locator(".playground-best")
    assert best.inner_text().split()[0] == "7"
    for _ in range(3):
        here.get_by_role("button", name="Move right").press("Enter")
    opened.wait_for_timeout(600)
    answer = best.inner_text().split()[0]
    assert (
        here.locator("[role=status]")
        .last.text_content()
        .startswith(f"It takes the drawing for a {answer}, with ")
    )
    here.get_by_role("button", name="Teach it").press("Enter")
    assert "First say which digit it is." in here.inner_text()
    here.get_by_label("My drawing is a").select_option("7")
    moved = float(here.locator(".playground-percent").nth(7).inner_text().removesuffix(" %"))
    here.get_by_role("button", name="Teach it").press("Enter")
    kept = "1 of your own: they stand in every batch, and kept on this device."
    assert kept in here.inner_text()
    wait_for(opened, "report.state === 'done' && report.epoch === 70")
    here.get_by_role("button", name="Go on").press("Enter")
    wait_for(opened, "report.state === 'done' && report.epoch === 80")
    opened.wait_for_timeout(100)
    assert best.inner_text().split()[0] == "7"
    taught = float(here.locator(".playground-percent").nth(7).inner_text().removesuffix(" %"))
    assert taught > max(moved, 80)
    state = (
        "(({ view }) => [view.drawing.text, [...view.examples().labels]])"
        f"({TRAINING.format('train-digits')})"
    )
    before = opened.evaluate(state)
    opened.reload()
    here.get_by_role("button", name="Train it here").click()
    wait_for(opened, "report.steps > 0")
    assert opened.evaluate(state) == before and before[1] == [7]
    assert kept in here.inner_text()
    here.get_by_role("button", name="Forget my digits").press("Enter")
    assert opened.evaluate("localStorage.getItem(lecturesProgress.taught)") is None


def test_a_large_rate_and_penalty_end_in_nan_and_say_so(visit, address):
    opened, here = begin(visit(), address)
    move(here, "speed", 3)
    move(here, "penalty", 9)
    move(here, "learning rate", 9)
    wait_for(opened, "report.state === 'done' || report.state === 'diverged'")
    opened.evaluate(
        f"() => {{ const it = {TRAINING.format('train-digits')};"
        " it.set({ learning_rate: 3, l2: 5 }); }"
    )
    wait_for(opened, "report.state === 'diverged'")
    opened.wait_for_timeout(600)
    text = here.locator(".playground-curves .playground-answer").inner_text()
    assert "the loss is no longer a number, and training stops" in text
    here.get_by_role("button", name="One step").press("Enter")
    wait_for(opened, "report.steps === 1 && report.state === 'paused'")


def test_kernels_are_drawn_in_two_colours_and_change(visit, address):
    opened, here = begin(visit(), address)
    pixels = (
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width,"
        " canvas.height).data]"
    )
    first = here.locator(".playground-kernel").first
    before = np.reshape(first.evaluate(pixels), (9, 4))
    view = f"{TRAINING.format('train-digits')}.view"
    kernel = opened.evaluate(f"[...{view}.network[0].kernel].filter((_, k) => k % 10 === 0)")
    red, blue = before[:, 0] > before[:, 2], before[:, 2] > before[:, 0]
    assert np.all(red[np.array(kernel) > 0.02]) and np.all(blue[np.array(kernel) < -0.02])
    move(here, "speed", 3)
    wait_for(opened, "report.state === 'done'")
    opened.wait_for_timeout(100)
    assert np.reshape(first.evaluate(pixels), (9, 4)).tolist() != before.tolist()
    move(here, "filters", -3)
    wait_for(opened, "report.steps > 0")
    opened.wait_for_timeout(100)
    assert here.locator(".playground-kernel").count() == 2  # of one filter: kernel and map


def test_readers_who_want_little_motion_see_little(visit, address):
    _, here = begin(visit(reduced_motion="reduce"), address)
    changes = here.evaluate(
        "box => new Promise((done) => { let n = 0;"
        " new MutationObserver(() => (n += 1)).observe(box.querySelector('.playground-svg'),"
        " { childList: true }); setTimeout(() => done(n), 2500); })"
    )
    assert changes <= 4


def test_the_front_page_learns_in_seconds_and_reads_what_is_drawn(visit, address):
    one = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    opened, here = begin(one, address, page=FRONT)
    wait_for(opened, "report.state === 'done'", timeout=30_000)
    assert here.get_by_role("slider").count() == 0
    here.get_by_role("button", name="Clear").tap()
    paper = here.locator(".playground-paper")
    for row in range(8):
        cell = paper.locator(".playground-cell").nth(8 * row + 3)
        cell.tap()
    opened.wait_for_timeout(200)
    assert here.locator(".playground-best").inner_text().split()[0] in {"1", "4", "6", "8"}
    assert one.complaints == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_at_all(name, viewport, visit, address):
    opened, here = begin(visit(viewport=viewport), address, name=name)
    if name == "train-digits":
        here.get_by_role("button", name="Pause").press("Enter")
    for scheme in schemes(opened):
        assert fingers(opened, f"figure:has(#{name}-playground)") == [], scheme
    assert opened.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


@pytest.mark.parametrize("name", PAGES)
def test_a_still_stands_in_print_and_without_scripts(name, visit, address):
    opened, here = begin(visit(), address, name=name)
    assert not here.locator(".playground-still").is_visible()
    opened.emulate_media(media="print")
    here.locator(".playground-still").wait_for(state="visible", timeout=30_000)
    opened = visit(java_script_enabled=False).open(f"{address}/{PAGES[name]}")
    still = box(opened, name).locator(".playground-still")
    assert still.is_visible()
    assert re.search("accuracy|true energy|error", still.get_attribute("alt"))
    assert not box(opened, name).locator("button").is_visible()


def test_a_missing_file_is_said_and_can_be_tried_again(visit, address):
    one = visit()
    opened = one.open(f"{address}/{PAGES['train-digits']}")
    one.context.route("**/_playgrounds/train-digits.js*", lambda route: route.abort())
    here = box(opened)
    here.scroll_into_view_if_needed()
    button = here.get_by_role("button", name="Train it here")
    button.click()
    here.get_by_text("A file could not be loaded.").wait_for(timeout=30_000)
    one.context.unroute("**/_playgrounds/train-digits.js*")
    button.click()
    here.locator(".playground-live").wait_for(timeout=30_000)
