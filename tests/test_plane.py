"""The plane of the codes that learns in the page: as Keras, and as Keras draws it."""

import gzip
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier
from test_engine import decode, encode, flat, rows_of, run
from test_loop import play

from lectures_lib.data import Dataset, Split
from lectures_lib.demos import autoencoders_variational_live as live
from lectures_lib.legible import small_letters
from lectures_lib.playground.answering import MIME_TYPE, start_line
from lectures_lib.playground.network import description
from lectures_lib.playground.plane import principal
from lectures_lib.playground.training import train
from lectures_lib.site.playgrounds import _engine
from lectures_lib.training import fit

pytestmark = pytest.mark.slow
DIGITS = live.plane_digits()
SEEN, UNSEEN = (getattr(DIGITS, part).inputs.reshape(-1, 64) for part in ("train", "validation"))
STEPS = (1, 13, 130)
ALL = 10**6  # turns: until nothing is left to do
SETTINGS = {
    "name": "plane", "caption": "A plane.", "kind": "plane", "epochs": 2,
    "autoencoder": live.NETWORKS, "beta": [1, 3], "learning_rate": [0.01, 0.02],
    "seed": [0, 3],
}  # fmt: skip


def few():
    parts = (DIGITS.train, DIGITS.validation, DIGITS.test)
    return Dataset(*(Split(s.inputs[:170], s.labels[:170]) for s in parts), class_names=())


def sent(seen=SEEN, unseen=UNSEEN):
    found = principal(seen, unseen)
    parts = {
        name: {"inputs": encode(x), "labels": encode(x), "width": 64, "answers": 64}
        for name, x in (("train", seen), ("validation", unseen))
    }
    more = {"axes": encode(np.array(found["axes"])), "spread": found["spread"]}
    return parts | {"validation": parts["validation"] | more}


def network(name, seed=0, **settings):
    return description(live.plane_network(autoencoder=name, **settings)) | {"seed": seed}


def weights_into(model, values):
    ends = np.cumsum([w.size for w in model.get_weights()])[:-1]
    arrays = zip(np.split(values, ends), model.get_weights(), strict=True)
    model.set_weights([part.reshape(old.shape) for part, old in arrays])
    return model


def loss_of(model, pictures, noise, beta):
    """Return loss and code in Keras' own functions, for given noise of a sampled code."""
    if len(model.layers) == 2 or noise is None:
        return tf.reduce_mean((model(pictures) - pictures) ** 2)
    hidden, code, _, wide, output = model.layers
    mean, log_variance = tf.split(code(hidden(pictures)), 2, axis=1)
    found = output(wide(mean + tf.exp(log_variance / 2) * noise))
    kl = tf.reduce_sum(mean**2 + tf.exp(log_variance) - 1 - log_variance, axis=1) / 2
    pixels = 64 * keras.losses.binary_crossentropy(pictures, found)
    return tf.reduce_mean(pixels + beta * kl)


@pytest.mark.parametrize("name", live.NETWORKS)
def test_the_page_trains_as_keras_does(name):
    model = live.plane_network(autoencoder=name, beta=3, seed=5)
    rng = np.random.default_rng(5)
    batches = [rng.permutation(len(SEEN))[:50] for _ in range(STEPS[-1])]
    noise = rng.normal(size=(len(SEEN), 2)).astype("float32") if name == "variational" else None
    case = {
        "network": description(model), "start": encode(flat(model.get_weights())),
        "inputs": rows_of(SEEN), "labels": rows_of(SEEN), "wanted": STEPS,
        "batches": [rows.tolist() for rows in batches],
    } | ({"noise": rows_of(noise)} if noise is not None else {})  # fmt: skip
    (found,) = run(cases=[case])["cases"]
    start = flat(model.get_weights())
    for k, rows in enumerate(batches, start=1):
        with tf.GradientTape() as tape:
            loss = loss_of(model, SEEN[rows], None if noise is None else noise[rows], 3)
        assert found["losses"][k - 1] == pytest.approx(float(loss), rel=1e-4)
        weights = model.trainable_variables
        model.optimizer.apply(tape.gradient(loss, weights), weights)
        if k in STEPS:
            difference = np.abs(decode(found["weights"][str(k)]) - flat(model.get_weights())).max()
            print(f"{name}: {difference:.1e} after {k} steps")
            assert difference < (1e-6 if k < 130 else 1e-5)
    assert np.abs(flat(model.get_weights()) - start).max() > 0.3


