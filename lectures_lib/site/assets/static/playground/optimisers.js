// Optimisers that remember squares, as Keras computes them.
"use strict";

globalThis.lecturesOptimisers = (products, { optimisers }) => {
  const float = Math.fround;

  optimisers.adam = ({ values, first, second }, gradient, { rate, steps }) => {
    // Keras takes the powers in float32; in double, an LSTM is off by 6e-3 after 130 steps.
    const [powerOne, powerTwo] = [float(float(0.9) ** steps), float(float(0.999) ** steps)];
    const alpha = float((rate * float(Math.sqrt(float(1 - powerTwo)))) / float(1 - powerOne));
    for (let k = 0; k < values.length; k++) {
      const g = gradient[k];
      first[k] += (g - first[k]) * 0.1;
      second[k] += (g * g - second[k]) * 0.001;
      values[k] -= (first[k] * alpha) / (Math.sqrt(second[k]) + 1e-7);
    }
  };

  optimisers.rmsprop = ({ values, second }, gradient, { rate }) => {
    for (let k = 0; k < values.length; k++) {
      second[k] = 0.9 * second[k] + 0.1 * gradient[k] * gradient[k];
      values[k] -= (rate * gradient[k]) / Math.sqrt(second[k] + 1e-7);
    }
  };
};
