"""The figures of the chapters on tiny data: at all corners of their sliders, and what they say."""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lectures_lib import recorded
from lectures_lib.book import DEMOS, read_book
from lectures_lib.data import (
    Split,
    noisy_sine,
    parity_series,
    points_near_plane,
    recall_series,
    switched_oscillator,
)
from lectures_lib.demos import autoencoders_anomalies as strange
from lectures_lib.demos import autoencoders_convolutional as folded
from lectures_lib.demos import autoencoders_denoising as noise
from lectures_lib.demos import autoencoders_linear_and_pca as linear
from lectures_lib.demos import autoencoders_series as swings
from lectures_lib.demos import autoencoders_stacked as stacked
from lectures_lib.demos import autoencoders_variational as drawn_digits
from lectures_lib.demos import cnn_cifar10 as photos
from lectures_lib.demos import cnn_convolution_layers as layers
from lectures_lib.demos import cnn_digits, cnn_tuning
from lectures_lib.demos import cnn_why_convolutions as why
from lectures_lib.demos import lstm_comparison as gated
from lectures_lib.demos import lstm_gates as cells
from lectures_lib.demos import lstm_long_memory as long
from lectures_lib.demos import lstm_outlook as outlook
from lectures_lib.demos import rnn_extrapolation as beyond
from lectures_lib.demos import rnn_noisy_sine as noisy
from lectures_lib.demos import rnn_recurrent_networks as recurrent
from lectures_lib.explore import registry
from lectures_lib.legible import small_letters
from lectures_lib.physics import (
    blinking_counts,
    bright_probability,
    exact_pairing_energy,
    pairing_energies,
)
from lectures_lib.words import spoken

pytestmark = pytest.mark.slow

RED, BLUE = (103, 0, 31), (5, 48, 97)  # the ends of matplotlib's RdBu_r


def corners(demo):
    """Return the states in which every slider stands at one of its ends."""
    ends = [(p.values[0], p.values[-1]) for p in demo.parameters]
    names = [p.name for p in demo.parameters]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*ends)]


def walked(demo):
    """Draw and describe a figure at its corners; return its texts."""
    for state in corners(demo):
        picture = demo.picture(state)
        assert picture.width == 1000
        assert len(picture.getcolors(2**24)) > 2
    return [demo.alt_text(state) for state in corners(demo)]


def colours(demo, state=None):
    """Return the colours of a figure and how many pixels have each."""
    return {colour: count for count, colour in demo.picture(state or {}).getcolors(2**24)}


def tiny(images=30, seed=3):
    """Return pictures whose class is three times in a row the next."""
    rng = np.random.default_rng(seed)
    return Split(rng.uniform(size=(images, 8, 8, 1)).astype("float32"), np.arange(images) // 3)


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """Draw pictures only, all of them legible on a phone."""
    monkeypatch.setenv("LECTURES_VIEW", "still")
    with small_letters() as small:
        yield
    assert small == []


def test_every_module_of_figures_belongs_to_a_chapter():
    chapters = {chapter.name.replace("/", "_") for chapter in read_book().chapters}
    modules = {path.stem for path in DEMOS.glob("[a-z]*.py")}
    assert {module.removesuffix("_live") for module in modules} <= chapters


def flat_kernel(angle):
    """Return a kernel whose only weight says at which angle it was made."""
    kernel = np.zeros((5, 5))
    kernel[2, 2] = 1 + angle / 180
    return kernel


def figures_of_digits():
    split = tiny()
    cnn_digits.classes(split), cnn_digits.failures(split, np.eye(10)[split.labels])
    cnn_digits.shifts({"all": lambda images: np.zeros(len(images))}, split)
    cnn_digits.feature_maps(split, {"sums": np.ones((30, 2, 2, 3)), "ReLU": np.ones((30, 2, 2, 3))})
    cnn_digits.methods()


def figures_of_layers():
    layers.window(np.arange(64.0).reshape(8, 8)), layers.line(), layers.fields()
    layers.volumes([(8, 8, 1), (4, 4, 5)], ["POOL"])
    weights = {"a": np.ones((3, 3, 3)), "b": np.zeros((3, 3, 3))}
    layers.channels(np.zeros((9, 9, 3)), weights, bias=0, row=1, column=2)
    one = np.zeros((3, 3, 3)), np.ones(3)
    layers.learning({0.1: one, 0.2: one}, np.eye(3))


def figures_of_tracks():
    why.matched_filter(flat_kernel), why.weights_against_size(), why.toeplitz(), why.methods()
    why.event(np.eye(20), np.ones((20, 20)))
    why.equivariance(np.eye(9), np.ones((3, 3)), np.zeros((49, 81)))


def small_network():
    import keras

    layers = [keras.layers.Conv2D(2, 3), keras.layers.MaxPooling2D(2), keras.layers.Conv2D(5, 2)]
    head = [keras.layers.Flatten(), keras.layers.Dense(4)]
    return keras.Sequential([keras.Input((8, 8, 3)), *layers, *head])


def figures_of_photographs():
    network, image = small_network(), np.full((8, 8, 3), 0.5, "float32")
    photos.photographs(Split(np.zeros((3, 32, 32, 3)), np.array([0, 1, 1])), "ab")
    photos.volumes(network), photos.steps(), photos.curves(), photos.classes()
    photos.reliability(), photos.transfer(), photos.disturbed(image)
    scores = {name: [0.5] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}
    photos.learning_curves(SimpleNamespace(history=scores))
    photos.filters(network)
    photos.maps(network, {"a": image, "b": image})
    photos.saliencies({"a": image, "b": image}, {"trained": np.ones((2, 8, 8))})
    photos.occluded(image, {"grey": np.eye(2)}, "a")


def figures_of_tuning():
    history = searched()
    cnn_tuning.maps(history), cnn_tuning.networks(history), cnn_tuning.decay([0.1, 1], [0.1, 1])
    cnn_tuning.seeds(), cnn_tuning.best_of_many()


def figures_of_recurrent_networks():
    voltages, signs = np.zeros((4, 9, 1)), np.array([1, -1, 1, -1])
    voltages[range(4), 2, 0] = 2.0 * signs
    recurrent.records(voltages, signs), recurrent.sequences(), recurrent.memory()
    recurrent.unrolled(), recurrent.fixed_points([0.5, 2.0]), recurrent.recall()
    recurrent.schmitt_trigger(voltages, signs), recurrent.orbit(2.0), recurrent.gradients()
    recurrent.cliff()
    scores = {name: [0.5] for name in ("loss", "val_loss", "accuracy", "val_accuracy")}
    recurrent.learning_curves(SimpleNamespace(history=scores))


def figures_of_the_noisy_sine():
    values = noisy_sine(times=1400, seed=1)
    noisy.series(values), noisy.networks(), noisy.windows(), noisy.memory(values), noisy.records()
    noisy.shift(values[1000:], values[1003:-1])
    losses = {"loss": [0.5], "val_loss": [0.5]}
    noisy.learning_curves(SimpleNamespace(history=losses), 0.4)
    noisy.intervals(values[1000:], values[1000:, np.newaxis] + [-1, 1])
    truth = np.zeros((9, 80))
    noisy.horizon(truth, {"a": truth + 0.5, "b": truth + 0.01}, step=0.1, exponent=0.9)


def figures_of_extrapolation():
    beyond.levels(), beyond.pairing(), beyond.formats(), beyond.forms(), beyond.knobs()
    beyond.other_couplings(), beyond.far()
    run = SimpleNamespace(history={"loss": [0.5], "val_loss": [0.25]})
    beyond.learning_curve(run), beyond.plateau({"a": run, "b": run}, 0.125)
    series = -(np.arange(1.0, 8) ** 2)
    beyond.by_eye(-np.arange(20.0))
    beyond.ensemble(series, np.array([[-36.0, -48.0], [-37.0, -47.0]]), {"rule": series[-2:]})
    beyond.second_differences(series, 5)
    couplings = np.linspace(-1, 0.7, 35)
    beyond.coupling_series(couplings, -(couplings**2), np.array([[0.1, 0.2, 0.3], [0, 0.1, 0.5]]))


def holding_network(layer):
    """Return a network of two units that answers at every step."""
    import keras

    layers = [layer(2, return_sequences=True), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((None, 2)), *layers])


def figures_of_gates():
    import keras

    cells.charge_amplifier(), cells.puzzle(), cells.cell(), cells.gru_cell(), cells.networks()
    cells.learning_curve(SimpleNamespace(history={"loss": [0.5], "val_loss": [0.25]}), 0.1)
    cells.inside(holding_network(keras.layers.LSTM), np.eye(5)[:, :2], np.zeros((5, 1)))
    cells.cell_gradient()


def figures_of_gated_networks():
    run = SimpleNamespace(history={"loss": [0.5], "val_loss": [0.25]})
    gated.learning_curves({"C7": run, "C8": run}), gated.regime_curve(run, {"blind": 0.25})
    gated.epochs(), gated.wait(), gated.flip_flop(), gated.five_runs(), gated.curves(0.34, 0.43)
    gated.feedback(np.array([38, 40]), np.array([-0.5, 0.25]), np.array([0.5, -0.75]))
    records = switched_oscillator(series=2, times=30, seed=3)
    gated.record(records, 1), gated.predictions(records, {"own": 0 * records.positions}, 1)


def figures_of_the_outlook():
    outlook.blinking(*blinking_counts(records=8, num_steps=6, seed=0))
    outlook.learning_curve(SimpleNamespace(history={"loss": [0.5], "val_loss": [0.25]}))
    outlook.smoothing(0.12, 0.07), outlook.padding(), outlook.recall()
    outlook.attention_weights(np.array([[0.25, 0.75], [0.5, 0.5]]))


def double_well(z):
    return (z**2 - 1) ** 2


def trial_in_the_well(mean, sigma):
    return mean + sigma, np.log(sigma)


def figures_of_the_variational_autoencoder():
    terms = {"reconstruction": [9.5, 8.25], "divergence": [0.5, 1.75]}
    both = terms | {f"val_{name}": values for name, values in terms.items()}
    drawn_digits.decoded_grid(), drawn_digits.plain_samples(), drawn_digits.scheme()
    drawn_digits.trial_gaussian(double_well, trial_in_the_well)
    drawn_digits.learning_curve(SimpleNamespace(history=both)), drawn_digits.code_planes()
    drawn_digits.samples(), drawn_digits.evidence(), drawn_digits.divergence_by_axis()
    drawn_digits.beta_temperature(), drawn_digits.ising_bound()


def lstm_of(units=3, *, forget=1.0):
    from lectures_lib.models import memory_network

    sizes = {"hidden": units, "num_steps": 4, "features": 2}
    return memory_network("lstm", **sizes, forget_bias=forget)


def cloud(points=12, features=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(points, features)) * np.linspace(2, 0.5, features)


def spins_of_two_signs():
    up = np.ones((2, 3, 32, 32))
    up[:, 1:] = -1
    return up


def figures_of_linear_codes():
    points, digits = cloud(), cloud(300, 784)
    linear.positions(points), linear.bottleneck()
    linear.tilted_plane(points), linear.turned_code(points)
    run = SimpleNamespace(history={"loss": [0.5, 0.25]})
    linear.learning_curve(run, 0.125)
    linear.angles([1, 10], {"decoder": np.full((2, 4), 3.0), "encoder": np.full((2, 4), 8.0)})
    found = linear.pca(digits, latent_dim=200)
    linear.restored(found, digits[:9]), linear.held_out({300: found}, digits[:9])
    linear.ising_axes(np.eye(3, 1024))
    linear.magnet(np.array([1.5, 3.5]), spins_of_two_signs(), np.array([[1, -1, -1]] * 2))


