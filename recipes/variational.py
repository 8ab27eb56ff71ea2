"""Variational autoencoders of digits and of Ising spins, and plain ones beside them."""

import functools
import itertools
import warnings

import keras
import numpy as np
import pandas as pd
from keras import layers
from scipy.spatial.distance import cdist
from scipy.special import entr, expit, logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
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
SAMPLE_DIMS, SAMPLES, SAMPLE_SEEDS = (2, 10, 20), 500, range(5)
COMPONENTS = (5, 10, 20, 40)  # of a mixture; validation codes choose
FACTORISED = (1, 10, 50)  # mean pictures
NEWTON_STEPS, IMPORTANCE_DRAWS = 10, 200
PICTURES, DRAWN, DRAWN_DIM = 6, 8, 10
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


def variational_evidence():
    """Minus ln p of 500 test digits by importance sampling: two networks, priors of their codes."""
    rows = [factorised_nats(*run) for run in itertools.product(FACTORISED, SAMPLE_SEEDS)]
    runs = itertools.product(SAMPLE_DIMS, SAMPLE_SEEDS)
    return pd.DataFrame(rows + [row for run in runs for row in scored_evidence(*run)])


def factorised_nats(components, seed):
    """Return a row of the model without a network: a code of a few values, a mean picture each."""
    data = digits("grey")
    shares, P = bernoulli_mixture(flat(data.train.inputs), components, seed=seed)
    logs = np.log(shares) + log_scores(flat(data.test.inputs), P)
    row = {"latent_dim": 0, "seed": seed, "model": "mean pictures", "prior": "shares"}
    return row | {"components": components, "nats": -logsumexp(logs, axis=1).mean()}


def log_scores(images, P):
    """Return ln p(x | k), `(images, components)`, for pixel probabilities P `(components, 784)`."""
    return images @ np.log(P).T + (1 - images) @ np.log(1 - P).T


def bernoulli_mixture(images, components, *, steps=20, seed=0):
    """Fit shares and pixel probabilities of a mixture by expectation and maximisation."""
    rng = np.random.default_rng(seed)
    P = 0.25 + 0.5 * images[rng.choice(len(images), components, replace=False)]
    shares = np.full(components, 1 / components)
    for _ in range(steps):
        logs = np.log(shares) + log_scores(images, P)  # (images, components)
        R = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        n = R.sum(axis=0)
        shares = (n + 1) / (n + 1).sum()
        P = (R.T @ images + 1) / (n[:, np.newaxis] + 2)
    return shares, P


@memory.cache
def scored_evidence(latent_dim, seed):
    """Return rows of one size and seed: the network, the prior of its codes, and the nats."""
    data, rows = digits("grey"), []
    for name, (encoder, _, weights) in networks(latent_dim, seed).items():
        known, chosen, codes = (
            encoder(part.inputs) for part in (data.train, data.validation, data.test)
        )
        priors = {"standard normal": standard_normal(latent_dim)}
        if name == "plain":
            priors = {"Gaussian": as_prior(mixture(known, [1], seed=seed))}
        priors["mixture"] = as_prior(mixture(known, COMPONENTS, unseen=chosen, seed=seed))
        images = data.test.inputs.reshape(len(codes), -1).astype("float32")
        for source, prior in priors.items():
            row = {"latent_dim": latent_dim, "seed": seed, "model": name, "prior": source}
            row["components"] = len(prior[0])
            logs, effective = log_evidence(images, codes, weights, prior, seed=seed)
            rows.append(row | {"nats": -logs.mean(), "effective": np.median(effective)})
    return rows


def networks(latent_dim, seed):
    """Return encoder, decoder and the decoder's weights of both networks, on NumPy arrays."""
    vae, plain = load_network(1.0, latent_dim, "grey", seed), load_plain(latent_dim, seed)[0]
    encoders = {
        "plain": plain.encoder,
        "variational": lambda inputs: vae.encoder(inputs)[0],  # the means of the codes
    }
    return {
        name: (
            lambda inputs, encoder=encoder: np.asarray(encoder(inputs), float),
            lambda codes, decoder=decoder: np.asarray(decoder(codes.astype("float32"))),
            decoder.get_weights(),
        )
        for (name, encoder), decoder in zip(
            encoders.items(), (plain.decoder, vae.decoder), strict=True
        )
    }


