// The layers of the course in plain JavaScript, in the order of their equations.
// Pure functions on Float32Array, without a page; their twins are in lectures_lib.from_scratch.
"use strict";

window.lecturesNetwork = (() => {
  // A volume: values run over rows, then columns, then channels, as in Keras.
  const volume = (rows, columns, channels, values) => ({
    rows, columns, channels,
    values: values || new Float32Array(rows * columns * channels),
  });
  const at = (v, row, column, channel) => (row * v.columns + column) * v.channels + channel;
  const sigmoid = (x) => 1 / (1 + Math.exp(-x));

  // What enters one sum: the pixels of the window at a place, each with its weight.
  // Pixels beyond the edge count as 0 (padding "same").
  const convolutionTerms = (input, { kernel, shape }, { row, column, channel }) => {
    const [height, width, channels, filters] = shape;
    const terms = [];
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const r = row + i - ((height - 1) >> 1);
        const c = column + j - ((width - 1) >> 1);
        const inside = r >= 0 && c >= 0 && r < input.rows && c < input.columns;
        for (let k = 0; k < channels; k++) {
          const value = inside ? input.values[at(input, r, c, k)] : 0;
          const weight = kernel[((i * width + j) * channels + k) * filters + channel];
          terms.push({ row: r, column: c, channel: k, inside, value, weight });
        }
      }
    }
    return terms;
  };

  const convolution = (input, layer) => {
    const output = volume(input.rows, input.columns, layer.shape[3]);
    for (let row = 0; row < output.rows; row++) {
      for (let column = 0; column < output.columns; column++) {
        for (let channel = 0; channel < output.channels; channel++) {
          let sum = layer.bias[channel];
          for (const { value, weight } of convolutionTerms(input, layer, { row, column, channel })) {
            sum += value * weight;
          }
          output.values[at(output, row, column, channel)] = sum;
        }
      }
    }
    return output;
  };

  const relu = (input) =>
    volume(input.rows, input.columns, input.channels, input.values.map((x) => Math.max(x, 0)));

  const poolingTerms = (input, { size }, { row, column, channel }) => {
    const terms = [];
    for (let r = size * row; r < size * (row + 1); r++) {
      for (let c = size * column; c < size * (column + 1); c++) {
        terms.push({ row: r, column: c, channel, value: input.values[at(input, r, c, channel)] });
      }
    }
    return terms;
  };

  const pooling = (input, layer) => {
    const { size } = layer;
    const output = volume(Math.floor(input.rows / size), Math.floor(input.columns / size),
      input.channels);
    for (let row = 0; row < output.rows; row++) {
      for (let column = 0; column < output.columns; column++) {
        for (let channel = 0; channel < output.channels; channel++) {
          const window = poolingTerms(input, layer, { row, column, channel });
          output.values[at(output, row, column, channel)] =
            Math.max(...window.map(({ value }) => value));
        }
      }
    }
    return output;
  };

  const globalTerms = (input, layer, { channel }) =>
    Array.from({ length: input.rows * input.columns }, (_, k) => ({
      row: Math.floor(k / input.columns), column: k % input.columns, channel,
      value: input.values[k * input.channels + channel],
    }));

  const globalPooling = (input, layer) => volume(1, 1, input.channels,
    Float32Array.from({ length: input.channels }, (_, channel) =>
      Math.max(...globalTerms(input, layer, { channel }).map(({ value }) => value))));

  const denseTerms = (input, { kernel, shape }, { channel }) =>
    Array.from(input.values, (value, k) => {
      const pixel = Math.floor(k / input.channels);
      return {
        row: Math.floor(pixel / input.columns), column: pixel % input.columns,
        channel: k % input.channels, value, weight: kernel[k * shape[1] + channel],
      };
    });

  // Flattening is no work: the values stand in that order already.
  const dense = (input, { kernel, bias, shape: [inputs, units] }) => {
    const output = volume(1, 1, units);
    for (let unit = 0; unit < units; unit++) {
      let sum = bias[unit];
      for (let k = 0; k < inputs; k++) sum += input.values[k] * kernel[k * units + unit];
      output.values[unit] = sum;
    }
    return output;
  };

  const softmax = (input) => {
    const largest = Math.max(...input.values);
    const powers = input.values.map((score) => Math.exp(score - largest)); // no overflow
    const sum = powers.reduce((a, b) => a + b, 0);
    return volume(1, 1, input.channels, powers.map((power) => power / sum));
  };

  const LAYERS = { convolution, relu, pooling, "global pooling": globalPooling, dense, softmax };

  // The volumes of a network: its input, then the output of each layer.
  const forward = (layers, input) => {
    const volumes = [input];
    for (const layer of layers) volumes.push(LAYERS[layer.kind](volumes[volumes.length - 1], layer));
    return volumes;
  };

  const TERMS = { convolution: convolutionTerms, pooling: poolingTerms,
    "global pooling": globalTerms, dense: denseTerms };
  // What one unit of layer `k` is computed from; `relu` and `softmax` have no sum of their own.
  const terms = (layers, volumes, k, place) => {
    const collect = TERMS[layers[k].kind];
    return collect ? collect(volumes[k], layers[k], place) : [];
  };

  // The part of the picture that a unit of layer `k` can see: rows and columns, both ends counted.
  const windowOf = (layers, volumes, k, { row, column }) => {
    let [top, bottom, left, right] = [row, row, column, column];
    for (let i = k; i >= 0; i--) {
      const { kind, size, shape } = layers[i];
      if (kind === "convolution") {
        const [up, side] = [(shape[0] - 1) >> 1, (shape[1] - 1) >> 1];
        [top, bottom, left, right] = [top - up, bottom + up, left - side, right + side];
      } else if (kind === "pooling") {
        [top, left] = [size * top, size * left];
        [bottom, right] = [size * bottom + size - 1, size * right + size - 1];
      } else if (kind === "dense" || kind === "global pooling") {
        [top, bottom, left, right] = [0, volumes[i].rows - 1, 0, volumes[i].columns - 1];
      }
    }
    const { rows, columns } = volumes[0];
    return {
      top: Math.max(top, 0), bottom: Math.min(bottom, rows - 1),
      left: Math.max(left, 0), right: Math.min(right, columns - 1),
    };
  };

  // One LSTM layer: inputs run over steps, then features; blocks of K, R, b in the order i, f, g, o.
  const lstm = (inputs, { kernel, recurrent, bias, features, units }) => {
    const steps = inputs.length / features;
    const names = ["input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"];
    const states = Object.fromEntries(names.map((n) => [n, new Float32Array(steps * units)]));
    let hidden = new Float32Array(units);
    let cell = new Float32Array(units);
    for (let t = 0; t < steps; t++) {
      const driven = Float32Array.from(bias); // x K + h R + b
      for (let column = 0; column < 4 * units; column++) {
        for (let n = 0; n < features; n++) {
          driven[column] += inputs[t * features + n] * kernel[n * 4 * units + column];
        }
        for (let u = 0; u < units; u++) {
          driven[column] += hidden[u] * recurrent[u * 4 * units + column];
        }
      }
      const [before, next] = [cell, new Float32Array(units)];
      [hidden, cell] = [next, new Float32Array(units)];
      for (let u = 0; u < units; u++) {
        const i = sigmoid(driven[u]);
        const f = sigmoid(driven[units + u]);
        const g = Math.tanh(driven[2 * units + u]);
        const o = sigmoid(driven[3 * units + u]);
        cell[u] = f * before[u] + i * g;
        hidden[u] = o * Math.tanh(cell[u]);
        [i, f, g, o, cell[u], hidden[u]].forEach((x, k) => (states[names[k]][t * units + u] = x));
      }
    }
    return { steps, units, ...states };
  };

  // Numbers travel as base64 of float32, little-endian.
  const decode = (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };
  // Cut one long array into pieces of the given shapes.
  const split = (numbers, shapes) => {
    let end = 0;
    return shapes.map((shape) => {
      const start = end;
      end += shape.reduce((a, b) => a * b, 1);
      return numbers.slice(start, end);
    });
  };

  return { volume, at, forward, terms, windowOf, lstm, dense, softmax, decode, split };
})();