def figures_of_stacked_codes():
    run = SimpleNamespace(history={"loss": [0.5, 0.25], "val_loss": [0.5, 0.375]})
    stacked.orbit_curve(run), stacked.digits_curve(run), stacked.bent_line(cloud())
    points, phase = cloud(), np.linspace(-1, 1, 12)
    stacked.bent_orbit(points, phase, phase[:, np.newaxis] ** 3, points)
    stacked.cut_orbit(phase, phase[:, np.newaxis], phase**2)
    images = np.random.default_rng(0).uniform(size=(3, 28, 28, 1))
    stacked.restored(images, {"PCA": images**2, "stacked": images})
    stacked.pixel_loss(), stacked.error_by_code(), stacked.strokes()
    stacked.digit_of_strokes(*images[:2].reshape(2, 784), cloud(7, 784), np.arange(7.0))
    stacked.code_map(np.arange(12) // 4, points[:, :2], points[:, 1:])


def figures_of_long_memory():
    run = SimpleNamespace(history={"loss": [0.5], "val_loss": [0.25]})
    long.tasks(), long.windows({1: 1.0, 3: 0.25}, delay=2, noise=0.125)
    long.recall_curve(run, 0.5), long.adding_curve(run, 0.5), long.delay_curve(run, 0.5)
    long.parity_curves({"at the end": run, "at every step": run})
    networks = [name for name, *_ in long.LAYERS.values()]
    fresh = itertools.product(networks, (10, 20, 40, 80))
    long.slopes({(name, T): np.full((5, T), 0.5) for name, T in fresh})
    long.scores(), long.first_epochs()
    long.inside({"at the end": lstm_of(), "at every step": lstm_of()})


def figures_of_convolutional_autoencoders():
    from lectures_lib.models import convolutional_autoencoder

    spins = np.where(np.arange(512).reshape(2, 1, 16, 16) % 3, 1, -1)
    folded.blocks(spins, (1.5, 2.0), lambda s, b: s[..., ::b, ::b])
    small = convolutional_autoencoder(filters=(3, 2), latent_dim=5, shape=(8, 12, 1))
    folded.down_and_up(small.encoder, small.decoder)
    folded.learning_curve(SimpleNamespace(history={"loss": [0.5], "val_loss": [0.25]}))
    pictures = np.zeros((2, 4, 4, 1))
    folded.reconstructions(pictures, {"a": pictures + 0.5, "b": pictures}), folded.overlap()
    folded.maps(pictures, np.arange(24.0).reshape(2, 2, 2, 3))
    images = np.arange(3 * 784.0).reshape(3, 28, 28, 1)
    folded.shifts(images, np.array([2, 4, 7]), lambda x: x[:, ::4, ::4], step=4)


def figures_of_anomalies():
    run = SimpleNamespace(history={"loss": [0.5, 0.25], "val_loss": [0.75, 0.125]})
    strange.two_records(lambda count, distance, seed: [np.roll([4.0, 2, 0, 0], seed + distance)])
    strange.pulse_curve(run, 0.09), strange.digit_curve(run)
    strange.rocs({"a": ([0, 0.2, 1], [0, 1, 1])}, {"a": 0.9}), strange.by_distance()
    strange.by_digit(), strange.by_distance()
    ink, error = np.array([10.0, 20, 30]), np.array([0.1, 0.2, 0.3])
    strange.error_and_ink(ink, error, ink - 9, error / 10, 1)
    pictures = np.ones((20, 28, 28, 1))
    strange.copied(pictures, np.arange(20) % 10, lambda images, digit: images - digit / 10)


def figures_of_denoising():
    run = SimpleNamespace(history={"loss": [0.5, 0.25], "val_loss": [0.75, 0.125]})
    shape = np.array([4.0, 2, 1, 0])
    pulses = np.array([np.roll(shape, place) for place in range(4)])
    noise.noisy_records(pulses[:3] + 0.4, pulses[:3], noise_v=0.4)
    noise.posterior(pulses, lambda noisy, v: 0 * noisy + 0.25, lambda noisy, v: 0.5 * noisy)
    noise.pulse_curve(run, 0.5, 0.1), noise.digit_curve(run)
    noise.kernels(np.roll(shape, 1), shape[::-1], shape, 1.0)
    noise.pulse_errors(0.0218, 0.0044), noise.digit_errors()
    clean = np.zeros((2, 28, 28))
    clean[:, :7] = 1
    noise.noise_kinds(clean[0], {"masking 0.5": clean[1], "none": clean[0]})
    found = {"noisy": clean - 0.5, "median": clean, "network": clean + 0.1}
    noise.denoised(clean, {"masking 0.5": found, "none": found})
    y = np.array([-1.0, 0, 1])
    noise.score(y, np.array([0.25, 0.125, 0.25]), 0.5 * y)
    noise.pulses_from_noise(np.array([[1.0, -2, 0], [0, 1, 0.5]]), [5.0, 0.02])


def figures_of_swings(size=3):
    time_s = 0.8 * np.arange(24)
    kinds = {
        "one": np.outer([1.0, 2], np.cos(time_s))[..., np.newaxis],
        "two": np.stack([np.cos(time_s), 3 * np.sin(2 * time_s)])[..., np.newaxis],
    }
    swings.windows(kinds), swings.spectra(kinds), swings.errors(), swings.kicks()
    swings.learning_curves({"dense": SimpleNamespace(history={"loss": [0.5, 0.25]})})

    def decode(codes):  # the first number is an amplitude
        return (codes[:, :1] * np.cos(1.2 * time_s))[..., np.newaxis]

    swings.codes(np.random.default_rng(0).normal(size=(40, size)), np.arange(40.0), decode)


# Tests of their own draw these at their corners.
WALKED = {figures_of_convolutional_autoencoders, figures_of_swings, figures_of_digits,
          figures_of_layers, figures_of_tracks, figures_of_tuning, figures_of_gates,
          figures_of_gated_networks}  # fmt: skip


@pytest.mark.parametrize(
    ("chapter", "show"),
    [
        ("autoencoders/convolutional", figures_of_convolutional_autoencoders),
        ("autoencoders/anomalies", figures_of_anomalies),
        ("autoencoders/denoising", figures_of_denoising),
        ("autoencoders/series", figures_of_swings),
        ("cnn/digits", figures_of_digits),
        ("cnn/convolution_layers", figures_of_layers),
        ("cnn/why_convolutions", figures_of_tracks),
        ("cnn/tuning", figures_of_tuning),
        ("cnn/cifar10", figures_of_photographs),
        ("rnn/recurrent_networks", figures_of_recurrent_networks),
        ("rnn/noisy_sine", figures_of_the_noisy_sine),
        ("rnn/extrapolation", figures_of_extrapolation),
        ("lstm/gates", figures_of_gates),
        ("lstm/comparison", figures_of_gated_networks),
        ("lstm/outlook", figures_of_the_outlook),
        ("lstm/long_memory", figures_of_long_memory),
        ("autoencoders/linear_and_pca", figures_of_linear_codes),
        ("autoencoders/stacked", figures_of_stacked_codes),
        ("autoencoders/variational", figures_of_the_variational_autoencoder),
    ],
)
def test_figures_are_drawn_in_all_corners_and_the_model_of_the_book_knows_them(chapter, show):
    book = read_book()
    registry.clear()
    show()
    sliders = {name for name, demo in registry.items() if demo.parameters}
    trains = {name for place, name in book.trainings if place == chapter}
    assert sliders == {name for place, name in book.demos if place == chapter} - trains
    for name, demo in registry.items():
        if demo.parameters:
            known = book.demos[chapter, name]
            assert known.caption == demo.caption
            assert list(known.sliders) == [parameter.name for parameter in demo.parameters]
        else:
            assert book.figures[name] == (chapter, demo.caption)
        assert demo.source.startswith(f"demos/{chapter.replace('/', '_')}.py#L")
        if show not in WALKED:
            assert all(walked(demo))


def test_a_window_shows_the_sum_of_its_products():
    image = np.zeros((8, 6))
    image[3, 4] = 9.0
    demo = layers.window(image)
    walked(demo)
    said = demo.alt_text({"row": 2, "column": 2, "kernel": "vertical edge"})
    assert said.endswith("0, 0, 0; 0, 0, 9; 0, 0, 0. The right column minus the left one gives 9.")
    said = demo.alt_text({"row": 3, "column": 3, "kernel": "mean"})
    assert said.endswith("Their mean is 1.")
    assert len(walked(layers.window(np.ones((4, 40))))) == 8


def test_channels_are_added_once_with_the_bias():
    picture = np.zeros((6, 7, 3))
    picture[2, 3] = [1.0, 0.5, 0.25]
    weights = np.zeros((2, 4, 3))
    weights[1, 1] = [1, -2, 4]
    demo = layers.channels(picture, {"own": weights, "none": 0 * weights}, bias=-3, row=1, column=2)
    said = [demo.alt_text({"filter": name}) for name in ("own", "none")]
    walked(demo)
    assert "are 1.0 in red, minus 1.0 in green, 1.0 in blue; with" in said[0]
    assert said[0].endswith("the bias minus 3 the output is minus 2.0.")
    assert said[1].endswith("output is minus 3.0.")
    assert RED not in colours(demo, {"filter": "own"})  # all outputs are negative
    assert BLUE in colours(demo, {"filter": "own"})


def test_lines_and_fields_say_what_is_read():
    demo = layers.line()
    walked(demo)
    said = demo.alt_text({"kernel_size": 2, "padding": 0, "step": "stride 2"})
    assert said.endswith("4 outputs. From left to right the nine pixels are read "
                         "1, 1, 1, 1, 1, 1, 1, 1, 0 times.")  # fmt: skip
    invalid = demo.alt_text({"kernel_size": 5, "padding": 1, "step": "dilation 3"})
    assert invalid.startswith("Invalid: kernel 5")
    demo = layers.fields()
    walked(demo)
    assert demo.alt_text({"depth": 2, "pooling": True}).endswith(
        "a unit sees 1, 3, 4, 8, 10 pixels."
    )


@pytest.mark.parametrize("count", [1, 2, 6])
def test_responses_to_any_number_of_kernels(count):
    chosen = {f"kernel {k}": np.array([[k, -k]]) for k in range(count)}
    (said,) = walked(layers.kernels(np.eye(20), chosen))
    assert "kernel 0 from 0.00 to 0.00" in said
    assert said.count("from") == count + 1  # away from the border


def test_pooled_maps_have_their_means():
    (said,) = walked(layers.pooling(np.arange(24.0).reshape(4, 6), size=2))
    assert said.endswith("2 by 3 values, with mean 15.00 for max and 11.50 for average pooling.")


def test_a_filter_learns_for_any_number_of_steps():
    for steps in (2, 8, 401):
        kernels = np.linspace(0, 1, steps)[:, np.newaxis, np.newaxis] * np.ones((3, 3))
        demo = layers.learning({0.3: (kernels, np.full(steps, 0.5))}, np.ones((3, 3)))
        assert [parameter.name for parameter in demo.parameters] == ["step"]
        assert walked(demo)[0].startswith("At step 0 with learning rate 0.3 the loss is 0.5 and")
        assert max(demo.parameters[0].values) < steps


def test_figures_of_layers_take_any_data():
    (said,) = walked(layers.dense_network([2, 3, 1]))
    assert said.startswith("Columns of 2, 3, 1 circles, called input, hidden 1, output.")
    (said,) = walked(layers.volumes([(8, 8, 1), (4, 4, 5)], ["POOL"]))
    assert said.startswith("2 blocks from left to right, 8 by 8 by 1, 4 by 4 by 5")
    colour = Split(np.zeros((3, 5, 5, 3)), np.array([0, 0, 2]))
    assert "of the classes a, b, c." in walked(layers.pictures(colour, ["a", "b", "c"]))[0]
    scores = {"loss": [1.0], "val_loss": [1.0], "accuracy": [0.25], "val_accuracy": [0.5]}
    (said,) = walked(layers.learning_curves(SimpleNamespace(history=scores)))
    assert "over 1 epoch." in said and "0.250 on the training and 0.500" in said


def test_digits_of_a_class_that_is_missing_leave_its_column_empty():
    assert walked(cnn_digits.classes(tiny(images=9)))[0].startswith("A table of handwritten")


def test_learning_curves_may_have_any_length():
    for epochs in (1, 7):
        rising = np.linspace(0.25, 0.75, epochs) if epochs > 1 else [0.75]
        scores = {"loss": rising, "val_loss": rising, "accuracy": rising}
        history = SimpleNamespace(history=scores | {"val_accuracy": np.array(rising) - 0.125})
        (said,) = walked(cnn_digits.learning_curves(history))
        assert said.endswith("is 0.750 on the training and 0.625 on the validation examples.")
        assert f"over {epochs} epoch" in said


def test_confusion_counts_pairs():
    labels = np.array([3, 3, 3, 5, 5, 0])
    (said,) = walked(cnn_digits.confusion(labels, np.array([3, 8, 8, 5, 3, 0])))
    assert "3 of 6 pictures" in said
    assert "mistake is 3 taken for 8, 2 times" in said


def test_failures_are_the_wrong_ones_and_not_too_many():
    split = tiny()
    answers = 0.6 * np.eye(10)[split.labels] + 0.04
    answers[[4, 17]] = np.eye(10)[[9, 2]]
    (said,) = walked(cnn_digits.failures(split, answers))
    assert said == "2 of 2 pictures with true and predicted class: 1 as 9, 5 as 2."
    (said,) = walked(cnn_digits.failures(split, np.eye(10)[(split.labels + 1) % 10]))
    assert said.startswith("28 of 30 pictures")
    (said,) = walked(cnn_digits.failures(split, np.eye(10)[split.labels]))
    assert said.endswith("none.")


def test_seeds_show_all_networks():
    scores = {"one": pd.Series([0.5, 0.75]), "other": pd.Series([0.25, 0.5])}
    (said,) = walked(cnn_digits.seeds(scores))
    assert said.endswith("one between 0.500 and 0.750; other between 0.250 and 0.500.")


@pytest.mark.parametrize("count", [1, 7, 33])
def test_filters_are_red_where_positive_and_blue_where_negative(count):
    kernels = np.zeros((3, 2, 1, count))
    kernels[0, 0, 0, 0] = 2.0
    demo = cnn_digits.filters(kernels)
    (said,) = walked(demo)
    assert said.startswith(f"{min(count, 20)} small picture")
    assert RED in colours(demo)
    assert BLUE not in colours(demo)
    kernels[2, 1, 0, 0] = -2.0
    found = colours(cnn_digits.filters(kernels))
    assert found[RED] == pytest.approx(found[BLUE], rel=0.05)


@pytest.mark.parametrize("filters", [3, 7, 21])
def test_maps_are_those_of_the_first_picture_of_a_class(filters):
    split = tiny()
    sums = np.full((30, 8, 6, filters), -1.0)
    sums[27, 3, 2, 1] = 5.0  # the first nine
    demo = cnn_digits.feature_maps(split, {"sums": sums, "ReLU": np.maximum(sums, 0)})
    said = dict(zip([tuple(state.values()) for state in corners(demo)], walked(demo), strict=True))
    assert "the digit 9 after sums: filter 1 gives the largest value" in said[9, "sums"]
    others = ", ".join(str(k) for k in range(min(filters, 20)) if k != 1)
    assert said[9, "ReLU"].endswith(f"below 0.2: {others}.")
    assert "and 0% of all values are positive" in said[0, "ReLU"]
    assert {RED, BLUE}.isdisjoint(colours(demo, {"digit": 9, "layer": "ReLU"}))


def test_shifted_pictures_lose_what_leaves_them():
    split = Split(np.zeros((4, 8, 8, 1)), np.array([0, 2, 5, 7]))
    for image, column in zip(split.inputs, split.labels, strict=True):
        image[4, column] = 1.0

    def column(images):  # which column has ink; 0 if none has
        return images[:, 4, :, 0].argmax(axis=1)

    demo = cnn_digits.shifts({"column": column, "always 2": lambda x: np.full(len(x), 2)}, split)
    said = {(s["right"], s["down"]): demo.alt_text(s) for s in demo.states()}
    assert said[0, 0].endswith("moved by 0 pixels: column 1.00; always 2 0.25.")
    assert said[1, 0].endswith("moved by 1 pixel to the right: column 0.00; always 2 0.25.")
    assert said[-1, 0].endswith("1 pixel to the left: column 0.25; always 2 0.25.")
    assert said[0, -2].endswith("2 pixels up: column 0.25; always 2 0.25.")
    walked(demo)


def test_methods_and_writers_show_means_of_the_recorded_runs():
    runs = recorded.load("digits_writers")

    def mean(model, split, training, column):
        chosen = (runs.model == model) & (runs.split == split) & (runs.training == training)
        return runs[column].to_numpy()[chosen].mean()

    (said,) = walked(cnn_digits.writers())
    other, same = (
        mean("global pooling", split, "centred", "centred") for split in ("writers", "shuffled")
    )
    assert f"global pooling {other:.3f} instead of {same:.3f}" in said
    said = walked(cnn_digits.methods())[1]  # learnt centred, tested on moved ones
    value = mean("support vectors", "writers", "centred", "moved")
    assert "learnt centred pictures and were tested on moved ones" in said
    assert f"support vectors {value:.3f}" in said


def searched(rates=(1e-3, 0.1, 10.0), penalties=(1e-4, 1.0), epochs=3):
    """Return tidy rows like those of `fit_many`; the loss of the last cell becomes nan."""
    rows = []
    for i, rate in enumerate(rates):
        for j, l2 in enumerate(penalties):
            for epoch in range(1, epochs + 1):
                lost = epoch > 1 and (i, j) == (len(rates) - 1, len(penalties) - 1)
                for split, more in (("train", 0.25), ("validation", 0.0)):
                    rows.append({
                        "network": i * len(penalties) + j, "learning_rate": rate, "l2": l2,
                        "epoch": epoch, "split": split, "loss": np.nan if lost else 1.0,
                        "accuracy": 0.5 * (i == 1) + 0.0625 * epoch + more,
                    })  # fmt: skip
    return pd.DataFrame(rows)


def test_curves_of_a_loop_say_how_each_network_ended():
    rising = {"accuracy": [0.25, 0.75], "val_accuracy": [0.25, 0.5]}
    histories = {
        (0.1, 1e-3): rising | {"loss": [2.0, 1.0]}, (10.0, 1e-3): rising | {"loss": [2.0, np.nan]},
    }  # fmt: skip
    (said,) = walked(cnn_tuning.learning_curves(histories))
    assert said.endswith("penalty: 0.1 and 0.001: 0.50; 10 and 0.001: nan from epoch 2 on.")
    (said,) = walked(cnn_tuning.learning_curves({(0.1, 0.0): rising | {"loss": [2.0, 1.0]}}))
    assert said.endswith("penalty: 0.1 and 0: 0.50.")


@pytest.mark.parametrize(
    "grid", [{}, {"rates": (0.1,), "penalties": (1e-3,), "epochs": 1}, {"epochs": 130}]
)
def test_maps_and_curves_fit_any_grid(grid):
    history = searched(**grid)
    last = history["epoch"].max()
    demo = cnn_tuning.maps(history)
    said = walked(demo)
    assert demo.start == ({"epoch": last} if last > 1 else {}) | {"split": "validation"}
    assert said[0].startswith("After 1 epoch ")
    assert said[-1].startswith(f"After {last} epoch")
    cells = len(set(zip(history["learning_rate"], history["l2"], strict=True)))
    assert len(set(walked(cnn_tuning.networks(history)))) == min(cells, 4)


def test_a_map_names_the_best_cell_and_the_lost_ones():
    history = searched()
    table = cnn_tuning.map_of(history, 3, "validation")
    assert table.loc[0.1, 1e-4] == 0.6875 and np.isnan(table.loc[10.0, 1.0])
    assert cnn_tuning.map_of(history, 99, "validation").equals(table)
    nothing = cnn_tuning.maps(history.assign(loss=np.nan)).alt_text({"epoch": 3, "split": "train"})
    assert nothing == (
        "After 3 epochs 0 of 6 networks have a train accuracy above 0.9. The loss of 6, where both "
        "are large, is no number any more."
    )
    demo = cnn_tuning.maps(history)
    assert demo.alt_text({"epoch": 3, "split": "train"}) == (
        "After 3 epochs 2 of 6 networks have a train accuracy above 0.9, at learning rate 0.1 and "
        "penalties up to 1. The best, 0.938, has learning rate 0.1 and penalty 0.0001. The loss of "
        "1, where both are large, is no number any more."
    )
    demo = cnn_tuning.networks(history)
    assert demo.alt_text({"eta": 10.0, "lam": 1.0}).endswith("any more from epoch 2 on.")
    assert "validation accuracy ends at 0.688, the train" in demo.alt_text({"eta": 0.1, "lam": 1.0})


def test_a_weight_decays_keeps_its_size_or_grows():
    demo = cnn_tuning.decay([1e-4, 0.1, 1.0], [1e-4, 1.0, 10.0])
    walked(demo)
    for (eta, lam), said in {
        (1e-4, 1e-4): "hardly shrinks", (0.1, 1.0): "the weight shrinks: after 26 steps 0.003",
        (0.1, 10.0): "changes sign at each step and keeps its size",
        (1.0, 1.0): "changes sign at each step and keeps its size",
        (1.0, 10.0): "changes sign at each step and grows",
    }.items():  # fmt: skip
        assert said in demo.alt_text({"eta": eta, "lam": lam})


def test_seeds_show_mean_and_spread_of_the_recorded_grid():
    runs = recorded.load("digits_grid").query("largest_value == 16")
    said = walked(cnn_tuning.seeds())
    cells = runs[runs["diverged"].isna()].groupby(["learning_rate", "l2"])["validation"]
    assert f"the best mean validation accuracy is {cells.mean().max():.3f}" in said[2]
    assert "Grey values up to 16: the standard deviation" in said[3]


def test_the_best_of_many_is_the_largest_of_independent_numbers():
    drawn = np.random.default_rng(0).binomial(180, 0.96, size=(20000, 49)).max(axis=1) / 180
    accuracy, probability = cnn_tuning.largest_of(49, 180)
    assert probability.sum() == pytest.approx(1)
    assert np.sum(accuracy * probability) == pytest.approx(drawn.mean(), abs=1e-3)
    demo = cnn_tuning.best_of_many()
    assert walked(demo)[0].startswith("Of 1 network of accuracy 0.96, measured on 180 pictures, ")
    assert demo.alt_text({"settings": 49, "images": 180}).endswith(
        f"{drawn.mean():.3f} on average."
    )


def test_a_response_is_that_of_the_kernel_at_its_angle():
    demo = why.matched_filter(flat_kernel)
    walked(demo)
    largest = [
        float(demo.alt_text({"angle": angle, "noise": 1.0}).rpartition(" ")[2].rstrip("."))
        for angle in (0, 90, 165)
    ]  # one pixel, weighted by 1, 1.5 and 1.917
    np.testing.assert_allclose(np.divide(largest, largest[0]), [1, 1.5, 1.917], rtol=0.04)


def test_an_event_under_noise_says_where_it_is_brightest():
    clean, noisy = np.zeros((2, 20, 20))
    clean[:, 3], noisy[:, 3], noisy[5, 6] = 2, 2, 3  # one pixel off the track is the brightest
    demo = why.event(noisy, clean / 2)
    walked(demo)
    said = [demo.alt_text({"noise": noise}) for noise in (0, 1.0)]
    assert said[0].startswith("A grey picture of 20 by 20 pixels with a straight track under a ")
    assert [text.rpartition("has ")[2] for text in said] == [
        "100% of the track's height.", "0% of the track's height.",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 5, 30])
