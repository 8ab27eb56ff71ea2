"""Checks of the chapters on convolutional networks."""

from math import comb

import numpy as np

from lectures_lib.exercises import Case, exercise
from lectures_lib.exercises.cnn_trained import tracks


@exercise("cnn-dense-weights", chapter="cnn/why_convolutions")
def _dense_weights(rng):
    # Counted one by one rather than multiplied.
    drawn = rng.integers(2, 20, size=(2, 4)).tolist()
    for height, width, channels, units in [(32, 32, 3, 1), (200, 200, 3, 1), *drawn]:
        inputs = sum(1 for _ in np.ndindex(height, width, channels))
        yield Case(
            sum(inputs + 1 for _ in range(units)),
            {"height": height, "width": width, "channels": channels, "units": units},
            hint="Every unit has one weight per input value, and one bias.",
            mistakes={
                "The biases are missing: one for each unit.": inputs * units,
                "Each unit has a bias of its own; this counts one for all.": inputs * units + 1,
            },
        )


@exercise("cnn-toeplitz", chapter="cnn/why_convolutions")
def _toeplitz(rng):
    for length, size in [(rng.integers(6, 10), 3), (rng.integers(4, 12), 2), (5, 5)]:
        kernel = rng.normal(size=size)
        # Column j is the response to a unit impulse at j.
        columns = [np.correlate(impulse, kernel, "valid") for impulse in np.eye(length)]
        yield Case(
            np.stack(columns, axis=1),
            {"kernel": kernel, "input_length": int(length)},
            hint="Row i holds the kernel, starting in column i; all else is 0.",
            mistakes={
                "This is the transposed matrix: a row belongs to an output.": columns,
                "The kernel is reversed: what networks call a convolution does not turn it.": (
                    np.stack(columns, axis=1)[::-1, ::-1]
                ),
            },
        )


def _by_kernels(image, size):
    """Return the angle that the chapter's kernels find, if they have a side of `size` pixels."""
    from scipy.signal import correlate2d

    angles = np.arange(0.0, 180.0, 15.0)
    kernels = tracks(angles, offsets=np.zeros(12), size=size)
    kernels -= kernels.mean(axis=(1, 2), keepdims=True)
    norms = np.sqrt((kernels**2).sum(axis=(1, 2)))
    largest = [correlate2d(image, kernel, "valid").max() for kernel in kernels]
    return angles[np.argmax(largest / norms)]


def _by_likelihood(image):
    """Return the angle of the track, anywhere in the middle of a picture, that explains it best."""
    angles, offsets = np.mgrid[0:180:15, -6:6.5:0.5]
    drawn = tracks(angles.ravel(), offsets=offsets.ravel())
    fits = (image * drawn).sum(axis=(1, 2)) - 0.5 * (drawn**2).sum(axis=(1, 2))
    return angles.ravel()[np.argmax(fits)]


@exercise("cnn-track-angle", chapter="cnn/why_convolutions")
def _track_angle(rng):
    asked = 0
    while asked < 4:
        degrees = rng.choice(np.arange(15.0, 180.0, 15.0))
        clean = tracks(np.array([degrees]), offsets=rng.uniform(-5, 5, size=1))[0]
        image = clean + rng.normal(size=clean.shape)
        wrong = _by_kernels(image, 9)
        # What is asked can be found in both ways of the hint.
        if wrong != degrees == _by_kernels(image, 21) == _by_likelihood(image):
            asked += 1
            yield Case(
                degrees,
                {"image": image},
                tolerance=0.07,  # relative: finds the right one of steps of 15 degrees
                hint="Compare the picture with longer pieces of track, or with whole tracks.",
                mistakes={"This is what kernels of 9 pixels say of this event.": wrong},
            )


@exercise("cnn-output-size", chapter="cnn/convolution_layers")
def _output_size(rng):
    drawn = rng.integers([10, 2, 2, 0], [60, 8, 5, 4], size=(3, 4)).tolist()
    for size, kernel, stride, padding in [(32, 3, 1, 1), (7, 3, 2, 0), (9, 4, 2, 1), *drawn]:
        # Slide the window over the padded line and count where it fits.
        starts = range(0, size + 2 * padding - kernel + 1, stride)
        yield Case(
            sum(1 for _ in starts),
            {"input_size": size, "kernel_size": kernel, "stride": stride, "padding": padding},
            hint="Count the starting positions; the first one counts too.",
            mistakes={
                "Round down: a window that does not fit as a whole is left out.": (
                    (size + 2 * padding - kernel) / stride + 1
                ),
                "The padding is added at both ends.": (size + padding - kernel) // stride + 1,
                "The first position is missing.": (size + 2 * padding - kernel) // stride,
            },
        )


