"""A sweep gives the table of a plain loop, in whatever process a run takes place, also twice."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import nullcontext

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from joblib.parallel import LokyBackend

from lectures_lib.data import Dataset, Split, load_digits
from lectures_lib.models import digits_cnn, digits_dense
from lectures_lib.training import evaluate, fit, parallel, sweep
from lectures_lib.training.parallel import SweepError

pytestmark = pytest.mark.slow

NETWORKS = {"digits_cnn": digits_cnn, "digits_dense": digits_dense}
MISSING = "distributed is not installed: pip install -r requirements.txt"
LOCAL = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}


@pytest.fixture(autouse=True)
def no_test_waits_for_ever():
    """A test that hangs fails, minutes after the slowest machine would be through."""

    def give_up(signal_number, frame):
        pytest.fail("the test hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(400)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def dask_client():
    distributed = pytest.importorskip("distributed", reason=MISSING)
    with distributed.LocalCluster(**LOCAL) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture(params=["this process", "processes", "dask"])
def place(request):
    """Where the runs take place."""
    if request.param == "dask":
        request.getfixturevalue("dask_client").wait_for_workers(2)
    return request.param


def sweep_at(place, run, grid, **settings):
    """Sweep in one of the places; another than processes is chosen as a reader would do it."""
    n_jobs = {"this process": 1, "processes": 2, "lists": 2, "dask": -1}[place]
    chosen = joblib.parallel_config(place) if place in ("lists", "dask") else nullcontext()
    with chosen:
        return sweep(run, grid, n_jobs=n_jobs, progress=False, **settings)


def product(a, b):
    return {"product": a * b, "process": os.getpid()}


def powers(a, b):
    return pd.DataFrame({"exponent": range(1, b + 1), "power": [a**e for e in range(1, b + 1)]})


def wait_for(path):
    """Wait for a file of another process; the time limit of the tests ends this if need be."""
    while not path.exists():
        time.sleep(0.01)


def append(path, text):
    """Add a line to a file that several processes write."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{text}\n".encode())
    os.close(file)


# The table.


def test_dictionaries_become_one_row_each(place):
    table = sweep_at(place, product, {"b": [3, 1], "a": [2.5, 7]})
    expected = [(b, a, a * b) for b in [3, 1] for a in [2.5, 7]]
    assert table.columns.tolist() == ["b", "a", "product", "process"]
    assert list(table[["b", "a", "product"]].itertuples(index=False, name=None)) == expected
    assert table.index.tolist() == [0, 1, 2, 3]
    assert (os.getpid() in set(table["process"])) == (place == "this process")


def test_a_frame_becomes_several_rows(place):
    table = sweep_at(place, powers, {"a": np.array([3, 2]), "b": range(2, 4)})
    expected = [(a, b, e, a**e) for a in [3, 2] for b in [2, 3] for e in range(1, b + 1)]
    assert table.columns.tolist() == ["a", "b", "exponent", "power"]
    assert list(table.itertuples(index=False, name=None)) == expected
    assert table.index.tolist() == list(range(10))
    assert (table.dtypes == "int64").all()


class Lists(LokyBackend):
    """A backend that returns all results at the end, like that of Ray."""

    supports_return_generator = False


def test_a_backend_may_return_all_results_at_the_end():
    joblib.register_parallel_backend("lists", Lists)
    table = sweep_at("lists", product, {"b": [3, 1], "a": [2]})
    assert table["product"].tolist() == [6, 2]
    assert os.getpid() not in set(table["process"])


@pytest.mark.parametrize("place", ["processes", "dask"], indirect=True)
def test_rows_are_in_the_order_of_the_grid_when_the_first_run_ends_last(place, tmp_path):
    def run(number):
        if number == 5:
            wait_for(tmp_path / "2")
        (tmp_path / str(number)).touch()
        return {"files": len(list(tmp_path.iterdir()))}

    table = sweep_at(place, run, {"number": [5, 1, 2]})
    assert table["number"].tolist() == [5, 1, 2]
    assert table["files"].tolist() == [3, 1, 2]


def test_lists_of_grids_and_of_configurations():
    def run(**configuration):
        return {"given": sorted(configuration)}

    grids = [{"l2": [0, 1]}, {"size": (8, 16), "l2": [2]}, {"kind": "relu", "options": {"x": 1}}]
    table = sweep(run, grids, n_jobs=1, progress=False)
    assert table.columns.tolist() == ["l2", "size", "kind", "options", "given"]
    assert table["l2"].fillna(-1).tolist() == [0, 1, 2, 2, -1]
    assert table["size"].fillna(-1).tolist() == [-1, -1, 8, 16, -1]
    assert table["kind"].tolist()[4] == "relu"
    assert table["options"].tolist()[4] == {"x": 1}
    given = [["l2"], ["l2"], ["l2", "size"], ["l2", "size"], ["kind", "options"]]
    assert table["given"].tolist() == given


