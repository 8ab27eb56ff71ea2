// What an autoencoder is asked after each epoch: how far its outputs are from the pictures, what its
// codes cost, and how far the plane of a linear decoder is turned from that of PCA.
"use strict";

globalThis.lecturesCodes = ({ kinds, volume, forward, evaluate, mark, release }) => {
  // The largest principal angle in degrees of two planes, each two rows in one array: its squared
  // cosine is the smaller root of a quadratic equation. The rows of `axes` are orthonormal.
  const angle = (rows, axes) => {
    const half = axes.length / 2;
    const dot = (a, i, b, j) => {
      let sum = 0;
      for (let k = 0; k < half; k++) sum += a[i * half + k] * b[j * half + k];
      return sum;
    };
    const gram = (f) => [f(0, 0), f(0, 1), f(1, 1)];
    const [a, b, c] = gram((i, j) => dot(rows, i, rows, j));
    const [p, q, r] = gram((i, j) => dot(rows, i, axes, 0) * dot(rows, j, axes, 0)
      + dot(rows, i, axes, 1) * dot(rows, j, axes, 1));
    const size = a * c - b * b;
    const sum = (c * p - 2 * b * q + a * r) / size;
    const least = (sum - Math.sqrt(Math.max(sum * sum - (4 * (p * r - q * q)) / size, 0))) / 2;
    return (180 / Math.PI) * Math.asin(Math.sqrt(Math.max(1 - least, 0)));
  };

  return {
    // `spread` is the sum of squares about the mean picture, and `axes` are those of PCA.
    evaluate(network, examples) {
      const { inputs, spread, axes } = examples;
      const found = evaluate(network, examples);
      if (!axes) return found;
      const before = mark();
      const { layers, input } = network;
      const volumes = forward(layers, volume(...input, inputs));
      const code = layers.findIndex(({ kind }) => kind === "sample");
      network.seen = {
        error: volumes.at(-1).values.reduce((sum, x, k) => sum + (x - inputs[k]) ** 2, 0) / spread,
        ...(code > 0 && { divergence: kinds.sample.cost(volumes[code], { beta: 1 }) }),
        ...(layers.length === 2 && { angle: angle(layers[1].kernel, axes) }),
      };
      release(before);
      return found;
    },
  };
};