@exercise("cnn-parameters", chapter="cnn/convolution_layers")
def _parameters(rng):
    drawn = rng.integers([2, 2, 3, 2], [5, 7, 20, 12], size=(2, 4)).tolist()
    for channels, kernel, filters, units in [(3, 5, 12, 10), *drawn]:
        weights = np.zeros((kernel, kernel, channels, filters)).size + filters
        flat = filters * (kernel**2 + 1) + units * (16 * 16 * filters + 1)
        unpooled = weights + units * (32 * 32 * filters + 1)
        # 32 x 32 stays 32 x 32 (same padding) and is halved by pooling.
        weights += np.zeros((16 * 16 * filters, units)).size + units
        yield Case(
            weights,
            {"channels": channels, "kernel_size": kernel, "filters": filters, "units": units},
            hint="Filters reach through all channels; the dense layer sees the pooled volume.",
            mistakes={
                "The dense layer reads what pooling leaves: half as many rows and columns.": (
                    unpooled
                ),
                "A filter has weights for every channel of its input.": flat,
            },
        )


@exercise("cnn-receptive-field", chapter="cnn/convolution_layers")
def _receptive_field(rng):
    layers = rng.integers(3, 6, size=2)
    drawn = [(rng.integers(2, 6, n).tolist(), rng.integers(1, 4, n).tolist()) for n in layers]
    for kernel_sizes, strides in [([3, 3], [1, 1]), ([5, 2, 3, 2], [2] * 4), *drawn]:
        first = last = 0  # walk back from one output unit to the pixels it can see
        for kernel, stride in zip(reversed(kernel_sizes), reversed(strides), strict=True):
            first, last = first * stride, last * stride + kernel - 1
        yield Case(
            last - first + 1,
            {"kernel_sizes": kernel_sizes, "strides": strides},
            hint="A layer's growth is multiplied by all strides before it.",
            mistakes={
                "The strides are missing: behind a stride of 2 a kernel reaches twice as far.": (
                    sum(kernel_sizes) - len(kernel_sizes) + 1
                ),
                "A layer's own stride does not widen its kernel; only those before it do.": (
                    1 + sum((np.array(kernel_sizes) - 1) * np.cumprod(strides))
                ),
            },
        )