def test_learnt_kernels_stand_above_those_made_by_hand(count):
    learnt = np.random.default_rng(0).normal(size=(4, 4, 1, count))
    (said,) = walked(why.kernels(learnt, flat_kernel))
    assert said.startswith(f"{min(count, 12)} small grey picture")


def test_methods_of_tracks_are_means_of_the_recorded_runs():
    (said,) = walked(why.methods())
    runs = recorded.load("track_angles").query("noise == 1")
    for method in ("network", "dense network"):
        mean = runs.query("method == @method and events == 8000")["accuracy"].mean()
        assert f"{method} {mean:.2f}" in said
    (hand,) = runs.query("method == 'kernels of 9 pixels'")["accuracy"]
    assert f"kernels of 9 pixels {hand:.2f}" in said


def test_a_dense_layer_passes_a_million_weights_where_the_text_says():
    demo = why.weights_against_size()
    walked(demo)
    said = demo.alt_text({"size": 58, "colours": 3, "units": 100})
    assert said.endswith("has 1,009,300 weights and biases, the convolution 2,800.")


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_matrix_of_a_convolution_has_its_weights_in_bands(stride):
    demo = why.toeplitz()
    walked(demo)
    rows = len(range(0, 12 - 3 + 1, stride))
    said = demo.alt_text({"length": 12, "kernel_size": 3, "stride": stride})
    assert said.startswith(f"A matrix of {rows} by 12 entries, {3 * rows} of them not zero.")


