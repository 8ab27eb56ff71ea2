// Recurrent layers with gates, LSTM and GRU, on a batch of series (recurrent.js).
"use strict";

globalThis.lecturesGated = ({ allocate, multiply }, { kinds, recurrent }) => {
  const sigmoidOf = (x) => 1 / (1 + Math.exp(-x));

  // Columns `from` to `to` of rows of `columns` numbers.
  const columnsOf = (values, columns, from, to) => {
    const rows = values.length / columns;
    const found = allocate(rows * (to - from));
    for (let row = 0; row < rows; row++) {
      found.set(values.subarray(row * columns + from, row * columns + to), row * (to - from));
    }
    return found;
  };

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

  // The gradient in R where the reset gate acts before it: h drives z and r, and r h the candidate.
  const ofRecurrent = (before, { reset_hidden: reset }, ofDriven, { units }) => {
    const [width, rows] = [3 * units, before.length / units];
    const product = (values, from, to) => multiply(values, columnsOf(ofDriven, width, from, to),
      [units, rows, to - from], { transposed: true });
    const [gates, candidate] = [product(before, 0, 2 * units), product(reset, 2 * units, width)];
    const found = allocate(units * width);
    for (let u = 0; u < units; u++) {
      found.set(gates.subarray(u * 2 * units, (u + 1) * 2 * units), u * width);
      found.set(candidate.subarray(u * units, (u + 1) * units), u * width + 2 * units);
    }
    return found;
  };

  // z, r = sigmoid(x K + h R + b), h' = z h + (1 - z) n; the blocks stand in the order z, r, n.
  // The reset gate acts after the product with R, n = tanh(x K + b + r (h R + c)), or before it,
  // n = tanh(x K + (r h) R + b).
  const gru = recurrent({
    blocks: 3,
    arrays: ({ units, resetAfter }) => ({ bias: resetAfter ? [2, 3 * units] : [3 * units] }),
    states: ["update_gate", "reset_gate", "candidate", "inner", "reset_hidden"],
    ofRecurrent,
    step(driven, { examples, units, size, width, recurrent: R, bias, resetAfter }, s, t) {
      const before = s.hidden.subarray(t * size, (t + 1) * size);
      const inner = resetAfter
        ? multiply(before, R, [examples, units, width], { start: bias.subarray(width) })
        : multiply(before, columnsOf(R, width, 0, 2 * units), [examples, units, 2 * units]);
      const stride = inner.length / examples;
      const each = (visit) => {
        for (let n = 0, k = t * size; n < examples; n++) {
          for (let u = 0; u < units; u++, k++) visit(k, n * width + u, n * stride + u);
        }
      };
      each((k, x, h) => {
        s.update_gate[k] = sigmoidOf(driven[x] + inner[h]);
        s.reset_gate[k] = sigmoidOf(driven[x + units] + inner[h + units]);
        s.inner[k] = resetAfter ? inner[h + 2 * units] : 0;
        s.reset_hidden[k] = s.reset_gate[k] * s.hidden[k];
      });
      const ofReset = resetAfter ? null : multiply(s.reset_hidden.subarray(t * size, (t + 1) * size),
        columnsOf(R, width, 2 * units, width), [examples, units, units]);
      each((k, x) => {
        const more = resetAfter ? s.reset_gate[k] * s.inner[k] : ofReset[k - t * size];
        s.candidate[k] = Math.tanh(driven[x + 2 * units] + more);
        s.hidden[k + size] = s.update_gate[k] * s.hidden[k]
          + (1 - s.update_gate[k]) * s.candidate[k];
      });
    },
    stepBack({ hidden: ofHidden }, layer, s, t, ofDriven, ofInner) {
      const { examples, units, size, width, resetAfter, back } = layer;
      const direct = allocate(size);
      const each = (visit) => {
        for (let n = 0, k = t * size; n < examples; n++) {
          for (let u = 0; u < units; u++, k++) visit(k, n * units + u, n * width + u);
        }
      };
      each((k, here, x) => {
        const [z, n] = [s.update_gate[k], s.candidate[k]];
        direct[here] = ofHidden[here] * z;
        ofDriven[x] = ofHidden[here] * (s.hidden[k] - n) * z * (1 - z);
        ofDriven[x + 2 * units] = ofHidden[here] * (1 - z) * (1 - n * n);
      });
      // Into r h, through the last block of R: rows 2 u to 3 u of its transpose.
      const ofReset = resetAfter ? null : multiply(columnsOf(ofDriven, width, 2 * units, width),
        back.subarray(2 * units * units), [examples, units, units]);
      each((k, here, x) => {
        const r = s.reset_gate[k];
        const ofGate = resetAfter ? ofDriven[x + 2 * units] * s.inner[k] : ofReset[here] * s.hidden[k];
        ofDriven[x + units] = ofGate * r * (1 - r);
        if (resetAfter) {
          [ofInner[x], ofInner[x + units]] = [ofDriven[x], ofDriven[x + units]];
          ofInner[x + 2 * units] = ofDriven[x + 2 * units] * r;
        } else direct[here] += ofReset[here] * r;
      });
      const through = resetAfter ? multiply(ofInner, back, [examples, width, units])
        : multiply(columnsOf(ofDriven, width, 0, 2 * units), back.subarray(0, 2 * units * units),
          [examples, 2 * units, units]);
      for (let k = 0; k < size; k++) direct[k] += through[k];
      return { hidden: direct };
    },
  });

  Object.assign(kinds, { lstm, gru });
};
