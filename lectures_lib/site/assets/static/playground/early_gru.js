// The GRU whose reset gate acts before the product with R, Keras' `reset_after=False` (recurrent.js).
"use strict";

globalThis.lecturesEarlyGRU = ({ allocate, multiply }, { kinds, recurrent }) => {
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

  // The gradient in R: h drives z and r, and r h the candidate.
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

  // z, r = sigmoid(x K + h R + b), n = tanh(x K + (r h) R + b), h' = z h + (1 - z) n; the blocks stand
  // in the order z, r, n.
  kinds["early gru"] = recurrent({
    blocks: 3,
    arrays: ({ units }) => ({ bias: [3 * units] }),
    states: ["update_gate", "reset_gate", "candidate", "reset_hidden"],
    ofRecurrent,
    step(driven, { examples, units, size, width, recurrent: R }, s, t) {
      const before = s.hidden.subarray(t * size, (t + 1) * size);
      const inner = multiply(before, columnsOf(R, width, 0, 2 * units), [examples, units, 2 * units]);
      const each = (visit) => {
        for (let n = 0, k = t * size; n < examples; n++) {
          for (let u = 0; u < units; u++, k++) visit(k, n * width + u, n * 2 * units + u);
        }
      };
      each((k, x, h) => {
        s.update_gate[k] = sigmoidOf(driven[x] + inner[h]);
        s.reset_gate[k] = sigmoidOf(driven[x + units] + inner[h + units]);
        s.reset_hidden[k] = s.reset_gate[k] * s.hidden[k];
      });
      const ofReset = multiply(s.reset_hidden.subarray(t * size, (t + 1) * size),
        columnsOf(R, width, 2 * units, width), [examples, units, units]);
      each((k, x) => {
        s.candidate[k] = Math.tanh(driven[x + 2 * units] + ofReset[k - t * size]);
        s.hidden[k + size] = s.update_gate[k] * s.hidden[k]
          + (1 - s.update_gate[k]) * s.candidate[k];
      });
    },
    stepBack({ hidden: ofHidden }, { examples, units, size, width, back }, s, t, ofDriven) {
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
      const ofReset = multiply(columnsOf(ofDriven, width, 2 * units, width),
        back.subarray(2 * units * units), [examples, units, units]);
      each((k, here, x) => {
        const r = s.reset_gate[k];
        ofDriven[x + units] = ofReset[here] * s.hidden[k] * r * (1 - r);
        direct[here] += ofReset[here] * r;
      });
      const through = multiply(columnsOf(ofDriven, width, 0, 2 * units), back.subarray(0, 2 * units * units),
        [examples, 2 * units, units]);
      for (let k = 0; k < size; k++) direct[k] += through[k];
      return { hidden: direct };
    },
  });
};