def test_only_a_convolution_follows_each_shift():
    rng = np.random.default_rng(1)
    image = rng.normal(size=(16, 16))
    demo = why.equivariance(image, rng.normal(size=(3, 3)), rng.normal(size=(14**2, 16**2)))
    walked(demo)

    def off(kind, pixels):
        said = demo.alt_text({"layer": kind, "pixels": pixels})
        return float(re.search(r"differ by ([\d.]+) at most", said)[1])

    assert [off("convolution", k) for k in (0, 1, 6)] == [0, 0, 0]
    assert off("convolution, stride 2", 4) == 0 < off("convolution, stride 2", 3)
    assert off("dense layer", 0) == 0 < off("dense layer", 1)


def test_neighbours_say_how_alike_pixels_are():
    (said,) = walked(why.neighbours(np.eye(40), np.array([1, 100]), [0.75, 0.125]))
    assert said.endswith("falls from 0.75 at a distance of 1 pixel to 0.12 at 100.")


def test_volumes_of_any_network():
    said = photos.volumes(small_network()).alt_text({})
    shapes = "8 by 8 by 3, 6 by 6 by 2, 3 by 3 by 2, 2 by 2 by 5, 1 by 1 by 4"
    assert said == f"5 blocks, {shapes}, with arrows between them called CONV, POOL, CONV, FC."


def test_feature_maps_are_those_of_the_layer():
    network, image = small_network(), np.random.default_rng(0).uniform(size=(8, 8, 3))
    demo = photos.maps(network, {"a": image, "b": np.zeros((8, 8, 3))})
    first = np.asarray(network.layers[0](image[np.newaxis].astype("float32")))
    share = np.mean(first > 0)
    said = demo.alt_text({"picture": "a", "convolution": 1})
    assert "2 of 2 feature maps of convolution 1, 6 by 6 pixels" in said
    assert said.endswith(f"{share:.0%} of all values are above 0.")
    assert "2 by 2 pixels; 0%" in demo.alt_text({"picture": "b", "convolution": 2})


def test_the_middle_quarter_of_maps():
    maps = np.zeros((2, 8, 12))
    maps[0, 2:6, 3:9] = 1.0
    maps[1, 0, 0] = 24.0
    assert photos.middle_share(maps) == 0.5 and photos.middle_share(np.ones((3, 8, 8))) == 0.25
    demo = photos.saliencies(dict.fromkeys("ab", np.zeros((8, 12, 3))), {"trained": maps})
    assert demo.alt_text({"picture": "a"}).endswith("trained 100%.")
    assert demo.alt_text({"picture": "b"}).endswith("trained 0%.")


def test_occlusion_shows_what_speaks_for_a_class_in_red():
    falls = np.zeros((4, 4))
    falls[1, 2], falls[3, 0] = 2.0, -2.0
    demo = photos.occluded(np.zeros((8, 8, 3)), {"grey": falls, "white": 0 * falls}, "ship")
    text = "with grey the logit falls most, by 2.0, for the block in row 2 and column 3, and rises"
    assert text in demo.alt_text({})
    seen = colours(demo)
    assert seen[RED] == pytest.approx(seen[BLUE], rel=0.1)


def test_what_figures_of_photographs_say_is_recorded():
    runs = recorded.load("cifar10_runs").groupby("model")["test"].mean()
    said = photos.steps().alt_text({})
    runs["patches"] = recorded.load("cifar10_patches")["test"].mean()
    assert all(f"{name} {runs[key]:.3f}" in said for key, name in photos.NAMES.items())
    counts = recorded.load("cifar10_confusion").query("model == 'lecture'")
    cats = counts.query("label == 3").groupby("predicted")["images"].mean() / 10
    said = photos.classes().alt_text({"class_name": "cat", "run": "lecture's network"})
    worst = cats.drop(3).idxmax()
    assert f"{cats[3]:.1f} % of the pictures of class cat" in said
    assert f"{cats[worst]:.1f} % are taken for {photos.CIFAR10_CLASSES[worst]}" in said
    noise = recorded.load("cifar10_disturbed").query("disturbance == 'noise' and size == 0.1")
    share = noise.query("model == 'augment_12'")["accuracy"].mean()
    said = photos.disturbed(np.zeros((8, 8, 3))).alt_text({"noise": 0.1})
    assert f"augmentation, 12 epochs {share:.3f}" in said
    calibration = recorded.load("cifar10_calibration").query("model == 'lecture'")
    top = calibration[calibration["temperature"] == 1]
    mean = np.average(top["confidence"], weights=top["images"])
    assert photos.calibration(calibration, "lecture")[0] == pytest.approx(mean)


def test_the_box_says_where_pictures_come_from():
    real = SimpleNamespace(name="CIFAR-10", train=range(4000))
    assert "those of CIFAR-10.</p><p>4,000 of 45,000" in photos.origin(real).data
    made = SimpleNamespace(name="generated shapes", train=range(9))
    box = photos.origin(made, "a <b>\nc").data
    assert "generated, and not CIFAR-10.</p><p>a &lt;b&gt;<br>c</p>" in box


def test_figures_of_recurrent_networks_say_what_is_so():
    said = recurrent.memory().alt_text({"w": 0.5})
    assert "0.50 one step later" in said and f"{0.5**10:.2g} after 10" in said
    assert f"tanh unit is {np.tanh(1):.2f} after the impulse" in said
    said = recurrent.gradients().alt_text({"radius": 0.5})
    for network in recurrent.NETWORKS:
        found = [recurrent.gradient_norms(0.5, network, seed=seed)[50] for seed in range(10)]
        power, digits = int(np.floor(np.log10(np.median(found)))), np.median(found)
        assert f"{network}, {digits / 10**power:.1f} times 10 to the minus {-power} (" in said
    said = recurrent.orbit(2.0).alt_text({"dt": 0.1})
    assert "spectral radius 1.0198" in said and f"is {2 * 1.04**100:.3g} after 10 s" in said
    voltages, signs = np.zeros((4, 9, 1)), np.array([1, -1, 1, -1])
    voltages[range(4), 2, 0] = 2.0 * signs
    demo = recurrent.schmitt_trigger(voltages, signs)
    said = demo.alt_text({"w": 2, "k": 1})  # near the stable states, 0.958 and -0.958
    assert "0.96 on the way down and minus 0.95 on the way up. 1.00 of all" in said
    assert demo.alt_text({"w": 0.9, "k": 1}).startswith(
        "With w = 0.9, k = 1 and no input the state is 0.40 on the way down and minus 0.35"
    )


def test_norms_of_gradients_are_those_of_matrix_powers():
    found = recurrent.gradient_norms(0.9, "linear", seed=4, units=5)
    R, rng = recurrent.random_matrix(0.9, 5, seed=4), np.random.default_rng(104)
    rng.normal(size=(20, 51, 5))
    g = rng.normal(size=5)
    powers = [np.linalg.matrix_power(R.T, distance) for distance in range(51)]
    np.testing.assert_allclose(found, [np.linalg.norm(g @ p) / np.linalg.norm(g) for p in powers])
    assert np.abs(np.linalg.eigvals(R)).max() == pytest.approx(0.9)


def test_slopes_of_the_cliff_are_differences_of_its_loss():
    w, b = np.array([4.5, 3.0]), np.array([-2.0, -1.7])
    loss, slopes = recurrent.loss_and_slopes(w, b, steps=7)
    h = 0.5
    for _ in range(7):
        h = 1 / (1 + np.exp(-(w * h + b)))
    np.testing.assert_allclose(loss, (h - 0.7) ** 2)
    for column, (dw, db) in enumerate([(1e-5, 0), (0, 1e-5)]):
        up, down = (recurrent.loss_and_slopes(w + s * dw, b + s * db, steps=7)[0] for s in (1, -1))
        np.testing.assert_allclose(slopes[:, column], (up - down) / 2e-5, rtol=1e-6)


def test_a_clipped_descent_makes_steps_of_the_limit():
    starts = [(5.0, -2.3), (4.4, -2.1)]
    slopes = recurrent.loss_and_slopes(*np.array(starts).T)[1]
    free = recurrent.descend(starts, learning_rate=0.1, max_norm=np.inf, updates=1)
    np.testing.assert_allclose(free[1], np.array(starts) - 0.1 * slopes)
    clipped = recurrent.descend(starts, learning_rate=0.1, max_norm=1e-3, updates=4)
    assert clipped.shape == (5, 2, 2)
    steps = np.linalg.norm(np.diff(clipped, axis=0), axis=-1)
    np.testing.assert_allclose(steps, 1e-4)


def autoregressed(values, num_steps, ridge):
    """Fit a linear forecast with scikit-learn; return its squared errors in three parts."""
    from sklearn.linear_model import LinearRegression, Ridge

    rows = np.array([values[i : i + num_steps] for i in range(len(values) - num_steps)])
    labels, place = values[num_steps:], np.arange(num_steps, len(values))
    model = Ridge(alpha=ridge) if ridge else LinearRegression()
    model.fit(rows[place < 800], labels[place < 800])
    errors = (model.predict(rows) - labels) ** 2
    parts = place < 800, (place >= 800) & (place < 1000), place >= 1000
    return [errors[part].mean() for part in parts]


