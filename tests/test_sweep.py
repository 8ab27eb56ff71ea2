"""A sweep gives the table of a plain loop, in whatever process a run takes place, also twice."""

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pandas as pd
import pytest

from lectures_lib.training import parallel, sweep
from lectures_lib.training.parallel import SweepError

pytestmark = pytest.mark.slow


def here(run, grid):
    return sweep(run, grid, n_jobs=1, progress=False)


def in_processes(run, grid, **settings):
    return sweep(run, grid, n_jobs=2, progress=False, **settings)


@pytest.fixture(scope="module")
def on_dask():
    """Two workers; a run that loses its worker is started once more."""
    distributed = pytest.importorskip("distributed", reason="pip install -r requirements.txt")
    dask = pytest.importorskip("dask")
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(**local) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor(pure=False)
        yield lambda run, grid: sweep(run, grid, executor=executor, progress=False)


def append(path, text):
    """Add a line to a file that several processes write."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{text}\n".encode())
    os.close(file)


def wait_for(path):
    """Wait for a file of another process."""
    for _ in range(20_000):
        if path.exists():
            return
        time.sleep(0.01)
    raise TimeoutError(path)


# The table.


def test_lists_of_grids_and_of_configurations():
    def run(**configuration):
        return {"given": sorted(configuration)}

    grids = [{"l2": [0, 1]}, {"size": (8, 16), "l2": [2]}, {"kind": "relu", "options": {"x": 1}}]
    table = here(run, grids)
    assert table.columns.tolist() == ["l2", "size", "kind", "options", "given"]
    assert table["l2"].fillna(-1).tolist() == [0, 1, 2, 2, -1]
    assert table["size"].fillna(-1).tolist() == [-1, -1, 8, 16, -1]
    assert table["kind"].tolist()[4] == "relu"
    assert table["options"].tolist()[4] == {"x": 1}
    given = [["l2"], ["l2"], ["l2", "size"], ["l2", "size"], ["kind", "options"]]
    assert table["given"].tolist() == given


def test_a_frame_becomes_several_rows():
    def powers(a, b):
        return pd.DataFrame({"exponent": range(b), "power": [a**e for e in range(b)]})

    table = here(powers, {"a": np.array([3, 2]), "b": range(2, 4)})
    expected = [(a, b, e, a**e) for a in [3, 2] for b in [2, 3] for e in range(b)]
    assert table.columns.tolist() == ["a", "b", "exponent", "power"]
    assert list(table.itertuples(index=False, name=None)) == expected
    assert table.index.tolist() == list(range(10))
    assert (table.dtypes == "int64").all()


def test_a_list_can_be_a_value_and_a_score_that_only_some_runs_have():
    def run(sizes):
        return {"twice": [2 * size for size in sizes]} | ({"one": 1} if len(sizes) == 1 else {})

    table = here(run, {"sizes": [(1, 2), (3,)]})
    assert table["sizes"].tolist() == [(1, 2), (3,)]
    assert table["twice"].tolist() == [[2, 4], [6]]
    assert table["one"].fillna(0).tolist() == [0, 1]


def test_a_progress_bar_is_shown_unless_it_is_not_wanted(capfd, monkeypatch):
    monkeypatch.delenv("LECTURES_VIEW", raising=False)
    for progress in (True, False):
        sweep(lambda x: {"y": x}, {"x": [1, 2, 3]}, n_jobs=1, progress=progress)
        out, err = capfd.readouterr()
        assert (" 0/3 [" in out) == progress and err == ""


# Runs.


def network(number):
    """Train without a seed; the number does not matter, nor does what was drawn before."""
    import tensorflow as tf

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(optimizer="sgd", loss="mse")
    x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    losses = model.fit(x, x[:, :2], batch_size=8, verbose=0).history["loss"]
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return {"name": model.name, "loss": losses[0], "draw": np.random.normal(),
            "threads": threads, "process": os.getpid()}  # fmt: skip


def test_a_run_does_not_notice_those_before_it_nor_where_it_takes_place(on_dask):
    keras.Sequential()
    np.random.normal()
    before = network(0)["threads"]
    tables = {
        place: place(network, {"number": range(3)}) for place in (here, in_processes, on_dask)
    }
    for place, table in tables.items():
        assert table["name"].tolist() == ["sequential"] * 3
        assert table["loss"].nunique() == 1
        assert table["draw"].tolist() == [np.random.RandomState(0).normal()] * 3
        assert table["threads"].tolist() == [before if place is here else 1] * 3
        assert (os.getpid() in set(table["process"])) == (place is here)
    losses = [table["loss"][0] for table in tables.values()]
    assert losses[1] == losses[2] == pytest.approx(losses[0], rel=1e-5)
    assert network(0)["threads"] == before != 1


def test_runs_in_threads_of_one_process_are_refused():
    refused = threading.Event()

    def run(number):
        refused.wait(60)
        return {"number_again": number}

    with (
        ThreadPoolExecutor(2) as executor,
        pytest.raises(ValueError, match=r"share a process.*threads_per_worker=1"),
    ):
        try:
            sweep(run, {"number": range(2)}, executor=executor, progress=False)
        finally:
            refused.set()
    with parallel._IN_USE:  # when the other run has ended: no later test may meet it
        pass


def test_a_run_can_sweep():
    def run(a):
        return {"total": here(lambda b: {"sum": a + b}, {"b": [1, 2]})["sum"].sum()}

    assert here(run, {"a": [10, 20]})["total"].tolist() == [23, 43]


# Errors of a run.


def inverse(x):
    return {"inverse": 1 / x}


def test_an_error_names_its_configuration_and_ends_the_sweep(on_dask, tmp_path):
    for place in (here, in_processes, on_dask):
        log = tmp_path / f"log {place.__name__}"

        def run(network, x, log=log):
            append(log, x)
            time.sleep(0.1 * (x > 2))  # the error is there before the others have run
            return inverse(x)

        text = r"The run with network='cnn', x=0 failed: ZeroDivisionError\('.*zero'\)"
        with pytest.raises(SweepError, match=text) as caught:
            place(run, {"network": ["cnn"], "x": [2, 0, *range(3, 200)]})
        error = caught.value.__cause__
        assert type(error) is ZeroDivisionError
        if place is here:
            assert error.__traceback__.tb_next.tb_next.tb_frame.f_code is inverse.__code__
        else:
            assert "in inverse" in str(error.__cause__)  # the line, as the worker saw it
        ran = log.read_text().split()
        assert ran.count("0") == 1  # an error is not a lost worker
        assert len(ran) < 198


def test_an_error_that_stays_in_its_process_is_told(on_dask):
    def run(x):
        raise OSError(threading.Lock())  # no lock can be pickled

    for place in (in_processes, on_dask):
        with pytest.raises(SweepError, match=r"The run with x=[12] failed: OSError") as caught:
            place(run, {"x": [1, 2]})
        assert type(caught.value.__cause__) is RuntimeError
        assert "in run\nOSError: <unlocked" in str(caught.value.__cause__)


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
def test_scores_that_do_not_fit_are_refused(scores, text):
    with pytest.raises(ValueError, match=text):
        here(lambda **configuration: scores, [{"x": 1}, {"x": [2], "l2": [0]}])


@pytest.mark.parametrize(
    ("grid", "text"),
    [
        ({}, "grid={} has no configuration, or an empty one. A grid is"),
        ([{"x": [1]}, {}], "has no configuration, or an empty one"),
        ({"x": [1], "y": []}, "has no configuration"),
        ({"x": [1], "kind": "relu"}, "has kind='relu', which .* Write 'kind': \\['relu'\\]"),
        ([{"x": [1], "kind": "relu"}], "has kind='relu', which is not a list"),
        ({"x": {"y": 1}}, "has x={'y': 1}, which is not a list"),
        ([3], "contains 3, which is not a dictionary"),
        ("x", "grid='x' is not a grid"),
        (None, "grid=None is not a grid"),
    ],
)
def test_grids_that_do_not_fit_are_refused(grid, text):
    with pytest.raises(ValueError, match=text):
        here(lambda **configuration: pytest.fail("ran"), grid)


def test_retries_below_zero_are_refused():
    with pytest.raises(ValueError, match=r"retries=-1 is less than never\. Pass retries=0"):
        sweep(inverse, {"x": [1]}, retries=-1)


# Lost workers.


def test_runs_of_a_lost_worker_are_done_again(on_dask, tmp_path, monkeypatch):
    class Bar:
        """Writes a file when two runs are known to be done."""

        def __init__(self, file):
            self.file, self.finished = file, 0

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def update(self):
            self.finished += 1
            if self.finished == 2:
                self.file.touch()

    for place in (in_processes, on_dask):
        folder = tmp_path / place.__name__
        folder.mkdir()
        monkeypatch.setattr(parallel, "progress_bar", lambda *a, f=folder, **s: Bar(f / "two"))

        def run(number, folder=folder):
            append(folder / "log", number)
            if number == 2 and not (folder / "lost").exists():
                wait_for(folder / "two")
                (folder / "lost").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if number > 2:  # so that 0 and 1 are the two
                wait_for(folder / "lost")
            return {"square": number**2}

        table = place(run, {"number": range(6)})
        assert table["number"].tolist() == list(range(6))
        assert table["square"].tolist() == [number**2 for number in range(6)]
        times = Counter((folder / "log").read_text().split())
        assert set(times) == set("012345") and times["2"] == 2
        if place is in_processes:  # what had been finished was kept
            assert times["0"] == times["1"] == 1


def test_a_run_that_kills_every_process_is_named(on_dask):
    def run(number):
        if number == 30:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"square": number**2}

    grid = {"number": range(40)}
    text = r"(?s)missing after 1 attempts\. Under way, .*number=30.*SIGKILL"
    with pytest.raises(SweepError, match=text) as caught:
        in_processes(run, grid, retries=0)
    assert "number=3;" not in str(caught.value)  # done long before
    with pytest.raises(SweepError, match=r"(?s)after 1 attempts\. .*number=30.*KilledWorker"):
        on_dask(run, grid)
