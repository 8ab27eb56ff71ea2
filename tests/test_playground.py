"""The playgrounds without a browser: what they are given, and what a notebook shows."""

import base64
import io
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from lectures_lib import recorded
from lectures_lib.data import charge_records, load_digits, pulse_train
from lectures_lib.from_scratch import lstm
from lectures_lib.legible import small_letters
from lectures_lib.models import digits_cnn, digits_dense
from lectures_lib.playground import answering as module
from lectures_lib.playground import network as described
from lectures_lib.playground.answering import (
    MIME_TYPE,
    SCRIPTS,
    STYLE,
    data,
    playground,
    start,
    still,
)
from lectures_lib.recorded import load
from lectures_lib.site.dependencies import library_files
from lectures_lib.training import evaluate
from recipes import playgrounds as recipe

FOLDER = Path(module.__file__).parents[1] / "site" / "assets" / "static" / "playground"
FILES = sorted(path.name for path in FOLDER.glob("*.js"))


def decode(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def keras_networks():
    """Return the two digits networks with their recorded weights."""
    arrays, networks = recorded.weights("playground_digits"), (digits_cnn(), digits_dense())
    networks[0].set_weights(arrays[:6])
    networks[1].set_weights(arrays[6:])
    return networks


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_notebook_gets_a_page_that_needs_nothing_else(name, monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "live")
    shown = playground(name)._repr_mimebundle_()
    page = shown["text/html"]
    assert not re.findall(r"(?:src|href)=\"(?!data:image/png)", page)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert shown["text/plain"] in page.replace("&#x27;", "'")
    places = [re.search('class="playground" id="([^"]+)"', page)[1]]
    places += re.findall('lecturesView.start\\("[a-z]+", "([^"]+)"', page)
    again = playground(name).shown["text/html"]
    assert places[0] == places[1]
    assert places[0] not in again  # a notebook may show it twice


@pytest.mark.parametrize("name", SCRIPTS)
def test_letters_of_a_still_are_legible_on_a_phone(name):
    with small_letters() as small:
        still.__wrapped__(name)
    assert small == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_page_gets_a_name_and_the_still_no_script(name, monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    shown = playground(name).shown
    assert shown[MIME_TYPE] == {
        "name": name, "figure": f"playground-{name}", "caption": playground(name).caption,
        "alt": shown["text/plain"],
    }  # fmt: skip
    monkeypatch.setenv("LECTURES_VIEW", "still")
    shown = playground(name).shown
    assert sorted(shown) == ["image/png", "text/plain"]
    picture = Image.open(io.BytesIO(base64.b64decode(shown["image/png"])))
    assert picture.width == 1000


def test_errors_say_what_to_change(monkeypatch):
    with pytest.raises(ValueError, match=r"no playground .mnist.\. Pass one of: digits, gates"):
        playground("mnist")
    monkeypatch.setenv("LECTURES_VIEW", "paper")
    with pytest.raises(ValueError, match="LECTURES_VIEW is 'paper'; it must be one of live, page"):
        playground("gates")


@pytest.mark.parametrize("file", FILES)
def test_scripts_are_short_strict_and_keep_to_themselves(file):
    text = module.asset(file)
    assert len(text.splitlines()) < 300
    assert text.splitlines()[0].startswith("// ")
    assert '"use strict";' in text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    assert not re.search(
        r"fetch\(|XMLHttp|\bimport\b|WebSocket|sendBeacon|//(?!www.w3|\s)\w+\.", text
    )


def test_style_asks_for_nothing():
    assert not re.search(r"url\(|@import|animation|transition", module.asset(STYLE))


def test_data_are_recorded_weights_and_test_pictures():
    given = data("digits")
    weights = recorded.weights("playground_digits")
    sent = np.concatenate([decode(network["weights"]) for network in given["networks"]])
    np.testing.assert_array_equal(sent, np.concatenate([array.ravel() for array in weights]))
    assert sent.size == 8660 + 8635
    test = load_digits(seed=0).test.inputs
    for text, image in zip(given["examples"], test, strict=False):
        greys = [int(sign, 17) for sign in text]
        np.testing.assert_array_equal(np.array(greys) / 16, image.ravel())
    assert all(layer["scale"] > 0 for network in given["networks"] for layer in network["layers"])


@pytest.mark.slow
def test_our_layers_give_what_keras_gives():
    images = load_digits(seed=0).test.inputs[:100]
    for network, (_, layers, weights) in zip(
        keras_networks(), module.digits_networks(), strict=True
    ):
        ours = module.forward(layers, weights, images)[-1]
        np.testing.assert_allclose(ours, network.predict(images, verbose=0), atol=1e-5)


def own(*layers):
    keras.utils.set_random_seed(4)
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers])
    model.set_weights(
        [w + 0.1 * np.sin(np.arange(w.size)).reshape(w.shape) for w in model.get_weights()]
    )
    return model


