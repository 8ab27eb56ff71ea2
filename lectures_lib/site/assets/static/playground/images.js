// The layers of networks for images: convolution, ReLU, pooling (layers.js).
"use strict";

globalThis.lecturesImages = (products, all) => {
  const { allocate, multiply, transpose } = products;
  const { kinds, volume, at, sizeOf, examplesOf, columnSums } = all;

  // First row and column of the window at the place (0, 0), and how many windows there are.
  const placesOf = (input, { shape: [height, width], padding = "same" }) => padding === "same"
    ? { top: -((height - 1) >> 1), left: -((width - 1) >> 1), rows: input.rows, columns: input.columns }
    : { top: 0, left: 0, rows: input.rows - height + 1, columns: input.columns - width + 1 };

  // Where each value of each window of an example comes from; -1 beyond the edge, which counts as 0.
  const windowTable = (input, layer) => {
    const [height, width, channels] = layer.shape;
    const { top, left, rows, columns } = placesOf(input, layer);
    const table = new Int32Array(rows * columns * height * width * channels);
    let to = 0;
    for (let row = top; row < top + rows; row++) {
      for (let column = left; column < left + columns; column++) {
        for (let r = row; r < row + height; r++) {
          for (let c = column; c < column + width; c++) {
            const inside = r >= 0 && c >= 0 && r < input.rows && c < input.columns;
            for (let k = 0; k < channels; k++) table[to++] = inside ? at(input, r, c, k) : -1;
          }
        }
      }
    }
    return table;
  };

  // Each place's window as a row of a matrix: Z = windows K + b.
  const convolution = {
    arrays: ({ shape }) => ({ kernel: shape, bias: [shape[3]] }),
    forward(input, layer) {
      const [height, width, channels, filters] = layer.shape;
      const { rows, columns } = placesOf(input, layer);
      const table = (layer.table ??= windowTable(input, layer));
      const [size, examples] = [sizeOf(input), examplesOf(input)];
      const inner = height * width * channels;
      const windows = allocate(examples * table.length); // (examples * rows * columns, inner)
      for (let n = 0, to = 0; n < examples; n++) {
        for (let k = 0; k < table.length; k++, to++) {
          if (table[k] >= 0) windows[to] = input.values[n * size + table[k]];
        }
      }
      const values = multiply(windows, layer.kernel, [examples * rows * columns, inner, filters],
        { start: layer.bias });
      return { ...volume(rows, columns, filters, values), windows };
    },
    backward(gradient, input, { windows }, layer, deeper) {
      const { table, kernel, shape } = layer;
      const filters = shape[3];
      const places = gradient.length / filters;
      const inner = windows.length / places;
      const found = {
        kernel: multiply(windows, gradient, [inner, places, filters], { transposed: true }),
        bias: columnSums(gradient, filters),
      };
      if (!deeper) return found;
      const ofWindows = multiply(gradient, transpose(kernel, inner, filters), [places, filters, inner]);
      const ofInput = allocate(input.values.length);
      const size = sizeOf(input);
      for (let n = 0, from = 0; n < examplesOf(input); n++) {
        for (let k = 0; k < table.length; k++, from++) {
          if (table[k] >= 0) ofInput[n * size + table[k]] += ofWindows[from];
        }
      }
      return { ...found, input: ofInput };
    },
  };

  const relu = {
    forward(input) {
      const { values: given } = input;
      const values = allocate(given.length);
      for (let k = 0; k < values.length; k++) values[k] = (given[k] + Math.abs(given[k])) / 2;
      return { ...input, values };
    },
    backward(gradient, input, { values }) {
      const found = allocate(gradient.length);
      for (let k = 0; k < found.length; k++) found[k] = values[k] > 0 ? gradient[k] : 0;
      return { input: found };
    },
  };

  // The largest of size x size values; of equal ones the first gets the gradient.
  const pooling = {
    forward(input, { size }) {
      const [rows, columns] = [Math.floor(input.rows / size), Math.floor(input.columns / size)];
      const { channels, values: given } = input;
      const values = allocate(examplesOf(input) * rows * columns * channels);
      const from = new Int32Array(values.length);
      const window = Array.from({ length: size * size }, (_, k) =>
        at(input, Math.floor(k / size), k % size, 0));
      const [right, down, next] = [size * channels, size * at(input, 1, 0, 0), sizeOf(input)];
      for (let to = 0, start = 0; to < values.length; start += next) {
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            for (let channel = 0; channel < channels; channel++, to++) {
              const first = start + row * down + column * right + channel;
              let best = first;
              for (let k = 1; k < window.length; k++) {
                if (given[first + window[k]] > given[best]) best = first + window[k];
              }
              values[to] = given[best];
              from[to] = best;
            }
          }
        }
      }
      return { ...volume(rows, columns, channels, values), from };
    },
    backward(gradient, input, { from }) {
      const found = allocate(input.values.length);
      for (let k = 0; k < from.length; k++) found[from[k]] += gradient[k];
      return { input: found };
    },
  };

  Object.assign(kinds, { convolution, relu, pooling });
  all.placesOf = placesOf; // network.js
};