@pytest.mark.parametrize(("num_steps", "ridge"), [(3, 0), (40, 50.0)])
def test_a_linear_forecast_is_that_of_scikit_learn(num_steps, ridge):
    values = noisy_sine(times=1700, seed=3) + 5
    found = noisy.linear(values, num_steps, ridge=ridge)
    np.testing.assert_allclose(found, autoregressed(values, num_steps, ridge), rtol=1e-6)


def test_block_means_are_windows_with_equal_weights():
    values = noisy_sine(times=1300, seed=2)
    means = np.array([values[i : i + 12].reshape(4, 3).mean(axis=1) for i in range(1288)])
    labels, place = values[12:], np.arange(12, 1300)
    A = np.column_stack([means, np.ones(1288)])
    weights = np.linalg.lstsq(A[place < 800], labels[place < 800])[0]
    errors = (A @ weights - labels) ** 2
    parts = place < 800, (place >= 800) & (place < 1000), place >= 1000
    wanted = [errors[part].mean() for part in parts]
    np.testing.assert_allclose(noisy.block_means(values, 3), wanted)


def test_bounds_of_windows_are_those_of_many_series():
    """Linear: fitted to 200,000 windows. Of all: never above it, nor below the noise floor."""
    rng = np.random.default_rng(5)
    phases = rng.uniform(0, 2 * np.pi, size=(200_000, 1))
    sines = np.sin(phases + 0.02 * np.arange(4))
    X = sines[:, :3] + 2 * rng.random((200_000, 3)) - 1
    weights = np.linalg.lstsq(X, sines[:, 3])[0]
    fitted = 1 / 3 + np.mean((X @ weights - sines[:, 3]) ** 2)
    assert noisy.best_linear(3) == pytest.approx(fitted, abs=0.002)
    assert noisy.best_linear(3, noise=1e-3) < 1e-6
    for num_steps in (1, 6):
        assert 1 / 3 < noisy.best_of_all(num_steps) < noisy.best_linear(num_steps)


def test_shifted_predictions_meet_the_values_they_stand_on():
    values = np.cos(np.arange(60.0))
    demo = noisy.shift(values, values[2:-3])  # of windows of five: each three steps late
    assert [text.split(":")[0] for text in walked(demo)] == [
        "The predictions are 8 steps too early", "The predictions are 4 steps too late",
    ]  # fmt: skip
    assert demo.alt_text({"shift": -3}) == (
        "The predictions are 3 steps too early: squared error 0.000, below the noise floor."
    )
    error = np.mean((values[2:-3] - values[5:]) ** 2)
    said = demo.alt_text({"shift": 0})
    assert said.startswith(f"The predictions are in the right place: squared error {error:.3f}")


def test_a_resonator_adds_up_what_swings_at_its_frequency():
    time = np.arange(4000)
    wave = np.sin(0.02 * time)
    gain = np.abs(noisy.resonator(wave, 50)[-700:]).max()
    assert gain > 5 * np.abs(noisy.resonator(np.sin(0.2 * time), 50)[-700:]).max()
    mean = noisy.running_mean(np.full(4000, 3.0), 20)
    assert mean[-1, 0] == pytest.approx(3) and mean[19, 0] == pytest.approx(3 * (1 - 0.95**20))
    values = 2 + wave  # without noise the forecast of the turned state is exact
    found = noisy.fit_output(noisy.resonator(values, 4), values)
    np.testing.assert_allclose(found[100:], values[101:], atol=1e-5)


def test_intervals_count_what_lies_in_them():
    values = np.zeros(40)
    ends = np.repeat([[-1.0, 1.0]], 40, axis=0)
    ends[:10] += 2
    demo = noisy.intervals(values, ends)
    (said,) = walked(demo)
    assert said.startswith("Of 40 test values 0.750 lie in the band.")
    for name, rows in recorded.load("sine_intervals").groupby("forecast"):
        assert f"{name} {rows['coverage'].mean():.3f}" in said
    whole = noisy.intervals(values, np.repeat([[-1.0, 1.0]], 40, axis=0))
    orange = (213, 94, 0)  # crosses
    assert colours(demo).get(orange, 0) > 20 > colours(whole).get(orange, 0)


def test_a_horizon_is_read_where_the_typical_error_passes_a_tenth():
    truth = np.zeros((9, 80))
    growing = 0.01 * np.exp(0.1 * np.arange(80)) * np.ones((9, 1))
    growing[0] *= np.e  # the geometric mean of e and eight ones
    demo = noisy.horizon(truth, {"rises": growing, "far": truth + 1}, step=0.5, exponent=0.2)
    steps = np.flatnonzero(0.01 * np.exp(0.1 * np.arange(80) + 1 / 9) > 0.1)[0]
    said = walked(demo)[0]
    assert f"rises {0.5 * steps:.1f}; far 0.0." in said


def test_records_and_networks_say_their_medians_and_means():
    (said,) = walked(noisy.records())
    for name, rows in recorded.load("sine_records").groupby("network"):
        assert f"{name} {np.median(rows['test']):.3f}" in said
    (said,) = walked(noisy.networks())
    runs = recorded.load("sine_networks").query("model == 'dense' and epochs == 100")
    means = [rows["test"].mean() for _, rows in runs.groupby("series")]
    assert f"dense, 100 epochs, {min(means):.2f} to {max(means):.2f}" in said
    for epochs in (1, 9):
        history = SimpleNamespace(history={"loss": [0.5] * epochs, "val_loss": [0.25] * epochs})
        (said,) = walked(noisy.learning_curves(history, 0.4))
        assert said.startswith(f"Curves over {epochs} epoch")
        assert "training 0.5; validation 0.25. Lines: linear, test 0.4, noise floor 0.333." in said


def test_rules_that_continue_a_series():
    values = [3.0, 0.0, 2.0, 2.5]
    parabola = np.polyfit([1, 2, 3], values[1:], 2)
    np.testing.assert_allclose(
        beyond.same_second_difference(values, 3), np.polyval(parabola, [4, 5, 6])
    )
    fibonacci = np.array([1.0, 1, 2, 3, 5, 8, 13, 21])
    found = beyond.recurrence(fibonacci, order=2, steps=4)
    np.testing.assert_allclose(found, [34, 55, 89, 144], rtol=1e-6)
    bent = np.append(fibonacci, 99.0)  # its last window is not among the first six
    np.testing.assert_allclose(beyond.recurrence(bent, order=2, steps=1, windows=6), [120])
    np.testing.assert_allclose(
        beyond.polynomial(np.arange(5.0) ** 3, degree=3, steps=2), [125, 216], rtol=1e-9
    )


def test_the_band_of_an_ensemble_says_what_it_holds():
    series = -(np.arange(1.0, 8) ** 2)
    lines = np.array([[-36.0, -48.0], [-37.0, -47.0], [-36.5, -47.5]])
    said = beyond.ensemble(series, lines, {}).alt_text({})
    assert "from 2 to 14 particles. 3 networks from 12 on form a narrow band" in said
    assert "holds 1 of 2 true points" in said and "off by between 1.000 and 2.000" in said
    narrow = beyond.ensemble(series, lines[:1] - 5, {"rule": series[-2:]})
    assert "1 network from 12 on" in narrow.alt_text({}) and "0 of 2" in narrow.alt_text({})


def test_what_figures_of_extrapolation_say_is_recorded():
    true = pairing_energies(range(26, 42, 2))
    columns = [f"E{n}" for n in range(26, 42, 2)]

    def errors(table, query):
        return np.mean((recorded.load(table).query(query)[columns] - true) ** 2, axis=1)

    median = np.median(errors("extrapolation_forms", "form == 'x' and largest == 1"))
    assert f"x, up to 1 {spoken(f'{median:.1e}')};" in beyond.forms().alt_text({})
    median = np.median(errors("extrapolation_grid", "known == 12 and hidden == 200 and "
                              "layers == 1 and activation == 'relu'"))  # fmt: skip
    said = beyond.knobs().alt_text({"known": 12, "activation": "relu"})
    assert said.endswith(f"median test error {spoken(f'{median:.1e}')}.")
    ends = recorded.load("extrapolation_runs").query("network == 'C5'")["E60"]
    ends = ends - pairing_energies(60)
    assert f"one layer of 200 between {ends.min():.2f} and {ends.max():.2f};" in (
        beyond.far().alt_text({})
    )
    rule = beyond.same_second_difference(pairing_energies(range(2, 26, 2), coupling=-1.0), 8)
    off = rule - pairing_energies(range(26, 42, 2), coupling=-1.0)
    share = np.sqrt(np.mean(off**2)) / abs(pairing_energies(40, coupling=-1.0))
    said = beyond.other_couplings().alt_text({})
    assert f"same second difference {spoken(f'{share:.1e}')}" in said
    said = beyond.pairing().alt_text({"coupling": 0.5})
    assert "from minus 0.031 for 2 particles to minus 1.707 for 40" in said
    off = pairing_energies(10) / exact_pairing_energy(10) - 1
    assert f"off by plus {off:.2%} for 10" in said
    series = np.array([0.0, 0, 1, 1, 2])
    said = beyond.second_differences(series / 1000, 4).alt_text({})
    assert said.startswith("Dots from 1.0 at 4 particles by way of minus 1.00, the last known one")


def test_figures_of_gates_are_drawn_in_all_corners():
    registry.clear()
    figures_of_gates()
    assert len(registry) == 8
    for demo in registry.values():
        assert len(set(walked(demo))) == len(corners(demo))


def test_the_puzzle_is_solved_by_what_its_capacitor_holds():
    charge, wanted = cells._charge()
    C = 0
    for t in range(60):  # both pulses written, drained in between
        C = 0 if t == 20 else C
        C += charge[t] if t in (10, 30) else 0
    said = cells.puzzle().alt_text(
        {"write": "both pulses", "keep": "not at sample 20", "read": "samples 50 to 55"}
    )
    assert C == charge[30] == wanted[52] and "error of the output is 0.00" in said
    always = cells.puzzle_gates("always", "always", "always")[3]
    np.testing.assert_allclose(always, np.cumsum(charge))
    assert cells.puzzle_error("always", "always", "always") == pytest.approx(
        np.abs(np.cumsum(charge) - wanted).max()
    )


def test_the_unit_that_counts_most_is_looked_into():
    import keras

    inputs = np.array([[0.5, 1], [-1, 0], [0.2, 0], [0.7, 1]])
    network = holding_network(keras.layers.LSTM)
    kernel, bias = np.zeros((2, 8)), np.zeros(8)
    kernel[1, [1, 3]] = 4, -4  # in the second unit the command opens i, and shuts f
    bias[[3, 5]] = 2, 20
    zeros = np.zeros((2, 8))
    network.set_weights([kernel, zeros, bias, np.array([[0.0], [1.0]]), np.zeros(1)])
    said = cells.inside(network, inputs, np.zeros((4, 1))).alt_text({})
    i, f = (1 / (1 + np.exp(-np.array(z))) for z in ([4, 0], [-2, 2]))
    assert "4 steps with 2 commands" in said and "In unit 1 on average" in said
    assert f"i is {i[0]:.2f} at a command and {i[1]:.2f} elsewhere" in said
    assert f"f is {f[0]:.2f} at a command and {f[1]:.2f} elsewhere" in said
    kept = 0.0
    answers = []
    for command in inputs[:, 1]:
        gate = 1 / (1 + np.exp(-(2 - 4 * command))), 1 / (1 + np.exp(-4 * command))
        kept = gate[0] * kept + gate[1]
        answers.append(np.tanh(kept) / 2)  # the output gate is at one half
    assert f"off by {np.mean(answers):.2g} V" in said
    for layer, gates in ((keras.layers.GRU, "z is"), (keras.layers.SimpleRNN, "no gates")):
        demo = cells.inside(holding_network(layer), inputs, np.zeros((4, 1)))
        assert gates in demo.alt_text({}) and walked(demo)


