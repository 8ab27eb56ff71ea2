"""What a check says, how it ends, what it keeps, and how it measures a network."""

import contextlib
import json
import linecache
import logging
import re
import signal
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from lectures_lib.exercises import Case, Trained, cases, check, results, summary
from lectures_lib.exercises.case import OutOfTime
from lectures_lib.exercises.compare import judge, share
from lectures_lib.exercises.results import Foreign, record
from lectures_lib.exercises.running import raised, time_limit


def problem(case, answer):
    return judge(case, answer)[1]


def output_size(input_size, kernel_size, stride, padding):
    return (input_size + 2 * padding - kernel_size) // stride + 1


def standard_error(accuracy, images):
    return np.sqrt(accuracy * (1 - accuracy) / images)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_tensor_of_half_precision_is_an_array_of_numbers(dtype):
    import keras

    def answer(n):
        return keras.ops.ones(n, dtype)

    assert problem(Case(np.ones(3), {"n": 3}), answer) == ""
    said = problem(Case(np.full(3, 2.0), {"n": 3}), answer)
    assert said == "the function gives 1 at index (0,), expected 2, for n=3."


def test_raw_bytes_are_no_numbers():
    said = problem(Case(np.ones(3), {}), lambda: np.zeros(3, "V2"))
    assert "which is not an array of numbers" in said


def in_cell(text, name="/tmp/ipykernel_7/123.py"):
    """Run text as a notebook does, which keeps it where tracebacks look; return what it defines."""
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    space = {"np": np}
    exec(compile(text, name, "exec"), space)
    return space


