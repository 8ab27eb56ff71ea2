"""Trained networks in the page: equal to Keras, by every kind of input, in every kind of page."""

import gzip
import json

import keras
import numpy as np
import pytest
from conftest import SITE, fingers, pages, schemes

from lectures_lib import recorded
from lectures_lib.data import charge_records, load_digits, pulse_train
from lectures_lib.from_scratch import conv2d, dense, lstm
from lectures_lib.models import digits_cnn, digits_dense
from lectures_lib.playground.answering import (
    RECORDS,
    SCRIPTS,
    gates_networks,
    playground,
    shown_network,
)
from lectures_lib.playground.network import own_network

PAGES = {"digits": "book/cnn/digits.html", "gates": "book/lstm/gates.html"}
NAMES = sorted(PAGES)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
WIRE_BUDGET = 250_000  # bytes that one playground adds, packed
TOLERANCE = 1e-5
TEST = load_digits(seed=0).test


def box(opened, name):
    return opened.locator(f"#{name}-playground")


def open_at(one, name, base):
    """Open the page of a playground and scroll to it."""
    opened = one.open(f"{base}/{PAGES[name]}")
    box(opened, name).scroll_into_view_if_needed()
    return opened


def answer(opened):
    return box(opened, "digits").locator(".playground-answer").inner_text()


def wait_for(opened, name, text):
    """Wait until the answer holds a text; it comes with the next frame after a stroke."""
    opened.wait_for_function(
        "([name, text]) => document.querySelector(`#${name}-playground .playground-answer`)"
        ".textContent.includes(text)",
        arg=[name, text],
        timeout=30_000,
    )


def percentages(opened):
    texts = box(opened, "digits").locator(".playground-percent").all_inner_texts()
    return [int(text.removesuffix(" %")) for text in texts]


def in_browser(opened, network, images):
    """Return the outputs of all layers for images, as the page computes them."""
    return opened.evaluate(
        "([network, images]) => {"
        "  const { networks } = document.getElementById('digits-playground').playground;"
        "  return images.map((image) => lecturesPictures.answer(networks[network],"
        "    Float32Array.from(image)).slice(1).map((v) => Array.from(v.values)));"
        "}",
        [network, np.reshape(images, (len(images), -1)).tolist()],
    )


def keras_outputs(model, images):
    """Return Keras' outputs, with the sums before each activation between them."""
    outputs, given = [], images
    for layer in model.layers:
        weights = [np.asarray(array) for array in layer.get_weights()]
        if layer.name == "convolution":
            outputs.append(conv2d(given, *weights, padding="same"))
        elif weights:
            outputs.append(dense(given, *weights))
        given = np.asarray(layer(given))
        if layer.name != "flatten":
            outputs.append(given)
    np.testing.assert_allclose(given, model.predict(images, verbose=0), atol=1e-6)
    return outputs


@pytest.mark.parametrize("network", [0, 1], ids=["cnn", "dense"])
def test_every_layer_equals_keras_for_100_digits(network, visit, address):
    opened = open_at(visit(), "digits", address)
    arrays = recorded.weights("playground_digits")
    model = (digits_cnn(), digits_dense())[network]
    model.set_weights((arrays[:6], arrays[6:])[network])
    images = TEST.inputs[:100]
    found, wanted = in_browser(opened, network, images), keras_outputs(model, images)
    assert len(found[0]) == len(wanted) == (7, 4)[network]
    for k, expected in enumerate(wanted):
        ours = np.array([outputs[k] for outputs in found])
        np.testing.assert_allclose(ours, expected.reshape(100, -1), rtol=0, atol=TOLERANCE)


