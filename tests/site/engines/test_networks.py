"""Firefox and WebKit answer, train and judge as Python does."""

import json

import numpy as np
import pytest
from conftest import SITE
from test_engine import TASKS, assert_equal_weights, task
from test_questions import ALL as QUESTIONS
from test_questions import judged
from test_training import PAGES, TRAIN, TRAINING

from lectures_lib.data import pulse_train
from lectures_lib.from_scratch import lstm
from lectures_lib.playground.answering import PARTS, asset, gates_networks

ANSWER = "document.querySelector('#{}-playground .playground-answer').textContent"
PLACE = "(({{ trainer, report }}) => [trainer.place, report.kind])({})"
places = pytest.mark.parametrize("where", ["server", "file"])


@pytest.fixture
def base(where, watched):
    """Where the site is."""
    return watched if where == "server" else SITE.as_uri()


@places
def test_the_playgrounds_answer(engine, where, base):
    engine.open(f"{base}/book/cnn/digits.html")
    said = ANSWER.format("digits")
    first = "Answers: convolutional 7 with 97 %, dense 7 with 88 %."
    engine.wait_for(f"{said} === '{first}'")
    engine.focus("#digits-playground .playground-paper [tabindex='0']")
    engine.press("Home", "Space")
    engine.wait_for(f"{said} !== '{first}'")
    engine.open(f"{base}/book/lstm/gates.html")
    engine.focus("#gates-playground .playground-line")
    engine.press("Home", "3", "ArrowRight", "r", "d", "End", "r")
    text = engine.evaluate("document.querySelector('.playground-record').value")
    assert (text[0], text[2:4], text[-1]) == ("3", "rd", "r")
    record, weights = pulse_train(text, noise_pc=0.1), gates_networks()[0][1]
    states = lstm(record.inputs, *weights[:3])
    errors = np.abs((states.hidden @ weights[3] + weights[4] - record.labels)[0, :, 0])
    reads = [t for t, sign in enumerate(text) if sign == "r"]
    assert engine.evaluate(ANSWER.format("gates")) == (
        f"Largest error at {len(reads)} readings: {errors[reads].max():.2f} pC."
    )


def begin(engine, url, name):
    """Open a page and let its network train."""
    engine.open(url)
    button = f"document.querySelector('#{name}-playground .playground-begin')"
    engine.wait_for(f"!{button}.hidden")
    engine.evaluate(f"{button}.scrollIntoView({{ block: 'center' }})")
    engine.focus(f"#{name}-playground .playground-begin")
    engine.activate()
    engine.wait_for(f"{TRAINING.format(name)}")


@places
def test_the_engine_of_the_page_equals_keras(engine, where, base):
    begin(engine, f"{base}/{PAGES['train-digits']}", "train-digits")
    training = TRAINING.format("train-digits")
    engine.wait_for(f"{training}.report.steps > 13")
    assert engine.evaluate(PLACE.format(training)) == ["worker", "simd"]
    for file in PARTS:
        engine.evaluate(f"(() => {{ {asset(file)} }})()")
    for name in TASKS:
        weights = engine.evaluate(f"({TRAIN})({json.dumps(task(name).case())})")
        assert_equal_weights(weights, name)


@pytest.mark.parametrize("name", PAGES)
def test_a_network_trains_to_its_end(name, engine, watched):
    begin(engine, f"{watched}/{PAGES[name]}", name)
    box = f"document.querySelector('#{name}-playground')"
    speed = f"[...{box}.querySelectorAll('label')].find((one) => one.textContent.includes('speed'))"
    engine.evaluate(f"{speed}.control.focus()")
    engine.press("End")
    engine.press_button(f"#{name}-playground", "Start again")
    training = TRAINING.format(name)
    engine.wait_for(f"['done', 'diverged'].includes({training}.report.state)", seconds=120)
    assert engine.evaluate(f"{training}.report.state") == "done"
    # It is told with the next picture.
    engine.wait_for(f"/[0-9]/.test({box}.querySelector('.playground-answer').textContent)")
    assert not engine.evaluate(f"{box}.textContent.includes('NaN')")
    assert engine.evaluate("complaints") == []


def test_a_strict_policy_gets_plain_javascript_in_the_page(engine, strict):
    begin(engine, f"{strict}/{PAGES['train-digits']}", "train-digits")
    training = TRAINING.format("train-digits")
    engine.wait_for(f"{training}.report.steps > 13")
    assert engine.evaluate(PLACE.format(training)) == ["page", "plain"]


def test_questions_are_judged_in_a_page_that_is_a_file(engine):
    for chapter in dict.fromkeys(question.chapter for question in QUESTIONS):
        engine.open(f"{SITE.as_uri()}/book/{chapter}.html")
        judged(engine.evaluate, chapter)
