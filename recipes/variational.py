"""Variational autoencoders of digits and of Ising spins, and plain ones beside them."""

import functools
import itertools
import warnings

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers, ops
from scipy.special import entr, logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NearestNeighbors
from sklearn.neural_network import MLPClassifier

from lectures_lib.data import Dataset, Split, inputs_as_labels, load_mnist
from lectures_lib.from_scratch import gaussian_kl, pca, reparametrise
from lectures_lib.models import variational_autoencoder
from lectures_lib.models.autoencoders import Autoencoder
from lectures_lib.physics import ising_configurations, ising_energy, ising_magnetisation
from lectures_lib.training import fit
from recipes.extrapolation import memory

HIDDEN, EPOCHS, BATCH = 100, 40, 100
BETAS = (0.0, 0.25, 1.0, 4.0, 16.0, 784.0)  # 784: what the mean over the pixels amounts to
BETA_SEEDS = range(5)
LATENT_DIMS = (2, 5, 20, 50)  # 10 is among the rows over beta
LATENT_SEEDS = range(3)
AXES, DRAWS = 10, 20
SAMPLE_DIMS, SAMPLES = (2, 10, 20), 500
WIDTHS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)  # of a plain code, in its spread
BEST_Q_DIMS, BEST_Q_STEPS = (10, 20), 300
PICTURES = 6
SIDE = 16
ISING_TEMPERATURES = (1, 1.5, 1.8, 2, 2.1, 2.2, 2.3, 2.4, 2.5, 2.7, 3, 3.5, 4, 5, 6, 8)
ISING_SETTINGS = dict(hidden=32, epochs=40, batch_size=50)


@functools.cache
def digits(pixels):
    """Return MNIST as a data set for autoencoders, grey, or black and white at half of the ink."""
    mnist = load_mnist()
    if pixels == "grey":
        return inputs_as_labels(mnist)
    parts = (mnist.train, mnist.validation, mnist.test)
    sharp = (Split((part.inputs > 0.5).astype("float32"), part.labels) for part in parts)
    return inputs_as_labels(Dataset(*sharp, class_names=mnist.class_names))


def network(beta, latent_dim, *, seed):
    """Build the variational autoencoder of this chapter.

    >>> network(1.0, 2, seed=0).count_params()  # 785 * 100 + 101 * 4 + 3 * 100 + 101 * 784
    158388
    """
    return variational_autoencoder(latent_dim=latent_dim, hidden=HIDDEN, beta=beta, seed=seed)


@memory.cache
def trained(beta, latent_dim, pixels, seed, epochs=EPOCHS):
    """Return the weights of a network after training."""
    model = network(beta, latent_dim, seed=seed)
    fit(model, digits(pixels), epochs=epochs, batch_size=BATCH, seed=seed, progress=False)
    return model.get_weights()


def load_network(beta, latent_dim, pixels, seed):
    """Return the trained network."""
    model = network(beta, latent_dim, seed=seed)
    model.set_weights(trained(beta, latent_dim, pixels, seed))
    return model


def variational_beta():
    """Terms of the ELBO on 500 test digits: six beta; sizes of the code."""
    runs = [*itertools.product(BETAS, (10,), ("grey",), BETA_SEEDS)]
    runs += itertools.product((1.0,), LATENT_DIMS, ("grey",), LATENT_SEEDS)
    runs += itertools.product((1.0,), (10,), ("black and white",), LATENT_SEEDS)
    return pd.DataFrame([scored(*run) for run in runs])


