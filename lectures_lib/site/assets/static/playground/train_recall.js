// A recurrent network learns in the page what stood at the beginning of a series. Beside its curves
// stands what it learns from: the length of the gradient in each state, and of the whole.
"use strict";

(() => {
  const { element, power, short, examples, logPanel } = lecturesView;
  const { LEFT, draw, legend, shape } = lecturesLines;
  const WATCHED = 2; // of the frame's speeds
  const [LEAST, MOST] = [-9, 1]; // powers of ten that are shown
  const LINES = [["one", "this epoch"], ["before", "first epoch"]];
  const QUESTION = "How long may a record be until it learns no more?";

  class Recall {
    constructor(training) {
      Object.assign(this, { training, watched: true, speed: WATCHED, below: [] });
      this.svg = shape("svg", { class: "playground-svg", role: "img" });
      this.said = element("p", { className: "playground-answer" });
      this.boxes = [element("div", { className: "playground-wide" }, this.said, this.svg, legend(LINES))];
    }

    // A sign for each multiple of a unit, "m" for 0.
    data() {
      const { data, state } = this.training;
      const splitOf = (split) => examples(Array.from(split.signs, (sign) =>
        split.unit * (sign.charCodeAt(0) - "m".charCodeAt(0))), split, state.num_steps);
      return { train: splitOf(data.examples.train), validation: splitOf(data.examples.validation) };
    }

    curves(both) {
      const { clip } = this.training.network();
      const line = (x, y) => [shape("path", { class: "playground-edge", fill: "none",
        d: `M${LEFT} ${y(Math.log10(clip))}h2000` })];
      const cut = clip ? `, then cut to ${clip}` : "";
      const panel = { height: 90, low: 0 };
      return [
        { ...panel, title: "loss", high: 1.5, ticks: [0, 0.7, 1.4],
          curves: [...both("loss", 1.5, "one"), ...both("unseen", 1.5, "two").slice(1)] },
        { ...panel, title: "validation accuracy", high: 1, ticks: [0, 0.5, 1],
          curves: both("accuracy", 1, "two") },
        { ...logPanel(`largest gradient of an epoch${cut}`, [-2, 0, 2, 4], 4, [["norm", "one"]], both),
          marks: clip ? line : null },
      ];
    }

    show(report, description) {
      const seen = this.training.points.filter(({ norms }) => norms);
      [this.first, this.now, this.steps] = [seen[0], seen.at(-1), description.input[0]];
      this.said.textContent = this.answer() || QUESTION;
    }

    answer() {
      const ratio = this.now ? this.now.norms[0] / this.now.norms.at(-1) : NaN;
      if (!Number.isFinite(ratio)) return "";
      return `The gradient in the first state is ${short(ratio)} times that in the last.`;
    }

    redraw() {
      const steps = this.steps || this.training.state.num_steps;
      const curves = [[this.first, "before"], [this.now, "one"]].flatMap(([point, style]) => {
        const values = point && Array.from(point.norms, (sum) =>
          Math.min(Math.max(Math.log10(sum / point.count), LEAST), MOST));
        return values?.every(Number.isFinite) ? [{ values, style }] : [];
      });
      draw(this.svg, [{ title: "gradient in the state after each sample", height: 130,
        low: LEAST, high: MOST, ticks: [-9, -6, -3, 0], say: power, curves }],
      { width: Math.max(this.svg.parentNode.clientWidth, 200), steps, unit: "sample" });
      this.svg.setAttribute("aria-label", this.answer() || `No gradient yet, of ${steps} samples.`);
    }
  }

  lecturesView.trainings.recall = (training) => new Recall(training);
})();
