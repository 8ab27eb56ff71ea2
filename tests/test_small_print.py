"""What docstrings promise in passing: of equal values the first, what a seed decides, defaults."""

import itertools
from inspect import isfunction, signature
from pkgutil import resolve_name

import numpy as np
import pytest

from lectures_lib import data, physics

MADE = {**vars(data), **vars(physics)}
CALLS = {
    "adding_series": dict(series=2, num_steps=6),
    "add_noise": dict(images=np.zeros((2, 3, 3, 1)), noise=0.1),
    "blinking_counts": dict(records=2, num_steps=3),
    "charge_records": dict(series=2, num_steps=3),
    "delayed_series": dict(series=2, num_steps=6, delay=2),
    "detector_image": dict(kind="track", size=8),
    "ising_configurations": dict(
        temperatures=[1.0, 2.0], sides=(4, 4), configurations=2, sweeps=2
    ),
    "load_shapes": dict(train_images=10, validation_images=10, test_images=10),
    "noisy_sine": dict(times=5),
    "parity_series": dict(series=2, num_steps=3),
    "points_near_plane": dict(points=3),
    "pulse_records": dict(series=2, num_steps=20),
    "pulse_train": dict(text="1.r", noise_pc=0.1),
    "recall_series": dict(series=2, num_steps=3),
    "swing_windows": dict(windows=2, times=5),
    "switched_oscillator": dict(series=2, times=5),
}  # fmt: skip
READ = {"load_cifar10", "load_digits", "load_mnist"}  # their seed only orders what is in a file


def seeds_of(name, seed, monkeypatch):
    """Return the seeds of all generators that a function of data makes."""
    made, make = [], np.random.default_rng
    with monkeypatch.context() as patch:
        patch.setattr(np.random, "default_rng", lambda given: made.append(given) or make(given))
        MADE[name](**CALLS[name], seed=seed)
    return made


def test_all_that_takes_a_seed_is_looked_at():
    taking = {
        name
        for name in (*data.__all__, *physics.__all__)
        if isfunction(MADE[name]) and "seed" in signature(MADE[name]).parameters
    }
    assert taking == {*CALLS, *READ}


@pytest.mark.parametrize("name", CALLS)
def test_noise_has_a_generator_of_its_own_or_the_one_of_its_record(name, monkeypatch):
    """Two generators of one seed draw the same numbers: noise would tell what it hides."""
    seven, eight = (seeds_of(name, seed, monkeypatch) for seed in (7, 8))
    assert seven
    everything = [str(seed) for seed in (*seven, *eight)]
    assert len(set(everything)) == len(everything)


@pytest.mark.parametrize("name", ["load_shapes", "ising_configurations"])
def test_parts_of_one_seed_differ(name):
    found = MADE[name](**CALLS[name])
    if name == "load_shapes":
        found = [found.train.inputs, found.validation.inputs, found.test.inputs]
    for one, other in itertools.pairwise(found):
        assert not np.array_equal(one, other)


@pytest.mark.slow  # it reads TensorFlow
@pytest.mark.parametrize("offsets", [1, 2, 3, 4, 6])
def test_in_the_fused_pooling_the_first_of_equal_values_gets_the_gradient(offsets):
    """As TensorFlow's own pooling does, whichever values of a window are the largest."""
    import tensorflow as tf

    from lectures_lib.training.fused import _largest_product

    largest = np.array(list(itertools.product([0, 1], repeat=offsets))[1:]).T  # (offsets, windows)
    windows = largest.shape[1]
    # The first weight makes the value; every other one marks an offset of a window.
    marks = np.eye(offsets * windows).reshape(offsets, windows, -1)
    patches = tf.constant(np.concatenate([largest[..., np.newaxis], marks], axis=2), "float32")
    kernels = tf.constant(np.eye(1 + offsets * windows, 1), "float32")
    with tf.GradientTape() as tape:
        tape.watch(kernels)
        values = _largest_product(patches, kernels)
    assert np.all(values.numpy() == 1)
    found = tape.gradient(values, kernels).numpy()[1:].reshape(offsets, windows)
    first = [[int(k == list(column).index(1)) for k in range(offsets)] for column in largest.T]
    np.testing.assert_array_equal(found, np.transpose(first))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("training.fit", "training.fit_many", marks=pytest.mark.slow),  # TensorFlow
        ("from_scratch.conv2d", "from_scratch.conv2d_backward"),
        ("from_scratch.conv2d", "from_scratch.conv2d_transpose"),
        ("from_scratch.max_pool2d", "from_scratch.max_pool2d_backward"),
        ("from_scratch.average_pool2d", "from_scratch.average_pool2d_backward"),
        ("from_scratch.gru", "from_scratch.gru_backward"),
        ("physics.pairing_energies", "physics.exact_pairing_energy"),
    ],
)  # fmt: skip
def test_what_belongs_together_has_the_same_defaults(one, other):
    """`fit_many` trains as `fit` does, a gradient is that of its function, with no argument too."""
    (first, second) = (
        {k: v.default for k, v in signature(resolve_name(f"lectures_lib.{name}")).parameters.items()
         if v.default is not v.empty}
        for name in (one, other)
    )  # fmt: skip
    shared = first.keys() & second.keys()
    assert shared
    assert {name: first[name] for name in shared} == {name: second[name] for name in shared}