def test_the_network_of_a_reader_equals_keras(visit, address):
    keras.utils.set_random_seed(5)
    K = keras.layers
    model = keras.Sequential([
        keras.Input((8, 8, 1)), K.Conv2D(5, (3, 4), padding="same", activation="relu"),
        K.MaxPooling2D(3), K.Conv2D(4, 2, padding="same"), K.GlobalMaxPooling2D(),
        K.Dense(10, bias_initializer="random_normal", activation="softmax"),
    ])  # fmt: skip
    network = shown_network("yours", *own_network(model))
    images = TEST.inputs[:50]
    found = open_at(visit(), "digits", address).evaluate(
        "([network, images]) => {"
        "  const made = lecturesPictures.networkOf(network);"
        "  return images.map((image) => lecturesPictures.answer(made, Float32Array.from(image)))"
        "    .map((volumes) => [Array.from(volumes[5].values), Array.from(volumes[7].values)]);"
        "}",
        [network, images.reshape(50, -1).tolist()],
    )
    pooled = keras.Model(model.inputs, model.layers[3].output).predict(images, verbose=0)
    wanted = model.predict(images, verbose=0)
    np.testing.assert_allclose([f[0] for f in found], pooled, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose([f[1] for f in found], wanted, rtol=0, atol=TOLERANCE)


def keras_cell(inputs, weights):
    """Return hidden state and cell of Keras' LSTM cell after every step, each (steps, units)."""
    cell = keras.layers.LSTMCell(len(weights[1]))
    cell.build((1, inputs.shape[1]))
    cell.set_weights(weights[:3])
    h, C, states = np.zeros((1, len(weights[1]))), np.zeros((1, len(weights[1]))), []
    for x in inputs:
        h, C = (np.asarray(state) for state in cell(x[np.newaxis], [h, C])[1])
        states.append((h[0], C[0]))
    return np.swapaxes(states, 0, 1)


@pytest.mark.parametrize("network", range(3))
def test_every_gate_and_state_equals_keras_for_20_records(network, visit, address):
    opened = open_at(visit(), "gates", address)
    records = charge_records(series=20, num_steps=48, seed=9).inputs
    weights = gates_networks()[network][1]
    found = opened.evaluate(
        "([network, records]) => records.map((record) => {"
        "  const { networks } = document.getElementById('gates-playground').playground;"
        "  const states = lecturesView.starters.gates.run(networks[network],"
        "    Float32Array.from(record));"
        "  return Object.fromEntries(Object.entries(states).filter(([, v]) => v.length)"
        "    .map(([k, v]) => [k, Array.from(v)]));"
        "})",
        [network, records.reshape(20, -1).tolist()],
    )
    for record, states in zip(records, found, strict=True):
        hidden, cell = keras_cell(record, weights)
        ours = lstm(record[np.newaxis], *weights[:3])
        expected = {name: values[0] for name, values in ours._asdict().items()}
        expected |= {"hidden": hidden, "cell": cell}
        for name, values in expected.items():
            np.testing.assert_allclose(
                np.reshape(states[name], values.shape), values, rtol=0, atol=TOLERANCE, err_msg=name
            )
        read_out = (hidden @ weights[3] + weights[4])[:, 0]
        np.testing.assert_allclose(states["readout"], read_out, rtol=0, atol=10 * TOLERANCE)


def test_a_typed_record_gives_what_python_gives(visit, address):
    opened = open_at(visit(), "gates", address)
    text = "..1....3...rr..d..rr..2..r".ljust(48, ".")
    box(opened, "gates").get_by_label("or type the record").fill(text)
    task, weights = pulse_train(text, noise_pc=0.1), gates_networks()[0][1]
    read_out = (lstm(task.inputs, *weights[:3]).hidden @ weights[3] + weights[4])[0, :, 0]
    found = opened.evaluate(
        "(({ states, wanted }) => [Array.from(states.readout), Array.from(wanted)])"
        "(document.getElementById('gates-playground').playground)"
    )
    np.testing.assert_allclose(found, [read_out, task.labels[0, :, 0]], atol=10 * TOLERANCE)
    reads = [t for t, sign in enumerate(text) if sign == "r"]
    worst = np.abs(read_out - task.labels[0, :, 0])[reads].max()
    said = box(opened, "gates").locator(".playground-answer").inner_text()
    assert said == f"Largest error at {len(reads)} readings: {worst:.2f} pC."


def test_sliders_shift_and_disturb_as_python_does(visit, address):
    opened = open_at(visit(), "digits", address)
    for label, presses in (("Shift right", 2), ("Shift down", -1), ("Noise", 4)):
        box(opened, "digits").get_by_role("slider", name=label).focus()
        for _ in range(abs(presses)):
            opened.keyboard.press("ArrowRight" if presses > 0 else "ArrowLeft")
    seen = opened.evaluate(
        "Array.from(document.getElementById('digits-playground').playground.picture)"
    )
    moved = np.zeros((8, 8))
    moved[:-1, 2:] = TEST.inputs[0, 1:, :-2, 0]
    noise = 4 / 16 * np.random.default_rng(0).standard_normal((8, 8), "float32")
    np.testing.assert_allclose(np.reshape(seen, (8, 8)), np.clip(moved + noise, 0, 1), atol=1e-6)
    box(opened, "digits").get_by_role("button", name="Reset sliders").press("Enter")
    assert box(opened, "digits").get_by_label("Noise").input_value() == "0"
    assert answer(opened) == "Answers: convolutional 7 with 97 %, dense 7 with 88 %."


def test_a_digit_is_drawn_by_keyboard_alone(visit, address):
    one = visit()
    opened = open_at(one, "digits", address)
    clear = box(opened, "digits").get_by_role("button", name="Clear")
    clear.focus()
    opened.keyboard.press("Enter")
    assert "Nothing is drawn" in answer(opened)
    opened.keyboard.press("Shift+Tab")  # the drawing comes before its buttons
    for key in ("Home", *["ArrowUp"] * 7, *["ArrowRight"] * 3):
        opened.keyboard.press(key)
    for _ in range(8):  # a stroke from top to bottom, two pixels wide
        for key in ("Space", "ArrowRight", "Space", "ArrowLeft", "ArrowDown"):
            opened.keyboard.press(key)
    assert answer(opened).startswith("Answers: convolutional 1 with ")
    assert sum(percentages(opened)) == pytest.approx(100, abs=5)
    focused = opened.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "row 8, column 4: grey 16"
    opened.keyboard.press("Backspace")
    focused = opened.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "row 8, column 4: grey 0"
    said = "document.querySelector('#digits-playground .playground-hidden').textContent"
    opened.wait_for_function(f"{said}.includes('Answers: convolutional')")
    opened.wait_for_timeout(500)
    assert opened.evaluate(said) == answer(opened)
    assert one.complaints == []


def test_a_unit_is_chosen_by_keyboard_and_its_arithmetic_is_right(visit, address):
    opened = open_at(visit(), "digits", address)
    here = box(opened, "digits")
    here.get_by_role("radio", name="convolution, map 0", exact=True).focus()
    for _ in range(3):
        opened.keyboard.press("ArrowRight")
    assert here.get_by_role("radio", name="convolution, map 3", exact=True).is_checked()
    here.get_by_role("grid", name="Units").locator("[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        opened.keyboard.press(key)
    cells = here.locator(".playground-terms tbody tr").all_inner_texts()
    rows = [line.replace("−", "-").split("\t") for line in cells]
    kernel, bias = recorded.weights("playground_digits")[:2]
    window = TEST.inputs[0, 1:4, 3:6, 0]
    values = np.array([[float(x) for x in row[1:3]] for row in rows[:9]])
    np.testing.assert_allclose(values[:, 0], window.ravel(), atol=6e-4)
    np.testing.assert_allclose(values[:, 1], kernel[:, :, 0, 3].ravel(), atol=6e-4)
    total = np.sum(window * kernel[:, :, 0, 3]) + bias[3]
    assert float(rows[-1][3]) == pytest.approx(total, abs=6e-4)
    sentence = here.locator(".playground-sentence").inner_text()
    assert sentence.startswith("Convolution, map 3, row 3, column 5: the sum of 9 products, ")
    frame, style = here.locator(".playground-window"), {}
    for side in ("top", "left", "width", "height"):
        style[side] = frame.evaluate(f"f => f.style.{side}")
    assert style == {"top": "12.5%", "left": "37.5%", "width": "37.5%", "height": "37.5%"}


def test_a_click_on_a_map_chooses_its_unit(visit, address):
    opened = open_at(visit(viewport=DESKTOP), "digits", address)
    here = box(opened, "digits")
    maps = here.locator(".playground-layer").nth(3).locator(".playground-map")
    place = maps.nth(6).bounding_box()
    maps.nth(6).click(position={"x": place["width"] * 0.6, "y": place["height"] * 0.9})
    sentence = here.locator(".playground-sentence").inner_text()
    assert sentence.startswith("Pooling, map 6, row 4, column 3: the largest of 4 values is ")
    here.get_by_role("radio", name="dense").check()
    assert here.locator(".playground-layer").count() == 4
    assert "Inside the dense network" in here.inner_text()
    assert "The sum of" in here.locator(".playground-sentence").inner_text().replace(
        "the s", "The s"
    )


def choose(opened, *, layer, channel, share):
    """Click on a map at a share of its width and height; return what does not move with it."""
    maps = box(opened, "digits").locator(".playground-row .playground-layer").nth(layer)
    chosen = maps.locator(".playground-map").nth(channel)
    chosen.scroll_into_view_if_needed()
    place = chosen.bounding_box()
    chosen.click(position={"x": place["width"] * share[0], "y": place["height"] * share[1]})
    return chosen, place


def cover(opened, *, layer, channel, rows, columns, size):
    """Return left, top, width and height of some pixels of a map, in the window."""
    maps = box(opened, "digits").locator(".playground-row .playground-layer").nth(layer)
    canvas = maps.locator("canvas").nth(channel).bounding_box()
    dot = canvas["width"] / size
    return [
        canvas["x"] + dot * (columns[0] - 1),
        canvas["y"] + dot * (rows[0] - 1),
        dot * (columns[1] - columns[0] + 1),
        dot * (rows[1] - rows[0] + 1),
    ]


def frames(opened):
    """Return left, top, width and height of the frames around the sources and the unit."""
    rects = box(opened, "digits").locator(".playground-reach rect:not(.playground-halo)")
    return rects.evaluate_all(
        "all => all.map((e) => { const { width, height } = e.getBBox();"
        "  const { left, top } = e.ownerSVGElement.getBoundingClientRect();"
        "  return [left + e.x.baseVal.value, top + e.y.baseVal.value, width, height]; })"
    )


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_lines_lead_to_the_sources_and_the_sum_stands_below_the_map(viewport, visit, address):
    one = visit(viewport=viewport)
    opened = open_at(one, "digits", address)
    chosen, before = choose(opened, layer=3, channel=6, share=(0.6, 0.9))
    place = chosen.bounding_box()
    assert place["y"] == pytest.approx(before["y"], abs=1)  # where the finger is
    inspector = box(opened, "digits").locator(".playground-inspector").bounding_box()
    assert 0 < inspector["y"] - place["y"] - place["height"] < 80
    unit = {"layer": 3, "channel": 6, "rows": (4, 4), "columns": (3, 3), "size": 4}
    window = {"layer": 2, "channel": 6, "rows": (7, 8), "columns": (5, 6), "size": 8}
    for width in (viewport["width"], 800):
        opened.set_viewport_size({"width": width, "height": 700})
        opened.mouse.wheel(0, 50)
        opened.wait_for_timeout(200)
        np.testing.assert_allclose(
            frames(opened), [cover(opened, **window), cover(opened, **unit)], atol=0.6
        )
    # At the edge of the picture two rows and two columns of the window are left.
    choose(opened, layer=1, channel=9, share=(0.95, 0.95))
    corner = {"layer": 0, "channel": 0, "rows": (7, 8), "columns": (7, 8), "size": 8}
    np.testing.assert_allclose(frames(opened)[0], cover(opened, **corner), atol=0.6)
    # A dense unit sees all maps, a score all hidden units, the input nothing.
    choose(opened, layer=4, channel=0, share=(0.1, 0.1))
    assert len(frames(opened)) == 10 + 1
    choose(opened, layer=6, channel=0, share=(0.1, 0.5))
    hidden = box(opened, "digits").locator(".playground-layer").nth(5).locator("canvas")
    found = frames(opened)
    assert len(found) == 2
    assert found[0][2:] == pytest.approx(
        [hidden.bounding_box()[side] for side in ("width", "height")], abs=0.6
    )
    box(opened, "digits").get_by_role("radio", name="input: what").focus()
    opened.keyboard.press("Space")
    assert frames(opened) == []
    assert one.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_say_the_sign_and_zero_is_the_paper(scheme, visit, address):
    opened = open_at(visit(color_scheme=scheme), "digits", address)
    kernel, bias = recorded.weights("playground_digits")[:2]
    wanted = conv2d(TEST.inputs[:1], kernel, bias, padding="same")[0, :, :, 3].ravel()
    choose(opened, layer=1, channel=3, share=(0.5, 0.5))
    layer = box(opened, "digits").locator(".playground-layer").nth(1)
    low, high = layer.locator(".playground-help").inner_text().split()
    assert low == "\N{MINUS SIGN}" + high  # symmetric limits
    canvas = layer.locator("canvas").nth(3)
    found = np.reshape(
        canvas.evaluate("e => [...e.getContext('2d').getImageData(0, 0, e.width, e.height).data]"),
        (64, 4),
    )
    np.testing.assert_allclose(
        found[:, 3], 255 * np.minimum(np.abs(wanted) / float(high), 1), atol=1
    )
    blue, orange = np.array([0, 114, 178]), np.array([213, 94, 0])
    strong = np.abs(wanted) > 0.3
    assert (wanted[strong] > 0).any() and (wanted[strong] < 0).any()
    for colour, value in zip(found[strong, :3], wanted[strong], strict=True):
        np.testing.assert_allclose(colour, orange if value > 0 else blue, atol=12)
    page = "getComputedStyle(document.body).backgroundColor"
    assert canvas.evaluate("e => getComputedStyle(e).backgroundColor") == opened.evaluate(page)
    # And without colours: a sign in the enlarged map, and the number of each unit.
    cells = box(opened, "digits").locator(".playground-chosen .playground-cell")
    signs = cells.evaluate_all("all => all.map((e) => e.dataset.sign)")
    assert signs == ["\N{MINUS SIGN}" if value < -0.005 else "" for value in wanted]
    names = cells.evaluate_all("all => all.map((e) => e.getAttribute('aria-label'))")
    numbers = [float(name.split(": ")[1].replace("\N{MINUS SIGN}", "-")) for name in names]
    np.testing.assert_allclose(numbers, wanted, atol=0.0051)


def test_drawing_with_the_mouse(visit, address):
    opened = open_at(visit(viewport=DESKTOP), "digits", address)
    here = box(opened, "digits")
    here.get_by_role("button", name="Clear").click()
    paper = here.locator(".playground-paper")
    paper.scroll_into_view_if_needed()
    place = paper.bounding_box()
    two = [(0.3, 0.25), (0.45, 0.1), (0.65, 0.15), (0.7, 0.35), (0.5, 0.6), (0.3, 0.88)]
    shares = np.array([*two, (0.75, 0.88)])
    points = [place["x"], place["y"]] + shares * [place["width"], place["height"]]
    opened.mouse.move(*points[0])
    opened.mouse.down()
    for point in points[1:]:
        opened.mouse.move(*point, steps=9)
    opened.mouse.up()
    opened.mouse.move(place["x"] + 5, place["y"] + place["height"] - 5)  # draws no more
    wait_for(opened, "digits", "convolutional 2 with")
    corner = here.locator(".playground-paper .playground-cell").nth(56)
    assert corner.get_attribute("aria-label") == "row 8, column 1: grey 0"


@pytest.mark.parametrize("name", NAMES)
def test_a_finger_on_a_phone(name, visit, address):
    one = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    opened = open_at(one, name, address)
    here = box(opened, name)
    here.get_by_role("button", name="Clear").tap()
    target = here.locator(".playground-paper" if name == "digits" else ".playground-line")
    target.scroll_into_view_if_needed()
    place = target.bounding_box()
    opened.touchscreen.tap(place["x"] + 0.5 * place["width"], place["y"] + 40)
    if name == "digits":
        opened.wait_for_timeout(300)  # the answer comes with the next frame
        assert "Nothing is drawn" not in answer(opened)
    else:
        record = here.get_by_label("or type the record").input_value()
        assert record.count("1") == 1 and set(record) == {".", "1"}
    assert one.complaints == []


def test_a_record_is_written_by_keyboard_alone(visit, address):
    opened = open_at(visit(), "gates", address)
    here = box(opened, "gates")
    here.get_by_role("button", name="Clear").press("Enter")
    line = here.get_by_role("slider", name="Step of the record")
    line.focus()
    for key in ("Home", "2", "ArrowRight", "r", "D", "Space", "End", "Enter", "Enter", "R"):
        opened.keyboard.press(key)
    field = here.get_by_label("or type the record")
    assert field.input_value() == "2.rd1".ljust(47, ".") + "r"
    assert line.get_attribute("aria-valuenow") == "48"
    assert line.get_attribute("aria-valuetext").startswith("step 48: read, read-out ")
    opened.keyboard.press("Backspace")
    assert field.input_value() == "2.rd1".ljust(48, ".")
    opened.keyboard.press("R")
    opened.keyboard.press("Delete")
    assert field.input_value() == "2.rd1".ljust(48, ".")
    for key in ("Home", "3", "1", "Backspace"):  # takes back what was written last
        opened.keyboard.press(key)
    assert field.input_value() == "3.rd1".ljust(48, ".")
    assert line.get_attribute("aria-valuenow") == "2"
    here.get_by_role("radio", name="three units").check()
    here.get_by_role("radio", name="3", exact=True).check()
    assert ", unit 3: i = " in here.locator(".playground-sentence").inner_text()


@pytest.mark.parametrize(
    ("text", "kept", "said"),
    [
        ("", "." * 48, ""),
        ("<img src=x onerror=alert(1)>", "rrrrr1", "left out: < i m g s c = x o n e a l t ( ) >"),
        ("1" * 150, "1" * 48, "A record has 48 steps; the rest is left out."),
        ("漢字 \u202e 2;DROP", "2dr", "No sign of a record, and left out: 漢 字"),
    ],
)
def test_hostile_records_are_cleaned(text, kept, said, visit, address):
    one = visit()
    opened = open_at(one, "gates", address)
    field = box(opened, "gates").get_by_label("or type the record")
    field.fill(text)
    field.press("Tab")
    wanted = "".join(sign for sign in text.lower() if sign in ".123dr")[:48].ljust(48, ".")
    assert field.input_value() == wanted == kept.ljust(48, ".")
    refused = box(opened, "gates").locator(".playground-field [role=status]").text_content()
    assert said in refused and bool(said) == bool(refused)
    assert "NaN" not in box(opened, "gates").inner_text()
    assert box(opened, "gates").locator(".playground-live img").count() == 0
    assert one.complaints == []


@pytest.mark.parametrize("where", ["file", "subfolder"])
@pytest.mark.parametrize("name", NAMES)
def test_it_works_from_a_file_and_from_a_subfolder(name, where, visit, subfolder_address):
    one = visit()
    opened = open_at(one, name, f"file://{SITE}" if where == "file" else subfolder_address)
    before = box(opened, name).locator(".playground-answer").inner_text()
    box(opened, name).get_by_role("button", name="Clear").press("Enter")
    assert box(opened, name).locator(".playground-answer").inner_text() != before
    assert one.foreign == []
    assert one.complaints == []


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_shows_it_without_the_site(name, visit, tmp_path, monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "live")
    cells = "".join(playground(name).shown["text/html"] for _ in range(2))
    page = f"<!doctype html><meta charset=utf-8>{cells}"
    (tmp_path / "cell.html").write_text(page, encoding="utf-8")
    one = visit()
    opened = one.open(f"file://{tmp_path}/cell.html")
    first, second = opened.locator(".playground-answer").all()
    assert first.inner_text() == second.inner_text() != ""
    opened.get_by_role("button", name="Clear").last.click()
    assert first.inner_text() != second.inner_text()
    assert one.foreign == []
    assert one.complaints == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_at_all(name, viewport, visit, address):
    opened = open_at(visit(viewport=viewport), name, address)
    for scheme in schemes(opened):
        assert fingers(opened, f"figure:has(#{name}-playground)") == [], scheme


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_shows_all_of_it_with_targets_for_fingers(name, visit, address):
    opened = open_at(visit(viewport=PHONE, has_touch=True, is_mobile=True), name, address)
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    found = box(opened, name).evaluate(
        "box => [...box.querySelectorAll('button, select, input:not([type=radio]), label, "
        "[role=gridcell], .playground-line, .playground-live > :not(.playground-hidden)')]"
        ".filter((e) => {"
        "  const r = e.getBoundingClientRect();"
        "  return r.width && (r.right > 391 || (!e.htmlFor && Math.min(r.width, r.height) < 23.5));"
        "}).map((e) => `${e.outerHTML.slice(0, 99)} ${JSON.stringify(e.getBoundingClientRect())}`)"
    )
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_forced_colours_leave_the_pictures(name, visit, address):
    opened = open_at(visit(forced_colors="active"), name, address)
    if name == "digits":
        shades = opened.locator(".playground-paper .playground-cell").evaluate_all(
            "cells => cells.map((cell) => getComputedStyle(cell).backgroundColor)"
        )
        assert len(set(shades)) > 5
        bar = box(opened, name).locator(".playground-best .playground-bar")
        assert bar.evaluate("b => getComputedStyle(b).backgroundColor") != "rgb(255, 255, 255)"
    else:
        dashes = opened.locator(".playground-svg .playground-curve").evaluate_all(
            "lines => lines.map((line) => getComputedStyle(line).strokeDasharray)"
        )
        assert len(set(dashes)) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_nothing_moves_by_itself(name, visit, address):
    opened = open_at(visit(reduced_motion="reduce"), name, address)
    opened.locator("html:not(.from-the-top)").wait_for()  # all is laid out
    before = box(opened, name).screenshot()
    opened.wait_for_timeout(500)
    assert box(opened, name).screenshot() == before
    assert opened.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("name", NAMES)
def test_without_scripts_and_in_print_a_still_stands_there(name, visit, address):
    opened = visit(java_script_enabled=False).open(f"{address}/{PAGES[name]}")
    still = box(opened, name).locator(".playground-still")
    assert still.is_visible()
    assert len(still.get_attribute("alt")) > 80
    assert box(opened, name).locator("input, button").count() == 0
    opened = visit().open(f"{address}/{PAGES[name]}")
    assert not box(opened, name).locator(".playground-still").is_visible()
    opened.emulate_media(media="print")
    box(opened, name).locator(".playground-still").wait_for(state="visible", timeout=30_000)
    assert not box(opened, name).locator(".playground-live").is_visible()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_numbered_figure(name, visit, address):
    opened = visit().open(f"{address}/{PAGES[name]}")
    figure = opened.locator(f"figure:has(#{name}-playground)")
    assert figure.locator(".caption-number").inner_text().startswith("Fig. ")
    assert figure.get_attribute("id") == f"playground-{name}"


def test_the_scripts_are_on_their_pages_only_and_light(visit, address):
    for page in pages():
        source = (SITE / page).read_text(encoding="utf-8")
        assert ("playground/network.js" in source) == (page in PAGES.values()), page
    for name, page in PAGES.items():
        one = visit()
        one.open(f"{address}/{page}")
        added = {url: r for url, r in one.bodies.items() if "playground" in url}
        assert len(added) >= len(SCRIPTS[name]) + 2  # style and data
        size = sum(len(gzip.compress(response.body(), 6)) for response in added.values())
        assert size <= WIRE_BUDGET, f"{name}: {size / 1000:.0f} KB"


def test_the_next_examples_are_test_pictures(visit, address):
    opened = open_at(visit(), "digits", address)
    paper = box(opened, "digits").locator(".playground-paper .playground-cell")
    for k in range(1, 4):
        box(opened, "digits").get_by_role("button", name="Next example").press("Enter")
        names = paper.evaluate_all("cells => cells.map((c) => c.getAttribute('aria-label'))")
        greys = [int(name.rsplit(" ", 1)[1]) for name in names]
        np.testing.assert_array_equal(greys, np.rint(16 * TEST.inputs[k]).ravel())


def test_the_first_record_is_that_of_the_still(visit, address):
    opened = open_at(visit(), "gates", address)
    assert box(opened, "gates").get_by_label("or type the record").input_value() == RECORDS[0]
    data = (SITE / "_playgrounds/gates.js").read_text(encoding="utf-8")
    assert json.loads(data[data.index("{") : data.rindex("}") + 1])["examples"] == list(RECORDS)
