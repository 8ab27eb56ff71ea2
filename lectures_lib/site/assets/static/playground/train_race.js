// Three networks with equal numbers of weights learn side by side to recall the first value of a
// series. Below their errors stand the gates of one of them and its answers, for one series, and how
// long the gradient in each state is.
"use strict";

(() => {
  const { element, button, choice, number, power } = lecturesView;
  const { LEFT, draw, legend, shape } = lecturesLines;
  const { forward, volume, filled } = lecturesLayers(lecturesProducts({ simd: false }));
  const FAST = 3; // of the frame's speeds
  const KEEP = { GRU: "update", LSTM: "forget" }; // the gates that keep a state
  const LINES = [["unit", "each unit"], ["mean", "their mean, and the answer"], ["wanted", "the true value"]];
  const QUESTION = "Which of the three is the first to recall the value of step 1?";
  const within = (low, high, values) =>
    Array.from(values, (x) => Math.min(Math.max(x, low), high) || 0); // 0 for nan
  const logs = (low, high, values) => within(low, high, Array.from(values, Math.log10));
  const short = (x) => (x < 1e-4 ? "less than 0.0001" : String(Number(x.toPrecision(2))));
  const meanOf = (values) => values.reduce((a, b) => a + b) / values.length;

  class Race {
    constructor(training) {
      const { values, start } = training.data.controls.find(({ name }) => name === "layer");
      Object.assign(this, { training, layers: values, chosen: start, watched: true,
        own: ["layer"], speed: FAST });
      this.named = values.map((text, k) => [`rival-${k}`, text]);
      const { labels } = this.data().validation;
      this.series = labels.findIndex((x) => x > 0.5);
      this.variance = meanOf(labels.map((x) => x * x)) - meanOf(labels) ** 2;
      this.svg = shape("svg", { class: "playground-svg", role: "img" });
      this.gates = element("p", { className: "playground-answer" });
      const networks = choice("Look into", values, (k) => this.look({ chosen: k }));
      networks.querySelectorAll("input")[this.chosen].checked = true;
      this.boxes = [element("p", { className: "playground-wide", textContent: QUESTION })];
      this.below = [element("div", { className: "playground-wide" }, networks, this.gates, this.svg,
        legend(LINES))];
      this.buttons = [button("Next series", () =>
        this.look({ series: (this.series + 1) % labels.length }))];
    }

    // Series are signs for multiples of a unit, "m" for 0; a marker stands at the first step.
    data() {
      const { data: { examples, controls }, state: { num_steps: steps } } = this.training;
      const all = Math.max(...controls.find(({ name }) => name === "num_steps").values);
      const splitOf = ({ signs, unit }) => {
        const values = Array.from(signs, (sign) => unit * (sign.charCodeAt(0) - "m".charCodeAt(0)));
        return { width: 2 * steps, answers: 1,
          inputs: Float32Array.from(values.flatMap((x, k) => (k % all < steps ? [x, +!(k % all)] : []))),
          labels: Float32Array.from(values.filter((_, k) => k % all === 0)) };
      };
      this.split = { train: splitOf(examples.train), validation: splitOf(examples.validation) };
      return this.split;
    }

    rivals() {
      const { training } = this;
      const rivals = this.layers.map((layer) => training.network({ ...training.state, layer }));
      return { rivals, seed: rivals[0].seed };
    }

    errors({ losses }) {
      return losses.map((loss) => loss / this.variance);
    }

    reached(point) {
      const errors = this.errors(point).map((error, k) => `${this.layers[k]} ${short(error)}`);
      return `error of ${errors.join(", ")}`;
    }

    curves(_, first) {
      const errors = this.training.points.slice(first).map((point) => this.errors(point));
      return [{ title: "error on new series (1: the mean)", height: 130, low: -4,
        high: 0.5, ticks: [-4, -3, -2, -1, 0], say: power,
        marks: (x, y) => [shape("path", { class: "playground-edge", fill: "none",
          d: `M${LEFT} ${y(0)}h2000` })],
        curves: this.named.map(([style], k) =>
          ({ style, values: logs(-4, 0.5, errors.map((each) => each[k])) })) }];
    }

    look(changes) {
      Object.assign(this, changes);
      if (this.last) this.show(...this.last);
      this.redraw();
    }

    // The chosen network reads a series, and answers after each step.
    show(report, { rivals }) {
      this.last = [report, { rivals }];
      const layers = filled(rivals.flatMap(({ layers: its }) => its), report.weights);
      const [cell, dense] = layers.slice(2 * this.chosen);
      const { inputs, width } = this.split.validation;
      const [steps, series] = [width / 2, inputs.slice(this.series * width, (this.series + 1) * width)];
      const [, { kept }, { values }] = forward([{ ...cell, sequences: true }, dense],
        volume(steps, 1, 2, series));
      const gate = kept[`${KEEP[this.layers[this.chosen]]}_gate`];
      this.units = gate ? Array.from({ length: cell.units }, (_, u) =>
        gate.filter((x, k) => k % cell.units === u)) : [];
      [this.answers, this.truth] = [values, series[0]];
      this.norms = this.training.points.at(-1)?.seen.map((seen) =>
        seen && seen.norms.map((sum) => sum / seen.count));
      this.gates.textContent = this.answer();
    }

    answer() {
      const { layers, chosen, units } = this;
      if (!units?.length) return units ? `The ${layers[chosen]} has no gates.` : "";
      const best = Math.max(...units.map((unit) => unit.slice(1).reduce((a, b) => a * b)));
      if (!Number.isFinite(best)) return "";
      const [layer, gate] = [layers[chosen], KEEP[layers[chosen]]];
      return `The ${layer}'s best ${gate} gate keeps ${short(best)} of its state to the end.`;
    }

    redraw() {
      const { units = [], answers = [], truth, norms = [], layers, chosen, training } = this;
      const steps = training.state.num_steps;
      const gate = KEEP[layers[chosen]];
      const mean = units.length ? units[0].map((_, t) => meanOf(units.map((unit) => unit[t]))) : [];
      const panel = { height: 90, low: 0 };
      draw(this.svg, [
        { ...panel, title: gate ? `${gate} gates of one series` : "no gates", high: 1, ticks: [0, 0.5, 1],
          curves: [...units, mean].map((values, k) =>
            ({ values: within(0, 1, values), style: k < units.length ? "unit" : "mean" })) },
        { ...panel, title: "answer, if asked after each step", low: -1.5, high: 1.5, ticks: [-1, 0, 1],
          curves: [{ values: Array.from(answers, () => truth), style: "wanted" },
            { values: within(-1.5, 1.5, answers), style: "mean" }] },
        { title: "gradient in the state after each step", height: 110, low: -9, high: 1,
          ticks: [-9, -6, -3, 0], say: power, curves: norms.flatMap((values, k) => (values
            ? [{ values: logs(-9, 1, values), style: `rival-${k}` }] : [])) },
      ], { width: Math.max(this.svg.parentNode.clientWidth, 200), steps });
      const last = answers.at(-1);
      this.svg.setAttribute("aria-label", !Number.isFinite(last) ? `Nothing yet, of ${steps} steps.`
        : `${this.answer()} Its last answer is ${number(last)}, the true value ${number(truth)}.`);
    }
  }

  lecturesView.trainings.race = (training) => new Race(training);
})();