def test_networks_that_hold_say_their_best_medians():
    said = cells.networks().alt_text({})
    table = recorded.load("holding_networks").query("epochs == 30")
    for (name, clipped), rows in table.groupby(["network", "clipped"]):
        medians = rows.groupby("learning_rate")["test"].median()
        how = "clipped" if clipped else "not clipped"
        assert f"{name}, {how}, {medians.min():.2g} at a rate of {medians.idxmin():g}" in said


def test_gradients_of_cells_are_those_of_automatic_differentiation():
    import keras
    import tensorflow as tf

    first = {"kernel_initializer": keras.initializers.GlorotUniform(seed=2),
             "recurrent_initializer": keras.initializers.Orthogonal(seed=2)}  # fmt: skip
    cell, single = keras.layers.LSTMCell(30, dtype="float64"), keras.layers.LSTMCell(30, **first)
    cell.build((1, 1))
    single.build((1, 1))  # as Keras starts a layer; in double precision it draws others
    kernel, recurrent, bias = (array.astype(float) for array in single.get_weights())
    bias[30:60] = 3
    cell.set_weights([kernel, 2 * recurrent, bias])
    x = np.random.default_rng(2).normal(size=(50, 1, 1))
    start = tf.zeros((1, 30), "float64")
    with tf.GradientTape() as tape:
        tape.watch(start)
        h, C = tf.zeros((1, 30), "float64"), start
        for t in range(9):
            _, (h, C) = cell(x[t], [h, C])
    jacobian = tape.jacobian(C, start)
    full, product = cells.cell_gradients(3, 2, 2)
    assert full[8] == pytest.approx(np.linalg.norm(jacobian) / np.sqrt(30), rel=1e-4)
    assert product[8] < full[8]


def test_figures_of_gated_networks_are_drawn_in_all_corners():
    registry.clear()
    figures_of_gated_networks()
    assert len(registry) == 10
    for demo in registry.values():
        assert all(walked(demo))
    said = registry["fig-error-feedback"].alt_text({})
    assert "at 40 particles single steps are off by 0.25, the free forecast by minus 0.75" in (
        said.lower()
    )
    assert "C8, validation 0.25" in registry["fig-gated-fit"].alt_text({})
    said = registry["fig-regime-fit"].alt_text({})
    assert said.endswith("At the end: training 0.5; validation 0.25. Lines: blind 0.25.")


def test_a_record_and_its_predictions_say_what_they_show():
    records = switched_oscillator(series=2, times=30, seed=3)
    records.inputs[0], records.springs[0] = 0, -1
    records.inputs[0, 4], records.positions[0] = (2, -1), np.linspace(-1, 2, 30)
    said = gated.record(records, 0).alt_text({})
    assert said.startswith("Above, 1 bar and 1 command in 30 ms. Below, dots between minus 1.0 and")
    said = gated.predictions(records, {"own": records.positions - 0.25}, 0).alt_text({})
    assert said.lower() == "root mean square errors. own: 0.25 mm on the soft spring."


def test_logs_with_a_wait_hold_two_commands_and_a_blow():
    log = gated.after_commands(wait=20)
    assert log.shape == (4, 90, 2) and (np.count_nonzero(log, axis=(0, 1)) == [4, 8]).all()
    assert (log[:, 60, 0] == 1).all() and log[3, [0, 40], 1].tolist() == [-1, 1]


def test_what_figures_of_gated_networks_say_is_recorded():
    runs = recorded.load("regime_runs").query("clip == 1 and best == 1")
    for name, layer in gated.LAYERS.items():
        rows = runs[runs["layer"].eq(layer)]
        rows = rows[rows["epoch"].eq(rows["epoch"].max())]
        counts = [
            int(gated_obeys(name, commands).split(" of 5 seeds")[0].split()[-1])
            for commands in gated.COMMANDS
        ]
        assert sum(counts) == rows["obeys_1000"].sum()
    curves = recorded.load("regime_curves").query(
        "layer == 'gru' and clip == 0 and seed == 1 and learning_rate == 0.01"
    )
    curves = curves.set_index("epoch")["validation"]
    said = gated.five_runs().alt_text({})
    assert f"seed 1 {curves[60]:.3f}, then {curves[200]:.3f}" in said
    ends = recorded.load("gated_runs").query("network == 'C7' and hidden == 250 and epoch == 500")
    said = gated.epochs().alt_text({"network": "C7", "passes": 500})
    assert f"the median is {spoken(format(ends['E40'].median(), '.2f')).lower()}," in said


def gated_obeys(network, commands):
    return gated.wait().alt_text({"network": network, "commands": commands})


def test_a_blinking_record_says_what_is_wrong_in_it():
    counts, bright = np.tile([[4, 0, 5, 4, 0, 0]], (8, 1)), np.tile([[1, 1, 1, 1, 0, 1]], (8, 1))
    said = outlook.blinking(counts, bright).alt_text({"record": 3})
    wrong = [
        np.sum((bright_probability(counts[:1], smooth=smooth)[0] > 0.5) != bright[0])
        for smooth in (False, True)
    ]
    assert said == (
        f"Record 3: 13 photons, 2 switches. Of 6 steps the past alone gets {wrong[0]} wrong, the "
        f"whole record {wrong[1]}."
    )


def test_what_figures_of_the_outlook_say_is_recorded():
    runs = outlook.best_runs(recorded.load("outlook_smoothing"))
    assert runs.groupby("network")["seed"].count().eq(5).all()
    wrong = runs.query("network == 'bidirectional'")["test"]
    said = outlook.smoothing(0.12, 0.07).alt_text({})
    assert f"bidirectional GRU between {wrong.min():.3f} and {wrong.max():.3f}." in said
    assert said.endswith("The exact filter is at 0.120, the exact smoother at 0.070.")
    ends = recorded.load("outlook_padding").query("way == 'zeros, masked'")["steps160"]
    said = outlook.padding().alt_text({})
    both = f"between {ends.min():.3f} and {ends.max():.3f}"
    assert f"0, masked {both} and {both};" in said
    floor = recorded.load("outlook_padding").query("way == 'exact filter'")["steps40"].item()
    assert said.endswith(f"The exact filter has {floor:.3f}.")
    runs = recorded.load("outlook_recall").query("epochs == 15 and network == 'attention'")
    best = runs[runs["learning_rate"] == runs["learning_rate"].mode().item()]
    assert f"attention {spoken(format(best['steps40'].median(), '.1e'))}," in (
        outlook.recall().alt_text({})
    )
    said = outlook.attention_weights(np.array([[0.25, 0.75], [0.5, 0.5]])).alt_text({})
    assert said.startswith("2 rows of weights over 2 steps.")
    assert "lies at step between 1 and 2 and is between 0.50 and 0.75" in said


def test_recorded_decoders_of_the_variational_chapter_draw_what_keras_draws():
    from lectures_lib.models import variational_autoencoder

    weights = recorded.weights("variational_networks")
    network = variational_autoencoder(latent_dim=2, hidden=100)
    network.decoder.set_weights(weights[:4])
    places = np.array([[-3.0, 3.0], [0.5, 0.0]])
    ours = drawn_digits.decode("variational 2", places)
    np.testing.assert_allclose(ours, np.asarray(network.decoder(places))[..., 0], atol=1e-5)
    grid = drawn_digits.decoded_grid(side=5)
    said = grid.alt_text({"second": 0.0})
    assert "5 by 5 pictures" in said
    labels, codes = drawn_digits.load_mnist().test.labels, weights[16]
    near = [labels[((codes - [z, 0]) ** 2).sum(axis=1).argmin()] for z in (-3, 0, 3)]
    assert f"the nearest digits are {', '.join(map(str, near))}." in said
    grey = np.asarray(grid.picture({"second": 0.0}).convert("L")).astype(float)
    corner = ours[0].mean()  # the upper left picture is that of (-3, 3)
    assert 0.02 < corner < 0.4 and grey.min() < 60


def test_what_figures_of_the_variational_autoencoder_say():
    said = drawn_digits.trial_gaussian(double_well, trial_in_the_well).alt_text(
        {"mean": 0.4, "sigma": 0.5}
    )
    line = np.linspace(-2.6, 2.6, 100_001)
    Z = np.exp(-double_well(line)).sum() * (line[1] - line[0])
    assert "highest peak is at 1.00. The mean energy is 0.90, the entropy minus 0.69" in said
    assert said.endswith(f"is 1.59 nats, true {spoken(f'{-np.log(Z):.2f}').lower()}.")
    terms = {"reconstruction": [9.5, 8.25], "divergence": [0.5, 1.75]}
    both = terms | {f"val_{name}": values for name, values in terms.items()}
    said = drawn_digits.learning_curve(SimpleNamespace(history=both)).alt_text({})
    assert "2 epochs" in said and "from 9.5 to 8.2, and the divergence from 0.5 to 1.8" in said
    table = recorded.load("variational_evidence").query("latent_dim == 10 and model == 'plain'")
    mixed = table.query("prior == 'mixture'")["nats"].mean()
    assert f", {mixed:.1f}, " in drawn_digits.evidence().alt_text({}).split("mixture afterwards")[1]
    runs = recorded.load("variational_beta").query("beta == 16")
    active = (runs[[f"axis{i}" for i in range(1, 11)]].mean() > 0.1).sum()
    assert f"{active} at beta 16, 0 at beta 784." in drawn_digits.divergence_by_axis().alt_text({})
    turned = drawn_digits.beta_temperature()
    apart = [float(re.search(r"by (\S+) per pixel", turned.alt_text({"beta": b}))[1])
             for b in (1, 784)]  # fmt: skip
    assert apart[0] > 0.1 > 0.01 > apart[1]
    magnets = recorded.load("variational_ising").groupby("temperature").mean()
    gap = magnets["bound"] - magnets["entropy"]
    assert (
        f"between {gap.min():.2f} and {gap.max():.2f} nats per spin, most at temperature 2.5"
        in (drawn_digits.ising_bound().alt_text({}))
    )
    codes = recorded.weights("variational_networks")[16]
    inside = np.mean((codes**2).sum(axis=1) < 2 * np.log(20))
    assert f"{inside:.0%} of its codes lie inside" in drawn_digits.code_planes().alt_text({})


def test_records_of_tasks_are_read_aloud():
    demo = long.tasks()
    record = recall_series(series=1, num_steps=10, seed=3)
    said = demo.alt_text({"task": "recall", "length": 10})
    assert said.endswith(spoken(f"; the answer at the end is {record.labels[0]:.2f} V."))
    record = parity_series(series=1, num_steps=40, seed=3)
    said = demo.alt_text({"task": "parity", "length": 40})
    assert f"{int(record.inputs.sum())} of 40 inputs high" in said
    assert said.endswith(spoken(f"; the last is {(-1.0) ** record.inputs.sum():.2f}."))


def test_learning_curves_of_memories_are_in_units_of_the_variance():
    run = SimpleNamespace(history={"loss": [1.0, 0.5], "val_loss": [1.0, 0.25]})
    said = long.recall_curve(run, 0.5).alt_text({})
    assert "over 2 epochs" in said and said.endswith("At the end: training 1; validation 0.5.")
    said = long.parity_curves({"late": run}).alt_text({})
    assert said.endswith("At the end: late, training 0.5; late, validation 0.25.")


def test_windows_say_their_ends():
    said = long.windows({1: 1.0, 3: 0.25}, delay=2, noise=0.125).alt_text({})
    assert "from 1.000 with 1 sample to 0.250 with 3 samples" in said
    assert said.endswith("is at 0.125, the vertical one behind 2 samples.")