CELL = """\
# exercise: cnn-x

def part(x):
    return 1 / (x - 3)

def whole(x):
    y = part(x)
    return y

def deep(x):
    return np.linalg.inv(np.zeros((x, x)))

def standard(x):
    import json
    return json.loads(str(x) + "x")
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("whole", "ZeroDivisionError: division by zero, at line 4 of your cell: `return 1 / "
                  "(x - 3)`"),
        ("deep", "LinAlgError: Singular matrix, at line 11 of your cell: `return np.linalg.inv(np.z"
                 "eros((x, x)))`"),
        ("standard", "line 1 column 2 (char 1), at line 15 of your cell: `return json.loads(str(x) "
                     '+ "x")`'),
    ],
)  # fmt: skip
def test_the_line_that_failed_is_the_students(name, text, tmp_path):
    case = Case(1, {"x": 3})
    said = problem(case, in_cell(CELL)[name])
    assert said.endswith(f"{text}, for x=3.")
    path = tmp_path / "answers.py"
    path.write_text(CELL, encoding="utf-8")
    said = problem(case, in_cell(CELL, str(path))[name])
    assert said.endswith(f"{text.replace('your cell', 'answers.py')}, for x=3.")


def test_a_function_of_a_library_has_no_line_of_the_student():
    said = problem(Case(1, {"a": np.zeros((2, 2))}), np.linalg.inv)
    assert said.startswith(
        "the function raised numpy.linalg.LinAlgError: Singular matrix, for a=[["
    )


def test_long_inputs_are_named_by_their_shapes_and_where_they_are():
    case = cases("rnn-step")[0]
    message = check("rnn-step", lambda **given: np.zeros((2, 4))).message
    assert ", for X of shape (2, 3), H of shape (2, 4), K of shape (3, 4), " in message
    code = message.partition("To see these inputs: ")[2]
    space = {}
    exec(code.replace("; cases", "; found = cases"), space)
    np.testing.assert_equal(space["found"], case.given)
    message = check("rnn-step", lambda **given: np.zeros((2, 4)), seed=5).message
    assert message.endswith('; cases("rnn-step", seed=5)[0].given')


def test_long_lists_and_functions_are_given_too():
    given = {"f": abs, "x": np.zeros(20), "parts": [[1], 2], "many": list(range(20)), "n": 3}
    assert problem(Case(1, given), lambda **given: 2) == (
        "the function gives 2, expected 1, for x of shape (20,), parts=a list of 2 parts of "
        "different shapes, many=<array of shape (20,)>, n=3."
    )


def test_hidden_tests_do_not_say_where_inputs_come_from(capsys):
    assert share(lambda **given: np.zeros((2, 4)), cases("rnn-step", 5)) == 0
    said = capsys.readouterr().out
    assert "for X of shape (2, 3)" in said and "cases" not in said and "seed" not in said


def test_nothing_that_is_logged_reaches_a_hidden_test(caplog):
    def noisy(x):
        logging.getLogger("tensorflow").warning("retracing")
        return x

    assert share(noisy, [Case(3, {"x": 3})]) == 1
    assert not caplog.records
    logging.getLogger("tensorflow").warning("after")
    assert [record.message for record in caplog.records] == ["after"]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer on Windows")
def test_an_endless_loop_ends_and_leaves_no_handler_behind(capsys):
    def endless(x):
        while x < 9:
            with contextlib.suppress(Exception):
                time.sleep(0.01)

    before = signal.getsignal(signal.SIGALRM)
    drawn = [Case(1, {"x": 3}, seconds=0.2), Case(1, {"x": 4}, seconds=5)]
    start = time.monotonic()
    said = "the function did not end within 0.2 s, for x=3. Is there a loop that never stops?"
    assert problem(drawn[0], endless) == said
    assert share(endless, drawn) == 0  # the second is not tried
    assert time.monotonic() - start < 3
    assert capsys.readouterr().out == f"Not yet: {said}\n"
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert problem(Case(3, {"x": 3}, seconds=0.2), lambda x: x) == ""
    assert cases("cnn-output-size")[0].seconds == 10


def test_an_interrupt_gets_out():
    before = signal.getsignal(signal.SIGALRM)

    def interrupted(**given):
        raise KeyboardInterrupt  # as a signal would, which what runs in the background may ignore

    with pytest.raises(KeyboardInterrupt):
        check("cnn-output-size", interrupted)
    assert signal.getsignal(signal.SIGALRM) is before


def test_limits_nest_and_threads_have_none():
    with pytest.raises(OutOfTime), time_limit(0.2):
        with time_limit(60):
            time.sleep(0.01)
        time.sleep(5)
    found = []
    thread = threading.Thread(target=lambda: found.append(check("cnn-output-size", output_size)))
    thread.start()
    thread.join()
    assert found[0].message == "Right: 6 cases agree."


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """An open notebook in an empty folder: its shell, whose last input is the cell that runs."""
    shell = SimpleNamespace(user_ns={"In": ["check(...)"]})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setenv("JPY_SESSION_NAME", "digits.ipynb")
    for name in ("LECTURES_VIEW", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)
    return shell


def test_results_are_kept_and_shown(opened, tmp_path):
    assert str(summary()) == "0 of 0 right"
    check("cnn-confusion-matrix", lambda **given: 1)
    check("cnn-standard-error", standard_error)
    check("lstm-forget-bias", ...)
    assert [path.name for path in tmp_path.iterdir()] == ["exercise_results.json"]
    lines = repr(summary("cnn/digits")).splitlines()
    assert [line.split(maxsplit=1) for line in lines[:-1]] == [
        ["cnn-confusion-matrix", "not yet"], ["cnn-next-writers", "not tried"],
        ["cnn-slipping-scanner", "not tried"], ["cnn-standard-error", "right"],
        ["cnn-through-noise", "not tried"],
    ]  # fmt: skip
    assert lines[-1] == "1 of 5 right"
    assert list(summary().states) == [
        "cnn-confusion-matrix",
        "cnn-standard-error",
        "lstm-forget-bias",
    ]
    html = summary()._repr_html_()
    assert (
        "<td><code>lstm-forget-bias</code></td><td>not yet</td>" in html and "1 of 3 right" in html
    )
    check("cnn-standard-error", ...)
    assert summary().states["cnn-standard-error"] == "not yet"


def test_a_solution_of_the_book_is_no_result(opened, tmp_path):
    opened.user_ns["In"].append("# solution: cnn-standard-error\n...")
    assert check("cnn-standard-error", standard_error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value"),
    [("LECTURES_VIEW", "page"), ("LECTURES_VIEW", "still"), ("NBGRADER_EXECUTION", "autograde"),
     ("JPY_SESSION_NAME", None)],
)  # fmt: skip
def test_no_results_are_kept_where_nobody_has_a_notebook_open(
    opened, tmp_path, monkeypatch, name, value
):
    monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    record("lstm-forget-bias", True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", ["[]", "", "null", '{"about": "mine", "right": {}}', '{"lstm-forget-bias": true}']
)
def test_a_file_that_is_not_ours_is_left(opened, tmp_path, content):
    path = tmp_path / results.FILE
    path.write_text(content, encoding="utf-8")
    assert not check("lstm-forget-bias", ...)
    assert path.read_text(encoding="utf-8") == content
    with pytest.raises(
        Foreign, match=r"^exercise_results\.json does not hold results .* Rename it"
    ):
        summary()
    assert [one.name for one in tmp_path.iterdir()] == [results.FILE]


def test_a_notebook_that_takes_a_name_of_ipython_does_no_harm(opened, tmp_path):
    opened.user_ns["In"] = 5
    assert not check("lstm-forget-bias", ...)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_does_no_harm(opened, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError

    monkeypatch.setattr(results.tempfile, "NamedTemporaryFile", refuse)
    assert check("lstm-forget-bias", ...).message.startswith("Not yet: nothing is filled in")
    assert not list(tmp_path.iterdir())


def test_what_is_kept_is_plain(opened, tmp_path):
    record("lstm-forget-bias", True)
    record("cnn-toeplitz", False)
    content = json.loads((tmp_path / results.FILE).read_text(encoding="utf-8"))
    assert content["right"] == {"lstm-forget-bias": True, "cnn-toeplitz": False}


HIDDEN = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
POINTS = Trained(
    {},
    HIDDEN,
    HIDDEN[:, :3].argmax(axis=1),
    on="points that it has not seen",
    threshold=0.9,
    baseline=0.5,
    output_shape=(3,),
    bands=((0.2, "That is below guessing."), (0.9, "Nearly.")),
)


def network(kernel, *, activation=None, shape=(4,)):
    """Return a model of one dense layer with a given kernel: no training is needed."""
    import keras

    layers = [keras.Input(shape), keras.layers.Dense(np.shape(kernel)[1], activation, False)]
    model = keras.Sequential(layers)
    model.set_weights([np.array(kernel, "float32")])
    return model


def recurrent(*kinds, batch_size=None, **options):
    """Return a model of recurrent layers, the first of them in both directions."""
    import keras

    options |= {"return_sequences": True}
    first, *others = (getattr(keras.layers, kind)(3, **options) for kind in kinds)
    inputs = keras.Input((4, 1), batch_size=batch_size)
    return keras.Sequential([inputs, keras.layers.Bidirectional(first), *others])


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_a_model_is_measured_by_its_largest_output(activation):
    model = network(np.eye(4, 3), activation=activation)
    assert judge(POINTS, model) == (
        1.0, "accuracy 1.000 on 30 points that it has not seen; at least 0.90 is needed."
    )  # fmt: skip
    assert judge(POINTS, lambda: model)[0] == 1


def test_below_the_threshold_a_part_is_earned_and_the_band_says_why():
    turned = network(np.eye(4, 3)[:, [1, 2, 0]])
    right = np.mean(turned.predict(HIDDEN, verbose=0).argmax(axis=1) == POINTS.labels)
    assert right == 0
    assert judge(POINTS, turned) == (
        0.0, "accuracy 0.000 on 30 points that it has not seen; at least 0.90 is needed. "
        "That is below guessing.",
    )  # fmt: skip
    labels = POINTS.labels.copy()
    labels[:6] = (labels[:6] + 1) % 3  # six of thirty wrong
    earned, said = judge(replace(POINTS, labels=labels), network(np.eye(4, 3)))
    assert np.isclose(earned, (0.8 - 0.5) / (0.9 - 0.5))
    assert said.startswith("accuracy 0.800 on 30") and said.endswith("is needed. Nearly.")


@pytest.mark.parametrize(
    ("answer", "options", "text"),
    [
        (lambda: ..., {}, "nothing is filled in yet. Write"),
        (lambda: (lambda: ...), {}, "nothing is filled in yet. Write"),
        (lambda: 5, {}, "5 is not a Keras model. Pass a trained one."),
        (lambda: 5, {"given": {"n": 1}}, "5 is not a Keras model. Pass a function that tra"),
        (lambda: network(np.eye(4, 3)), {"given": {"n": 1}},
         "this is a model. Pass the function that builds and trains it: it is called with other"),
        (lambda: (lambda: None), {}, "returns nothing. End it with return and the model."),
        (lambda: (lambda: {"loss": [1]}), {}, "the function returns a dict. Return the Keras mod"),
        (lambda: (lambda model: model), {"given": {"n": 1}},
         "raised TypeError: .*unexpected keyword argument 'n'. Keep the names of the arguments."),
        (lambda: (lambda: 1 / 0), {},
         r"the answer raised ZeroDivisionError: division by zero, at line \d+ of test_ch.*`\.$"),
        (lambda: network(np.eye(5, 3), shape=(5,)), {},
         r"the model reads inputs of shape \(5,\), but an example here has the shape \(4,\)\."),
        (lambda: recurrent("GRU", batch_size=7, stateful=True), {},
         "reads batches of 7 examples only, .* Build it without a batch size and stateful=True, "),
        (lambda: network(np.eye(4, 2)), {},
         r"gives \(2,\) for an example, but it must give an output of shape \(3,\)\."),
        (lambda: network(np.full((4, 3), np.nan)), {},
         "outputs of the model are nan or inf. The training has diverged: a smaller learning rate"),
        (lambda: network(np.eye(4, 3)), {"most_parameters": 11},
         "the model has 12 parameters; at most 11 are allowed."),
        (lambda: network(np.eye(4, 3)), {"recurrent": "LSTM"}, "the model has no LSTM layer."),
        (lambda: recurrent("GRU", "LSTM"), {"recurrent": "LSTM"},
         "the model has a GRU layer; the task asks for LSTM alone."),
        (lambda: (lambda: time.sleep(9)), {"seconds": 0.1},
         "the answer did not end within 0.1 s. Train for fewer epochs, or a smaller network."),
    ],
)  # fmt: skip
def test_what_is_no_trained_network_is_told_so(answer, options, text):
    earned, said = judge(replace(POINTS, **options), answer())
    assert earned == 0
    assert re.search(text, said), said


def as_class(layers):
    """Return a model that calls its layers one after the other, and has no graph of them."""
    import keras

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.steps = layers

        def call(self, inputs):
            for layer in self.steps:
                inputs = layer(inputs)
            return inputs

    return Own()


@pytest.mark.parametrize("own_class", [False, True])
@pytest.mark.parametrize("code", [3, 4])
def test_a_code_is_measured_behind_a_wrapped_layer_and_in_an_own_class(code, own_class):
    import keras
    from keras.layers import Dense, Flatten, RepeatVector, Reshape, SimpleRNN, TimeDistributed

    keras.utils.set_random_seed(0)
    if own_class:
        model = as_class([Flatten(), Dense(code), Dense(4), Reshape((4, 1))])
    else:
        halves = [SimpleRNN(8), Dense(code), RepeatVector(4), TimeDistributed(Dense(1))]
        model = keras.Sequential([keras.Input((4, 1)), *halves])
    series = HIDDEN[..., np.newaxis]
    case = replace(POINTS, inputs=series, labels=series, output_shape=(4, 1), largest_code=3,
                   score=lambda outputs, labels: 1.0)  # fmt: skip
    earned, said = judge(case, model)
    assert earned == (code == 3)
    assert code == 3 or re.search("4 numbers( of an input reach|; the code may have)", said)


def test_training_gets_copies_and_is_silent_in_hidden_tests_only(capsys):
    case = replace(POINTS, given={"inputs": HIDDEN.copy()})

    def train(inputs):
        print("epoch 1")
        inputs[:] = 0
        return network(np.eye(4, 3))

    assert judge(case, train)[0] == 1
    assert capsys.readouterr().out == "epoch 1\n"
    np.testing.assert_array_equal(case.given["inputs"], HIDDEN)
    assert share(train, [case]) == 1
    assert capsys.readouterr().out == ""


def test_another_score_can_be_asked_for():
    case = replace(POINTS, score=lambda outputs, labels: -np.abs(outputs).max(),
                   score_name="negative error", threshold=0.0, baseline=-1.0)  # fmt: skip
    assert judge(case, network(np.zeros((4, 3))))[0] == 1


IN_NOTEBOOK = [
    "from lectures_lib.exercises import check, summary",
    "# exercise: cnn-output-size\n\ndef output_size(**sizes):\n    return 1 / 0",
    'check("cnn-output-size", output_size)',
    "def output_size(**sizes):\n    while True:\n        pass",
    'check("cnn-output-size", output_size)',
    "def standard_error(accuracy, images):\n    return (accuracy * (1 - accuracy) / images) ** 0.5",
    'check("cnn-standard-error", standard_error)',
]


def run_notebook(sources, folder):
    """Run cells in a kernel that Jupyter's server would have started; return what each shows."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells), resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return [cell.outputs[0].data["text/plain"] if cell.outputs else "" for cell in cells]


@pytest.mark.slow
def test_a_notebook_names_lines_ends_loops_and_keeps_results(tmp_path, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "digits.ipynb")
    monkeypatch.delenv("LECTURES_VIEW", raising=False)
    shown = run_notebook(IN_NOTEBOOK, tmp_path)
    assert ": division by zero, at line 4 of your cell: `return 1 / 0`, for input_s" in shown[2]
    if hasattr(signal, "setitimer"):
        assert "the function did not end within 10 s, for input_size=32" in shown[4]
    assert shown[6] == "Right: 4 cases agree."
    again = run_notebook([IN_NOTEBOOK[0], "summary()"], tmp_path)
    assert again[1].splitlines() == [
        "cnn-output-size     not yet", "cnn-standard-error  right", "1 of 2 right"
    ]  # fmt: skip


def test_a_label_that_is_too_large_is_named_although_tensorflow_says_it_late():
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(12)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    with pytest.raises(Exception, match="label value of 12") as caught:
        model.fit(np.ones((4, 3)), np.array([1, 2, 12, 0]), verbose=0)
    text = "Received a label value of 12 which is outside the valid range of [0, 12)"
    assert raised(caught.value)[0].startswith(f"raised InvalidArgumentError: {text}, at line ")