def scored(beta, latent_dim, pixels, seed):
    """Return one row: settings, the two terms in nats, and the divergence by axis, largest first.

    An axis is active if its divergence is above 0.1 nats.
    """
    model = load_network(beta, latent_dim, pixels, seed)
    inputs = digits(pixels).test.inputs
    mean, log_variance = (np.asarray(part, float) for part in model.encoder(inputs))
    by_axis = [gaussian_kl(mean[:, [i]], log_variance[:, [i]]).mean() for i in range(latent_dim)]
    row = {"beta": beta, "latent_dim": latent_dim, "pixels": pixels, "seed": seed}
    row |= {"reconstruction": reconstruction(model.decoder, inputs, mean, log_variance)}
    row |= {"kl": sum(by_axis), "active": sum(value > 0.1 for value in by_axis)}
    largest = sorted(by_axis, reverse=True)[:AXES]
    return row | {f"axis{i}": value for i, value in enumerate(largest, start=1)}


def reconstruction(decoder, inputs, mean, log_variance, *, draws=DRAWS):
    """Return the reconstruction term in nats per input, its mean over `draws` codes of each."""
    noise = np.random.default_rng(0).normal(size=(draws, *mean.shape))
    codes = reparametrise(mean, log_variance, noise)
    return float(np.mean([cross_entropy(inputs, np.asarray(decoder(code))) for code in codes]))


def cross_entropy(inputs, outputs):
    """Return the binary cross-entropy of each input, summed over its pixels, in nats."""
    p = np.clip(outputs.astype(float), 1e-7, 1 - 1e-7)  # as Keras does
    pixels = inputs * np.log(p) + (1 - inputs) * np.log(1 - p)
    return -pixels.reshape(len(inputs), -1).sum(axis=1)


def plain_network(latent_dim, *, seed):
    """Build a plain autoencoder with the layers of the variational one.

    >>> plain_network(2, seed=0).count_params()  # 785 * 100 + 101 * 2 + 3 * 100 + 101 * 784
    158186
    """
    keras.utils.set_random_seed(seed)
    model = Autoencoder([
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(HIDDEN, activation="relu"),
        layers.Dense(latent_dim, name="code"),
        layers.Dense(HIDDEN, activation="relu"),
        layers.Dense(784, activation="sigmoid"),
        layers.Reshape((28, 28, 1)),
    ])  # fmt: skip
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss="binary_crossentropy")
    return model


@memory.cache
def trained_plain(latent_dim, seed):
    """Return the weights of a plain autoencoder after training."""
    model = plain_network(latent_dim, seed=seed)
    fit(model, digits("grey"), epochs=EPOCHS, batch_size=BATCH, seed=seed, progress=False)
    return model.get_weights()


def load_plain(latent_dim, seed):
    """Return the trained network, and mean and covariance of its codes of the training digits."""
    model = plain_network(latent_dim, seed=seed)
    model.set_weights(trained_plain(latent_dim, seed))
    codes = np.asarray(model.encoder(digits("grey").train.inputs), float)
    return model, codes.mean(axis=0), np.cov(codes.T)


def variational_plain():
    """Terms of the ELBO of plain autoencoders, a Gaussian fitted to their codes; three seeds."""
    runs = itertools.product(SAMPLE_DIMS, LATENT_SEEDS)
    return pd.DataFrame([scored_plain(latent_dim, seed) for latent_dim, seed in runs])


def scored_plain(latent_dim, seed):
    """Return one row: the terms on test digits, for the width that is best on validation digits.

    The prior of the code is the Gaussian fitted to the training codes. In coordinates where that
    is the standard normal, q(z | x) has the code as its mean and the same width on all axes.
    """
    model, centre, covariance = load_plain(latent_dim, seed)
    root = np.linalg.cholesky(covariance)

    def decoder(scaled):
        return model.decoder((centre + scaled @ root.T).astype("float32"))

    def terms(split, width):
        codes = np.asarray(model.encoder(split.inputs), float)
        mean = np.linalg.solve(root, (codes - centre).T).T
        log_variance = np.full_like(mean, 2 * np.log(width))
        kl = gaussian_kl(mean, log_variance).mean()
        return reconstruction(decoder, split.inputs, mean, log_variance), kl

    data = digits("grey")
    width = min(WIDTHS, key=lambda width: sum(terms(data.validation, width)))
    pixels, kl = terms(data.test, width)
    row = {"latent_dim": latent_dim, "seed": seed, "width": width}
    return row | {"reconstruction": pixels, "kl": kl}


