// Runs the training engine of the page under Node: a JSON of cases comes in, what came of them out.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const FOLDER = new URL("../lectures_lib/site/assets/static/playground/", import.meta.url);
for (const file of ["products.js", "layers.js", "images.js", "classes.js", "more_layers.js",
  "recurrent.js", "gated.js", "early_gru.js", "squared_error.js", "reconstruction.js", "optimisers.js",
  "training.js", "rivals.js", "codes.js", "loop.js"]) {
  runInThisContext(readFileSync(new URL(file, FOLDER), "utf8"), { filename: file });
}
const { lecturesEngine, lecturesLoop } = globalThis;
const decode = (text) => new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
const encode = (values) => Buffer.from(Float32Array.from(values).buffer).toString("base64");
const part = (values, width, rows) => {
  const found = new Float32Array(rows.length * width);
  rows.forEach((row, k) => found.set(values.subarray(row * width, (row + 1) * width), k * width));
  return found;
};

// The weights after each of the numbers of steps, the loss of every step, and of all at the end.
const train = (engine, { network, start, inputs, labels, noise, batches, wanted }) => {
  const [x, y] = [decode(inputs.values), decode(labels.values)];
  const made = engine.build({ ...network, start: decode(start) });
  const found = { losses: [], weights: {} };
  for (const [k, rows] of batches.entries()) {
    const options = noise ? { noise: part(decode(noise.values), noise.width, rows) } : {};
    const batch = [part(x, inputs.width, rows), part(y, labels.width, rows)];
    found.losses.push(engine.step(made, ...batch, options));
    if (wanted.includes(k + 1)) found.weights[k + 1] = encode(engine.weightsOf(made));
    if (!Number.isFinite(found.losses.at(-1))) break;
  }
  if (made.seen) found.seen = { ...made.seen, norms: [...made.seen.norms] };
  return { ...found, ...engine.evaluate(made, { inputs: x, labels: y }) };
};

// Initial weights from seeds, array by array.
const begin = (engine, { network, seeds }) => seeds.map((seed) => {
  const { parameters } = engine.build({ ...network, seed });
  return parameters.map(({ name, values }) => ({ name, values: encode(values) }));
});

// Messages to the loop, each followed by so many turns; every look at the clock takes 0.1 ms. What it
// reports, how many slices wait at most, and how long it waited.
const play = (engine, { data, script }) => {
  const [reports, waiting, waits] = [[], [], []];
  let [clock, most] = [0, 0];
  const receive = lecturesLoop({
    engine, now: () => (clock += 0.1),
    post: (report) => reports.push({ ...report, at: clock, weights: encode(report.weights) }),
    later: (f, wait) => {
      waiting.push([f, wait]);
      waits.push(wait);
      most = Math.max(most, waiting.length);
    },
  });
  const decoded = (split) => ({ ...split, inputs: decode(split.inputs), labels: decode(split.labels),
    ...(split.axes && { axes: decode(split.axes) }) });
  const both = ({ train: one, validation }) => ({ train: decoded(one), validation: decoded(validation) });
  receive({ action: "load", data: both(data) });
  for (const { turns = 0, data: others, ...message } of script) {
    receive({ ...message, ...(others && { data: both(others) }) });
    for (let k = 0; k < turns && waiting.length; k++) {
      const [f, wait] = waiting.shift();
      clock += Math.max(wait, 0);
      f();
    }
  }
  return { reports, most, waits, left: waiting.length };
};

const { options, cases = [], starts = [], scripts = [] } = JSON.parse(readFileSync(0, "utf8"));
const engine = lecturesEngine(options);
process.stdout.write(JSON.stringify({
  kind: engine.kind,
  cases: cases.map((one) => train(engine, one)),
  starts: starts.map((one) => begin(engine, one)),
  scripts: scripts.map((one) => play(engine, one)),
}));
