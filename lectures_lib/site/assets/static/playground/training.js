// Training as Keras does it: initial weights, losses, penalties, clipping, optimisers, one step.
"use strict";

globalThis.lecturesTraining = ({ allocate, mark, release }, { kinds, losses, optimisers, volume, forward,
  backward, watch }) => {
  const count = (shape) => shape.reduce((a, b) => a * b, 1);

  // A stream of numbers from a seed (mulberry32); not that of NumPy or Keras.
  const randomNumbers = (seed) => {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const normal = () =>
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const order = (length) => {
      const found = Uint32Array.from({ length }, (_, k) => k);
      for (let k = length - 1; k > 0; k--) {
        const other = Math.floor(uniform() * (k + 1));
        [found[k], found[other]] = [found[other], found[k]];
      }
      return found;
    };
    return { uniform, normal, order };
  };

  // Keras' initial weights: Glorot's uniform kernels, biases 0, but for what a layer says itself.
  const glorot = (shape, { uniform }) => {
    const field = count(shape.slice(0, -2));
    const limit = Math.sqrt(6 / (field * (shape.at(-2) + shape.at(-1))));
    return Float32Array.from({ length: count(shape) }, () => limit * (2 * uniform() - 1));
  };
  const initial = (layer, name, shape, random) => {
    if (name === "kernel") return glorot(shape, random);
    return kinds[layer.kind].initial?.(name, shape, random) || new Float32Array(count(shape));
  };

  // A network from `{ input: [rows, columns, channels], layers, loss, optimiser, clip, start, seed }`.
  // `start` holds weights, one array after the other in Keras' order; without it they come from
  // the seed. What is `watched` keeps how long its gradients were (recurrent.js).
  const build = ({ input, layers, loss, optimiser, clip = 0, start, seed = 0, watched = false }) => {
    const random = randomNumbers(seed);
    const parameters = [];
    let end = 0;
    const filled = layers.map((layer) => {
      const made = { ...layer, watched };
      for (const [name, shape] of Object.entries(kinds[layer.kind].arrays?.(layer) || {})) {
        const values = allocate(count(shape));
        values.set(start ? start.subarray(end, end + values.length)
          : initial(layer, name, shape, random));
        end += values.length;
        made[name] = values;
        const [first, second] = [allocate(values.length), allocate(values.length)];
        parameters.push({ layer: made, name, values, first, second });
      }
      return made;
    });
    return { input, layers: filled, parameters, loss, optimiser, clip, random, watched, steps: 0 };
  };

  const weightsOf = ({ parameters }) => {
    const found = new Float32Array(parameters.reduce((sum, { values }) => sum + values.length, 0));
    let end = 0;
    for (const { values } of parameters) {
      found.set(values, end);
      end += values.length;
    }
    return found;
  };

  const lossOf = ({ layers, loss, parameters }, volumes, labels) => {
    const scores = volumes.at(-2)?.values;
    const found = losses[loss.kind](volumes.at(-1), labels, { ...loss, scores });
    for (const { values, name, layer: { l2 } } of parameters) {
      if (l2 && name === "kernel") for (let k = 0; k < values.length; k++) found.value += l2 * values[k] * values[k];
    }
    layers.forEach((layer, k) => (found.value += kinds[layer.kind].cost?.(volumes[k], layer) || 0));
    return found;
  };

  // Each moves the weights by one step; `first` and `second` are what an optimiser remembers.
  optimisers.sgd = ({ values, first }, gradient, { rate, momentum = 0 }) => {
    for (let k = 0; k < values.length; k++) {
      first[k] = momentum * first[k] - rate * gradient[k];
      values[k] += first[k];
    }
  };

  // Add the gradient 2 l2 w of the penalties, and shorten all gradients together to `clip`. Returns
  // how long they were before, where somebody asks.
  const finish = ({ parameters, clip, watched }, gradients) => {
    let square = 0;
    parameters.forEach(({ values, name, layer: { l2 } }, p) => {
      const gradient = gradients[p];
      if (l2 && name === "kernel") for (let k = 0; k < gradient.length; k++) gradient[k] += 2 * l2 * values[k];
      if (!clip && !watched) return;
      for (let k = 0; k < gradient.length; k++) square += gradient[k] * gradient[k];
    });
    const norm = Math.sqrt(square);
    if (!clip || norm <= clip) return norm;
    for (const gradient of gradients) {
      for (let k = 0; k < gradient.length; k++) gradient[k] *= clip / norm;
    }
    return norm;
  };

  // One step on a batch: `inputs` run over examples, `options` may give a sampled code its noise.
  // Returns the loss before the step.
  const step = (network, inputs, labels, options) => {
    const { input, layers, parameters, loss, optimiser } = network;
    const before = mark();
    for (const layer of layers) {
      kinds[layer.kind].begin?.(layer, inputs.length / count(input), network.random, options);
    }
    const volumes = forward(layers, volume(...input, inputs));
    const { value, gradient } = lossOf(network, volumes, labels);
    const scores = loss.kind === "squared error" ? layers : layers.slice(0, -1);
    const found = backward(scores, volumes, gradient);
    const gradients = parameters.map(({ layer, name }) => found[layers.indexOf(layer)][name]);
    const norm = finish(network, gradients);
    if (network.watched) watch(network, norm, found);
    network.steps += 1;
    parameters.forEach((parameter, p) =>
      optimisers[optimiser.kind](parameter, gradients[p], { ...optimiser, steps: network.steps }));
    for (const layer of layers) kinds[layer.kind].end?.(layer);
    release(before);
    return value;
  };

  // Loss of examples, and the share of them that is right where there are classes.
  const evaluate = (network, { inputs, labels }) => {
    const before = mark();
    const volumes = forward(network.layers, volume(...network.input, inputs));
    const loss = lossOf(network, volumes, labels).value;
    const accuracy = losses[network.loss.kind].accuracy?.(volumes.at(-1), labels);
    release(before);
    return { loss, accuracy };
  };

  return { build, weightsOf, step, evaluate, randomNumbers };
};

globalThis.lecturesEngine = (options) => {
  const products = lecturesProducts(options);
  const layers = lecturesLayers(products);
  const engine = { ...products, ...layers, ...lecturesTraining(products, layers) };
  for (const name of ["Rivals", "Codes"]) Object.assign(engine, globalThis[`lectures${name}`]?.(engine));
  return engine;
};
