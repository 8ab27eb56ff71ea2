// The layers of the course on a batch of examples, forward and backward, in the order of their
// equations. Their twins are in lectures_lib.from_scratch. Here are dense layers, which most networks
// have; a page loads what it needs of the rest.
"use strict";

globalThis.lecturesLayers = (products) => {
  const { allocate, multiply, transpose } = products;
  // A volume: values run over examples, then rows, columns and channels, as in Keras.
  // A series is a volume with a row for each step and one column.
  const volume = (rows, columns, channels, values) => ({
    rows, columns, channels, values: values || allocate(rows * columns * channels),
  });
  const at = (v, row, column, channel) => (row * v.columns + column) * v.channels + channel;
  const sizeOf = ({ rows, columns, channels }) => rows * columns * channels;
  const examplesOf = (v) => v.values.length / sizeOf(v);
  // The sum of each column, in double precision.
  const columnSums = (values, columns) => {
    const sums = new Float64Array(columns);
    for (let k = 0; k < values.length; k += columns) {
      for (let c = 0; c < columns; c++) sums[c] += values[k + c];
    }
    return Float32Array.from(sums);
  };

  // y = x A + b. On a series it acts on each step, as in Keras; flattening is no work, because the
  // values of a volume stand in that order already.
  const dense = {
    arrays: ({ shape }) => ({ kernel: shape, bias: [shape[1]] }),
    forward(input, { kernel, bias, shape: [inputs, units] }) {
      const count = input.values.length / inputs;
      const values = multiply(input.values, kernel, [count, inputs, units], { start: bias });
      return inputs === input.channels ? volume(input.rows, input.columns, units, values)
        : volume(1, 1, units, values);
    },
    backward(gradient, input, output, { kernel, shape: [inputs, units] }, deeper) {
      const count = gradient.length / units;
      return {
        kernel: multiply(input.values, gradient, [inputs, count, units], { transposed: true }),
        bias: columnSums(gradient, units),
        input: deeper
          && multiply(gradient, transpose(kernel, inputs, units), [count, units, inputs]),
      };
    },
  };

  const kinds = { dense };
  const [losses, optimisers] = [{}, {}]; // training.js

  // The volumes of a network: its input, then the output of each layer.
  const forward = (layers, input) => {
    const volumes = [input];
    for (const layer of layers) volumes.push(kinds[layer.kind].forward(volumes.at(-1), layer));
    return volumes;
  };

  // The gradients of the arrays of each layer, from the gradient of the loss in the output of the
  // last of `layers`.
  const backward = (layers, volumes, gradient) => {
    const first = layers.findIndex(({ kind }) => kinds[kind].arrays);
    const found = layers.map(() => ({}));
    for (let k = layers.length - 1; k >= first; k--) {
      found[k] = kinds[layers[k].kind].backward(gradient, volumes[k], volumes[k + 1], layers[k],
        k > first);
      gradient = found[k].input;
    }
    return found;
  };

  // Layers with their arrays, out of the weights of a network in Keras' order.
  const filled = (found, weights) => {
    let end = 0;
    return found.map((layer) => {
      const shapes = Object.entries(kinds[layer.kind].arrays?.(layer) || {});
      const arrays = shapes.map(([name, shape]) => {
        const start = end;
        end += shape.reduce((a, b) => a * b, 1);
        return [name, weights.subarray(start, end)];
      });
      return { ...layer, ...Object.fromEntries(arrays) };
    });
  };

  const all = { kinds, losses, optimisers, volume, at, sizeOf, examplesOf, columnSums, forward, backward,
    filled };
  // A page loads what it needs of the rest, which adds to `kinds`, `losses` and `optimisers`.
  for (const name of ["Images", "MoreLayers", "Recurrent", "Gated", "EarlyGRU", "Classes",
    "SquaredError", "Reconstruction", "Optimisers"]) {
    globalThis[`lectures${name}`]?.(products, all);
  }
  return all;
};