K = keras.layers
NETWORKS = {
    "two convolutions": lambda: own(
        K.Conv2D(3, (3, 5), padding="same", activation="relu"), K.MaxPooling2D(3), K.Dropout(0.5),
        K.Conv2D(4, 1, padding="same"), K.Flatten(), K.Dense(10, activation="softmax"),
    ),
    "global pooling": lambda: own(
        K.GaussianNoise(0.1), K.Conv2D(6, (4, 2), activation="relu"),
        K.GlobalMaxPooling2D(), K.Dense(5), K.Dense(10),
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_of_a_reader_has_the_outputs_that_keras_gives(name, monkeypatch):
    model, images = NETWORKS[name](), load_digits(seed=0).test.inputs[:7]
    layers, weights = described.own_network(model)
    wanted = model.predict(images, verbose=0)
    if name == "global pooling":  # it gives scores, the playground probabilities
        wanted = np.exp(wanted) / np.exp(wanted).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(module.forward(layers, weights, images)[-1], wanted, atol=1e-5)
    monkeypatch.setenv("LECTURES_VIEW", "live")
    page = playground("digits", model).shown["text/html"]
    given = json.loads(
        re.search(r'lecturesView\.start\("digits", "[^"]+", (\{.*?\})\);\n', page)[1]
    )
    assert [network["title"] for network in given["networks"]] == [
        "yours",
        "convolutional",
        "dense",
    ]
    sent = decode(given["networks"][0]["weights"])
    np.testing.assert_array_equal(sent, np.concatenate([w.ravel() for w in model.get_weights()]))


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        (
            [K.Conv2D(2, 3, padding="same", strides=2), K.Flatten(), K.Dense(10)],
            "cannot compute the layer .*, a Conv2D. It has Conv2D with stride 1",
        ),
        ([K.Flatten(), K.Dense(10, use_bias=False)], "a Dense. It has Conv2D with stride 1"),
        ([K.Flatten(), K.Dense(10, activation="elu")], "a Dense"),
        ([K.Flatten(), K.Dense(10, activation="tanh")], "cannot show '.* after tanh', .* 'tanh'"),
        ([K.MaxPooling2D((1, 2)), K.Flatten(), K.Dense(10)], "a MaxPooling2D"),
        ([K.BatchNormalization(), K.Flatten(), K.Dense(10)], "a BatchNormalization"),
        ([K.Flatten(), K.Dense(9)], r"from \(8, 8, 1\) to \(9,\), but the playground has"),
    ],
)
def test_a_network_that_cannot_be_shown_is_named_and_stops_nobody(layers, text, monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "live")
    model = own(*layers)
    with pytest.raises(ValueError, match=text):
        described.own_network(model)
    assert re.search(text, playground("digits", model).shown["text/plain"])


