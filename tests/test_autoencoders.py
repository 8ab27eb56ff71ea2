"""Autoencoders compute what they say: forward passes, losses and gradients repeated in NumPy."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lectures_lib import models
from lectures_lib.data import Dataset, Split, points_near_plane
from lectures_lib.from_scratch import conv2d, gaussian_kl, pca, principal_angles, reparametrise
from lectures_lib.training import evaluate, fit, fit_many

pytestmark = pytest.mark.slow

BUILDERS = {
    "linear": lambda **s: models.linear_autoencoder(latent_dim=4, **s),
    "stacked": lambda **s: models.stacked_autoencoder(hidden=7, latent_dim=4, **s),
    "tied": lambda **s: models.stacked_autoencoder(hidden=7, latent_dim=4, tied=True, **s),
    "sparse": lambda **s: models.sparse_autoencoder(latent_dim=9, **s),
    "convolutional": lambda **s: models.convolutional_autoencoder(
        filters=(3, 2), latent_dim=4, **s
    ),
    "maps": lambda **s: models.convolutional_autoencoder(filters=(3, 2), latent_dim=None, **s),
    "variational": lambda **s: models.variational_autoencoder(latent_dim=3, hidden=7, **s),
}
every_kind = pytest.mark.parametrize("kind", BUILDERS)


def images(examples, shape=(28, 28, 1), seed=0):
    return np.random.default_rng(seed).uniform(size=(examples, *shape)).astype("float32")


def with_biases(model, seed=0):
    """Give every bias a value, so that a forgotten one shows."""
    rng = np.random.default_rng(seed)
    values = [
        w + rng.uniform(-0.5, 0.5, w.shape) if w.ndim == 1 else w for w in model.get_weights()
    ]
    model.set_weights(values)
    return [w.astype(float) for w in model.get_weights()]


def code_of(model, inputs):
    """Return the codes, for the variational autoencoder the mean codes."""
    codes = model.encoder(inputs)
    return np.asarray(codes[0] if isinstance(model, models.VariationalAutoencoder) else codes)


def data_of(inputs, cut):
    """Return a data set whose labels are the inputs; the validation split is behind the cut."""
    train, validation = (Split(part, part) for part in (inputs[:cut], inputs[cut:]))
    return Dataset(train, validation, validation, class_names=())


def selu(x):
    alpha, scale = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. (2017)
    return scale * np.where(x > 0, x, alpha * (np.exp(x) - 1))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cross_entropy(labels, outputs):
    return -(labels * np.log(outputs) + (1 - labels) * np.log(1 - outputs))


@every_kind
def test_the_whole_is_decoder_after_encoder(kind):
    model, inputs = BUILDERS[kind](seed=1), images(5)
    for _ in range(2):  # before and after training
        with_biases(model)
        whole = np.asarray(model(inputs))
        assert whole.shape == inputs.shape
        assert_allclose(model.decoder(code_of(model, inputs)), whole, rtol=1e-4, atol=1e-5)
        model.train_on_batch(inputs, inputs)
        assert np.abs(np.asarray(model(inputs)) - whole).max() > 1e-4
    assert model.encoder is model.encoder  # it is not built anew each time


@every_kind
def test_training_lowers_the_loss_and_changes_every_weight(kind):
    rng = np.random.default_rng(0)  # a few patterns, so that there is something to learn
    inputs = images(3, seed=1)[rng.integers(3, size=60)]
    model = BUILDERS[kind]()
    before = model.get_weights()
    history = fit(model, data_of(inputs, 50), epochs=12, batch_size=10, progress=False)
    loss = history.query("split == 'validation'")["loss"].to_numpy()
    assert loss[-1] < loss[0] - 0.003
    changed = [np.any(a != b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert all(changed)
    if kind != "variational":  # which draws new codes for each evaluation
        assert evaluate(model, data_of(inputs, 50).validation)["loss"] == pytest.approx(
            loss[-1], 1e-4
        )


@every_kind
def test_seed_decides_the_weights(kind):
    first, again, other = (BUILDERS[kind](seed=seed).get_weights() for seed in (4, 4, 5))
    for a, b, c in zip(first, again, other, strict=True):
        assert_array_equal(a, b)
        assert a.ndim == 1 or not np.array_equal(a, c)


# TensorFlow's arrays do not know NumPy's newest keyword when Keras writes them.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@every_kind
def test_weights_can_be_saved_and_read(kind, tmp_path):
    model, inputs = BUILDERS[kind](seed=1), images(3)
    with_biases(model)
    path = tmp_path / "network.weights.h5"
    model.save_weights(path)
    other, third = BUILDERS[kind](seed=2), BUILDERS[kind](seed=3)
    other.load_weights(path)
    third.set_weights(model.get_weights())
    for copy in (other, third):
        assert_array_equal(copy(inputs), model(inputs))
        assert_array_equal(code_of(copy, inputs), code_of(model, inputs))


@every_kind
def test_outputs_of_a_sigmoid_are_probabilities(kind):
    model = BUILDERS[kind](seed=1)
    with_biases(model)
    outputs = np.asarray(model(20 * images(4) - 10))
    inside = outputs.min() >= 0 and outputs.max() <= 1
    assert inside == (kind not in ("linear", "sparse"))


def test_numbers_of_parameters():
    assert (
        models.linear_autoencoder(latent_dim=2, shape=(5,)).count_params() == 5 * 2 + 2 + 2 * 5 + 5
    )
    assert models.stacked_autoencoder().count_params() == 235_500 + 9_030 + 9_300 + 235_984
    tied = models.stacked_autoencoder(hidden=50, latent_dim=7, tied=True)
    assert tied.count_params() == 784 * 50 + 50 + 50 * 7 + 7 + 50 + 784
    assert len(tied.trainable_weights) == 6 and len(tied.get_weights()) == 6
    assert models.sparse_autoencoder(latent_dim=20).count_params() == 785 * 20 + 21 * 784
    vae = models.variational_autoencoder(latent_dim=3, hidden=11, shape=(4, 6, 1))
    assert vae.count_params() == 25 * 11 + 2 * 12 * 3 + 4 * 11 + 12 * 24


def test_numbers_of_parameters_of_convolutions():
    down, dense = (9 * 1 + 1) * 5 + (9 * 5 + 1) * 3, 7 * 7 * 3
    up = (9 * 3 + 1) * 5 + (9 * 5 + 1) * 1
    model = models.convolutional_autoencoder(filters=(5, 3), latent_dim=6)
    assert model.count_params() == down + (dense + 1) * 6 + (6 + 1) * dense + up
    maps = models.convolutional_autoencoder(filters=(5, 3), latent_dim=None)
    assert maps.count_params() == down + up


def test_sides_of_maps_are_halved_and_doubled():
    settings = dict(filters=(4, 6, 3), latent_dim=5, shape=(16, 24, 2))
    model = models.convolutional_autoencoder(**settings)
    shapes = [layer.output.shape[1:] for layer in model.layers if "conv2d" in layer.name]
    down = [(8, 12, 4), (4, 6, 6), (2, 3, 3)]
    assert shapes == [*down, (4, 6, 6), (8, 12, 4), (16, 24, 2)]
    assert model.encoder.output_shape == (None, 5)
    assert np.asarray(model(images(2, (16, 24, 2)))).shape == (2, 16, 24, 2)
    maps = models.convolutional_autoencoder(filters=(4, 6), latent_dim=None, shape=(8, 12, 1))
    assert maps.encoder.output_shape == (None, 2, 3, 6)
    assert maps.encoder.output_shape == maps.decoder.input_shape


def test_linear_autoencoder_is_linear_with_biases():
    model = models.linear_autoencoder(latent_dim=2, shape=(4, 3))
    W, b, V, c = with_biases(model)
    inputs = images(5, (4, 3))
    codes = inputs.reshape(5, 12) @ W + b
    assert_allclose(model.encoder(inputs), codes, rtol=1e-5)
    outputs = (codes @ V + c).reshape(5, 4, 3)
    assert_allclose(model(inputs), outputs, rtol=1e-4, atol=1e-6)
    loss = model.evaluate(inputs, inputs, verbose=0)
    assert loss == pytest.approx(np.mean((outputs - inputs) ** 2), rel=1e-5)


def stacked_outputs(weights, inputs, *, tied):
    """Repeat the deep autoencoder on flat inputs."""
    if tied:
        W, b, V, c, d, e = weights
        down, up = [(W, b), (V, c)], [(V.T, d), (W.T, e)]
    else:
        down, up = [weights[0:2], weights[2:4]], [weights[4:6], weights[6:8]]
    codes = selu(inputs @ down[0][0] + down[0][1]) @ down[1][0] + down[1][1]
    return sigmoid(selu(codes @ up[0][0] + up[0][1]) @ up[1][0] + up[1][1])


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("loss", ["binary_crossentropy", "mean_squared_error"])
def test_stacked_layers_and_losses_compute_what_they_say(tied, loss):
    model = models.stacked_autoencoder(hidden=8, latent_dim=3, tied=tied, loss=loss, seed=2)
    weights, inputs = with_biases(model), images(6)
    flat = inputs.reshape(6, 784).astype(float)
    outputs = stacked_outputs(weights, flat, tied=tied)
    assert_allclose(np.asarray(model(inputs)).reshape(6, 784), outputs, rtol=1e-4)
    errors = cross_entropy(flat, outputs) if loss[0] == "b" else (outputs - flat) ** 2
    assert model.evaluate(inputs, inputs, verbose=0) == pytest.approx(errors.mean(), rel=1e-4)


def test_tied_weights_get_the_gradients_of_both_places():
    model = models.stacked_autoencoder(hidden=5, latent_dim=3, tied=True, seed=3)
    weights, inputs = with_biases(model), images(4)
    flat = inputs.reshape(4, 784).astype(float)
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="binary_crossentropy")
    model.train_on_batch(inputs, inputs)
    moved = [old - new for old, new in zip(weights, model.get_weights(), strict=True)]
    step = 1e-5
    for which, entry in ((0, (301, 2)), (2, (4, 1)), (4, (3,)), (1, (2,)), (5, (90,))):
        losses = []
        for sign in (1, -1):
            shifted = [w.copy() for w in weights]
            shifted[which][entry] += sign * step
            losses.append(cross_entropy(flat, stacked_outputs(shifted, flat, tied=True)).mean())
        slope = (losses[0] - losses[1]) / (2 * step)
        assert moved[which][entry] == pytest.approx(slope, rel=2e-2, abs=1e-7)
        assert abs(slope) > 1e-6


def test_the_decoder_of_a_tied_network_follows_its_encoder():
    model = models.stacked_autoencoder(hidden=6, latent_dim=3, tied=True)
    codes = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    before = np.asarray(model.decoder(codes))
    kernel = model.encoder.layers[1].kernel
    kernel.assign(2 * kernel)
    assert np.abs(np.asarray(model.decoder(codes)) - before).max() > 1e-3


def test_linear_autoencoders_find_the_plane_of_pca_but_not_its_axes():
    data = data_of(np.concatenate([points_near_plane(), points_near_plane(seed=1)]), 60)
    settings = dict(latent_dim=2, shape=(3,), learning_rate=0.03)
    many = fit_many(
        lambda seed: models.linear_autoencoder(seed=seed, **settings),
        {"seed": [0, 1, 2, 3]}, data, epochs=500, batch_size=60, progress=False,
    )  # fmt: skip
    points = data.train.inputs
    found, off_axis, overlaps = pca(points, latent_dim=2), [], []
    for model in many.models:
        rows = model.decoder.layers[0].get_weights()[0]
        assert np.degrees(principal_angles(rows, found.axes)).max() < 0.5
        error = np.mean((np.asarray(model(points)) - points) ** 2)
        assert error == pytest.approx(found.variances[2] / 3, rel=1e-3)
        lengths = np.linalg.norm(rows, axis=1)
        assert np.abs(lengths - 1).max() > 0.05
        overlaps.append(abs(rows[0] @ rows[1]) / lengths.prod())
        off_axis.append(np.degrees(principal_angles(rows[:1], found.axes[:1]))[0])
    assert max(overlaps) > 0.1 and max(off_axis) > 10 and np.ptp(off_axis) > 5


def test_linear_autoencoders_train_together():
    data, grid = data_of(images(24, (2, 3)), 16), {"seed": [0, 3], "learning_rate": [0.01, 0.1]}

    def build(seed, learning_rate):
        settings = dict(latent_dim=2, shape=(2, 3), seed=seed, learning_rate=learning_rate)
        return models.linear_autoencoder(**settings)

    many = fit_many(build, grid, data, epochs=4, batch_size=5, progress=False)
    for setting, model in zip(
        many.networks[list(grid)].to_dict("records"), many.models, strict=True
    ):
        alone = build(**setting)
        history = fit(alone, data, epochs=4, batch_size=5, progress=False)
        for ours, theirs in zip(model.get_weights(), alone.get_weights(), strict=True):
            assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
        assert_allclose(model(data.train.inputs), alone(data.train.inputs), rtol=1e-3, atol=1e-5)
        assert history["loss"].iloc[-1] > 0
    assert many.models[0].encoder.output_shape == (None, 2)


def test_the_sparse_penalty_is_the_mean_sum_of_the_codes():
    model = models.sparse_autoencoder(latent_dim=12, l1=0.03)
    W, b, V, c = with_biases(model)
    inputs = images(7)
    flat = inputs.reshape(7, 784)
    codes = np.maximum(flat @ W + b, 0)
    assert 0 < np.mean(codes == 0) < 1
    assert_allclose(model.encoder(inputs), codes, rtol=1e-4, atol=1e-5)
    error = np.mean((codes @ V + c - flat) ** 2)
    expected = error + 0.03 * codes.sum(axis=1).mean()
    for batch_size in (7, 1, 2):  # the last one leaves a smaller batch
        settings = dict(batch_size=batch_size, verbose=0)
        assert model.evaluate(inputs, inputs, **settings) == pytest.approx(expected, rel=1e-4)
    model.optimizer.learning_rate = 0.0
    assert model.train_on_batch(inputs, inputs) == pytest.approx(expected, rel=1e-4)


def test_rows_of_the_sparse_decoder_keep_the_length_one():
    model = models.sparse_autoencoder(latent_dim=5, learning_rate=0.05)
    first, second = model.get_layer("active"), model.get_layer("output")
    assert_allclose(np.linalg.norm(second.kernel, axis=1), 1, rtol=1e-5)
    assert_array_equal(np.asarray(first.kernel), np.asarray(second.kernel).T)
    fit(model, data_of(images(20), 15), epochs=3, batch_size=5, progress=False)
    assert_allclose(np.linalg.norm(second.kernel, axis=1), 1, rtol=1e-5)
    assert np.abs(np.asarray(first.kernel) - np.asarray(second.kernel).T).max() > 0.01


def test_a_larger_penalty_leaves_fewer_units_active():
    inputs = np.maximum(images(80) - 0.5, 0)
    sums = []
    for l1 in (0.0, 1e-3, 1e-2):
        model = models.sparse_autoencoder(latent_dim=20, l1=l1)
        fit(model, data_of(inputs, 70), epochs=20, batch_size=10, progress=False)
        sums.append(np.asarray(model.encoder(inputs)).sum(axis=1).mean())
    assert sums[0] > 1.2 * sums[1] > 1.2 * 1.2 * sums[2]


@pytest.mark.parametrize("kind", ["gaussian", "masking", "salt and pepper"])
def test_noise_is_there_in_training_only(kind):
    noise, inputs = models.PixelNoise(kind, 0.4, seed=1), images(3)
    assert_array_equal(noise(inputs), inputs)
    first, second = (np.asarray(noise(inputs, training=True)) for _ in range(2))
    assert np.abs(first - inputs).max() > 0.1
    assert np.abs(first - second).max() > 0.1  # new noise each time


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_kinds_of_noise(noise):
    inputs = 0.25 + images(50) / 2  # neither 0 nor 1
    pixels = inputs.size
    gaussian, masked, salted = (
        np.asarray(models.PixelNoise(kind, noise, seed=3)(inputs, training=True))
        for kind in ("gaussian", "masking", "salt and pepper")
    )
    added = gaussian - inputs
    assert abs(added.mean()) < 4 * noise / np.sqrt(pixels) + 1e-6
    assert added.std() == pytest.approx(noise, rel=0.02, abs=1e-6)
    neighbours = np.mean(added.ravel()[1:] * added.ravel()[:-1])
    assert abs(neighbours) < 0.03 * noise**2 + 1e-6
    for damaged, black in ((masked, noise), (salted, noise / 2)):
        assert np.mean(damaged == 0) == pytest.approx(black, abs=0.01)
        assert np.mean(damaged == 1) == pytest.approx(noise - black, abs=0.01)
        kept = (damaged != 0) & (damaged != 1)
        assert_array_equal(damaged[kept], inputs[kept])
    again = models.PixelNoise("gaussian", noise, seed=3)(inputs, training=True)
    assert_array_equal(again, gaussian)
    assert np.array_equal(
        np.asarray(models.PixelNoise("gaussian", noise, seed=4)(inputs, training=True)), gaussian
    ) == (noise == 0)


SHAPE = (4, 6, 1)


def vae_terms(weights, inputs, noise):
    """Repeat reconstruction term and divergence of the variational autoencoder."""
    W, b, M, m, L, v, D, d, O, o = weights
    flat = inputs.reshape(len(inputs), -1).astype(float)
    seen = np.maximum(flat @ W + b, 0)
    mean, log_variance = seen @ M + m, seen @ L + v
    hidden = np.maximum(reparametrise(mean, log_variance, noise) @ D + d, 0)
    outputs = sigmoid(hidden @ O + o)
    return cross_entropy(flat, outputs).sum(axis=1).mean(), gaussian_kl(mean, log_variance).mean()


def noise_of(seed, examples, latent_dim, draws=1):
    chance = keras.random.SeedGenerator(seed)
    return [
        np.asarray(keras.random.normal((examples, latent_dim), seed=chance)) for _ in range(draws)
    ]


def vae(**settings):
    settings = dict(latent_dim=3, hidden=5, shape=SHAPE, seed=6) | settings
    return models.variational_autoencoder(**settings)


@pytest.mark.parametrize("beta", [0.0, 1.0, 2.5])
def test_loss_of_the_variational_autoencoder_is_the_negative_bound(beta):
    model, inputs = vae(beta=beta), images(7, SHAPE)
    weights, (noise,) = with_biases(model), noise_of(6, 7, 3)
    reconstruction, kl = vae_terms(weights, inputs, noise)
    scores = evaluate(model, Split(inputs, inputs))
    assert set(scores) == {"loss", "reconstruction", "kl"}
    assert scores["reconstruction"] == pytest.approx(reconstruction, rel=1e-5)
    assert scores["kl"] == pytest.approx(kl, rel=1e-4)
    assert scores["loss"] == pytest.approx(reconstruction + beta * kl, rel=1e-5)
    assert kl > 0.05 and reconstruction > 10


def test_terms_are_means_over_the_images_of_unequal_batches():
    model, inputs = vae(), images(8, SHAPE)
    weights = with_biases(model)
    scores = model.evaluate(inputs, inputs, batch_size=5, verbose=0, return_dict=True)
    chance = keras.random.SeedGenerator(6)
    parts = [
        vae_terms(weights, part, np.asarray(keras.random.normal((len(part), 3), seed=chance)))
        for part in (inputs[:5], inputs[5:])
    ]
    expected = np.average(parts, axis=0, weights=[5, 3])
    assert [scores["reconstruction"], scores["kl"]] == pytest.approx(expected.tolist(), rel=1e-4)


def test_a_step_follows_the_gradient_through_the_sample():
    model, inputs, step = vae(beta=1.7), images(6, SHAPE), 1e-6
    weights, (noise,) = with_biases(model), noise_of(6, 6, 3)
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    model.train_step((inputs, inputs))
    moved = [old - new for old, new in zip(weights, model.get_weights(), strict=True)]
    for which, values in enumerate(weights):
        entry = tuple(size // 2 for size in values.shape)
        losses = []
        for sign in (1, -1):
            shifted = [w.copy() for w in weights]
            shifted[which][entry] += sign * step
            reconstruction, kl = vae_terms(shifted, inputs, noise)
            losses.append(reconstruction + 1.7 * kl)
        slope = (losses[0] - losses[1]) / (2 * step)
        assert moved[which][entry] == pytest.approx(slope, rel=1e-3, abs=1e-5)
    assert all(np.any(gradient != 0) for gradient in moved)  # both halves learn


def test_calling_the_variational_autoencoder_needs_no_chance():
    model, inputs = vae(), images(4, SHAPE)
    with_biases(model)
    first, second = np.asarray(model(inputs)), np.asarray(model(inputs))
    assert_array_equal(first, second)
    mean, log_variance = model.encoder(inputs)
    assert_allclose(model.decoder(mean), first, rtol=1e-6)
    assert mean.shape == log_variance.shape == (4, 3)
    assert_allclose(model.predict(inputs, verbose=0), first, rtol=1e-5)
    terms = [float(model.terms(inputs)[1]) for _ in range(2)]
    assert terms[0] != terms[1]  # but each sample is another one


def test_histories_hold_both_terms_and_seeds_repeat_them():
    data = data_of(images(30, SHAPE), 20)
    runs = [
        fit(vae(seed=seed, beta=0.5), data, epochs=2, batch_size=8, progress=False)
        for seed in (1, 1, 2)
    ]
    assert runs[0].columns.tolist() == ["epoch", "split", "loss", "reconstruction", "kl"]
    assert_array_equal(runs[0].to_numpy(), runs[1].to_numpy())
    assert np.all(runs[0]["kl"] != runs[2]["kl"])
    assert_allclose(runs[0]["loss"], runs[0]["reconstruction"] + 0.5 * runs[0]["kl"], rtol=1e-5)


def test_keras_can_train_it_without_labels():
    model, inputs = vae(), images(12, SHAPE)
    history = model.fit(inputs, epochs=2, batch_size=5, verbose=0).history
    assert set(history) == {"loss", "reconstruction", "kl"}


def test_a_large_beta_empties_the_code():
    inputs = images(3, SHAPE)[np.arange(60) % 3]
    kl = {}
    for beta in (0.01, 100.0):
        model = vae(beta=beta, learning_rate=0.01)
        history = fit(model, data_of(inputs, 50), epochs=60, batch_size=10, progress=False)
        kl[beta] = history["kl"].iloc[-1]
    assert kl[100.0] < 0.01 < 0.5 < kl[0.01]


@pytest.mark.parametrize(
    ("build", "settings", "text"),
    [
        (models.linear_autoencoder, {"latent_dim": 0}, "latent_dim=0 is not a whole number"),
        (models.linear_autoencoder, {"learning_rate": 0}, "learning_rate=0 does not descend"),
        (models.stacked_autoencoder, {"hidden": 2.5}, "hidden=2.5 is not a whole number above 0"),
        (models.stacked_autoencoder, {"latent_dim": -1}, "latent_dim=-1 is not"),
        (
            models.PixelNoise,
            {"kind": "snow", "noise": 0},
            "kind='snow' is unknown.*salt and pepper",
        ),
        (
            models.PixelNoise,
            {"kind": "gaussian", "noise": -1},
            "noise=-1 does not fit kind='gaussian'",
        ),
        (models.PixelNoise, {"kind": "masking", "noise": 1.5}, "from 0 to 1"),
        (models.sparse_autoencoder, {"l1": -0.1}, "l1=-0.1 would reward large codes"),
        (models.sparse_autoencoder, {"latent_dim": 1.0}, "latent_dim=1.0 is not"),
        (models.convolutional_autoencoder, {"filters": (4, 0)}, r"filters\[1\]=0 is not"),
        (models.convolutional_autoencoder, {"filters": ()}, "at least one filter"),
        (
            models.convolutional_autoencoder,
            {"filters": (4, 4, 4)},
            "height and width that 8 divides",
        ),
        (models.convolutional_autoencoder, {"shape": (28, 30, 1)}, "that 4 divides"),
        (models.convolutional_autoencoder, {"latent_dim": 0}, "latent_dim=0 is not"),
        (models.variational_autoencoder, {"latent_dim": 0}, "latent_dim=0 is not"),
        (models.variational_autoencoder, {"hidden": "9"}, "hidden='9' is not"),
        (models.variational_autoencoder, {"beta": -1}, "beta=-1 would reward a divergence"),
        (models.variational_autoencoder, {"learning_rate": -1}, "learning_rate=-1 does not"),
    ],
)
def test_errors_say_what_is_wrong(build, settings, text):
    with pytest.raises(ValueError, match=text):
        build(**settings)


def classifier_logits(weights, inputs):
    """Repeat, in NumPy, a convolution of stride 2, ReLU and a dense layer on what it gives."""
    kernel, bias, dense, logits = weights
    maps = np.maximum(conv2d(inputs, kernel, bias, stride=2, padding="same"), 0)
    return maps.reshape(len(inputs), -1) @ dense + logits


@pytest.mark.parametrize("frozen", [False, True])
def test_a_classifier_begins_with_the_encoder_and_leaves_it_alone(frozen):
    inputs, labels = images(9, (4, 6, 2)), np.arange(9) % 3
    whole = models.convolutional_autoencoder(filters=(3,), latent_dim=None, shape=(4, 6, 2))
    before = with_biases(whole)
    model = models.encoder_classifier(whole.encoder, classes=3, frozen=frozen, learning_rate=0.01)
    assert_array_equal(model.get_weights()[0], whole.get_weights()[0])
    weights = with_biases(model, seed=3)
    assert_allclose(model(inputs), classifier_logits(weights, inputs), rtol=1e-4, atol=1e-5)
    probabilities = np.exp(classifier_logits(weights, inputs))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    scores = evaluate(model, Split(inputs, labels))
    assert scores["loss"] == pytest.approx(-np.log(probabilities[range(9), labels]).mean(), 1e-4)
    assert scores["accuracy"] == pytest.approx(np.mean(probabilities.argmax(axis=1) == labels))

    part = Split(inputs, labels)
    data = Dataset(part, part, part, class_names=tuple("abc"))
    history = fit(model, data, epochs=40, batch_size=4, progress=False)
    assert history["loss"].iloc[-1] < 0.9 * history["loss"].iloc[1]
    moved = [np.any(a != b) for a, b in zip(weights, model.get_weights(), strict=True)]
    assert moved == [not frozen, not frozen, True, True]
    for old, new in zip(before, whole.get_weights(), strict=True):
        assert_array_equal(old.astype("float32"), new)


def test_a_fresh_classifier_has_no_opinion():
    encoder = models.convolutional_autoencoder(latent_dim=3).encoder
    model = models.encoder_classifier(encoder, classes=4)
    assert_array_equal(model(images(5)), np.zeros((5, 4)))
    assert evaluate(model, Split(images(5), np.zeros(5, int)))["loss"] == pytest.approx(np.log(4))
    with pytest.raises(ValueError, match="classes=0 is not a whole number"):
        models.encoder_classifier(encoder, classes=0)
    with pytest.raises(ValueError, match="learning_rate=-1 does not descend"):
        models.encoder_classifier(encoder, learning_rate=-1)
