// A pad of learning rate and penalty: each release trains and leaves a dot, or changes the run that
// is going on. Rates grow downwards, as in the heat maps of the book.
"use strict";

(() => {
  const { element, number, button, choice, slider, clamp, power } = lecturesView;
  const { shape } = lecturesLines;
  const { forward, volume, filled } = lecturesLayers(lecturesProducts({ simd: false }));
  const [LEFT, TOP, SIDE, BOTTOM] = [54, 6, 294, 44];
  const [WIDTH, HEIGHT] = [LEFT + SIDE + 6, TOP + SIDE + BOTTOM];
  const RING = 14; // around the present place; a dot fits in
  const [FAST, WATCHED] = [4, 1]; // speeds of the frame
  const LONGER = 60; // epochs after each move in a run that goes on
  const HELP = "Drag the cross or a slider. What counts is where you let go.";
  const VIRIDIS = ["440154", "482878", "3e4a89", "31688e", "26828e", "1f9e89", "35b779", "6ece58",
    "b5de2b", "fde725"].map((text) => [0, 2, 4].map((k) => parseInt(text.slice(k, k + 2), 16)));

  // The colours of the heat maps, from 0 to 1.
  const colour = (accuracy) => {
    const place = clamp(accuracy, 1) * (VIRIDIS.length - 1);
    const first = Math.min(Math.floor(place), VIRIDIS.length - 2);
    const parts = VIRIDIS[first].map((c, k) =>
      Math.round(c + (VIRIDIS[first + 1][k] - c) * (place - first)));
    return `rgb(${parts})`;
  };
  const short = (accuracy) => accuracy?.toFixed(2).replace(/^0/, "") ?? "nan";
  const on = (accuracy) => (accuracy < 0.5 ? "playground-light" : "playground-dark");
  // Numbers without powers of ten, 0.00003.
  const plain = (x) => Number(x.toPrecision(2)).toFixed(Math.max(0, -Math.floor(Math.log10(x) + 1e-9)));

  class Pad {
    constructor(training) {
      Object.assign(this, { training, speed: FAST, play: false,
        own: ["learning_rate", "l2"], below: [], next: "Train here", again: () => training.restart() });
      const { controls, recorded, examples } = training.data;
      [this.rates, this.penalties] = this.own.map((name) => controls.find((c) => c.name === name));
      this.place = [this.rates.start, this.penalties.start];
      const ends = [...this.rates.values, ...this.penalties.values].map(Math.log10);
      this.low = Math.min(...ends) - 0.5;
      this.decade = SIDE / (Math.max(...ends) + 0.5 - this.low);
      this.pictures = lecturesView.examplesOf(examples).validation;
      this.said = element("p", { className: "playground-answer" });
      this.boxes = [element("div", { className: "playground-pad" }, this.said, this.plane(recorded),
        this.panel(recorded))];
      this.move(this.place);
    }

    along(value) {
      return (Math.log10(value) - this.low) * this.decade;
    }

    plane(recorded) {
      const box = (x, y) => [LEFT + x * this.decade, TOP + y * this.decade];
      const span = SIDE / this.decade;
      const powers = Array.from({ length: Math.round(span) }, (_, k) => k);
      const text = (x, y, said, more) => shape("text", { x, y, "text-anchor": "middle", ...more }, said);
      const axes = powers.flatMap((k) => {
        const [x, y] = box(k + 0.5, k + 0.5);
        const said = power(Math.round(this.low + 0.5) + k);
        return [
          shape("line", { x1: x, x2: x, y1: TOP, y2: TOP + SIDE, class: "playground-tick" }),
          shape("line", { x1: LEFT, x2: LEFT + SIDE, y1: y, y2: y, class: "playground-tick" }),
          text(x, TOP + SIDE + 16, said), text(LEFT - 6, y + 4, said, { "text-anchor": "end" }),
        ];
      });
      axes.push(text(LEFT + SIDE / 2, HEIGHT - 6, "penalty λ →"),
        text(0, 0, "← learning rate η", { transform: `translate(12 ${TOP + SIDE / 2}) rotate(-90)` }));
      // Where the logarithms of rate and penalty are opposite numbers.
      const [x1, y2] = box(-2 * this.low - span, -2 * this.low - span);
      const ends = { x1, y1: TOP + SIDE, x2: LEFT + SIDE, y2 };
      const line = ["halo", "edge"].map((name) =>
        shape("line", { ...ends, class: `playground-${name}` }));
      line.push(text(LEFT + SIDE - 4, y2 - 8, "ηλ = 1",
        { "text-anchor": "end", class: "playground-over" }));
      this.map = shape("g", { visibility: "hidden" }, ...this.squares(recorded));
      this.dots = shape("g", { class: "playground-dots" });
      this.cross = shape("g", {});
      const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" },
        ...axes, this.map, ...line, this.dots, this.cross);
      const touch = element("div", { className: "playground-touch" });
      Object.assign(touch.style, { left: `${(100 * LEFT) / WIDTH}%`, top: `${(100 * TOP) / HEIGHT}%`,
        width: `${(100 * SIDE) / WIDTH}%`, height: `${(100 * SIDE) / HEIGHT}%` });
      this.listen(touch);
      return element("div", { className: "playground-plane" }, svg, touch);
    }

    squares({ learning_rate: rates, l2, accuracy }) {
      return rates.flatMap((rate, row) => l2.flatMap((penalty, column) => {
        const value = accuracy[row][column];
        const x = LEFT + this.along(penalty) - this.decade / 2;
        const y = TOP + this.along(rate) - this.decade / 2;
        return [
          shape("rect", { x, y, width: this.decade, height: this.decade, stroke: "white",
            fill: value === null ? "#ddd" : colour(value) }),
          shape("text", { x: x + 3, y: y + 11, class: on(value ?? 1) }, short(value)),
        ];
      }));
    }

    panel(recorded) {
      this.product = element("p", { className: "playground-help" });
      this.sliders = [this.rates, this.penalties].map(({ label, values, start }, k) => {
        const made = slider(label, { min: 0, max: values.length - 1, value: start,
          say: (place) => plain(values[place]) },
        (value) => this.move(this.place.map((x, j) => (j === k ? value : x))));
        made.input.addEventListener("change", () => this.release());
        return made;
      });
      const modes = choice("A move", ["starts a new run", "changes the run that is going on"],
        (k) => this.become(k === 1));
      const shown = element("input", { type: "checkbox" });
      shown.addEventListener("change", () =>
        this.map.setAttribute("visibility", shown.checked ? "visible" : "hidden"));
      const map = element("p", {}, element("label", {}, shown,
        ` Show the recorded map (${recorded.what})`));
      const clear = button("Clear the dots", () => this.dots.replaceChildren());
      return element("div", {}, ...this.sliders.map(({ box }) => box), this.product, modes,
        map, clear, this.legend(),
        element("p", { className: "playground-help", textContent: HELP }));
    }

    legend() {
      const scale = element("span", { className: "playground-scale" });
      scale.style.background =
        `linear-gradient(to right, ${VIRIDIS.map((c) => `rgb(${c})`)})`;
      const nan = shape("svg", { width: 16, height: 16, viewBox: "-8 -8 16 16", "aria-hidden": "true" },
        ...this.nan());
      return element("ul", { className: "playground-legend", role: "list" },
        element("li", {}, "accuracy 0 ", scale, " 1"), element("li", {}, nan, " loss is nan"));
    }

    nan() {
      return ["halo", "nan"].map((name) =>
        shape("path", { d: "M-6 -6L6 6M-6 6L6 -6", class: `playground-${name}` }));
    }

    listen(touch) {
      const nearest = ({ values }, share) => {
        const far = values.map((value) => Math.abs(this.along(value) - share * SIDE));
        return far.indexOf(Math.min(...far));
      };
      const move = ({ clientX, clientY }) => {
        const box = touch.getBoundingClientRect();
        this.move([nearest(this.rates, (clientY - box.top) / box.height),
          nearest(this.penalties, (clientX - box.left) / box.width)]);
      };
      const held = ({ pointerId }) => touch.hasPointerCapture(pointerId);
      touch.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !event.isPrimary) return;
        event.preventDefault();
        touch.setPointerCapture(event.pointerId);
        move(event);
      });
      touch.addEventListener("pointermove", (event) => held(event) && move(event));
      touch.addEventListener("pointerup", (event) => held(event) && this.release());
    }

    // Another place of the cross: a pair of places on the lists of values.
    move(place) {
      this.place = place;
      const [rate, l2] = [this.rates.values[place[0]], this.penalties.values[place[1]]];
      Object.assign(this.training.state, { learning_rate: rate, l2 });
      this.sliders.forEach(({ set }, k) => set(place[k]));
      const [x, y] = [LEFT + this.along(l2), TOP + this.along(rate)];
      const lines = `M${LEFT} ${y}H${x - RING}M${x + RING} ${y}H${LEFT + SIDE}`
        + `M${x} ${TOP}V${y - RING}M${x} ${y + RING}V${TOP + SIDE}`;
      this.cross.replaceChildren(shape("path", { d: lines, class: "playground-cross" }),
        shape("circle", { cx: x, cy: y, r: RING, class: "playground-cross" }));
      this.product.textContent = `ηλ = ${plain(rate * l2)}: a step multiplies each weight by 1 − 2ηλ `
        + `= ${number(1 - 2 * rate * l2, 3)}, before the data say anything.`;
    }

    release() {
      const { state, report, trainer } = this.training;
      const changes = { learningRate: state.learning_rate, l2: state.l2 };
      if (!this.play || report?.state === "diverged") this.training.restart();
      else if (report?.state === "paused") trainer.change(changes);
      else this.training.goOn(changes, LONGER);
    }

    // A run that goes on keeps its speed, unless the reader wants to act in it.
    become(play) {
      Object.assign(this, { play, epochs: play ? LONGER : 0 });
      const running = this.training.report?.state === "running";
      if (play || !running) this.training.pace(play ? WATCHED : FAST);
      if (play && running) this.training.goOn({}, LONGER);
    }

    show(report, description) {
      if (description !== this.run) {
        Object.assign(this, { run: description, left: false, mixed: false, asked: NaN });
      }
      this.mixed ||= this.play;
      this.ended = report.state === "done" || report.state === "diverged";
      const { epoch } = report;
      if (this.ended || !(epoch - this.asked < 1)) {
        this.asked = this.ended ? NaN : epoch;
        this.kernels = report.state === "diverged" ? "" : this.answering(report.weights, description);
      }
      this.said.textContent = this.answer();
      if (this.ended && !this.mixed && !this.left) this.leave(report, description);
    }

    // A run with one rate and one penalty leaves a dot, above those of earlier ones.
    leave({ state }, { optimiser, layers }) {
      this.left = true;
      const { l2 } = layers.find((layer) => "l2" in layer);
      const { accuracy } = this.training.points.at(-1);
      const nan = state === "diverged";
      const marks = nan ? this.nan() : [
        shape("circle", { r: 11, class: "playground-halo" }),
        shape("circle", { r: 10, fill: colour(accuracy), class: "playground-dot" }),
        shape("text", { y: 4, "text-anchor": "middle", class: on(accuracy) }, short(accuracy)),
      ];
      const place = `translate(${LEFT + this.along(l2)} ${TOP + this.along(optimiser.rate)})`;
      this.dots.append(shape("g", { transform: place }, ...marks));
    }

    // A kernel whose ReLU is 0 for every picture learns no more.
    answering(weights, { layers }) {
      const network = filled(layers.slice(0, 2), weights);
      const { inputs, labels, width } = this.pictures;
      const side = Math.sqrt(width);
      const alive = new Set();
      for (let k = 0; k < labels.length; k++) {
        const picture = volume(side, side, 1, inputs.subarray(k * width, (k + 1) * width));
        const { values, channels } = forward(network, picture).at(-1);
        values.forEach((x, place) => x > 0 && alive.add(place % channels));
        if (alive.size === channels) break;
      }
      return `, ${alive.size} of ${layers[0].shape[3]} kernels answer to some picture`;
    }

    answer() {
      const { state, points } = this.training;
      const nan = this.training.report.state === "diverged";
      const reached = nan ? "the loss is nan" : `accuracy ${number(points.at(-1).accuracy, 3)}`;
      const where = this.mixed ? [state.learning_rate, state.l2]
        : [this.run.optimiser.rate, this.run.layers.find((layer) => "l2" in layer).l2];
      return `η = ${plain(where[0])}, λ = ${plain(where[1])}: ${reached}${nan ? "" : this.kernels}.`;
    }

    // The learning rate in time, where the reader changes it.
    panels(points) {
      if (!this.mixed) return [];
      const values = points.map(({ rate }) => Math.log10(rate));
      const [low, high] = [this.rates.values[0], this.rates.values.at(-1)].map(Math.log10);
      return [{ title: "learning rate (log₁₀)", height: 50, low, high, ticks: [-4, -2, 0],
        curves: [{ values, style: "axis" }] }];
    }
  }

  lecturesView.trainings.pad = (training) => new Pad(training);
})();
