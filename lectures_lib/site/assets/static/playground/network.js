// What the playgrounds do with the layers beyond `forward`: the sums behind a unit, the part of a
// picture that it sees, and how networks come out of a text.
"use strict";

globalThis.lecturesNetwork ??= (() => {
  // One example at a time: plain products are quick enough, and nothing has to be released.
  const layers = lecturesLayers(lecturesProducts({ simd: false }));
  const { volume, at, forward, filled } = layers;

  // What enters one sum: the pixels of the window at a place, each with its weight.
  // Pixels beyond the edge count as 0 (padding "same").
  const convolutionTerms = (input, layer, { row, column, channel }) => {
    const { kernel, shape: [height, width, channels, filters] } = layer;
    const { top, left } = layers.placesOf(input, layer);
    const terms = [];
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const [r, c] = [row + i + top, column + j + left];
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

  const poolingTerms = (input, { size }, { row, column, channel }) => {
    const terms = [];
    for (let r = size * row; r < size * (row + 1); r++) {
      for (let c = size * column; c < size * (column + 1); c++) {
        terms.push({ row: r, column: c, channel, value: input.values[at(input, r, c, channel)] });
      }
    }
    return terms;
  };

  const globalTerms = (input, layer, { channel }) =>
    Array.from({ length: input.rows * input.columns }, (_, k) => ({
      row: Math.floor(k / input.columns), column: k % input.columns, channel,
      value: input.values[k * input.channels + channel],
    }));

  const denseTerms = (input, { kernel, shape }, { channel }) =>
    Array.from(input.values, (value, k) => {
      const pixel = Math.floor(k / input.channels);
      return {
        row: Math.floor(pixel / input.columns), column: pixel % input.columns,
        channel: k % input.channels, value, weight: kernel[k * shape[1] + channel],
      };
    });

  const TERMS = { convolution: convolutionTerms, pooling: poolingTerms,
    "global pooling": globalTerms, dense: denseTerms };
  // What one unit of layer `k` is computed from; `relu` and `softmax` have no sum of their own.
  const terms = (found, volumes, k, place) => {
    const collect = TERMS[found[k].kind];
    return collect ? collect(volumes[k], found[k], place) : [];
  };

  // The part of the picture that a unit of layer `k` can see: rows and columns, both ends counted.
  const windowOf = (found, volumes, k, { row, column }) => {
    let [top, bottom, left, right] = [row, row, column, column];
    for (let i = k; i >= 0; i--) {
      const { kind, size, shape } = found[i];
      const { rows, columns } = volumes[i];
      if (kind === "convolution") {
        const first = layers.placesOf(volumes[i], found[i]);
        [top, left] = [top + first.top, left + first.left];
        [bottom, right] = [bottom + first.top + shape[0] - 1, right + first.left + shape[1] - 1];
      } else if (kind === "pooling") {
        [top, left] = [size * top, size * left];
        [bottom, right] = [size * bottom + size - 1, size * right + size - 1];
      } else if (kind === "dense" || kind === "global pooling") {
        [top, bottom, left, right] = [0, rows - 1, 0, columns - 1];
      }
      // Nothing comes from beyond an edge, and pooling may leave out the last pixels before it.
      [top, bottom] = [Math.max(top, 0), Math.min(bottom, rows - 1)];
      [left, right] = [Math.max(left, 0), Math.min(right, columns - 1)];
    }
    return { top, bottom, left, right };
  };

  // Gates and states of one LSTM layer for one series: inputs run over steps, then features.
  const lstm = (inputs, layer) => {
    const { features, units } = layer;
    const steps = inputs.length / features;
    const { kept } = layers.kinds.lstm.forward(volume(steps, 1, features, inputs), layer);
    return { steps, units, ...kept, hidden: kept.hidden.subarray(units) };
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

  return { volume, at, forward, terms, windowOf, lstm, decode, split, filled };
})();
