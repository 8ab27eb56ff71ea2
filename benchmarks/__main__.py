"""What the course claims about speed, as ratios measured in one run: `make bench`."""

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


def main():
    """Print the table."""
    print(f"{'what':66} {'first (ms)':>11} {'second (ms)':>12} {'ratio':>7}")
    for measure in (imports, convolution, frames):
        name, first, second = measure()
        print(f"{name:66} {1000 * first:11.2f} {1000 * second:12.2f} {first / second:7.1f}")


if __name__ == "__main__":
    main()
