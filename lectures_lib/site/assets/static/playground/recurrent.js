// Recurrent layers on a batch of series, forward and backward through time, in the order of their
// equations. Inside, the step is the first axis: what belongs to one step stands together. Those with
// gates are in gated.js and early_gru.js.
"use strict";

globalThis.lecturesRecurrent = ({ allocate, multiply, transpose }, all) => {
  const { kinds, volume, examplesOf, columnSums } = all;
  // (examples, steps, numbers) to (steps, examples, numbers); the same turns it back.
  const swap = (values, [first, second, numbers]) => {
    const swapped = allocate(values.length);
    for (let i = 0; i < first; i++) {
      for (let j = 0; j < second; j++) {
        const from = (i * second + j) * numbers;
        const to = (j * first + i) * numbers;
        for (let k = 0; k < numbers; k++) swapped[to + k] = values[from + k];
      }
    }
    return swapped;
  };

  // Keras' initial recurrent weights.
  const orthogonal = ([rows, columns], { normal }) => {
    const found = [];
    while (found.length < rows) {
      const row = Float64Array.from({ length: columns }, normal);
      for (const other of found) {
        const along = row.reduce((sum, x, k) => sum + x * other[k], 0);
        row.forEach((x, k) => (row[k] = x - along * other[k]));
      }
      const length = Math.hypot(...row);
      found.push(row.map((x) => x / length));
    }
    return Float32Array.from(found.flatMap((row) => [...row]));
  };
  // A layer whose cell takes one step: `step(driven, before, layer, states, t)` fills the states of
  // step t; `stepBack` turns the gradient in h_t into that in what drives the step, and in h_(t-1).
  const recurrent = ({ blocks, arrays, states, step, stepBack, biasOf = () => null, ofRecurrent,
    inner }) => ({
    initial: (name, shape, random) => (name === "recurrent" ? orthogonal(shape, random) : biasOf(shape)),
    arrays: (layer) => ({
      kernel: [layer.features, blocks * layer.units],
      recurrent: [layer.units, blocks * layer.units],
      ...arrays(layer),
    }),
    forward(input, layer) {
      const { units, features } = layer;
      const [examples, steps, width] = [examplesOf(input), input.rows, blocks * units];
      const x = swap(input.values, [examples, steps, features]);
      const start = layer.bias.subarray(0, width);
      const driven = multiply(x, layer.kernel, [steps * examples, features, width], { start });
      const size = examples * units;
      const kept = Object.fromEntries(states.map((name) => [name, allocate(steps * size)]));
      kept.hidden = allocate((steps + 1) * size); // h_(-1) = 0 stands first
      const prepared = { ...layer, examples, size, width };
      for (let t = 0; t < steps; t++) {
        step(driven.subarray(t * examples * width, (t + 1) * examples * width), prepared, kept, t);
      }
      const hidden = layer.sequences ? kept.hidden.subarray(size) : kept.hidden.subarray(steps * size);
      const values = swap(hidden, [layer.sequences ? steps : 1, examples, units]);
      return { ...volume(layer.sequences ? steps : 1, 1, units, values), x, kept, examples, steps };
    },
    backward(gradient, input, { x, kept, examples, steps }, layer, deeper) {
      const { units, features } = layer;
      const [size, width] = [examples * units, blocks * units];
      const ofHidden = swap(gradient, [examples, layer.sequences ? steps : 1, units]);
      const ofDriven = allocate(steps * examples * width);
      const ofInner = inner ? allocate(ofDriven.length) : ofDriven; // h R of a GRU
      const prepared = { ...layer, examples, size, width, back: transpose(layer.recurrent, units, width) };
      let carried = { hidden: allocate(size), cell: allocate(size) };
      const norms = layer.watched && new Float64Array(steps); // of the gradient in each state
      for (let t = steps - 1; t >= 0; t--) {
        const here = layer.sequences ? t : t - steps + 1;
        if (here >= 0) {
          for (let k = 0; k < size; k++) carried.hidden[k] += ofHidden[here * size + k];
        }
        if (norms) norms[t] = Math.sqrt(carried.hidden.reduce((sum, g) => sum + g * g, 0));
        const part = (values) => values.subarray(t * examples * width, (t + 1) * examples * width);
        carried = stepBack(carried, prepared, kept, t, part(ofDriven), part(ofInner));
      }
      const rows = steps * examples;
      const before = kept.hidden.subarray(0, steps * size);
      const bias = columnSums(ofDriven, width);
      const found = {
        kernel: multiply(x, ofDriven, [features, rows, width], { transposed: true }),
        recurrent: ofRecurrent
          ? ofRecurrent(before, kept, ofDriven, layer)
          : multiply(before, ofInner, [units, rows, width], { transposed: true }),
        bias: inner ? Float32Array.of(...bias, ...columnSums(ofInner, width)) : bias,
        norms,
      };
      if (!deeper) return found;
      const ofInput = multiply(ofDriven, transpose(layer.kernel, features, width), [rows, width, features]);
      return { ...found, input: swap(ofInput, [steps, examples, features]) };
    },
  });

  // h' = tanh(x K + h R + b)
  const rnn = recurrent({
    blocks: 1,
    arrays: ({ units }) => ({ bias: [units] }),
    states: [],
    step(driven, { examples, units, size, recurrent: R }, { hidden }, t) {
      const before = hidden.subarray(t * size, (t + 1) * size);
      const sums = multiply(before, R, [examples, units, units], { start: driven });
      for (let k = 0; k < size; k++) hidden[(t + 1) * size + k] = Math.tanh(sums[k]);
    },
    stepBack({ hidden: ofHidden }, { examples, units, size, back }, { hidden }, t, ofDriven) {
      for (let k = 0; k < size; k++) {
        const h = hidden[(t + 1) * size + k];
        ofDriven[k] = ofHidden[k] * (1 - h * h);
      }
      return { hidden: multiply(ofDriven, back, [examples, units, units]) };
    },
  });

  kinds.rnn = rnn;
  all.recurrent = recurrent; // gated.js

  // Since somebody looked: how many steps, the largest norm of a whole gradient, and the sums of the
  // norms in the states of the first layer.
  all.watch = (network, norm, found) => {
    const { count = 0, norm: largest = 0, norms: sums = [] } = network.seen || {};
    const { norms } = found.find((layer) => layer.norms);
    network.seen = { count: count + 1, norm: Math.max(largest, norm),
      norms: Array.from(norms, (x, t) => x + (sums[t] || 0)) };
  };
};
