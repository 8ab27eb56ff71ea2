"""PCA, angles, divergence and sample against scikit-learn, SciPy, integrals and chance itself."""

import numpy as np
import pytest
import scipy.linalg
import tensorflow as tf
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import quad
from sklearn import decomposition

from lectures_lib.from_scratch import gaussian_kl, pca, principal_angles, reparametrise


def cloud(examples, features, seed=0):
    """Return points far from the origin, whose spread differs from direction to direction."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(features, features)) * np.linspace(3, 0.2, features)
    return rng.normal(size=(examples, features)) @ mixing.T + 10 * rng.normal(size=features)


@pytest.mark.parametrize(("examples", "features"), [(50, 7), (6, 11), (9, 9)])
@pytest.mark.parametrize("latent_dim", [1, 3, 6])
def test_pca_is_that_of_scikit_learn(examples, features, latent_dim):
    inputs = cloud(examples, features)
    ours, theirs = pca(inputs, latent_dim=latent_dim), decomposition.PCA(latent_dim).fit(inputs)
    # The smallest of all axes is arbitrary if the cloud has as many points as dimensions, or fewer.
    known = min(latent_dim, examples - 1)
    assert_allclose(ours.mean, theirs.mean_)
    signs = np.sign(np.sum(ours.axes * theirs.components_, axis=1, keepdims=True))
    assert_allclose((signs * ours.axes)[:known], theirs.components_[:known], atol=1e-9)
    assert len(ours.variances) == min(examples, features)
    rescaled = ours.variances[:latent_dim] * examples / (examples - 1)
    assert_allclose(rescaled, theirs.explained_variance_, atol=1e-9)
    assert_allclose(ours.encode(inputs), theirs.transform(inputs) * signs.T, atol=1e-8)
    back = theirs.inverse_transform(theirs.transform(inputs))
    assert_allclose(ours.decode(ours.encode(inputs)), back, atol=1e-8)


def test_pca_codes_new_points_with_the_old_mean():
    found = pca([[0.0, 1.0], [2.0, 1.0], [1.0, 1.5], [1.0, 0.5]], latent_dim=1)
    codes = found.encode([[5.0, 3.0]])
    assert_allclose(abs(codes), [[4.0]])
    assert_allclose(found.decode(codes), [[5.0, 1.0]])
    assert_allclose(found.variances, [0.5, 0.125])


@pytest.mark.parametrize("latent_dim", [1, 2, 4])
def test_discarded_variance_is_the_error(latent_dim):
    inputs = cloud(40, 5, seed=2)
    found = pca(inputs, latent_dim=latent_dim)
    error = np.sum((found.decode(found.encode(inputs)) - inputs) ** 2, axis=1).mean()
    assert error == pytest.approx(found.variances[latent_dim:].sum(), rel=1e-9)


@pytest.mark.parametrize(
    ("inputs", "latent_dim", "text"),
    [
        (np.ones((4, 28, 28)), 2, r"inputs has shape \(4, 28, 28\).*Flatten images"),
        (np.ones((4, 3)), 4, "latent_dim=4, but 4 examples of 3 features have 3 axes"),
        (np.ones((2, 3)), 3, "2 examples of 3 features have 2 axes at most. Lower"),
        (np.ones((4, 3)), 0, "latent_dim=0, but it must be an integer >= 1"),
    ],
)
def test_errors_of_pca(inputs, latent_dim, text):
    with pytest.raises(ValueError, match=text):
        pca(inputs, latent_dim=latent_dim)


@pytest.mark.parametrize(("first", "second"), [(3, 3), (2, 4), (5, 2), (1, 1), (6, 6)])
@pytest.mark.parametrize("seed", range(3))
def test_angles_are_those_of_scipy(first, second, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(first, 7)), rng.normal(size=(second, 7))
    angles = principal_angles(A, B)
    assert len(angles) == min(first, second)
    # SciPy gives angles below 45 degrees to full precision, as we do.
    assert_allclose(angles, scipy.linalg.subspace_angles(A.T, B.T), atol=1e-12)


@pytest.mark.parametrize("angle", [1e-12, 1e-7, 0.3, 0.8, np.pi / 2 - 1e-12, np.pi / 2])
def test_tiny_and_right_angles_keep_their_digits(angle):
    first = np.eye(5)[[0, 1]]
    turned = [np.cos(angle) * np.eye(5)[0] + np.sin(angle) * np.eye(5)[3], np.eye(5)[1]]
    assert_allclose(principal_angles(first, turned), [angle, 0], rtol=1e-9, atol=1e-15)
    assert_allclose(principal_angles(turned, first), [angle, 0], rtol=1e-9, atol=1e-15)


def test_angles_do_not_depend_on_the_basis():
    rng = np.random.default_rng(4)
    A, B, mixing = rng.normal(size=(3, 6)), rng.normal(size=(2, 6)), rng.normal(size=(3, 3))
    assert_allclose(principal_angles(mixing @ A, -3 * B), principal_angles(A, B), atol=1e-12)
    assert_allclose(principal_angles(mixing @ A, A), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (np.eye(3)[:2], np.eye(4)[:2], r"second has shape \(2, 4\), needs \(vectors, 3\)"),
        (np.ones(3), np.ones((1, 3)), r"first has shape \(3,\), needs \(vectors, features\)"),
        ([[1, 2, 0], [2, 4, 0]], np.eye(3), "first has 2 rows, but they span 1 dimensions"),
        (np.eye(3), [[0, 0, 0], [1, 2, 0]], "second has 2 rows, but they span 1"),
    ],
)
def test_errors_of_the_angles(first, second, text):
    with pytest.raises(ValueError, match=text):
        principal_angles(first, second)


MEAN = np.array([[0.0, 0.7, -2.0], [1.5, -0.3, 0.1]])
LOG_VARIANCE = np.array([[0.0, -1.2, 0.8], [-3.0, 0.5, 0.0]])


def integrated_kl(mean, log_variance):
    """Return the integral of q ln(q / p) for one number."""
    q, p = stats.norm(mean, np.exp(log_variance / 2)), stats.norm()
    bounds = q.mean() - 12 * q.std(), q.mean() + 12 * q.std()
    return quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), *bounds, epsabs=1e-12)[0]


def test_kl_is_the_integral():
    pairs = zip(MEAN.ravel(), LOG_VARIANCE.ravel(), strict=True)
    integrals = np.reshape([integrated_kl(*pair) for pair in pairs], MEAN.shape)
    assert_allclose(gaussian_kl(MEAN, LOG_VARIANCE), integrals.sum(axis=1), rtol=1e-8)
    assert (integrals[0, 0], integrals[1, 0]) == (
        pytest.approx(0, abs=1e-10),
        pytest.approx(2.15, 0.01),
    )


def test_kl_by_chance():
    """The divergence of all axes together, with the densities of SciPy's multivariate normal."""
    q = stats.multivariate_normal(MEAN[1], np.diag(np.exp(LOG_VARIANCE[1])))
    samples = q.rvs(200_000, random_state=0)
    log_ratio = q.logpdf(samples) - stats.multivariate_normal(np.zeros(3)).logpdf(samples)
    error = log_ratio.std() / np.sqrt(len(samples))
    assert abs(gaussian_kl(MEAN, LOG_VARIANCE)[1] - log_ratio.mean()) < 4 * error
    assert error < 0.01