@pytest.mark.parametrize("name", live.NETWORKS)
def test_what_it_reports_is_that_of_its_weights(name):
    start = {"action": "start", "id": 1, "batchSize": 50, "epochs": 2, "turns": ALL}
    found = play(start | {"network": network(name, beta=3)}, data=sent())["reports"]
    for report in found:
        points = [p for p in report["points"] if p["epoch"] == report["epoch"]]
        if not points:
            continue
        model = weights_into(live.plane_network(autoencoder=name), decode(report["weights"]))
        away = np.asarray(model(UNSEEN)) - UNSEEN
        spread = ((UNSEEN - SEEN.mean(axis=0)) ** 2).sum()
        assert points[0]["error"] == pytest.approx((away**2).sum() / spread, rel=1e-5)
        assert ("angle" in points[0], "divergence" in points[0]) == (
            name == "linear", name == "variational")  # fmt: skip
        if name == "linear":
            axes = PCA(2).fit(SEEN).components_
            kernel = np.asarray(model.layers[1].kernel)
            angle = np.degrees(subspace_angles(kernel.T, axes.T).max())
            assert points[0]["angle"] == pytest.approx(angle, abs=2e-3)
        if name == "variational":
            mean, log_variance = np.split(
                np.asarray(model.layers[1](model.layers[0](UNSEEN))), 2, 1
            )
            kl = (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean() / 2
            assert points[0]["divergence"] == pytest.approx(kl, rel=1e-4)


def test_beta_that_is_moved_at_once_is_as_beta_from_the_start():
    begin = {"action": "start", "id": 1, "batchSize": 50, "epochs": 2}
    data = sent(SEEN[:170], UNSEEN[:50])
    moved = play(
        begin | {"network": network("variational", beta=1)},
        {"action": "change", "id": 1, "beta": 10, "turns": ALL}, data=data,
    )  # fmt: skip
    given = play(begin | {"network": network("variational", beta=10), "turns": ALL}, data=data)
    other = play(begin | {"network": network("variational", beta=1), "turns": ALL}, data=data)
    ends = [each["reports"][-1]["weights"] for each in (moved, given, other)]
    assert ends[0] == ends[1] != ends[2]


def test_the_page_holds_its_digits_in_its_budget(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    monkeypatch.setattr(live, "train", lambda *given, **more: train(*given, **more | {"epochs": 1}))
    bundle = live.latent_plane().shown[MIME_TYPE]
    page = bundle["page"]
    assert (page["kind"], page["batchSize"]) == ("plane", 50)
    assert page["structure"] == ["autoencoder", "beta"] and len(page["networks"]) == 18
    kinds = [layer["kind"] for layer in page["networks"]["variational 0.3"]["layers"]]
    assert kinds == ["dense", "tanh", "dense", "sample", "dense", "tanh", "dense", "sigmoid"]
    assert page["networks"]["variational 0.3"]["layers"][3]["beta"] == 0.3
    assert page["networks"]["variational 0.3"]["loss"]["summed"]
    text = page["examples"]["validation"]
    greys = [int(sign, 17) / 16 for sign in text["pictures"]]
    np.testing.assert_array_equal(np.float32(greys), UNSEEN.ravel())
    pca = PCA(2).fit(SEEN)
    left = UNSEEN - pca.inverse_transform(pca.transform(UNSEEN))
    error = (left**2).sum() / ((UNSEEN - pca.mean_) ** 2).sum()
    assert page["principal"]["error"] == pytest.approx(error, rel=1e-5)
    line = start_line("training", "x", page)
    assert len(gzip.compress(line.encode(), 6)) < 40_000
    assert len(gzip.compress(_engine(page), 6)) < 16 * 1024
    assert bundle["source"].startswith("demos/autoencoders_variational_live.py#L")


def test_no_digit_is_learnt_and_shown():
    assert (len(SEEN), len(UNSEEN)) == (1000, 300)
    assert not {row.tobytes() for row in SEEN} & {row.tobytes() for row in UNSEEN}
    assert np.bincount(DIGITS.validation.labels).min() > 20


@pytest.mark.parametrize("name", live.NETWORKS)
def test_the_still_tells_error_and_what_the_network_is_about(name, monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "still")
    with small_letters() as small:
        made = train(live.plane_network, few(), **SETTINGS)
    assert small == []
    state = {"autoencoder": name, "beta": 3, "learning_rate": 0.02, "seed": 3}
    alt = made.alt_text(state)
    model = live.plane_network(**state)
    data = few()
    parts = (data.train, data.validation, data.test)
    own = [Split(x, x) for x in (s.inputs.reshape(-1, 64) for s in parts)]
    fit(model, Dataset(*own, class_names=()), epochs=2, batch_size=50, seed=3, progress=False)
    seen, unseen = own[0].inputs, own[1].inputs
    spread = ((unseen - seen.mean(axis=0)) ** 2).sum()
    error = ((np.asarray(model(unseen)) - unseen) ** 2).sum() / spread
    assert f"error of the {name} network, 1 for the mean picture, is {error:.3f};" in alt
    middle = unseen
    for layer in model.layers[: {"linear": 1, "stacked": 2, "variational": 3}[name]]:
        middle = layer(middle)
    codes, labels = np.asarray(middle), data.validation.labels
    near = KNeighborsClassifier(2).fit(codes, labels).kneighbors(codes, return_distance=False)[:, 1]
    assert f"For {np.mean(labels[near] == labels):.0%} of the codes" in alt
    if name == "linear":
        angle = np.degrees(subspace_angles(np.asarray(model.layers[1].kernel).T.astype(float),
                                           PCA(2).fit(seen).components_.T).max())  # fmt: skip
        assert float(re.search(r"is (\S+) degrees", alt)[1]) == pytest.approx(angle, rel=0.06)
    if name == "variational":
        mean, log_variance = np.split(np.asarray(model.layers[1](model.layers[0](unseen))), 2, 1)
        kl = (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean() / 2
        assert f"divergence is {kl:.2f} nats at β = 3" in alt
    picture = made.picture(state)
    assert picture.width == 1000
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    for colour in ((0x00, 0x72, 0xB2), (0xC4, 0x24, 0x2B), (0xB0, 0x30, 0x7A)):
        assert (np.abs(pixels[:, :560] - colour).sum(axis=2) < 60).sum() > 20  # 0, 7 and 3


def test_a_plane_without_its_controls_and_an_unknown_network_are_refused(monkeypatch):
    monkeypatch.setenv("LECTURES_VIEW", "page")
    with pytest.raises(ValueError, match="plane: a plane needs the controls autoencoder and beta"):
        train(live.plane_network, few(), **{k: v for k, v in SETTINGS.items() if k != "beta"})
    with pytest.raises(ValueError, match="autoencoder='deep' is unknown"):
        live.plane_network(autoencoder="deep")