def test_scores_of_memories_are_medians_at_the_best_rate():
    table = recorded.load("memory_tasks").query("task == 'recall' and layer == 'gru'")
    of = table.query("length == 40 and clip == 1").groupby("learning_rate")
    rate = of["validation"].mean().idxmin()
    median = of["test"].median()[rate]
    found = long.best_runs("recall", "gru", 40, 1)
    assert found["learning_rate"].unique().tolist() == [rate] and len(found) == 5
    said = long.scores().alt_text({"case": "recall, 40"})
    assert spoken(f"; GRU, clipped, {median:.2g} (between ")[1:] in said
    assert said.count("clipped") == 8 and said.endswith(".")


def test_slopes_of_memories_are_recorded():
    networks = [name for name, *_ in long.LAYERS.values()]
    fresh = {(n, T): np.full((5, T), 0.5) for n in networks for T in (10, 20, 40, 80)}
    demo = long.slopes(fresh)
    table = recorded.load("memory_slopes").query("layer == 'gru' and length == 40")
    said = demo.alt_text({"network": "GRU", "length": 40})
    assert spoken(f"; trained it is {table['slope'].iloc[0]:.1e} at step 1") in said
    assert demo.alt_text({"network": "GRU", "length": 10}).endswith("0.50 at the last step.")


def test_answers_of_an_lstm_are_those_of_keras():
    model = lstm_of(5)
    inputs = recall_series(series=6, num_steps=4, seed=0).inputs
    answers, states = long.answer(model, inputs)
    np.testing.assert_allclose(answers[:, -1], np.asarray(model(inputs))[:, 0], atol=1e-5)
    assert states.forget_gate.shape == (6, 4, 5)


def test_an_open_gate_is_read_aloud():
    models = {"at the end": lstm_of(forget=50.0), "at every step": lstm_of(forget=-50.0)}
    demo = long.inside(models)
    assert demo.alt_text({"asked": "at the end", "noise": 1}).endswith("Mean forget gates 1.00.")
    said = demo.alt_text({"asked": "at every step", "noise": 0})
    assert said.endswith("Mean forget gates 0.00.") and "Answers to minus 0.8 V" in said


def test_figures_of_anomalies_say_what_they_show():
    figures_of_anomalies()
    said = said_by("pile-up", distance=2, record=1)
    assert "One pulse: highest at sample 1 with 4.0 V." in said
    assert said.endswith("2 samples apart: highest at sample 3 with 4.0 V.")
    assert said_by("fig-roc").endswith("a, area 0.90, finds 0.50 at 0.1 false alarms.")
    said = said_by("fig-error-and-ink")
    assert "medians 20 pixels of ink and an error of 0.2, correlation 1.00" in said
    assert said.endswith("Digit 1: 11 and 0.02.")
    assert "with an error of 0.160 per pixel" in said_by("left-out-digit", digit=4)


def test_scores_of_anomalies_are_medians_of_seeds():
    strange.by_digit(), strange.by_distance()
    runs = recorded.load("anomaly_digits")
    middle = runs[runs["digit"] == 1]["error of network"].median()
    assert strange.score_table().loc["error, network", "digit 1"] == middle
    medians = [runs[runs["digit"] == k]["ink"].median() for k in range(10)]
    row = strange.score_table().loc["ink alone"]
    assert row["worst digit"] == min(medians)
    assert row["mean"] == pytest.approx(np.mean(medians))
    assert f"ink alone {', '.join(f'{m:.2f}' for m in medians)}" in said_by("fig-auc-by-digit")
    runs = recorded.load("anomaly_pulses").query("score == 'second pulse'")
    found = runs["distance12"].median()
    assert strange.distance_table().loc["second pulse", 12] == found
    said = said_by("pile-up-distance", code=3)
    assert f"{found:.2f}" in said.split("second pulse ")[1].split(";")[0]
    assert "network with a code of 3" in said


def test_an_orbit_is_a_thin_band_from_within_its_plane():
    demo = linear.positions(points_near_plane(points=500, noise=0.0))
    walked(demo)
    across = {
        view: float(demo.alt_text({"view": view}).split(" and ")[1].split()[0])
        for view in demo.parameters[0].values
    }
    assert min(across, key=across.get) == 160  # z = 0.1 x + 0.3 y is a line from 161.6 degrees
    assert across[160] < 0.02 and across[60] > 0.1


def test_a_line_bent_by_three_quarters_of_a_turn_follows_the_orbit():
    demo = stacked.bent_line(points_near_plane(points=200, noise=0.0))
    walked(demo)
    left = {
        bend: float(demo.alt_text({"bend": bend}).rpartition(" ")[2][:-1])
        for bend in demo.parameters[0].values
    }
    assert min(left, key=left.get) == 270 and left[270] < 0.01
    # The straight one is nearly the first principal axis, and cannot be better.
    axis = linear.pca(points_near_plane(points=200, noise=0.0).astype(float), latent_dim=1)
    assert 1 < left[0] / axis.variances[1:].sum() < 1.2


def test_records_and_series_say_how_much_of_them_is_seen():
    voltages = np.zeros((3, 60, 1))
    voltages[[0, 1, 2], [20, 30, 25], 0] = 2, 2, -2
    demo = recurrent.records(voltages, np.array([1, 1, -1]))
    walked(demo)
    assert [demo.alt_text({"samples": n}) for n in (30, 40)] == [
        "The last 30 of 60 samples of two records: in the upper one noise, in the lower one noise.",
        "The last 40 of 60 samples of two records: in the upper one a pulse at sample 20, in the "
        "lower one a pulse at sample 25.",
    ]
    demo = noisy.series(noisy_sine(times=400, noise=0.0))
    walked(demo)
    assert demo.alt_text({"steps": 300}) == (
        "A cloud of 300 points between minus 1.0 and 1.0, 0.95 periods of a slow wave."
    )


def test_a_parabola_continues_a_parabola_and_a_line_does_not():
    demo = beyond.by_eye(-(np.arange(20.0) ** 2))
    walked(demo)
    said = [demo.alt_text({"degree": degree, "answer": True}) for degree in (1, 2)]
    assert said[1].endswith("to minus 361.000 at 40 particles; the computed energy is minus "
                            "361.000.")  # fmt: skip
    assert "to minus 190.667 at" in said[0]  # -11 n + 55 / 3 at n = 19
    assert "the rest is not shown" in demo.alt_text({"degree": 2, "answer": False})


def test_photographs_have_names_only_as_they_are():
    chequered = np.indices((32, 32)).sum(axis=0) % 2 * np.ones((3, 1, 1))
    demo = photos.photographs(Split(chequered[..., np.newaxis] * np.ones(3), [0, 1, 1]), "ab")
    walked(demo)
    assert demo.alt_text({"pixels": 32}) == "3 pictures of 32 by 32 pixels: a, b, b."
    assert "without their classes" in demo.alt_text({"pixels": 16})
    blacks = [colours(demo, {"pixels": pixels}).get((0, 0, 0), 0) for pixels in (16, 32)]
    assert blacks[0] < 2000 < blacks[1]  # a mean over 2 by 2 of them is grey


def test_a_tilted_plane_of_autoencoders_loses_what_the_eigenvalues_say():
    points = cloud()
    _, second, third = np.linalg.eigvalsh(np.cov(points.T, bias=True))[::-1]
    demo = linear.tilted_plane(points)
    for tilt, error in ((0, third), (90, second), (30, 0.25 * second + 0.75 * third)):
        said = demo.alt_text({"tilt_deg": tilt})
        assert f"The mean squared length is {error:.4f}. " in said
    assert f"{third:.4f} at 0 degrees" in said


def test_a_turned_code_of_autoencoders_has_the_correlation_of_its_numbers():
    points, turn = cloud(), np.radians(30)
    offsets = points - points.mean(axis=0)
    scores = offsets @ np.linalg.svd(offsets)[2][:2].T
    rotation = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    matrix = rotation @ np.array([[1, 0.5], [0, 1]])
    for signs in ([1, 1], [1, -1], [-1, 1]):  # which nothing fixes
        codes = scores * signs @ matrix
        said = f"correlation {np.corrcoef(codes.T)[0, 1]:.2f}".replace("-", "minus ")
        if said in linear.turned_code(points).alt_text({"turn_deg": 30, "shear": 0.5}):
            return
    raise AssertionError("no choice of signs gives the correlation that is said")


def test_errors_of_autoencoders_by_size_are_those_of_projections():
    train, test = cloud(300, 40), cloud(50, 40, seed=1)
    found = linear.pca(train, latent_dim=30)
    sizes, error, discarded = linear.errors_by_size(found, test)
    assert sizes.tolist() == [1, 2, 5, 10, 20, 30]
    axes = np.linalg.svd(train - train.mean(axis=0))[2]
    offsets = test - train.mean(axis=0)
    for size, one in zip(sizes, error, strict=True):
        left = offsets - offsets @ axes[:size].T @ axes[:size]
        assert one == pytest.approx(np.mean(left**2))
    values = np.linalg.eigvalsh(np.cov(train.T, bias=True))[::-1]
    assert discarded[2] == pytest.approx(values[5:].sum() / 40)


def test_a_magnet_of_autoencoders_says_how_many_spins_are_up():
    demo = linear.magnet(np.array([1.5, 3.5]), spins_of_two_signs(), np.array([[1, -1, -1]] * 2))
    said = demo.alt_text({"temperature": 3.5})
    assert said.startswith("Temperature 3.5: 100% of the spins shown are up. ")
    assert "1.00 in size on average, with 33% of them positive" in said


def test_a_cut_orbit_of_autoencoders_says_where_it_is_cut():
    phase = np.radians([-90.0, 0.0, 90.0, 180.0])
    codes, lost = np.array([[0.0], [1.0], [2.0], [-2.0]]), np.array([0.1, 0.1, 0.5, 0.1])
    said = stacked.cut_orbit(phase, codes, lost).alt_text({})
    assert "is steepest near 90 degrees" in said
    assert said.endswith("0.1000 in the median and 0.50 at its largest, at 90 degrees.")


def test_losses_of_a_pixel_of_autoencoders_are_computed():
    said = stacked.pixel_loss().alt_text({"target": 0.5, "axis": "pre-activation"})
    assert f"minimum of {np.log(2):.2f} at the target" in said and "hardly changes" in said
    far = -0.5 * np.log(1 / (1 + np.exp(8))) - 0.5 * np.log(1 - 1 / (1 + np.exp(8)))
    assert f"rises to {far:.1f} at the far end" in said


def test_recorded_errors_of_autoencoders_are_medians_of_seeds():
    table = recorded.load("digit_codes").query("method == 'stacked' and latent_dim == 10")
    said = stacked.error_by_code().alt_text({})
    middle = np.sort(table["test"])[1]
    assert len(table) == 3
    assert stacked.codes_of_digits().loc[10, "stacked"] == middle
    values = [f"{error:.4f}" for error in stacked.codes_of_digits()["stacked"]]
    assert f"stacked {', '.join(values)}" in said and f"{middle:.4f}" in values
    row = recorded.load("sparsity_runs").query("l1 == 0.001")["test"]
    assert stacked.strokes().alt_text({"l1": 0.001}).endswith(f"is {row.median():.4f}.")