def variational_best_q():
    """Terms of the ELBO with a q fitted to each test digit, networks fixed; three seeds."""
    runs = itertools.product(BEST_Q_DIMS, LATENT_SEEDS, ("plain", "variational"))
    return pd.DataFrame([scored_best_q(*run) for run in runs])


def scored_best_q(latent_dim, seed, name):
    """Return one row: the terms on test digits, with the q that a search finds for each of them."""
    inputs = digits("grey").test.inputs
    if name == "plain":
        decoder, mean = standard_plain(latent_dim, seed)
        log_variance = np.full_like(mean, -4)
    else:
        model = load_network(1.0, latent_dim, "grey", seed)
        decoder, (mean, log_variance) = model.decoder, model.encoder(inputs)
    mean, log_variance = best_q(decoder, inputs, mean, log_variance)
    row = {"latent_dim": latent_dim, "seed": seed, "model": name}
    row["reconstruction"] = reconstruction(decoder, inputs, mean, log_variance)
    return row | {"kl": gaussian_kl(mean, log_variance).mean()}


def standard_plain(latent_dim, seed):
    """Return decoder and test codes of a plain network, scaled so that its prior is standard."""
    model, centre, covariance = load_plain(latent_dim, seed)
    root = np.linalg.cholesky(covariance)
    kernel, bias, *rest = model.decoder.get_weights()
    codes = np.asarray(model.encoder(digits("grey").test.inputs), float)
    model.decoder.set_weights([root.T @ kernel, bias + centre @ kernel, *rest])
    return model.decoder, np.linalg.solve(root, (codes - centre).T).T


def best_q(decoder, inputs, mean, log_variance, *, steps=BEST_Q_STEPS):
    """Return mean and logarithm of the variance of q, improved by Adam for each input."""
    q = [tf.Variable(np.asarray(start, "float32")) for start in (mean, log_variance)]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.05, steps))
    optimizer.build(q)

    @tf.function
    def step(noise):
        with tf.GradientTape() as tape:
            outputs = decoder(q[0] + ops.exp(q[1] / 2) * noise)
            pixels = keras.losses.binary_crossentropy(inputs[..., None], outputs[..., None])
            kl = ops.sum(q[0] ** 2 + ops.exp(q[1]) - 1 - q[1]) / 2
            loss = ops.sum(pixels) + kl
        optimizer.apply(tape.gradient(loss, q), q)

    rng = np.random.default_rng(0)
    for _ in range(steps):
        step(tf.constant(rng.normal(size=q[0].shape), "float32"))
    return [np.asarray(part, float) for part in q]


def variational_samples():
    """How like digits decoded codes are, by where they are drawn; two networks, three seeds."""
    judge = functools.partial(judged, *judges())
    test = digits("grey").test.inputs
    rows = [{"model": "real", "latent_dim": 0, "seed": 0, "source": "real"} | judge(test)]
    for latent_dim, seed in itertools.product(SAMPLE_DIMS, LATENT_SEEDS):
        vae, plain = load_network(1.0, latent_dim, "grey", seed), load_plain(latent_dim, seed)[0]
        networks = {"plain": (plain.encoder, plain.decoder)}
        networks["variational"] = (lambda inputs, vae=vae: vae.encoder(inputs)[0], vae.decoder)
        for name, (encoder, decoder) in networks.items():
            for source, codes in drawn(encoder, seed=seed).items():
                row = {"model": name, "latent_dim": latent_dim, "seed": seed, "source": source}
                rows.append(row | judge(np.asarray(decoder(codes.astype("float32")))))
    return pd.DataFrame(rows)


