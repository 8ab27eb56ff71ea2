// Layers that the digits do not need: tanh, sigmoid and global pooling.
"use strict";

globalThis.lecturesMoreLayers = ({ allocate }, { kinds, volume, sizeOf, examplesOf }) => {
  // An activation, and its derivative as a function of its value.
  const activation = (f, derivative) => ({
    forward(input) {
      const values = allocate(input.values.length);
      for (let k = 0; k < values.length; k++) values[k] = f(input.values[k]);
      return { ...input, values };
    },
    backward(gradient, input, output) {
      const found = allocate(gradient.length);
      for (let k = 0; k < found.length; k++) found[k] = gradient[k] * derivative(output.values[k]);
      return { input: found };
    },
  });
  kinds.tanh = activation(Math.tanh, (y) => 1 - y * y);
  kinds.sigmoid = activation((x) => 1 / (1 + Math.exp(-x)), (y) => y * (1 - y));

  // The largest value of each map; equal ones share the gradient, as in TensorFlow.
  kinds["global pooling"] = {
    forward(input) {
      const { channels, values: given } = input;
      const values = allocate(examplesOf(input) * channels).fill(-Infinity);
      for (let k = 0; k < given.length; k++) {
        const to = Math.floor(k / sizeOf(input)) * channels + (k % channels);
        values[to] = Math.max(values[to], given[k]);
      }
      return volume(1, 1, channels, values);
    },
    backward(gradient, input, { values }) {
      const { channels, values: given } = input;
      const found = allocate(given.length);
      const equal = new Int32Array(values.length);
      const to = (k) => Math.floor(k / sizeOf(input)) * channels + (k % channels);
      for (let k = 0; k < given.length; k++) equal[to(k)] += given[k] === values[to(k)];
      for (let k = 0; k < given.length; k++) {
        if (given[k] === values[to(k)]) found[k] = gradient[to(k)] / equal[to(k)];
      }
      return { input: found };
    },
  };
};
