// Recurrent layers with gates, LSTM and Keras' GRU, on a batch of series (recurrent.js).
"use strict";

globalThis.lecturesGated = ({ allocate, multiply }, { kinds, recurrent }) => {
  const sigmoidOf = (x) => 1 / (1 + Math.exp(-x));

  // i, f, o = sigmoid(x K + h R + b), g = tanh(...), C' = f C + i g, h' = o tanh(C');
  // the blocks of K, R, b stand in the order i, f, g, o. At first b is 1 for f.
  const lstm = recurrent({
    blocks: 4,
    arrays: ({ units }) => ({ bias: [4 * units] }),
    biasOf: ([length]) => new Float32Array(length).fill(1, length / 4, length / 2),
    states: ["input_gate", "forget_gate", "candidate", "output_gate", "cell"],
    step(driven, { examples, units, size, width, recurrent: R }, s, t) {
      const before = s.hidden.subarray(t * size, (t + 1) * size);
      const sums = multiply(before, R, [examples, units, width], { start: driven });
      for (let n = 0, k = t * size; n < examples; n++) {
        for (let u = 0; u < units; u++, k++) {
          const place = n * width + u;
          const i = (s.input_gate[k] = sigmoidOf(sums[place]));
          const f = (s.forget_gate[k] = sigmoidOf(sums[place + units]));
          const g = (s.candidate[k] = Math.tanh(sums[place + 2 * units]));
          const o = (s.output_gate[k] = sigmoidOf(sums[place + 3 * units]));
          s.cell[k] = (t ? f * s.cell[k - size] : 0) + i * g;
          s.hidden[k + size] = o * Math.tanh(s.cell[k]);
        }
      }
    },
    stepBack({ hidden: ofHidden, cell: ofCell }, { examples, units, size, width, back }, s, t, ofDriven) {
      for (let n = 0, k = t * size; n < examples; n++) {
        for (let u = 0; u < units; u++, k++) {
          const [i, f, g, o] = [s.input_gate[k], s.forget_gate[k], s.candidate[k], s.output_gate[k]];
          const here = n * units + u;
          const tanhCell = Math.tanh(s.cell[k]);
          const dC = ofCell[here] + ofHidden[here] * o * (1 - tanhCell * tanhCell);
          const place = n * width + u;
          ofDriven[place] = dC * g * i * (1 - i);
          ofDriven[place + units] = t ? dC * s.cell[k - size] * f * (1 - f) : 0;
          ofDriven[place + 2 * units] = dC * i * (1 - g * g);
          ofDriven[place + 3 * units] = ofHidden[here] * tanhCell * o * (1 - o);
          ofCell[here] = dC * f;
        }
      }
      return { hidden: multiply(ofDriven, back, [examples, width, units]), cell: ofCell };
    },
  });

  // z, r = sigmoid(x K + h R + b), n = tanh(x K + b + r (h R + c)), h' = z h + (1 - z) n: the reset
  // gate acts after the product with R. The blocks stand in the order z, r, n.
  const gru = recurrent({
    blocks: 3,
    arrays: ({ units }) => ({ bias: [2, 3 * units] }),
    states: ["update_gate", "reset_gate", "candidate", "inner"],
    inner: true,
    step(driven, { examples, units, size, width, recurrent: R, bias }, s, t) {
      const before = s.hidden.subarray(t * size, (t + 1) * size);
      const inner = multiply(before, R, [examples, units, width], { start: bias.subarray(width) });
      for (let n = 0, k = t * size; n < examples; n++) {
        for (let u = 0; u < units; u++, k++) {
          const x = n * width + u;
          const z = (s.update_gate[k] = sigmoidOf(driven[x] + inner[x]));
          const r = (s.reset_gate[k] = sigmoidOf(driven[x + units] + inner[x + units]));
          s.inner[k] = inner[x + 2 * units];
          s.candidate[k] = Math.tanh(driven[x + 2 * units] + r * s.inner[k]);
          s.hidden[k + size] = z * s.hidden[k] + (1 - z) * s.candidate[k];
        }
      }
    },
    stepBack({ hidden: ofHidden }, { examples, units, size, width, back }, s, t, ofDriven, ofInner) {
      const direct = allocate(size);
      for (let n = 0, k = t * size; n < examples; n++) {
        for (let u = 0; u < units; u++, k++) {
          const [here, x] = [k - t * size, n * width + u];
          const [z, r, c] = [s.update_gate[k], s.reset_gate[k], s.candidate[k]];
          direct[here] = ofHidden[here] * z;
          ofInner[x] = ofDriven[x] = ofHidden[here] * (s.hidden[k] - c) * z * (1 - z);
          const ofCandidate = ofHidden[here] * (1 - z) * (1 - c * c);
          ofDriven[x + 2 * units] = ofCandidate;
          ofInner[x + 2 * units] = ofCandidate * r;
          ofInner[x + units] = ofDriven[x + units] = ofCandidate * s.inner[k] * r * (1 - r);
        }
      }
      const through = multiply(ofInner, back, [examples, width, units]);
      for (let k = 0; k < size; k++) direct[k] += through[k];
      return { hidden: direct };
    },
  });

  Object.assign(kinds, { lstm, gru });
};
