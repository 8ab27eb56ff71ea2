// Networks that tell classes apart: softmax, and the cross-entropy after it.
"use strict";

globalThis.lecturesClasses = ({ allocate }, { kinds, losses }) => {
  // Stands before cross-entropy only, and there the gradient is taken in the scores.
  kinds.softmax = {
    forward(input) {
      const { channels } = input;
      const output = { ...input, values: allocate(input.values.length) };
      output.values.set(input.values);
      for (let start = 0; start < output.values.length; start += channels) {
        const row = output.values.subarray(start, start + channels);
        const largest = row.reduce((a, b) => Math.max(a, b));
        let sum = 0;
        for (let k = 0; k < channels; k++) sum += row[k] = Math.exp(row[k] - largest); // no overflow
        for (let k = 0; k < channels; k++) row[k] /= sum;
      }
      return output;
    },
  };

  // Loss of a batch, a mean over the examples, and its gradient in the scores before the softmax.
  losses.crossentropy = ({ values, channels }, labels) => {
    const examples = values.length / channels;
    let value = 0;
    const gradient = allocate(values.length);
    for (let k = 0; k < values.length; k++) gradient[k] = values[k] / examples;
    for (let n = 0; n < examples; n++) {
      const right = n * channels + labels[n];
      value -= Math.log(Math.max(values[right], 1e-37)) / examples;
      gradient[right] -= 1 / examples;
    }
    return { value: values.some(Number.isNaN) ? NaN : value, gradient };
  };

  // The share of examples whose largest output is that of their class.
  losses.crossentropy.accuracy = ({ values, channels }, labels) => {
    const best = (n) => {
      const row = values.subarray(n * channels, (n + 1) * channels);
      return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
    };
    let right = 0;
    for (let n = 0; n < labels.length; n++) right += best(n) === labels[n];
    return right / labels.length;
  };
};
