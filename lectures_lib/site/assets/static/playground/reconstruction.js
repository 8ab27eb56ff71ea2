// The loss of outputs between 0 and 1, and the sampled code of a variational autoencoder.
"use strict";

globalThis.lecturesReconstruction = ({ allocate }, { kinds, losses, volume, sizeOf, examplesOf }) => {
  // The gradient in the scores before the sigmoid. With `summed` the loss is a sum over the values of
  // an example, as the variational autoencoder needs it.
  losses["binary crossentropy"] = (output, targets, { scores, summed }) => {
    const { values } = output;
    const weight = (summed ? sizeOf(output) : 1) / values.length;
    let value = 0;
    const gradient = allocate(values.length);
    for (let k = 0; k < values.length; k++) {
      const s = scores[k];
      value += weight * (Math.max(s, 0) - s * targets[k] + Math.log1p(Math.exp(-Math.abs(s))));
      gradient[k] = weight * (values[k] - targets[k]);
    }
    return { value, gradient };
  };

  // Mean and logarithm of the variance of a code (2 d numbers) give the code z = mean + sigma noise;
  // without noise, as after training, the mean. Its divergence from the standard normal
  // distribution, times beta and averaged over the examples, is a part of the loss.
  kinds.sample = {
    forward(input, { noise }) {
      const d = input.channels / 2;
      const values = allocate(input.values.length / 2);
      for (let k = 0; k < values.length; k++) {
        const mean = 2 * d * Math.floor(k / d) + (k % d);
        values[k] = input.values[mean]
          + (noise ? Math.exp(input.values[mean + d] / 2) * noise[k] : 0);
      }
      return volume(1, 1, d, values);
    },
    begin(layer, examples, { normal }, { noise } = {}) {
      layer.noise = noise || Float32Array.from({ length: examples * layer.size }, normal);
    },
    end: (layer) => (layer.noise = null),
    cost({ values, channels }, { beta }) {
      let sum = 0;
      values.forEach((x, k) => {
        sum += (k % channels < channels / 2 ? x * x : Math.exp(x) - 1 - x) / 2;
      });
      return (beta * sum * channels) / values.length;
    },
    backward(gradient, input, output, { noise, beta }) {
      const [d, examples] = [input.channels / 2, examplesOf(input)];
      const found = allocate(input.values.length);
      for (let k = 0; k < gradient.length; k++) {
        const mean = 2 * d * Math.floor(k / d) + (k % d);
        const logVariance = input.values[mean + d];
        found[mean] = gradient[k] + (beta * input.values[mean]) / examples;
        found[mean + d] = (gradient[k] * Math.exp(logVariance / 2) * noise[k]) / 2
          + (beta * (Math.exp(logVariance) - 1)) / (2 * examples);
      }
      return { input: found };
    },
  };
};