@memory.cache
def mixture(codes, components, *, unseen=None, seed):
    """Fit mixtures of Gaussians; return the one that makes unseen codes the most probable."""
    tried = [
        GaussianMixture(count, random_state=seed, reg_covar=1e-6 * codes.var()).fit(codes)
        for count in components
    ]
    return max(tried, key=lambda found: found.score(codes if unseen is None else unseen))


def as_prior(found):
    """Return shares, means and precisions of a mixture."""
    return found.weights_, found.means_, found.precisions_


def standard_normal(latent_dim):
    """Return the prior of the variational autoencoder as a mixture of one Gaussian."""
    return np.ones(1), np.zeros((1, latent_dim)), np.eye(latent_dim)[np.newaxis]


def log_prior(codes, prior):
    """Return ln p of codes `(..., latent_dim)`, and the share of each component in it."""
    shares, means, precisions = prior
    away = codes[..., np.newaxis, :] - means  # (..., components, latent_dim)
    squares = np.einsum("...ki,kij,...kj->...k", away, precisions, away, optimize=True)
    heights = np.linalg.slogdet(precisions)[1] - codes.shape[-1] * np.log(2 * np.pi)
    logs = np.log(shares) + (heights - squares) / 2
    total = logsumexp(logs, axis=-1)
    return total, np.exp(logs - total[..., np.newaxis])


def logits_of(codes, weights):
    """Return the decoder's logits `(..., pixels)`, and which hidden units answer."""
    kernel, bias, output_kernel, output_bias = weights
    hidden = codes.astype("float32") @ kernel + bias
    return np.maximum(hidden, 0) @ output_kernel + output_bias, hidden > 0


def log_likelihood(images, logits):
    """Return ln p(x | z) of images `(..., pixels)`: x ln f + (1 - x) ln(1 - f), summed."""
    return np.sum(images * logits - np.logaddexp(0, logits), axis=-1, dtype=float)


def fitted_posterior(images, codes, weights, prior, *, steps=NEWTON_STEPS):
    """Return means and covariances of Gaussians about the most probable codes, by Newton steps."""
    kernel, _, output_kernel, _ = weights
    _, means, precisions = prior
    z = codes.astype(float)
    for step in range(steps + 1):
        logits, active = logits_of(z, weights)
        f = expit(logits)
        slopes = (active[:, np.newaxis] * kernel) @ output_kernel  # (images, latent_dim, pixels)
        shares = log_prior(z, prior)[1]
        inverse = np.einsum("nk,kij->nij", shares, precisions)
        curvature = (slopes * (f * (1 - f))[:, np.newaxis]) @ slopes.swapaxes(1, 2) + inverse
        if step == steps:
            return z, np.linalg.inv(curvature)
        away = z[:, np.newaxis] - means
        uphill = (slopes @ (images - f)[..., np.newaxis])[..., 0]
        uphill = uphill - np.einsum("nk,kij,nkj->ni", shares, precisions, away, optimize=True)
        move = np.linalg.solve(curvature, uphill[..., np.newaxis])[..., 0]
        now = log_likelihood(images, logits) + log_prior(z, prior)[0]
        for scale in (1, 0.3, 0.1, 0.03):  # the first step that leads uphill
            new = z + scale * move
            then = log_likelihood(images, logits_of(new, weights)[0]) + log_prior(new, prior)[0]
            better = then > now
            z[better], now[better] = new[better], then[better]
            move = np.where(better[:, np.newaxis], 0, move)


def log_evidence(images, codes, weights, prior, *, draws=IMPORTANCE_DRAWS, wider=1.3, seed=0):
    """Return ln p(x) of images `(images, pixels)`, and the effective number of draws for each.

    Codes are drawn from a Gaussian about the most probable one, and weighted by p(x, z) / q(z).
    """
    mean, covariance = fitted_posterior(images, codes, weights, prior)
    root = wider * np.linalg.cholesky(covariance)
    rng = np.random.default_rng(seed)
    logs = np.empty((draws, len(images)))
    heights = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    constant = mean.shape[1] / 2 * np.log(2 * np.pi)
    for draw in range(draws):
        noise = rng.normal(size=mean.shape)
        z = mean + np.einsum("nij,nj->ni", root, noise)
        q = -np.sum(noise**2, axis=1) / 2 - heights - constant
        logs[draw] = log_likelihood(images, logits_of(z, weights)[0]) + log_prior(z, prior)[0] - q
    shares = np.exp(logs - logsumexp(logs, axis=0))
    return logsumexp(logs, axis=0) - np.log(draws), 1 / np.sum(shares**2, axis=0)


