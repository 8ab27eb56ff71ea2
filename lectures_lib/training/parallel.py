"""Many independent runs, in the processes of this machine or of a cluster; one tidy table."""

import contextlib
import functools
import os
import pickle
import platform
import random
import sys
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool

import joblib
import keras
import pandas as pd

from lectures_lib.training.grid import configurations_of, names_of, text_of
from lectures_lib.training.progress import progress_bar

__all__ = ["SweepError", "sweep"]

_IN_USE = threading.RLock()


class SweepError(RuntimeError):
    """A run has failed, or its worker was lost too often; the text names the configuration."""


def sweep(run, grid, *, executor=None, n_jobs=-1, retries=2, progress=True):
    """Do one run for every configuration of a grid, several at a time; return one tidy table.

    The runs take place in processes of this machine, or where an `executor` sends them: on a Dask
    cluster by `sweep(..., executor=client.get_executor())`, with `client` a `distributed.Client`.

    Each run begins with a new Keras session and with the seeds of Python, NumPy and Keras set to
    0, so that its configuration alone decides its scores. Worker processes compute with one
    TensorFlow thread and deterministic operations. With `n_jobs=1` the runs take place in this
    process, whose threads stay as they are: the scores are the same but for rounding.

    Args:
        run: Called as `run(**configuration)`. Returns a dictionary of scores, for one row, or a
            DataFrame, for several rows (one per epoch, say), whose index is dropped.
        grid: A dictionary from names to lists of values stands for all combinations; the last name
            varies fastest. Or a list of such dictionaries and of plain configurations, that is
            dictionaries without any list or tuple.
        executor: A `concurrent.futures.Executor` whose workers are processes of one thread. (Dask
            starts by itself what a lost worker did: `distributed.scheduler.allowed-failures`.)
        n_jobs: Runs at a time without an executor, as in `joblib.Parallel`; -1 for one per core.
        retries: How often to start again what is missing after a process of this machine was lost.
        progress: Whether to show a progress bar, if `progress_bar` lets it.

    Returns:
        A DataFrame with the columns of the configurations, then those of the scores; rows in the
        order of the grid.

    Raises:
        ValueError: If the grid has no configuration, or a value outside of a list; if a run
            returns no scores, or one named like a column of the configurations; if two runs would
            share a process; if `retries < 0`.
        SweepError: If a run raises, with its error as cause, or a worker is lost once too often.

    >>> sweep(lambda b, a: {"sum": a + b}, {"b": [10, 20], "a": [1, 2]}, n_jobs=1, progress=False)
        b  a  sum
    0  10  1   11
    1  10  2   12
    2  20  1   21
    3  20  2   22
    """
    if retries < 0:
        raise ValueError(f"retries={retries} is less than never. Pass retries=0 or more.")
    configurations = configurations_of(grid)
    done, lost = {}, []  # rows by position in the grid; errors of workers
    with progress_bar(len(configurations), unit="run", shown=progress) as bar:
        while len(lost) <= retries:
            started = []
            tasks = _tasks(run, configurations, skip=set(done), started=started)
            try:
                for position, rows in _outcomes(tasks, executor=executor, n_jobs=n_jobs):
                    done[position] = rows
                    bar.update()
                return _table(configurations, done)
            except (SweepError, ValueError):
                raise
            except Exception as error:  # not of a run, but of a worker or of the way to it
                lost.append(error)
                if executor or not isinstance(error, BrokenProcessPool):
                    break
    missing = [text_of(configurations[p]) for p in started if p not in done]
    suspects = "; ".join(missing[:20])  # an executor has taken all
    raise SweepError(
        f"{len(configurations) - len(done)} of {len(configurations)} runs are missing after "
        f"{len(lost)} attempts. Under way, or next, were: {suspects}. If a worker was lost, it has "
        f"crashed or its memory was full: try these runs by themselves, or a smaller n_jobs. "
        f"The last error was {type(lost[-1]).__name__}: {lost[-1]}"
    ) from lost[-1]


def _tasks(run, configurations, *, skip, started):
    """Yield functions that do the runs not in `skip`, and note in `started` which were taken."""
    names, home = names_of(configurations), _process()
    for position, configuration in enumerate(configurations):
        if position not in skip:
            started.append(position)
            yield functools.partial(
                _run_alone, run, position, configuration, names=names, home=home
            )


def _outcomes(tasks, *, executor, n_jobs):
    """Yield what the tasks return, the first to finish first."""
    try:
        if executor is None:
            several = joblib.Parallel(n_jobs, batch_size=1, return_as="generator_unordered")
            yield from several(joblib.delayed(task)() for task in tasks)
        else:
            yield from _submitted(tasks, executor)
    except SweepError as failure:
        if hasattr(failure, "told"):  # by another process
            failure.__cause__ = RuntimeError(failure.told)
            with contextlib.suppress(Exception):  # not every error survives the way from a worker
                error = pickle.loads(failure.pickled)
                failure.__cause__, error.__cause__ = error, failure.__cause__
        raise


def _submitted(tasks, executor):
    futures = [executor.submit(task) for task in tasks]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _run_alone(run, position, configuration, *, names, home):
    """Return the position and the rows of one run, while no other run disturbs its process."""
    away = home != _process()
    if not _IN_USE.acquire(blocking=False):
        raise ValueError(
            "Two runs at a time share a process, and with it the seeds and the state of Keras. "
            "Use worker processes of one thread, as in distributed.Client(threads_per_worker=1)."
        )
    failure = None
    try:
        _prepare_process(away=away)
        scores = run(**configuration)
    except Exception as error:
        failure = SweepError(f"The run with {text_of(configuration)} failed: {error!r}")
        if not away:
            raise failure from error
        failure.told = traceback.format_exc()
        with contextlib.suppress(Exception):
            failure.pickled = pickle.dumps(error)
    finally:
        _IN_USE.release()
    if failure:  # by itself: the error might not survive the way
        raise failure
    return position, _rows(scores, configuration, names=names)


def _process():
    return platform.node(), os.getpid()


def _prepare_process(*, away):
    """Forget the runs before; away from the user's own process, also make TensorFlow exact."""
    if away:
        _make_deterministic()
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


@functools.cache
def _make_deterministic():
    """Give this process one TensorFlow thread, if it still can, and what else makes it exact."""
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # TensorFlow has been used here before
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    if "dask.sizeof" in sys.modules:  # in another thread, it draws what a run would draw next
        sys.modules["dask.sizeof"].random = random.Random()


def _rows(scores, configuration, *, names):
    """Return the scores of one run as a list of dictionaries."""
    if isinstance(scores, Mapping):
        rows = [dict(scores)]
    else:
        rows = scores.to_dict("records") if isinstance(scores, pd.DataFrame) else []
    if not any(rows):
        raise ValueError(
            f"The run with {text_of(configuration)} returned {scores!r}, but scores are needed. "
            f"Return a dictionary, or a DataFrame with at least one row."
        )
    taken = [name for name in rows[0] if name in names]
    if taken:
        raise ValueError(
            f"The run with {text_of(configuration)} returned the score {taken[0]!r}, which is also "
            f"a name in the grid. Give the score another name."
        )
    return rows


def _table(configurations, done):
    """Put the rows in the order of the grid, behind their configurations."""
    rows = [
        {**configuration, **row}
        for position, configuration in enumerate(configurations)
        for row in done[position]
    ]
    columns = dict.fromkeys([*names_of(configurations), *(name for row in rows for name in row)])
    return pd.DataFrame(rows, columns=list(columns))