def test_a_sample_has_the_mean_and_the_variance():
    noise = np.random.default_rng(0).standard_normal((100_000, 2, 3))
    samples = reparametrise(MEAN, LOG_VARIANCE, noise)
    assert samples.shape == noise.shape
    sigma = np.exp(LOG_VARIANCE / 2)
    assert np.all(abs(samples.mean(axis=0) - MEAN) < 4.5 * sigma / np.sqrt(len(noise)))
    covariance = np.cov(samples[:, 1].T)
    expected = np.diag(sigma[1] ** 2)
    scale = np.outer(sigma[1], sigma[1])
    assert np.all(abs(covariance - expected) < 5 * scale * np.sqrt(2 / len(noise)))


def test_a_sample_can_be_differentiated_as_tensorflow_does():
    noise = np.random.default_rng(1).standard_normal(MEAN.shape)
    mean, log_variance = tf.Variable(MEAN), tf.Variable(LOG_VARIANCE)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum((mean + tf.exp(log_variance / 2) * noise) ** 3)
    by_mean, by_log_variance = tape.gradient(total, [mean, log_variance])
    sample, step = reparametrise(MEAN, LOG_VARIANCE, noise), 1e-6
    assert float(total) == pytest.approx(np.sum(sample**3))
    # What the docstring says about the two derivatives, through z^3.
    assert_allclose(by_mean, 3 * sample**2)
    assert_allclose(by_log_variance, 3 * sample**2 * np.exp(LOG_VARIANCE / 2) * noise / 2)
    for i, j in np.ndindex(MEAN.shape):
        change = step * (np.arange(6).reshape(2, 3) == 3 * i + j)
        up, down = (reparametrise(MEAN, LOG_VARIANCE + sign * change, noise) for sign in (1, -1))
        slope = np.sum(up**3 - down**3) / (2 * step)
        assert slope == pytest.approx(float(by_log_variance[i, j]), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        ([(3,), (3,), (3,)], r"mean has shape \(3,\), needs \(examples, latent_dim\)"),
        (
            [(2, 3), (3,), (2, 3)],
            r"log_variance has shape \(3,\), needs \(2, 3\). One for each mean",
        ),
        ([(2, 3), (2, 3), (3, 2)], r"noise has shape \(3, 2\), needs \(2, 3\). One number for"),
    ],
)
def test_errors_of_gaussian_codes(shapes, text):
    mean, log_variance, noise = map(np.zeros, shapes)
    with pytest.raises(ValueError, match=text):
        reparametrise(mean, log_variance, noise)
    if noise.shape == mean.shape:
        with pytest.raises(ValueError, match=text):
            gaussian_kl(mean, log_variance)
