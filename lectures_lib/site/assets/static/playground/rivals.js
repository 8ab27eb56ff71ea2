// Networks that learn from the same batches side by side; to the loop they are one.
"use strict";

globalThis.lecturesRivals = ({ build, step, evaluate, weightsOf }) => {
  const mean = (values) => values.reduce((a, b) => a + b) / values.length;
  return {
    build: (given) => (given.rivals ? { rivals: given.rivals.map(build), steps: 0 } : build(given)),
    step(network, ...batch) {
      if (!network.rivals) return step(network, ...batch);
      network.steps += 1;
      return mean(network.rivals.map((one) => step(one, ...batch)));
    },
    // The loss of each stands in what was seen, with what each has seen itself.
    evaluate(network, examples) {
      if (!network.rivals) return evaluate(network, examples);
      const losses = network.rivals.map((one) => evaluate(one, examples).loss);
      network.seen = { losses, seen: network.rivals.map(({ seen }) => seen) };
      for (const one of network.rivals) one.seen = null;
      return { loss: mean(losses) };
    },
    weightsOf: (network) => Float32Array.from((network.rivals || [network])
      .flatMap((one) => [...weightsOf(one)])),
  };
};