def test_a_list_can_be_a_value_and_a_score():
    table = sweep(
        lambda sizes: {"twice": [2 * size for size in sizes]},
        {"sizes": [(1, 2), (3,)]}, n_jobs=1, progress=False,
    )  # fmt: skip
    assert table["sizes"].tolist() == [(1, 2), (3,)]
    assert table["twice"].tolist() == [[2, 4], [6]]


def test_scores_that_only_some_runs_have():
    def run(kind):
        return {"accuracy": 0.5} if kind == "nearest" else {"parameters": 650, "accuracy": 0.75}

    table = sweep(run, {"kind": ["nearest", "network"]}, n_jobs=1, progress=False)
    assert table.columns.tolist() == ["kind", "accuracy", "parameters"]
    assert table["accuracy"].tolist() == [0.5, 0.75]
    assert table["parameters"].isna().tolist() == [True, False]


# Networks.


def train(network, seed):
    """Return the history and the final test loss of a small network."""
    digits = load_digits(seed=0)
    few = Split(digits.train.inputs[:130], digits.train.labels[:130])
    data = Dataset(few, digits.validation, digits.test, digits.class_names)
    model = NETWORKS[network](seed=seed)
    history = fit(model, data, epochs=2, batch_size=50, seed=seed, progress=False)
    return history.assign(test_loss=evaluate(model, digits.test)["loss"])


def test_networks_are_those_of_a_plain_loop_in_every_process(dask_client):
    grid = {"network": ["digits_cnn", "digits_dense"], "seed": [2]}
    points = list(itertools.product(*grid.values()))
    loop = [train(*point).assign(network=point[0], seed=point[1]) for point in points]
    tables = {name: sweep_at(name, train, grid) for name in ("this process", "processes", "dask")}
    columns = tables["processes"].columns.tolist()
    assert columns == ["network", "seed", "epoch", "split", "loss", "accuracy", "test_loss"]
    expected = pd.concat(loop, ignore_index=True)[columns]
    # One process with its own number of threads differs from others in the rounding of sums.
    for table in tables.values():
        pd.testing.assert_frame_equal(table, expected, rtol=1e-4)
    pd.testing.assert_frame_equal(tables["dask"], tables["processes"], check_exact=True)
    reverse = sweep_at("processes", train, grid | {"network": ["digits_dense", "digits_cnn"]})
    again = pd.concat([reverse[4:], reverse[:4]], ignore_index=True)
    pd.testing.assert_frame_equal(again, tables["processes"], check_exact=True)


def careless(number):
    """A run that sets no seed; its number does not matter."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(optimizer="sgd", loss="mse")
    x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    losses = model.fit(x, x[:, :2], batch_size=8, verbose=0).history["loss"]
    return {"name": model.name, "loss": losses[0], "draw": np.random.normal()}


def test_a_run_does_not_notice_those_before_it(place):
    keras.Sequential()
    np.random.normal()
    table = sweep_at(place, careless, {"number": range(5)})
    assert table["name"].tolist() == ["sequential"] * 5
    assert table["loss"].nunique() == 1
    assert table["draw"].tolist() == [np.random.RandomState(0).normal()] * 5


def threads(number):
    import tensorflow as tf
    from tensorflow.python.framework.config import is_op_determinism_enabled

    total = float(tf.reduce_sum(tf.ones(3)))
    both = (
        tf.config.threading.get_intra_op_parallelism_threads(),
        tf.config.threading.get_inter_op_parallelism_threads(),
    )
    return {"threads": both, "exact": is_op_determinism_enabled(), "total": total}


def test_only_workers_compute_with_one_thread(place):
    here = threads(0)
    table = sweep_at(place, threads, {"number": range(4)})
    away = {"threads": (1, 1), "exact": True, "total": 3.0}
    expected = away if place in ("processes", "dask") else here
    assert table.drop(columns="number").to_dict("records") == [expected] * 4
    assert threads(0) == here != away


def test_dask_does_not_draw_the_numbers_of_a_run(dask_client):
    """Dask measures what it sends by random samples, while a run builds its network."""

    def run(seed):
        from dask.sizeof import sizeof

        random.seed(seed)
        sizeof(list(range(1000)))
        return {"draw": random.random()}

    table = sweep_at("dask", run, {"seed": range(4)})
    assert table["draw"].tolist() == [random.Random(seed).random() for seed in range(4)]


def test_runs_in_threads_of_one_process_are_refused():
    refused = threading.Event()

    def run(number):
        refused.wait(60)
        return {"number_again": number}

    with (
        joblib.parallel_config("threading"),
        pytest.raises(ValueError, match=r"share a process.*threads_per_worker=1"),
    ):
        sweep(run, {"number": range(2)}, n_jobs=2, progress=False)
    refused.set()
    with parallel._IN_USE:  # when the other run has ended: no later test may meet it
        pass


def test_a_run_can_sweep():
    def run(a):
        inner = sweep(lambda b: {"sum": a + b}, {"b": [1, 2]}, n_jobs=1, progress=False)
        return {"total": inner["sum"].sum()}

    table = sweep(run, {"a": [10, 20]}, n_jobs=1, progress=False)
    assert table["total"].tolist() == [23, 43]


SCRIPT = """
import joblib
import tensorflow as tf
from lectures_lib.training import sweep