def test_a_map_of_codes_of_autoencoders_counts_like_neighbours():
    labels, places = np.array([0, 0, 1]), np.array([[0.0, 0], [1, 0], [1.5, 0]])
    said = stacked.code_map(labels, places, np.array([[0.0, 0], [1, 0], [9, 0]])).alt_text({})
    assert said.endswith("PCA of the pixels 33%, t-SNE of the codes 67%.")
    six = np.zeros((8, 784))
    said = stacked.digit_of_strokes(six[0], six[0], six, np.arange(8) / 4).alt_text({})
    assert "6 strokes, with codes from 1.75 down to 0.50" in said


def test_figures_of_convolutional_autoencoders_say_what_was_measured():
    registry.clear()
    figures_of_convolutional_autoencoders()
    assert len(registry) == 7
    for demo in registry.values():
        walked(demo)
    spins = np.where(np.arange(256, 512).reshape(16, 16) % 3, 1, -1)
    wrong = np.mean([spins[i, j] != spins[i - i % 4, j - j % 4] for i, j in np.ndindex(16, 16)])
    said = registry["block-spins"].alt_text({"temperature": "2.00", "b": 4})
    assert f"{wrong:.1%} of the spins" in said and "16 by 16 spins" in said
    said = registry["fig-down-and-up"].alt_text({})
    assert "Above: 8 by 12 by 1, 4 by 6 by 3, 2 by 3 by 2, 5 by 1 by 1," in said
    assert "Below: 5 by 1 by 1, 2 by 3 by 2, 4 by 6 by 3, 8 by 12 by 1, joined by DENSE," in said
    assert "a 0.2500; b 0.0000" in registry["fig-convolutional-digits"].alt_text({})
    assert "up to 23.0, their mean is 11.50" in registry["fig-latent-maps"].alt_text({})


@pytest.mark.parametrize(("kernel_size", "stride"), [(1, 2), (3, 2), (4, 2), (5, 3), (6, 1)])
def test_the_overlap_counts_kernels(kernel_size, stride):
    demo, state = folded.overlap(), {"kernel_size": kernel_size, "stride": stride}
    along = [sum(0 <= place - i * stride < kernel_size for i in range(-20, 20))
             for place in range(4 * stride, 5 * stride)]  # fmt: skip
    low, high = min(along) ** 2, max(along) ** 2
    said = f"all {low} inside" if low == high else f"inside from {low} to {high} in a grid"
    assert said in demo.alt_text(state)


def test_a_map_follows_its_digit_by_whole_steps_only():
    images = np.zeros((3, 28, 28, 1))
    images[:, :, 5:7] = 1
    demo = folded.shifts(images, np.array([7, 4, 2]), lambda x: x[:, ::4, ::4], step=4)
    apart = [
        float(re.search(r"differ by ([\d.]+)", demo.alt_text({"digit": 2, "shift": shift}))[1])
        for shift in (0, 2, 4, 8)
    ]
    assert apart[0] == apart[2] == apart[3] == 0 < apart[1]


def said_by(name, **state):
    return registry[name].alt_text(state)


def test_figures_of_denoising_say_what_they_show():
    figures_of_denoising()
    assert said_by("noisy-record", noise=0.8) == (
        "3 curves under a noise of 0.8 V, largest at the samples 0 (the pulse begins at 0), 1 (the "
        "pulse begins at 1), 2 (the pulse begins at 2)."
    )
    # Places are equally likely: the mean pulse, and half of the record.
    said = said_by("pulse-posterior", noise_v=0.4, record=2)
    peak = (np.array([1, 0, 4, 2]) + 0.4 * np.random.default_rng(4).normal(size=4)).max() / 2
    assert "with probability 0.25. The conditional mean rises to 1.75 V" in said
    assert said.endswith(f"the Wiener estimate to {peak:.2f} V.")
    said = said_by("fig-dense-pulses")
    assert said.endswith("training 0.25; validation 0.125. Lines: Wiener 0.5, limit 0.1.")
    assert said_by("fig-pulse-kernels").count(" 0.00 V") == 2
    assert "25% of whose pixels are ink" in said_by("fig-noise-kinds")
    said = said_by("denoised-digits", noise="masking 0.5", digit=2)
    assert said == (
        "Digit 2 with masking 0.5. Mean squared errors: noisy 0.2500, median 0.0000, network "
        "0.0100."
    )
    assert "between 0.12 and 0.25, highest at 1.0 from 0" in said_by("fig-score")
    assert said_by("fig-pulses-from-noise").startswith("2 curves, from 5 to 0.02 V of noise.")


def test_kernels_of_a_ring_are_moved_to_a_common_place():
    rng = np.random.default_rng(0)
    shape, x = np.exp(-np.arange(9) / 2), rng.normal(size=9)

    def answer(first, second):
        scores = np.array([first @ np.roll(x, -i) for i in range(9)])
        likely = np.exp(scores) / np.exp(scores).sum()
        return np.array([second @ np.roll(likely, -i) for i in range(9)])

    second = np.roll(shape[::-1], 1)
    for move in (0, 1, 5):
        first, back = np.roll(shape, move) + 3, np.roll(second, -move)
        np.testing.assert_allclose(answer(first, back), answer(shape, second))
        match, pulse, found = noise.aligned(first, back, shape)
        np.testing.assert_allclose(match, shape)
        np.testing.assert_allclose(pulse, shape)
        assert found == move


def test_errors_of_denoisers_are_those_recorded():
    figures_of_denoising()
    runs = recorded.load("denoising_pulses").query("chosen and network == 'formula'")["test"]
    said = said_by("fig-pulse-errors")
    low, high = (format(value, ".4f") for value in (runs.min(), runs.max()))
    assert f"Bayes' formula {low if low == high else f'between {low} and {high}'}." in said
    assert said.endswith("The Wiener filter is at 0.0218, the limit at 0.0044.")
    runs = recorded.load("denoising_digits").query(
        "chosen and network == 'convolutional' and kind == met_kind and noise == met_noise"
    )
    medians = runs.groupby(["kind", "noise"], sort=False)["test"].median()
    said = said_by("fig-digit-errors")
    assert said.endswith(f"; convolutional {', '.join(f'{e:.4f}' for e in medians)}.")


def test_figures_of_swings_are_drawn_in_all_corners_and_say_what_they_show():
    for size in (1, 2, 3, 5):
        registry.clear()
        figures_of_swings(size)
        assert len(registry) == 6
        assert all(walked(registry["swing-codes"]))
    for demo in registry.values():
        assert all(walked(demo))
    said = said_by("swing-windows", form="two", axes=1)  # the weaker window is left out
    share = np.sum(np.cos(0.8 * np.arange(24)) ** 2)
    share /= share + np.sum((3 * np.sin(1.6 * np.arange(24))) ** 2)
    assert "miss by up to 1.0" in said and said.endswith(
        f"leave out {share:.1%} of the mean square."
    )
    assert said_by("swing-windows", form="one", axes=1).endswith(
        "leave out 0.0% of the mean square."
    )
    assert said_by("fig-swing-spectra").endswith("more than 0.0001: one 1, two 2.")
    assert "0.25" in said_by("fig-swing-fits")
    codes = np.random.default_rng(0).normal(size=(40, 5))[:, 0]
    first = codes.mean() + 0.75 * codes.std()
    said = said_by("swing-codes", first=0.75, second=0, third=0)
    assert f"begins with {first:.2f} m" in said and "at 1.2" in said


def test_errors_of_swings_and_kicks_are_those_recorded():
    figures_of_swings()
    table = recorded.load("series_codes")
    dense = table.query("method == 'dense' and latent_dim == 3")
    best = dense["learning_rate"].mode().item()
    runs = dense[dense["learning_rate"] == best]
    assert len(runs) == 5 and swings.medians().loc[3, "dense"] == runs["test"].median()
    assert f"{runs['test'].median():.4f} with 3" in said_by("fig-swing-errors")
    fit = table.query("method == 'fit'")
    assert said_by("fig-swing-errors").endswith(f"The fit has {fit['test'].item():.4f}.")
    assert f"AUC: fit of a swing {fit['kick'].item():.2f};" in said_by("fig-swing-kicks")
    assert f"{runs['kick'].max():.2f}" in said_by("fig-swing-kicks")


BLACK, GREY, WHITE = (0, 0, 0), (127, 127, 127), (255, 255, 255)
ZERO = (247, 247, 247)  # the middle of RdBu_r and PuOr
VIOLET, ORANGE = (45, 0, 75), (127, 59, 8)
INK = {0: WHITE, 1: BLACK}
LIGHT = {0: BLACK, 1: WHITE}
EDGES, MEAN = np.array([[-1, 1]]), np.full((2, 2), 0.25)
SIGNED = np.linspace(-2, 2, 5).reshape(1, 5, 1, 1) * np.ones((30, 1, 1, 3))
ONES = np.ones((3, 3, 3))


def layer_maps():
    return cnn_digits.feature_maps(tiny(), {"sums": SIGNED, "ReLU": np.maximum(SIGNED, 0)})


def strokes_of_a_digit():
    return stacked.digit_of_strokes(np.ones(784), np.zeros(784), np.ones((7, 784)), np.arange(7.0))


def two_blocks():
    spins = np.where(np.arange(512).reshape(2, 1, 16, 16) % 3, 1, -1)
    return folded.blocks(spins, (1.5, 2.0), lambda s, b: s[..., ::b, ::b])


def saliency():
    maps = np.linspace(0, 1, 64).reshape(1, 8, 8)
    return photos.saliencies({"a": np.zeros((8, 8, 3))}, {"trained": maps})


@pytest.mark.parametrize(
    ("make", "state", "shown"),
    [
        (layer_maps, {"digit": 3, "layer": "sums"}, {0: INK, 1: {-2: BLUE, 0: ZERO, 2: RED}}),
        (layer_maps, {"digit": 3, "layer": "ReLU"}, {0: INK, 1: {0: BLACK, 2: WHITE}}),
        (lambda: cnn_digits.filters(np.full((3, 3, 1, 2), 0.5)), {}, {0: {-0.5: BLUE, 0.5: RED}}),
        (lambda: layers.channels(ONES, {"own": ONES}, bias=-30, row=0, column=0),
         {"filter": "own"}, {1: LIGHT, 2: {-1: BLACK, 1: WHITE}, 5: {-3: BLUE, 0: ZERO, 3: RED}}),
        (lambda: layers.kernels(np.ones((6, 6)), {"edges": EDGES, "mean": MEAN}), {},
         {0: LIGHT, 1: {-1: BLACK, 0: GREY, 1: WHITE}, 2: LIGHT}),
        (lambda: linear.ising_axes(np.eye(3, 1024)), {}, {0: {-2.5: BLUE, 0: ZERO, 2.5: RED}}),
        (strokes_of_a_digit, {}, {0: INK, 1: {-0.3: ORANGE, 0: ZERO, 0.3: VIOLET}, 4: INK}),
        (stacked.strokes, {"l1": 0.0}, {0: {-0.2: ORANGE, 0: ZERO, 0.2: VIOLET}}),
        (two_blocks, {"temperature": "1.50", "b": 2}, {2: {-2: RED, 0: ZERO, 2: BLUE}}),
        (saliency, {"picture": "a"}, {1: {0: (68, 1, 84), 1: (253, 231, 36)}}),
        (lambda: outlook.attention_weights(np.eye(2)), {},
         {0: {0: (247, 251, 255), 1: (8, 48, 107)}}),
    ],
)  # fmt: skip
def test_colours_mean_what_captions_say(make, state, shown):
    """Values of one sign are never drawn as if there were two, and red is never below 0."""
    drawn = make().draw(**state)
    images = [image for axes in drawn.axes for image in axes.images]
    for k, values in shown.items():
        found = images[k].to_rgba(np.array([list(values)]), bytes=True)[0, :, :3]
        np.testing.assert_allclose(found, list(values.values()), atol=1)