def test_the_page_does_not_hold_the_network_of_the_build(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    shown = playground("digits", own(K.Flatten(), K.Dense(10))).shown
    assert shown == {"text/plain": module.IN_NOTEBOOKS}


@pytest.mark.slow
def test_recorded_digits_networks_are_those_of_the_chapter():
    scores = load("digits_seeds").query("seed == 0").set_index("model")["test"]
    for network in keras_networks():
        found = evaluate(network, load_digits(seed=0).test)["accuracy"]
        assert found == pytest.approx(scores[network.name], abs=0.012)  # four pictures


@pytest.mark.parametrize("name", SCRIPTS)
def test_data_end_no_script_and_are_small(name):
    line = start(name, "somewhere")
    assert "<" not in line
    assert line.endswith("});\n")
    assert json.loads(line[line.index("{") : -3]) == json.loads(json.dumps(data(name)))


def test_a_chapter_with_a_playground_depends_on_its_weights():
    used = {path.name for path in library_files("from lectures_lib.playground import playground")}
    assert {"answering.py", "playground_digits.npz", "playground_gates.npz"} <= used
    assert "cifar10_lecture.npz" not in used


def test_descriptions_tell_what_the_pictures_show():
    assert still("digits")[1].startswith("A handwritten 7 on 8 by 8 pixels")
    assert still("digits")[1].endswith("the convolutional network: 7 with 97%.")
    assert "2.9 pC at first and 3.3 pC at last" in still("gates")[1]


def test_a_written_record_is_a_gated_integrator():
    text = "".join(np.random.default_rng(0).choice(list(".123dr"), size=200))
    task, held = pulse_train(text), 0
    for t, sign in enumerate(text):
        held = 0 if sign == "d" else held + (int(sign) if sign in "123" else 0)
        assert task.labels[0, t, 0] == (held if sign == "r" else 0)
        assert task.inputs[0, t, 1:].tolist() == [sign == "d", sign == "r"]
    noise = pulse_train(text, noise_pc=0.2).inputs[0, :, 0] - task.inputs[0, :, 0]
    assert 0.17 < noise.std() < 0.23


def test_random_records_have_the_statistics_that_are_promised():
    task = charge_records(series=1000, num_steps=48, noise_pc=0, seed=5)
    charge, drain, read = np.moveaxis(task.inputs, -1, 0)
    assert set(np.unique(charge)) == {0, 1, 2, 3}
    assert np.all((charge > 0) + drain + read <= 1)
    assert drain.mean() == pytest.approx(0.05, abs=0.005)
    assert read.mean() == pytest.approx(0.30, abs=0.01)
    assert task.labels.max() == 6
    again = charge_records(series=1000, num_steps=48, noise_pc=0, seed=6)
    assert np.abs(again.inputs - task.inputs).max() > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pulse_train("1.x"), r"text='1.x' is no record: \['x'\] is in it"),
        (lambda: pulse_train(""), "nothing is in it"),
        (lambda: pulse_train("1", noise_pc=-1), "noise_pc=-1 is no standard deviation"),
        (lambda: charge_records(series=0, num_steps=3), "series=0 is not a whole number"),
        (lambda: charge_records(series=1, num_steps=True), "num_steps=True is not a whole number"),
    ],
)
def test_records_refuse_what_they_cannot_be(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_turning_units_upright_changes_no_answer():
    rng = np.random.default_rng(0)
    shapes = [(3, 12), (3, 12), (12,), (3, 1), (1,)]
    weights = [rng.normal(size=shape) for shape in shapes]
    turned = recipe.upright(weights)
    assert (weights[3] < 0).any()
    assert (turned[3] > 0).all()
    inputs = charge_records(series=5, num_steps=20).inputs
    answers = [lstm(inputs, *w[:3]).hidden @ w[3] + w[4] for w in (weights, turned)]
    np.testing.assert_allclose(*answers, atol=1e-12)


@pytest.mark.slow
def test_recorded_cells_are_sorted_upright_and_answer_as_in_keras():
    arrays = recorded.weights("playground_gates")
    checked = recipe.charge_data().validation
    for units, stacks in ((1, arrays[:5]), (3, arrays[5:])):
        assert len(stacks[0]) == recipe.UNITS[units][0]
        assert (stacks[3] >= 0).all()
        losses = []
        for k in range(len(stacks[0])):
            network = recipe.charge_network(units)
            network.set_weights([array[k] for array in stacks])
            losses.append(evaluate(network, checked)["loss"])
            hidden = lstm(checked.inputs, *(array[k] for array in stacks[:3])).hidden
            ours = hidden @ stacks[3][k] + stacks[4][k]
            theirs = network(checked.inputs)
            np.testing.assert_allclose(ours, theirs, atol=1e-4)  # pC
        assert losses == sorted(losses)


@pytest.mark.slow
def test_the_recipe_learns():
    found = recipe.trained(1, recipe.charge_data(), seeds=1, epochs=3)
    inputs, labels = (getattr(recipe.charge_data().test, what) for what in ("inputs", "labels"))
    answers = lstm(inputs, *found[0][:3]).hidden @ found[0][3] + found[0][4]
    assert np.mean((answers - labels) ** 2) < 0.8 * np.var(labels)


def test_only_what_has_both_signs_is_drawn_in_the_colours_of_signs():
    convolutional, dense = module._digits_data()["networks"]
    signed = [layer["signed"] for layer in convolutional["layers"]]
    assert signed == [True, False, False, True, False, True, False]  # sums, and what follows them
    assert [layer["signed"] for layer in dense["layers"]] == [True, False, True, False]
    drawn, _ = module._draw_digits()
    ink, *maps = (image for axes in drawn.axes for image in axes.images)
    assert len(maps) == 10
    assert ink.to_rgba([0.0, 1.0])[:, :3].tolist() == [[1, 1, 1], [0, 0, 0]]
    for one in maps:  # after ReLU
        assert one.to_rgba([0.0, 2.0])[:, :3].tolist() == [[0, 0, 0], [1, 1, 1]]