def variational_samples():
    """How like digits decoded codes are, by where they are drawn; PCA, two networks, five seeds."""
    judge = functools.partial(judged, *judges())
    data = digits("grey")
    rows = [
        {"model": "real", "latent_dim": 0, "seed": 0, "source": source}
        | judge(part.inputs[:SAMPLES])
        for source, part in (("test", data.test), ("training", data.train))
    ]
    for latent_dim, seed in itertools.product([DRAWN_DIM], SAMPLE_SEEDS):
        axes = pca(flat(data.train.inputs), latent_dim=latent_dim)
        models = {"PCA": (lambda inputs, axes=axes: axes.encode(flat(inputs)),
                          lambda codes, axes=axes: np.clip(axes.decode(codes), 0, 1))}  # fmt: skip
        models |= {name: halves[:2] for name, halves in networks(latent_dim, seed).items()}
        for name, (encoder, decoder) in models.items():
            for source, codes in drawn(encoder, seed=seed).items():
                row = {"model": name, "latent_dim": latent_dim, "seed": seed, "source": source}
                rows.append(row | judge(decoder(codes)))
    return pd.DataFrame(rows)


def flat(inputs):
    """Return pictures as rows of 64-bit numbers."""
    return inputs.reshape(len(inputs), -1).astype(float)


def drawn(encoder, *, seed):
    """Return codes of test digits, and codes drawn from three distributions."""
    data = digits("grey")
    known, chosen, codes = (
        encoder(part.inputs) for part in (data.train, data.validation, data.test)
    )
    rng = np.random.default_rng(seed)
    several = mixture(known, COMPONENTS, unseen=chosen, seed=seed)
    return {
        "test digits": codes,
        "standard normal": rng.normal(size=(SAMPLES, codes.shape[1])),
        "Gaussian": rng.multivariate_normal(known.mean(axis=0), np.cov(known.T), SAMPLES),
        "mixture": several.sample(SAMPLES)[0],
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
    """Return means over pictures: confidence, distance to the nearest digit, grey pixels.

    And the energy distance to the test digits, 0 for pictures of the same distribution.
    """
    pixels, test = flat(pictures), flat(digits("grey").test.inputs)
    apart = 2 * cdist(pixels, test).mean() - cdist(pixels, pixels).mean() - apart_in_test()
    return {
        "confidence": classifier.predict_proba(pixels).max(axis=1).mean(),
        "distance": neighbours.kneighbors(pixels)[0].mean(),
        "grey": ((pixels > 0.2) & (pixels < 0.8)).mean(),
        "energy": apart,
    }


@functools.cache
def apart_in_test():
    """Return the mean distance of two test digits."""
    test = flat(digits("grey").test.inputs)
    return cdist(test, test).mean()


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


def variational_drawn():
    """Grey values, 0 to 255, of pictures that four models of seed 0 draw from ten numbers."""
    halves = networks(DRAWN_DIM, 0)
    train = digits("grey").train.inputs
    axes = pca(flat(train), latent_dim=DRAWN_DIM)
    plain = drawn(halves["plain"][0], seed=0)
    pictures = [
        np.clip(
            axes.decode(drawn(lambda inputs: axes.encode(flat(inputs)), seed=0)["mixture"]), 0, 1
        ),
        halves["plain"][1](plain["Gaussian"]),
        halves["plain"][1](plain["mixture"][np.random.default_rng(0).permutation(SAMPLES)]),
        halves["variational"][1](drawn(halves["variational"][0], seed=0)["standard normal"]),
    ]
    pictures[0] = pictures[0][np.random.default_rng(0).permutation(SAMPLES)]  # by component before
    rows = [np.reshape(made, (-1, 28, 28))[:DRAWN] for made in pictures]
    return [np.round(255 * np.array(rows)).astype("uint8")]


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