@exercise("cnn-input-gradient", chapter="cnn/convolution_layers")
def _input_gradient(rng):
    drawn = int(rng.integers(6, 10))
    for shape, kernel_shape, stride in [((6, 5), (3, 2), 1), ((8, drawn), (2, 3), 2),
                                        ((drawn, 9), (4, 3), 3)]:  # fmt: skip
        kernel = rng.normal(size=kernel_shape)
        outputs = [(n - k) // stride + 1 for n, k in zip(shape, kernel_shape, strict=True)]
        slopes = rng.normal(size=outputs)
        expected, turned, last = np.zeros((3, *shape))
        # The layer is linear: a pixel's share of the loss is what an image of it alone gives.
        for i, j in np.ndindex(shape):
            for row, column in np.ndindex(*outputs):
                u, v = i - stride * row, j - stride * column
                if 0 <= u < kernel_shape[0] and 0 <= v < kernel_shape[1]:
                    expected[i, j] += slopes[row, column] * kernel[u, v]
                    turned[i, j] += slopes[row, column] * kernel[-1 - u, -1 - v]
                    last[i, j] = slopes[row, column] * kernel[u, v]
        yield Case(
            expected,
            {"slopes": slopes, "kernel": kernel, "image_shape": shape, "stride": stride},
            hint="Each output hands its slope, times the weights, back to the pixels it has read.",
            mistakes={
                "Windows overlap: what several of them hand back to a pixel adds up.": last,
                "The kernel is turned round: the pixel that it read with a weight gets that "
                "weight.": turned,
            },
        )


@exercise("cnn-confusion-matrix", chapter="cnn/digits")
def _confusion_matrix(rng):
    for classes, images in [(3, 12), (10, rng.integers(150, 250)), (4, 9)]:
        present = 3 if classes == 4 else classes  # in the last case one class does not occur
        labels, predicted = rng.integers(0, present, size=(2, images))
        counts = [
            [np.count_nonzero((labels == i) & (predicted == j)) for j in range(classes)]
            for i in range(classes)
        ]
        yield Case(
            counts,
            {"labels": labels, "predicted": predicted, "classes": classes},
            hint="Row: the true class, column: the class predicted.",
            mistakes={
                "This is the transposed matrix: a row belongs to a true class.": np.transpose(
                    counts
                ),
                "A pair that occurs often counts once: np.add.at counts all, += does not.": (
                    np.minimum(counts, 1)
                ),
                "These are shares; the entries are numbers of images.": (np.array(counts) / images),
            },
        )


@exercise("cnn-standard-error", chapter="cnn/digits")
def _standard_error(rng):
    drawn = [(int(n * rng.uniform(0.6, 0.98)), n) for n in rng.integers(50, 5000, 2).tolist()]
    for right, images in [(351, 360), (50, 100), *drawn]:
        # The standard deviation of the mean of `images` coin flips, from the flips themselves.
        flips = np.repeat([1.0, 0.0], [right, images - right])
        yield Case(
            flips.std() / np.sqrt(images),
            {"accuracy": right / images, "images": images},
            hint="One image is right with probability p: its variance is p(1 - p).",
            mistakes={
                "This is the variance; the standard deviation is its root.": flips.var() / images,
                "This is the spread of one image; the mean of many spreads less.": flips.std(),
                "One image has the variance p(1 - p), not p.": np.sqrt(right) / images,
            },
        )


def _nearest(inputs, labels):
    """Learn pictures by heart: the class of a new one is that of the nearest."""

    def predict(new):
        distances = ((np.asarray(new)[:, np.newaxis] - inputs) ** 2).sum(axis=(2, 3, 4))
        return labels[distances.argmin(axis=1)]

    return predict


@exercise("cnn-next-writers", chapter="cnn/digits")
def _next_writers(rng):
    for images, blocks in [(24, 4), (31, 3), (int(rng.integers(40, 60)), 7)]:
        labels = rng.integers(0, 3, size=images)
        hands = rng.normal(size=(12, 3, 5, 4, 1))  # how each of twelve writers writes three classes
        writers = np.arange(images) * 12 // images
        inputs = hands[writers, labels] + 0.1 * rng.normal(size=(images, 5, 4, 1))
        ends = np.cumsum([images // blocks + (i < images % blocks) for i in range(blocks)])
        parts = np.searchsorted(ends, np.arange(images), side="right")

        def accuracies(parts, inputs=inputs, labels=labels):
            scores = []
            for part in range(max(parts) + 1):
                out = parts == part
                found = _nearest(inputs[~out], labels[~out])(inputs[out])
                scores.append(sum(found == labels[out]) / sum(out))
            return scores

        yield Case(
            accuracies(parts),
            {"train": _nearest, "images": inputs, "labels": labels, "blocks": blocks},
            hint="Each part is left out once, and learnt from all others; parts are neighbours.",
            mistakes={
                "Its pictures were learnt: leave the part out before you train.": np.ones(blocks),
                "Neighbours must stay together; this takes every blocks-th picture.": (
                    accuracies(np.arange(images) % blocks)
                ),
            },
        )


@exercise("cnn-largest-rate", chapter="cnn/tuning")
def _largest_rate(rng):
    drawn = zip(*(10 ** rng.uniform(-1, 1, size=(2, 3))), rng.uniform(0.3, 0.95, 3), strict=True)
    for curvature, l2, momentum in [(3.0, 0.5, 0.9), *((float(v) for v in row) for row in drawn)]:
        slope = curvature + 2 * l2
        # Halve the interval until no state (v, w) grows: the eigenvalues of a step say so.
        stable, grows = 0.0, 1e4
        for _ in range(80):
            rate = (stable + grows) / 2
            step = [[momentum, -rate * slope], [momentum, 1 - rate * slope]]
            if np.abs(np.linalg.eigvals(step)).max() > 1:
                grows = rate
            else:
                stable = rate
        yield Case(
            stable,
            {"curvature": curvature, "l2": l2, "momentum": momentum},
            tolerance=1e-3,
            hint="A step takes (v, w) to (m v - rate k w, w + m v - rate k w), k = h + 2 l2.",
            mistakes={
                "This is the limit without momentum.": 2 / slope,
                "With momentum many steps add up, but they change sign at the limit.": (
                    2 * (1 - momentum) / slope
                ),
                "The gradient of l2 * w**2 has a factor 2.": 2 * (1 + momentum) / (curvature + l2),
            },
        )


@exercise("cnn-choose-cell", chapter="cnn/tuning")
def _choose_cell(rng):
    validation = np.array([[0.10, 0.95, 0.90], [0.97, 0.97, 0.99], [0.30, 0.97, 0.97]])
    losses = np.array([[2.3, 0.20, 0.31], [0.15, 0.12, np.nan], [1.9, 0.13, np.inf]])
    hint = "Leave out what diverged; of equal accuracies take the last column, then the first row."
    turned = {"validation": validation[::-1, 1:], "losses": losses[::-1, 1:]}
    yield Case((1, 1), {"validation": validation, "losses": losses}, hint=hint)
    yield Case((0, 0), turned, hint=hint)
    yield Case((0, 1), {"validation": validation[:1], "losses": losses[:1]}, hint=hint)
    best_diverged = {"validation": validation[:, ::-1], "losses": -losses[:, ::-1]}
    yield Case((1, 2), best_diverged, hint=hint)
    for _ in range(2):
        validation = rng.choice([0.3, 0.9, 0.95], size=(4, 5))
        losses = np.where(rng.random((4, 5)) < 0.2, np.nan, rng.random((4, 5)))
        finite = [(validation[i, j], j, -i) for i, j in np.argwhere(~np.isnan(losses))]
        _, column, row = max(finite)
        yield Case((-row, column), {"validation": validation, "losses": losses}, hint=hint)


@exercise("cnn-best-of-many", chapter="cnn/tuning")
def _best_of_many(rng):
    # The sum of P(largest > c) over c, with the binomial probabilities written out.
    drawn = (rng.uniform(0.8, 0.95, size=3).round(3), int(rng.integers(50, 200)))
    for accuracies, images in [([0.96, 0.95, 0.9], 180), ([0.5, 0.2], 20), ([0.9], 100), drawn]:
        at_most = 1.0
        for accuracy in accuracies:
            ways = [
                comb(images, c) * accuracy**c * (1 - accuracy) ** (images - c)
                for c in range(images)
            ]
            at_most = at_most * np.cumsum(ways)
        yield Case(
            np.sum(1 - at_most) / images,
            {"accuracies": np.array(accuracies), "images": images},
            tolerance=2e-3,
            hint="Take the largest of the measured accuracies first, then the mean of many draws.",
            counts=np.sum(1 - at_most) / images > max(accuracies) + 0.005,
        )


@exercise("cnn-logits-gradient", chapter="cnn/cifar10")
def _logits_gradient(rng):
    moderate = rng.normal(size=(7, 4))
    labels = rng.integers(4, size=7)

    def loss(logits):
        odds = [sum(np.exp(row - row[k])) for row, k in zip(logits, labels, strict=True)]
        return np.mean(np.log(odds))

    slopes = np.empty_like(moderate)
    for i, k in np.ndindex(moderate.shape):
        step = np.zeros_like(moderate)
        step[i, k] = 1e-5
        slopes[i, k] = (loss(moderate + step) - loss(moderate - step)) / 2e-5
    yield Case(
        slopes,
        {"logits": moderate, "labels": labels},
        hint="Differentiate the two terms of the loss of one picture by one logit, and then take "
        "the mean over the pictures: divide by their number.",
        mistakes={
            "This is the gradient of the sum over the pictures; the loss is their mean.": (
                len(labels) * slopes
            ),
            "The sign is turned: this points to where the loss falls.": -slopes,
            "The term of the true class is missing.": slopes + np.eye(4)[labels] / len(labels),
        },
    )
    yield Case(
        [[0.0, 0.0, 0.0], [0.5, 0.0, -0.5]],
        {
            "logits": np.array([[1000.0, 0.0, -1000.0], [1000.0, 0.0, -800.0]]),
            "labels": np.array([0, 2]),
        },
        hint="Take the largest logit of each row off before the exponential.",
    )


@exercise("cnn-temperature", chapter="cnn/cifar10")
def _temperature(rng):
    odds = np.log(3.0)
    # Three of four answers are right: the larger probability must be 3/4, the logits log(3) apart.
    known = {"logits": np.tile([2 * odds, 0.0], (4, 1)), "labels": np.array([0, 1, 0, 0])}
    hint = (
        "Compute the mean loss for values of T from 0.1 to 10, and take the best. Is the grid as "
        "fine as 1 %?"
    )
    turned = "This is 1/T: the logits are divided by T."
    yield Case(2.0, known, tolerance=0.005, hint=hint, mistakes={turned: 1 / 2.0})
    for sharpness in (0.4, 5.0):
        z = rng.normal(scale=2.0, size=(400, 5))
        gumbel = rng.gumbel(size=z.shape)
        labels = (z + gumbel).argmax(axis=1)  # drawn with the probabilities softmax(z)

        def excess(t, z=z, labels=labels):
            """Return by how much the mean of z under softmax(z / t) is above that of the labels."""
            p = 1 / np.exp((z[:, np.newaxis] - z[:, :, np.newaxis]) / t).sum(axis=2)
            return np.sum(p * z) - z[np.arange(len(z)), labels].sum()

        low, high = 0.1, 10.0
        while high / low > 1 + 1e-6:
            middle = np.sqrt(low * high)
            low, high = (middle, high) if excess(middle) > 0 else (low, middle)
        yield Case(
            sharpness * low,
            {"logits": sharpness * z, "labels": labels},
            tolerance=0.005,
            hint=hint,
            mistakes={turned: 1 / (sharpness * low)},
        )
