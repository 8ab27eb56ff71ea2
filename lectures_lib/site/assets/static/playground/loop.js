// One training at a time, in slices: what a worker does between the messages of its page.
"use strict";

// `post` takes what is reported; `later(f, wait)` calls f after `wait` ms, when other messages have
// had their turn.
globalThis.lecturesLoop = ({ engine, post, later, now = () => performance.now() }) => {
  const SLICE = 12; // ms
  const REPORT = 30; // ms from report to report
  const empty = engine.mark();
  let data = null;
  let run = null;
  let asked = false;

  // The examples of these rows, and after them those that stand in every batch.
  const batchOf = ({ inputs, labels, width, answers }, rows, own) => {
    const count = rows.length + own.labels.length / answers;
    const batch = { inputs: new Float32Array(count * width), labels: new Float32Array(count * answers) };
    rows.forEach((row, k) => {
      batch.inputs.set(inputs.subarray(row * width, (row + 1) * width), k * width);
      batch.labels.set(labels.subarray(row * answers, (row + 1) * answers), k * answers);
    });
    batch.inputs.set(own.inputs, rows.length * width);
    batch.labels.set(own.labels, rows.length * answers);
    return batch;
  };

  const start = ({ id, network, batchSize, epochs, rate = 0, own = { inputs: [], labels: [] },
    data: others = data, state = "running" }) => {
    data = others;
    engine.release(empty); // what the run before has left
    const made = engine.build(network);
    const examples = data.train.inputs.length / data.train.width;
    run = {
      id, network: made, batchSize, epochs, speed: rate, examples, own, row: 0,
      batches: Math.ceil(examples / batchSize), points: [], sum: 0, next: now(), reported: -Infinity,
      random: engine.randomNumbers(network.seed + 1), state,
    };
    measure(NaN);
    report();
  };

  const measure = (loss) => {
    const epoch = run.network.steps / run.batches;
    const { loss: unseen, accuracy } = engine.evaluate(run.network, data.validation);
    run.points.push({ epoch, loss, unseen, accuracy, ...run.network.seen });
    run.network.seen = null;
  };

  const report = () => {
    run.reported = now();
    const { id, network, points, state, batches } = run;
    post({ id, state, points, steps: network.steps, epoch: network.steps / batches, kind: engine.kind,
      weights: engine.weightsOf(network) });
    run.points = [];
  };

  // One step; at the end of an epoch the order is drawn anew, and the validation examples are asked.
  const step = () => {
    if (run.row === 0) run.order = run.random.order(run.examples);
    const rows = run.order.subarray(run.row, run.row + run.batchSize);
    const { inputs, labels } = batchOf(data.train, rows, run.own);
    const loss = engine.step(run.network, inputs, labels);
    run.sum += loss;
    run.row += rows.length;
    if (!Number.isFinite(loss)) {
      measure(loss);
      run.state = "diverged";
    } else if (run.row === run.examples) {
      measure(run.sum / run.batches);
      [run.row, run.sum] = [0, 0];
      if (run.network.steps >= run.epochs * run.batches) run.state = "done";
    }
    return run.state === "running";
  };

  const ask = () => {
    if (asked) return; // one loop, however often it is asked for
    asked = true;
    later(slice, run.next - now());
  };
  const slice = () => {
    asked = false;
    if (!run || run.state !== "running") return;
    const until = now() + SLICE;
    const pause = run.speed ? 1000 / (run.speed * run.batches) : 0; // ms from step to step
    let going = true;
    while (going && now() < until && run.next <= now()) {
      going = step();
      run.next = Math.max(run.next + pause, now() - 10 * pause);
    }
    if (!going || now() - run.reported > REPORT) report(); // always when it stops
    if (going) ask();
  };

  const change = (settings) => {
    const { network } = run;
    const { rate: speed = run.speed, learningRate: rate, own = run.own, epochs = run.epochs } = settings;
    Object.assign(run, { speed, own, epochs });
    if (rate >= 0) network.optimiser = { ...network.optimiser, rate };
    for (const layer of network.layers || []) {
      for (const name of ["l2", "beta"]) if (name in layer) layer[name] = settings[name] ?? layer[name];
    }
    if (run.state === "done" && network.steps < epochs * run.batches) run.state = "running";
    run.next = now();
  };
  const actions = {
    load: (message) => (data = message.data),
    start,
    change,
    pause: () => {
      if (run.state === "running") run.state = "paused";
      report();
    },
    resume: () => {
      if (run.state === "paused") [run.state, run.next] = ["running", now()];
    },
    step: () => {
      if (run.state === "running") run.state = "paused";
      if (run.state !== "paused") return;
      run.state = "running";
      if (step()) run.state = "paused";
      report();
    },
  };
  // What a page asks for; a message for a run that is over is none.
  return (message) => {
    if (!["load", "start"].includes(message.action) && message.id !== run?.id) return;
    actions[message.action](message);
    if (run) ask();
  };
};
