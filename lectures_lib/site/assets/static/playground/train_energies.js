// A network learns to continue the pairing energies in the page. Its forecast unfolds while it learns,
// and each finished run leaves its own as a thin line: a fan over the seeds.
"use strict";

(() => {
  const { element, button, number, counted, short, examples, logPanel } = lecturesView;
  const { draw, legend, shape } = lecturesLines;
  const { forward, volume, filled } = lecturesLayers(lecturesProducts({ simd: false }));
  const FAST = 3; // of the frame's speeds: a run has 150 epochs of one step
  const LINES = [["two playground-strong", "forecast now"], ["two", "finished runs"],
    ["before", "with other settings"]];
  const WIDTHS = [0.1, 0.2, 0.5, 1, 2, 5]; // of the errors that are shown
  const HELP = "Filled: the energies that it knows. Open: the true ones after them, which it never sees.";

  // Predict, append, repeat; the network reads as many values as it was given windows of.
  const continued = ({ layers, input: [reads] }, weights, known, steps) => {
    const network = filled(layers, weights);
    const values = [...known];
    for (let k = 0; k < steps; k++) {
      const window = volume(reads, 1, 1, Float32Array.from(values.slice(-reads)));
      values.push(forward(network, window).at(-1).values[0]);
    }
    return values.slice(known.length);
  };

  class Energies {
    constructor(training) {
      const { values, known, distance } = training.data.series;
      Object.assign(this, { training, values, known, distance, fan: [], speed: FAST, below: [],
        next: "Next seed" });
      this.last = `${distance * values.length} particles`;
      this.question = `The same ${known} energies, ten seeds: how far apart will the forecasts for `
        + `${this.last} be?`;
      this.low = Math.floor(2.6 * Math.min(...values)) / 2;
      this.svg = shape("svg", { class: "playground-svg", role: "img" });
      this.said = element("p", { className: "playground-answer" });
      this.buttons = [button("Clear the fan", () => {
        this.fan = [];
        this.redraw();
      })];
      this.boxes = [element("div", { className: "playground-wide" }, this.said, this.svg, legend(LINES),
        element("p", { className: "playground-help", textContent: HELP }))];
    }

    // The button that trains draws the fan: after the last seed comes the first.
    again() {
      const { data, state, sliders } = this.training;
      const { values } = data.controls.find(({ name }) => name === "seed");
      const next = (values.indexOf(state.seed) + 1) % values.length;
      sliders?.seed.set(next);
      this.training.set({ seed: values[next] });
    }

    show({ weights, state }, description) {
      const { values, known } = this;
      this.now = continued(description, weights, values.slice(0, known), values.length - known);
      if (state !== "done") return;
      const { seed, optimiser, layers } = description;
      const run = { settings: JSON.stringify([optimiser, layers]), seed, values: this.now };
      this.fan = this.fan.filter((old) => old.settings !== run.settings || old.seed !== seed);
      this.fan.push(run);
      this.settings = run.settings;
    }

    curves(both) {
      return [logPanel("loss (δ²)", [-6, -4, -2, 0], 1, [["loss", "one"], ["unseen", "two"]], both)];
    }

    data() {
      const { train, validation } = this.training.data.examples;
      return { train: examples(train.numbers, train), validation: examples(validation.numbers, validation) };
    }

    reached({ loss }) {
      const trained = Number.isNaN(loss) ? "" : `loss ${short(loss)}; `;
      return `${trained}${this.last}: ${number(this.now.at(-1), 3)}, true ${number(this.values.at(-1), 3)}`;
    }

    // The finished runs with the settings of the last one.
    alike() {
      return this.fan.filter(({ settings }) => settings === this.settings);
    }

    // How far apart their forecasts are at the last point.
    answer() {
      const ends = this.alike().map(({ values }) => values.at(-1)).sort((a, b) => a - b);
      if (ends.length < 2) return "";
      const [low, high, truth] = [ends[0], ends.at(-1), this.values.at(-1)];
      const where = truth >= low && truth <= high ? "between them" : "outside";
      return `${counted(ends.length, "seed")}: ${number(low, 3)} to ${number(high, 3)} for ${this.last}, `
        + `${number(high - low, 3)} apart; the true energy lies ${where}.`;
    }

    redraw() {
      const { values, known, low } = this;
      const truth = values.slice(known);
      const drawn = this.fan.map(({ settings, values: line }) =>
        [line, settings === this.settings ? "two" : "before"]);
      if (this.now?.every(Number.isFinite)) drawn.push([this.now, "two playground-strong"]);
      const curves = (least, most, of = (x) => x) => drawn.map(([line, style]) => ({ style, from: known,
        values: line.map((x, k) => Math.min(Math.max(of(x, k), least), most)) }));
      const error = (x, k) => x - truth[k];
      const largest = Math.max(...this.alike().flatMap((run) => run.values.map(error)).map(Math.abs));
      const high = WIDTHS.find((width) => width >= largest) || WIDTHS.at(-1);
      const marks = (x, y) => values.map((value, k) => shape("circle", { cx: x(k), cy: y(value), r: 3.5,
        ...(k < known && { class: "playground-given" }) }));
      draw(this.svg, [
        { title: "energy (δ)", height: 170, low, high: 0.5, curves: curves(low, 0.5), marks,
          ticks: Array.from({ length: 1 - Math.ceil(low) }, (_, k) => -k) },
        { title: "forecast − true (δ)", height: 110, low: -high, high, curves: curves(-high, high, error),
          ticks: [-high, 0, high] },
      ], { width: Math.max(this.svg.parentNode.clientWidth, 200), steps: values.length,
        each: this.distance, unit: "particles" });
      this.said.textContent = this.answer() || this.question; // until it is answered
      this.svg.setAttribute("aria-label", `${known} known energies, ${truth.length} true ones after `
        + `them, and forecasts of ${counted(this.fan.length, "finished run")}.`);
    }
  }

  lecturesView.trainings.energies = (training) => new Energies(training);
})();