def drawn(encoder, *, seed):
    """Return codes of test digits, half-way between two of them, and by chance."""
    data = digits("grey")
    codes, known = (np.asarray(encoder(part.inputs), float) for part in (data.test, data.train))
    others = np.roll(codes.reshape(-1, 10, codes.shape[1]), 1, axis=1).reshape(codes.shape)
    rng = np.random.default_rng(seed)
    return {
        "test digits": codes,
        "half-way": (codes + others) / 2,  # each ten digits in a row are different
        "fitted Gaussian": rng.multivariate_normal(known.mean(axis=0), np.cov(known.T), SAMPLES),
        "standard normal": rng.normal(size=(SAMPLES, codes.shape[1])),
    }


def judges():
    """Return a classifier of digits, and a search for the nearest training digit."""
    train = load_mnist().train
    pixels = train.inputs.reshape(len(train), -1)
    classifier = MLPClassifier((100,), max_iter=40, random_state=0, tol=0, n_iter_no_change=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it stops before that, on purpose
        classifier.fit(pixels, train.labels)
    return classifier, NearestNeighbors(n_neighbors=1).fit(pixels)


def judged(classifier, neighbours, pictures):
    """Return means over pictures: confidence, distance to the nearest digit, grey pixels."""
    pixels = pictures.reshape(len(pictures), -1)
    return {
        "confidence": classifier.predict_proba(pixels).max(axis=1).mean(),
        "distance": neighbours.kneighbors(pixels)[0].mean(),
        "grey": ((pixels > 0.2) & (pixels < 0.8)).mean(),
    }


def variational_networks():
    """Decoders and codes of test digits of four networks of seed 0, for the chapter.

    First the decoders, four arrays each: kernels and biases of the hidden layer and of the output.
    Networks: variational with 2 axes, plain with 2, variational with 10, plain with 10. Then, in
    the same order, for a variational one mean and logarithm of the variance of 500 codes, for a
    plain one 500 codes, and mean and covariance of the codes of the training digits.
    """
    decoders, codes = [], []
    test = digits("grey").test.inputs
    for latent_dim in (2, 10):
        vae = load_network(1.0, latent_dim, "grey", 0)
        plain, *fitted = load_plain(latent_dim, 0)
        decoders += [*vae.decoder.get_weights(), *plain.decoder.get_weights()]
        codes += [*vae.encoder(test), plain.encoder(test), *fitted]
    return [np.asarray(values, "float32") for values in (*decoders, *codes)]


def variational_pictures():
    """Grey values, 0 to 255, for each beta of seed 0: reconstructions of test digits; samples."""
    test = digits("grey").test.inputs[:PICTURES]
    noise = np.random.default_rng(0).normal(size=(PICTURES, 10)).astype("float32")
    networks = [load_network(beta, 10, "grey", 0) for beta in BETAS]
    pictures = [[model(test) for model in networks], [model.decoder(noise) for model in networks]]
    return [np.round(255 * np.asarray(part)[..., 0]).astype("uint8") for part in pictures]


def variational_ising():
    """A code of one number for 16x16 Ising spins, beside exact entropies; five seeds."""
    return pd.concat(ising_rows(seed) for seed in BETA_SEEDS)


def spins(seed):
    """Return Ising configurations `(temperatures, 100, rows, columns)`."""
    return ising_configurations(
        ISING_TEMPERATURES, sides=(SIDE, SIDE), configurations=100, sweeps=300, seed=seed
    )


def as_inputs(configurations):
    """Return spins of -1 and 1 as a `Split` of images of 0 and 1, which are their own labels."""
    images = ((configurations.reshape(-1, SIDE, SIDE, 1) + 1) / 2).astype("float32")
    return Split(images, images)


def ising_rows(seed):
    """Train a network on spins; return means over the test configurations of each temperature.

    `correlation`, of code and magnetisation over all temperatures, is the same in all rows.
    """
    train, held_out = spins(2 * seed + 1), spins(2 * seed + 2)
    test = as_inputs(held_out)
    data = Dataset(as_inputs(train), test, test, class_names=())
    settings = dict(ISING_SETTINGS)
    model = variational_autoencoder(
        latent_dim=1, hidden=settings.pop("hidden"), shape=(SIDE, SIDE, 1), seed=seed
    )
    fit(model, data, **settings, seed=seed, progress=False)
    mean, log_variance = (np.asarray(part, float) for part in model.encoder(test.inputs))
    noise = np.random.default_rng(seed).normal(size=(DRAWS, *mean.shape))
    outputs = [np.asarray(model.decoder(z)) for z in reparametrise(mean, log_variance, noise)]
    pixels = np.mean([cross_entropy(test.inputs, output) for output in outputs], axis=0)
    kl = gaussian_kl(mean, log_variance)
    uniform = np.random.default_rng(seed).random(held_out.shape)
    made = np.where(uniform < outputs[0].reshape(held_out.shape), 1, -1)

    def by_temperature(values):
        return np.reshape(values, (len(ISING_TEMPERATURES), -1)).mean(axis=1)

    order = ising_magnetisation(held_out).ravel()
    axis = pca(train.reshape(-1, SIDE**2).astype(float), latent_dim=1)
    component = axis.encode(held_out.reshape(-1, SIDE**2))[:, 0]
    return pd.DataFrame({
        "seed": seed,
        "temperature": ISING_TEMPERATURES,
        "entropy": [ising_entropy(t, SIDE, SIDE) / SIDE**2 for t in ISING_TEMPERATURES],
        "bound": by_temperature(pixels + kl) / SIDE**2,
        "independent": by_temperature(entropy_given(ising_magnetisation(held_out))),
        "kl": by_temperature(kl),
        "energy": by_temperature(ising_energy(held_out)),
        "made_energy": by_temperature(ising_energy(made)),
        "magnetisation": by_temperature(abs(ising_magnetisation(held_out))),
        "made_magnetisation": by_temperature(abs(ising_magnetisation(made))),
        "correlation": abs(np.corrcoef(mean[:, 0], order)[0, 1]),
        "correlation_pca": abs(np.corrcoef(component, order)[0, 1]),
    })  # fmt: skip


def entropy_given(magnetisation):
    """Return the entropy per spin of independent spins with this mean, in nats.

    >>> entropy_given(np.array([0, 0.5, -1])).round(3)
    array([0.693, 0.562, 0.   ])
    """
    up = (1 + magnetisation) / 2
    return entr(up) + entr(1 - up)


def ising_entropy(temperature, rows, columns, *, step=1e-4):
    """Return the entropy of the lattice in units of k_B: the slope of T ln Z, by differences.

    >>> f"{ising_entropy(1e3, 4, 6) / 24:.4f}"  # ln 2
    '0.6931'
    """
    low, high = temperature - step, temperature + step
    free = [t * ising_log_partition(t, rows, columns) for t in (low, high)]
    return (free[1] - free[0]) / (2 * step)


def ising_log_partition(temperature, rows, columns):
    """Return ln Z of an Ising lattice with periodic edges, exactly.

    Source: Kaufman (1949), Phys. Rev. 76, 1232.
    """
    K = 1 / temperature
    cosines = np.cos(np.pi * np.arange(2 * columns) / columns)
    gamma = np.arccosh(np.cosh(2 * K) ** 2 / np.sinh(2 * K) - cosines)
    gamma[0] = 2 * K + np.log(np.tanh(K))  # negative above the critical temperature
    even, odd = rows * gamma[::2] / 2, rows * gamma[1::2] / 2
    logs = [np.log(2 * abs(f(part))).sum() for part in (odd, even) for f in (np.cosh, np.sinh)]
    total = logsumexp(logs, b=[1, 1, 1, np.sign(gamma[0])])
    return rows * columns / 2 * np.log(2 * np.sinh(2 * K)) + total - np.log(2)
