// The frame of a network that trains in the page: controls, buttons, curves. What is special to a
// kind of figure, such as a drawn digit, is a view (`lecturesView.trainings`).
"use strict";

lecturesView.trainings ??= {};
// Pictures and labels out of their text: a sign for each grey value, and for each label.
lecturesView.examplesOf = ({ train, validation }) => {
  const splitOf = ({ pictures, labels }) => ({
    inputs: Float32Array.from(lecturesView.greyText(pictures), (grey) => grey / 16),
    width: pictures.length / labels.length, labels: Float32Array.from(labels, Number), answers: 1,
  });
  return { train: splitOf(train), validation: splitOf(validation) };
};
lecturesView.starters.training = (() => {
  const { element, number, counted, button, slider, announcer } = lecturesView;
  const { draw, legend, shape } = lecturesLines;
  const SPEEDS = [1, 2, 5, 20, 0]; // epochs a second; 0 is as fast as possible
  const CURVES = [["one", "training"], ["two", "validation"], ["before", "the run before"]];
  const CALM = 1000; // ms between pictures for readers who want little motion
  const HIGHEST_LOSS = 2.5;
  const SHORT = 30; // epochs of a small figure
  const MORE = 10; // epochs after a lesson
  const MOST = 91; // epochs that the curves show of a long run

  class Training {
    constructor(box, given) {
      const asked = new URLSearchParams(box.dataset.asked); // of the address: values on the lists
      const data = { ...given, controls: given.controls.map((control) => {
        const start = control.texts.indexOf(asked.get(control.name));
        return start < 0 ? control : { ...control, start };
      }) };
      Object.assign(this, { asked, data, points: [], before: [], report: null, shown: 0, wanted: true });
      this.small = "small" in box.dataset; // no sliders, a short run
      this.epochs = this.small ? SHORT : data.epochs;
      this.state = Object.fromEntries(data.controls.map((c) => [c.name, c.values[c.start]]));
      this.speed = this.small ? 2 : 1;
      this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.announcer = announcer();
      this.address = !this.small && globalThis.lecturesAddress; // on the site
      this.figure = box.closest("figure")?.id;
      this.view = lecturesView.trainings[data.kind](this);
      this.known = this.query();
      this.trainer = new lecturesTrainer(this.view.data?.() || lecturesView.examplesOf(data.examples),
        (report) => this.heard(report));
      this.speed = this.calm ? SPEEDS.length - 1 : this.view.speed ?? this.speed;
      this.live = element("div", { className: "playground-live playground-training" },
        ...this.view.boxes, this.buttons(), this.controls(), this.curves(), ...this.view.below,
        this.announcer.box);
      box.append(this.live);
      this.watch(box);
      this.restart();
    }

    controls() {
      if (this.small) return "";
      this.sliders = {};
      const made = this.data.controls.filter(({ name }) => !this.view.own?.includes(name))
        .map(({ name, label, texts, values, start }) => (this.sliders[name] =
          slider(label, { min: 0, max: texts.length - 1, value: start, say: (k) => texts[k] },
            (k) => this.set({ [name]: values[k] }))));
      const speed = slider("speed", { min: 0, max: SPEEDS.length - 1, value: this.speed,
        say: (k) => (SPEEDS[k] ? `${counted(SPEEDS[k], "epoch")} a second` : "as fast as possible"),
      }, (k) => {
        this.speed = k;
        this.trainer.change({ rate: SPEEDS[k] });
      });
      this.speeds = speed;
      return element("div", { className: "playground-sliders" },
        ...[...made, speed].map(({ box }) => box));
    }

    buttons() {
      this.main = button("Pause", () => this.press());
      return element("div", { className: "playground-buttons" }, this.main,
        ...(this.small ? [] : [button("One step", () => {
          if (!["running", "paused"].includes(this.report?.state)) this.restart("paused");
          this.wanted = false;
          this.trainer.step();
        })]),
        button("Start again", () => this.restart()), ...this.view.buttons || [],
        ...this.address ? this.address.copier(this.figure, () => this.query()) : []);
    }

    query() {
      const settings = this.data.controls.map(({ name, values, texts }) =>
        [name, texts[values.indexOf(this.state[name])]]);
      return String(new URLSearchParams([...settings, ...this.view.asks?.() || []]));
    }

    remember() {
      if (!this.address || this.known === this.query()) return;
      this.known = this.query();
      this.address.remember(this.figure, this.known);
    }

    curves() {
      this.status = element("p", { className: "playground-answer" });
      this.svg = shape("svg", { class: "playground-svg", role: "img" });
      return element("div", { className: "playground-curves" }, this.status, this.svg,
        this.small ? "" : legend(this.view.named || CURVES));
    }

    // Pause when nobody can see it, and go on afterwards.
    watch(box) {
      let inView = true;
      const look = () => {
        this.seen = inView && !document.hidden;
        this.away ||= !this.seen;
        if (!this.seen) this.trainer.pause();
        this.comeBack();
      };
      new IntersectionObserver((entries) => {
        inView = entries.at(-1).isIntersecting;
        look();
      }).observe(box);
      document.addEventListener("visibilitychange", look);
      new ResizeObserver(() => requestAnimationFrame(() => {
        if (!this.waiting) this.paint(); // `show` does it, when it knows all
      })).observe(box);
    }

    comeBack() {
      if (!this.seen || !this.away || !this.wanted || this.report?.state !== "paused") return;
      this.away = false;
      this.trainer.resume();
    }

    press() {
      const { state } = this.report || {};
      if (state === "paused") {
        this.wanted = true;
        this.trainer.resume();
      } else if (state === "running") {
        this.wanted = false;
        this.trainer.pause();
      } else if (state && this.view.again) this.view.again();
      else if (state === "done") this.goOn({});
      else this.restart();
    }

    // The network of the controls, as the engine takes it.
    network(state = this.state) {
      const { structure, networks } = this.data;
      const found = networks[structure.map((name) => state[name]).join(" ")];
      const { learning_rate: rate = found.optimiser.rate, l2, seed = 0 } = state;
      const layers = found.layers.map((layer) =>
        ("l2" in layer && l2 !== undefined ? { ...layer, l2 } : layer));
      const { watched } = this.view;
      return { ...found, layers, optimiser: { ...found.optimiser, rate }, seed, watched };
    }

    set(changes) {
      Object.assign(this.state, changes);
      this.restart();
    }

    pace(speed) {
      this.speed = speed;
      this.speeds?.set(speed);
      this.trainer.change({ rate: SPEEDS[speed] });
    }

    // One that starts paused takes no step before it is asked to.
    restart(state = "running") {
      if (this.points.length > 1) this.before = this.points;
      Object.assign(this, { points: [], report: null, wanted: true });
      const { batch_size: batchSize = this.data.batchSize } = this.state;
      this.description = this.view.rivals?.() || this.network();
      this.trainer.start({ network: this.description, batchSize, epochs: this.view.epochs || this.epochs,
        rate: SPEEDS[this.speed], state, own: this.view.examples?.(), data: this.view.data?.() });
    }

    // The run goes on with what is changed, also when it was over.
    goOn(changes, more = MORE) {
      const done = Math.ceil(this.report?.epoch || 0);
      this.trainer.change({ ...changes, epochs: Math.max(this.epochs, done + more) });
      this.wanted = true;
      if (this.report?.state !== "running") this.trainer.resume();
    }

    heard(report) {
      const rate = this.state.learning_rate;
      this.points.push(...report.points.map((point) => ({ ...point, rate })));
      const ended = report.state !== "running" && report.state !== this.report?.state;
      this.report = report;
      const { next } = this.view; // what comes after a run
      const ends = { done: next || "Go on", diverged: next || "Start again" };
      this.main.textContent = { paused: "Go on", running: "Pause", ...ends }[report.state];
      const soon = ended || report.steps === 0 || !this.calm
        || performance.now() - this.shown > CALM;
      if (soon) this.waiting ??= requestAnimationFrame(() => this.show());
      this.stopped ||= ended;
      this.comeBack(); // perhaps it has paused only now
    }

    sentence() {
      const { epoch, state } = this.report;
      const point = this.points.at(-1);
      const after = `After ${number(epoch, Number.isInteger(epoch) ? 0 : 1)} epochs`;
      if (state === "diverged") return `${after}: the loss is no longer a number, and training stops.`;
      if (this.view.reached) return `${after}: ${this.view.reached(point)}.`;
      const loss = Number.isNaN(point.loss) ? "" : `loss ${number(point.loss)}, `;
      return `${after}: ${loss}validation accuracy ${number(point.accuracy, 3)}.`;
    }

    show() {
      this.waiting = null;
      if (!this.report) return; // started again meanwhile
      this.shown = performance.now();
      this.remember();
      this.view.show(this.report, this.description);
      this.status.textContent = this.sentence();
      this.live.dataset.state = this.report.state;
      this.paint();
      if (this.stopped) this.announcer.say(`${this.sentence()} ${this.view.answer?.() || ""}`);
      this.stopped = false;
    }

    paint() {
      const width = Math.max(this.svg.parentNode.clientWidth, 200);
      const first = Math.max(this.points.length - Math.max(MOST, this.epochs + 1), 0);
      const of = (points, name, high, scale = (x) => x) => {
        const values = points.slice(first).map((point) => Math.min(scale(point[name]), high));
        return values.map((x, k) => (Number.isNaN(x) && k === 0 ? values[1] : x))
          .filter((x) => !Number.isNaN(x) && x !== undefined);
      };
      const both = (name, high, style, scale) => [
        { values: of(this.before, name, high, scale), style: "before" },
        { values: of(this.points, name, high, scale), style },
      ];
      const panel = { height: 90, low: 0 };
      const panels = this.view.curves?.(both, first) || [
        { ...panel, title: "loss", high: HIGHEST_LOSS, ticks: [0, 1, 2],
          curves: [...both("loss", HIGHEST_LOSS, "one"), ...both("unseen", HIGHEST_LOSS, "two").slice(1)] },
        { ...panel, title: "validation accuracy", high: 1, ticks: [0, 0.5, 1],
          curves: both("accuracy", 1, "two") },
        ...this.view.panels?.(this.points.slice(first)) || [],
      ];
      draw(this.svg, this.small ? panels.slice(1) : panels, { width, first, unit: "epoch",
        steps: Math.max(this.epochs + 1, this.points.length - first) });
      this.svg.setAttribute("aria-label", this.report ? this.sentence() : "");
      this.view.redraw?.();
    }
  }

  return (box, data) => new Training(box, data);
})();