factor = 3


class Overflow(Exception):
    pass


def run(number):
    if number == 7:
        raise Overflow("too large")
    ones = tf.reduce_sum(tf.ones(number))
    return {"result": factor * int(ones), "threads": tf.config.threading.get_%s_threads()}


joblib.Parallel(n_jobs=2)(joblib.delayed(run)(number) for number in range(4))
print(sweep(run, {"number": [4, 5]}, n_jobs=2, progress=False).to_numpy().tolist())
try:
    sweep(run, {"number": [7]}, n_jobs=2, progress=False)
except RuntimeError as error:
    print(error)
"""


def test_functions_of_a_notebook_run_in_workers_with_a_past(tmp_path):
    """The functions are in `__main__`, and TensorFlow has its threads already."""
    path = tmp_path / "script.py"
    path.write_text(SCRIPT % "intra_op_parallelism", encoding="utf-8")
    output = subprocess.run([sys.executable, path], capture_output=True, text=True, cwd=tmp_path)
    assert output.returncode == 0, output.stderr
    assert output.stdout.splitlines() == [
        "[[4, 12, 0], [5, 15, 0]]",
        "The run with number=7 failed: Overflow('too large')",
    ]


# Errors of a run.


def inverse(network, x):
    return {"inverse": 1 / x}


def test_an_error_names_its_configuration_and_ends_the_sweep(place, tmp_path):
    def run(network, x):
        append(tmp_path / "log", x)
        return inverse(network, x)

    text = r"The run with network='cnn', x=0 failed: ZeroDivisionError\('.*zero'\)"
    with pytest.raises(SweepError, match=text) as caught:
        sweep_at(place, run, {"network": ["cnn"], "x": [2, 0, *range(3, 40)]})
    error = caught.value.__cause__
    assert type(error) is ZeroDivisionError
    if place in ("processes", "dask"):
        assert "in inverse" in str(error.__cause__)  # the line, as the worker saw it
    else:
        assert error.__traceback__.tb_next.tb_next.tb_frame.f_code is inverse.__code__
    log = (tmp_path / "log").read_text().split()
    assert log.count("0") == 1  # an error is not a lost worker
    assert len(log) < 40


class HomelessError(Exception):
    """An error that can be pickled, but not read again."""

    def __reduce__(self):
        return (int, ("nothing",))


def test_an_error_that_cannot_travel_is_told(dask_client):
    def run(kind):
        raise HomelessError("Oslo") if kind == "homeless" else ValueError(lambda: "local")

    with pytest.raises(SweepError, match=r"kind='homeless' failed: HomelessError.'Oslo'") as caught:
        sweep_at("dask", run, {"kind": ["homeless"]})
    assert "HomelessError: Oslo" in str(caught.value.__cause__)
    with pytest.raises(SweepError, match=r"kind='pickle' failed: ValueError.*lambda"):
        sweep_at("dask", run, {"kind": ["pickle"]})


@pytest.mark.parametrize("place", ["this process", "dask"], indirect=True)
@pytest.mark.parametrize(
    ("scores", "text"),
    [
        (0.5, r"run with x=[12].* returned 0.5, but scores are needed. Return a dictionary"),
        (None, r"returned None, but"),
        ([{"loss": 1}], r"returned \[{'loss': 1}\], but"),
        ({}, r"returned {}, but"),
        (pd.DataFrame({"loss": []}), r"returned Empty DataFrame(.|\n)* at least one row"),
        ({"loss": 1, "x": 2}, r"returned the score 'x', .* name in the grid. Give .* another name"),
        (pd.DataFrame({"l2": [1]}), r"returned the score 'l2', .* name in the grid"),
    ],
)
def test_scores_that_do_not_fit_are_refused(place, scores, text):
    with pytest.raises(ValueError, match=text):
        sweep_at(place, lambda **configuration: scores, [{"x": 1}, {"x": [2], "l2": [0]}])


@pytest.mark.parametrize(
    ("grid", "text"),
    [
        ({}, "grid={} has no configuration, or an empty one. A grid is"),
        ([], r"grid=\[\] has no configuration"),
        ([{"x": [1]}, {}], "has no configuration, or an empty one"),
        ({"x": [1], "y": []}, "has no configuration"),
        ({"x": [1], "kind": "relu"}, "has kind='relu', which .* Write 'kind': \\['relu'\\]"),
        ({"x": 5}, "has x=5, which is not a list of values"),
        ({"x": {"y": 1}}, "has x={'y': 1}, which is not a list"),
        ([{"x": [1], "kind": "relu"}], "has kind='relu', which is not a list"),
        ([3], "contains 3, which is not a dictionary"),
        ("x", "grid='x' is not a grid"),
        (None, "grid=None is not a grid"),
    ],
)
def test_grids_that_do_not_fit_are_refused(grid, text):
    def run(**configuration):
        pytest.fail("ran")

    with pytest.raises(ValueError, match=text):
        sweep(run, grid, n_jobs=1, progress=False)


def test_retries_below_zero_are_refused():
    with pytest.raises(ValueError, match=r"retries=-1 is less than never\. Pass retries=0"):
        sweep(inverse, {"x": [1]}, retries=-1)


# Lost workers.


@pytest.fixture
def bar_file(tmp_path, monkeypatch):
    """A file that appears when this process has taken note of the first two finished runs."""
    path = tmp_path / "two are done"

    class Bar(nullcontext):
        finished = 0

        def __enter__(self):
            return self

        def update(self):
            self.finished += 1
            if self.finished == 2:
                path.touch()

    monkeypatch.setattr(parallel, "progress_bar", lambda total, **settings: Bar())
    return path


@pytest.mark.parametrize("place", ["processes", "dask"], indirect=True)
def test_runs_of_a_lost_worker_are_done_again(place, tmp_path, bar_file):
    def run(number):
        append(tmp_path / "log", number)
        if number == 2 and not (tmp_path / "lost").exists():
            wait_for(bar_file)
            (tmp_path / "lost").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if number > 2:  # so that 0 and 1 are the two
            wait_for(tmp_path / "lost")
        return {"square": number**2}

    table = sweep_at(place, run, {"number": range(6)})
    assert table["number"].tolist() == list(range(6))
    assert table["square"].tolist() == [number**2 for number in range(6)]
    times = Counter((tmp_path / "log").read_text().split())
    assert set(times) == set("012345")
    assert times["2"] == 2
    if place == "processes":  # what had been finished was kept
        assert times["0"] == times["1"] == 1


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_that_kills_every_process_is_named(tmp_path):
    def run(number):
        append(tmp_path / "log", number)
        append(tmp_path / "processes", os.getpid())
        if number == 30:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"square": number**2}

    text = r"(?s)missing after 2 attempts\. Under way, .*number=30.*SIGKILL"
    with pytest.raises(SweepError, match=text) as caught:
        sweep_at("processes", run, {"number": range(40)}, retries=1)
    assert "number=3;" not in str(caught.value)  # done long before
    assert type(caught.value.__cause__).__name__ == "TerminatedWorkerError"
    assert (tmp_path / "log").read_text().split().count("30") == 2
    for process in map(int, (tmp_path / "processes").read_text().split()):
        while alive(process):
            time.sleep(0.01)


class OnlyHere:
    """A run that no other process can read, like one of a package that is not installed there."""

    def __init__(self):
        self.home = os.getpid()

    def __call__(self, number):
        return {"number_again": number}

    def __setstate__(self, state):
        self.home = state["home"]
        if self.home != os.getpid():
            raise ModuleNotFoundError("No module named 'only_here'")


def test_a_run_that_workers_cannot_read_is_told():
    text = r"(?s)2 of 2 runs are missing after 1 attempts\..*number=8.*un-serialize"
    with pytest.raises(SweepError, match=text):
        sweep_at("processes", OnlyHere(), {"number": [8, 9]}, retries=0)


# The progress bar.


@pytest.mark.parametrize(
    ("view", "progress", "shown"),
    [(None, True, True), ("lab", True, True), ("page", True, False), (None, False, False)],
)
def test_progress_bar(capfd, monkeypatch, view, progress, shown):
    monkeypatch.delenv("LECTURES_VIEW", raising=False)
    if view is not None:
        monkeypatch.setenv("LECTURES_VIEW", view)
    capfd.readouterr()
    sweep(lambda x: {"y": x}, {"x": [1, 2, 3]}, n_jobs=1, progress=progress)
    out, err = capfd.readouterr()
    assert err == ""
    assert (" 0/3 [" in out) == shown
    assert shown or out == ""
