// Times the engine of the page under Node: milliseconds of an epoch of the digits CNN, and of a step
// of an LSTM of 32 units on 20 steps and batches of 32. Medians of seven.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const FOLDER = new URL("../lectures_lib/site/assets/static/playground/", import.meta.url);
for (const file of ["products.js", "layers.js", "more_layers.js", "recurrent.js", "gated.js", "squared_error.js", "reconstruction.js",
  "optimisers.js", "training.js"]) {
  runInThisContext(readFileSync(new URL(file, FOLDER), "utf8"), { filename: file });
}
const { cnn, lstm } = JSON.parse(readFileSync(0, "utf8"));
const engine = globalThis.lecturesEngine();
const { uniform, normal } = engine.randomNumbers(1);
const median = (action, count) => {
  for (let k = 0; k < 3 * count; k++) action(); // the compiler of the machine warms up
  const times = Array.from({ length: 7 }, () => {
    const start = performance.now();
    for (let k = 0; k < count; k++) action();
    return (performance.now() - start) / count;
  });
  return times.sort((a, b) => a - b)[3];
};

const images = Array.from({ length: 13 }, () => Float32Array.from({ length: 6400 }, uniform));
const labels = Float32Array.from({ length: 100 }, () => Math.floor(10 * uniform()));
const digits = engine.build(cnn);
const [series, targets] = [640, 32].map((length) => Float32Array.from({ length }, normal));
const recurrent = engine.build(lstm);
process.stdout.write(JSON.stringify({
  kind: engine.kind,
  epoch: median(() => images.forEach((batch) => engine.step(digits, batch, labels)), 3),
  step: median(() => engine.step(recurrent, series, targets), 50),
}));
