// Autoencoders with two numbers in the code learn in the page. The codes of unseen digits are drawn on
// one canvas and glide to where the network puts them; the place under the reader's ring is decoded.
"use strict";

(() => {
  const { element, number, percent, choice, slider, clamp, greyText } = lecturesView;
  const { LEFT, shape } = lecturesLines;
  const { forward, volume, filled } = lecturesLayers(lecturesProducts({ simd: false }));
  const WATCHED = 2; // of the frame's speeds
  const LONGER = 40; // epochs after a change
  const [SIDE, PIXELS] = [8, 64];
  const PRIOR = Math.sqrt(-2 * Math.log(0.05)); // the circle of 95 %
  const WIDEST = 4; // half the plane of sampled codes, unless they need more
  const GLIDE = 0.3; // of the way in each picture
  const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  // One colour for each digit, on paper and on a dark page.
  const INKS = ["0072b2c44e0000805cb0307a6b4fc07d630000707fc4242b7a4a2b555555",
    "66b8f0ff9a523fd0a4f08ac5b8a4ffd8c04a4fd0e0ff8f8fd0a080c0c0c0"].map((text) =>
    text.match(/.{6}/g).map((ink) => `#${ink}`));
  const LINES = [["two", "unseen digits"], ["before", "the run before"]];
  const HELP = "Drag the ring, or use the arrow keys (with Shift: far).";

  // A picture of grey values from 0 (paper) to 1, a dot each.
  const print = (canvas, picture) => {
    canvas.width = canvas.height = SIDE; // and empty
    const pen = canvas.getContext("2d");
    picture.forEach((grey, k) => {
      pen.globalAlpha = clamp(grey, 1);
      pen.fillRect(k % SIDE, Math.floor(k / SIDE), 1, 1);
    });
  };

  const circle = (pen, centre, radius) => {
    pen.beginPath();
    pen.arc(...centre, radius, 0, 7);
    pen.stroke();
  };

  class Plane {
    constructor(training) {
      Object.assign(this, { training, speed: WATCHED, below: [],
        own: ["autoencoder", "beta", "learning_rate"], named: LINES, ring: [0.3, 0.3], only: -1 });
      const { controls, examples: { validation } } = training.data;
      this.digits = Array.from(validation.labels, Number);
      this.said = element("p", { className: "playground-answer" });
      this.canvas = element("canvas", { role: "img" });
      this.field = element("div", { className: "playground-plane playground-codes", tabIndex: 0,
        role: "application", "aria-label": "Plane of the codes: arrow keys move the ring" }, this.canvas);
      this.attend();
      this.boxes = [element("div", { className: "playground-pad" }, this.said, this.field,
        this.desk(...this.own.map((name) => controls.find((one) => one.name === name))))];
    }

    data() {
      const { examples, principal } = this.training.data;
      const splitOf = ({ pictures }) => {
        const inputs = Float32Array.from(greyText(pictures), (grey) => grey / 16);
        return { inputs, labels: inputs, width: PIXELS, answers: PIXELS, ...principal };
      };
      this.sets ??= { train: splitOf(examples.train), validation: splitOf(examples.validation) };
      return this.sets;
    }

    // What stands beside the plane: the decoded picture, the nearest digit, and what can be changed.
    desk(networks, beta, rate) {
      const { state } = this.training;
      [this.decoded, this.original] = [0, 1].map(() =>
        element("canvas", { "aria-hidden": true }));
      const screens = element("div", { className: "playground-screens" }, this.decoded, "decoded", this.original,
        "nearest digit");
      this.where = element("p", { className: "playground-help" });
      const kinds = choice("Autoencoder", networks.texts, (k) => {
        this.training.set({ autoencoder: networks.values[k] });
        this.training.paint();
        betas.input.disabled = !this.sampled(); // only the variational network has a beta
      });
      kinds.querySelectorAll("input")[networks.start].checked = true;
      const [betas, rates] = [[beta, "beta"], [rate, "learningRate"]].map(([{ name, label, texts, values,
        start }, sent]) => slider(label, { min: 0, max: texts.length - 1, value: start,
        say: (k) => texts[k] }, (k) => {
        state[name] = values[k];
        this.midway({ [sent]: values[k] });
      }));
      betas.input.disabled = !this.sampled();
      const inks = choice("Show", ["all", ...INKS[0].keys()], (k) => {
        this.only = k - 1;
        this.stir();
      });
      inks.classList.add("playground-inks");
      new MutationObserver(() => this.stir())
        .observe(document.documentElement, { attributeFilter: ["data-theme"] });
      this.inks = [...inks.querySelectorAll("label")].slice(1);
      return element("div", {}, screens, this.where, kinds, betas.box, rates.box, inks, element("p", { className: "playground-help", textContent: HELP }));
    }

    sampled() {
      return this.training.state.autoencoder === "variational";
    }

    // The run goes on with what is changed.
    midway(change) {
      const { training } = this;
      const { state } = training.report || {};
      if (state === "diverged") return;
      if (state === "paused") training.trainer.change(change);
      else training.goOn(change, LONGER);
    }

    attend() {
      const { field } = this;
      const point = ({ clientX, clientY, pointerId }) => {
        if (!field.hasPointerCapture(pointerId)) return;
        const { left, top, width } = field.getBoundingClientRect();
        this.aim([(2 * (clientX - left)) / width - 1, 1 - (2 * (clientY - top)) / width]);
      };
      field.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !event.isPrimary) return;
        field.setPointerCapture(event.pointerId);
        point(event);
      });
      field.addEventListener("pointermove", point);
      field.addEventListener("keydown", (event) => {
        const way = KEYS[event.key];
        if (!way || event.altKey) return; // which leads to other pages
        event.preventDefault();
        this.aim(this.ring.map((x, k) => x + (event.shiftKey ? 0.2 : 0.04) * way[k]));
      });
    }

    // Another place of the ring, from -1 to 1 in both directions.
    aim(ring) {
      this.ring = ring.map((x) => clamp(x + 1, 2) - 1);
      this.decode();
      this.training.announcer.say(this.where.textContent);
      this.stir();
    }

    show({ weights }, { layers }) {
      const { digits } = this;
      const found = filled(layers, weights);
      const half = 1 + layers.findIndex(({ kind, shape: size }) => kind === "sample" || size?.[1] === 2);
      const codes = forward(found.slice(0, half), volume(1, 1, PIXELS, this.sets.validation.inputs)).at(-1).values;
      if (!codes.every(Number.isFinite)) return;
      Object.assign(this, { codes, decoder: found.slice(half) });
      this.middle = [0, 1].map((k) => (this.sampled() ? 0
        : digits.reduce((sum, _, n) => sum + codes[2 * n + k], 0) / digits.length));
      this.reach = codes.reduce((most, x, k) => Math.max(most, 1.08 * Math.abs(x - this.middle[k % 2])),
        this.sampled() ? WIDEST : 0.01);
      const alike = digits.filter((digit, k) => digits[this.closest(codes.subarray(2 * k), k)] === digit);
      this.alike = alike.length / digits.length;
      this.said.textContent = this.answer();
      this.decode();
    }

    // The code next to a place, but for one.
    closest([x, y], but) {
      const { codes, digits } = this;
      let [best, least] = [0, Infinity];
      for (let k = 0; k < digits.length; k++) {
        const far = (codes[2 * k] - x) ** 2 + (codes[2 * k + 1] - y) ** 2;
        if (far < least && k !== but) [best, least] = [k, far];
      }
      return best;
    }

    decode() {
      if (!this.codes) return;
      const code = this.ring.map((x, k) => this.middle[k] + this.reach * x);
      const near = this.closest(code);
      const start = PIXELS * near;
      print(this.decoded, forward(this.decoder, volume(1, 1, 2, Float32Array.from(code))).at(-1).values);
      print(this.original, this.sets.validation.inputs.subarray(start, start + PIXELS));
      const [z, digit] = [code.map((x) => number(x)).join("; "), this.digits[near]];
      this.where.textContent = `z = (${z}); the nearest code is that of a ${digit}.`;
    }

    reached({ error, divergence, angle }) {
      return [["error", error, 3, ""], ["PCA", this.sets.train.error, 3, ""], ["divergence", divergence, 2, " nats"],
        ["largest angle to the plane of PCA", angle, 1, "°"]].filter(([, x]) => x !== undefined)
        .map(([name, x, digits, unit]) => `${name} ${number(x, digits)}${unit}`).join(", ");
    }

    curves(both) {
      const { error } = this.sets.train;
      const marks = (x, y) => [
        shape("path", { class: "playground-edge", d: `M${LEFT} ${y(error)}h2000` }),
        shape("text", { x: LEFT + 6, y: y(error) + 14 }, "PCA")];
      const [name, title, high] = { linear: ["angle", "largest angle to the plane of PCA (°)", 90],
        variational: ["divergence", "divergence (nats)", 8] }[this.training.state.autoencoder] || [];
      const panel = { height: 90, low: 0 };
      return [{ ...panel, title: "error (1: the mean picture)", high: 1, ticks: [0, 0.5, 1], marks,
        curves: both("error", 1, "two") },
      ...(name ? [{ ...panel, title, high, ticks: [0, high / 2, high], curves: both(name, high, "two") }] : [])];
    }

    answer() {
      return this.codes ? `${percent(this.alike)} of the codes lie next to one of the same digit.` : "";
    }

    redraw() {
      this.canvas.setAttribute("aria-label", `${this.digits.length} digits at their codes. ${this.answer()}`);
      this.stir();
    }

    stir() {
      this.turn ??= requestAnimationFrame(() => {
        this.turn = null;
        if (this.glide()) this.stir();
      });
    }

    // Draw the codes a little nearer to where they belong; tells whether any is still on its way.
    glide() {
      const { canvas, codes, middle, reach, training: { calm } } = this;
      const side = canvas.clientWidth;
      canvas.width = canvas.height = Math.round(side * devicePixelRatio);
      const pen = canvas.getContext("2d");
      const text = getComputedStyle(canvas).color;
      const dark = text.match(/\d+/g)[0] > 128;
      this.inks.forEach((label, k) => (label.style.color = INKS[+dark][k]));
      if (!codes) return false;
      pen.scale(canvas.width / side, canvas.width / side);
      pen.font = "11px sans-serif";
      pen.fillStyle = pen.strokeStyle = text;
      const place = (u, v) => [((1 + u) * side) / 2, ((1 - v) * side) / 2];
      this.scales(pen, place, side);
      this.drawn ??= codes.map(() => 0);
      let furthest = 0;
      codes.forEach((z, k) => {
        const way = (z - middle[k % 2]) / reach - this.drawn[k];
        this.drawn[k] += calm ? way : GLIDE * way;
        furthest = Math.max(furthest, Math.abs(way));
      });
      pen.font = "bold 13px sans-serif";
      [pen.textAlign, pen.textBaseline] = ["center", "middle"];
      this.digits.forEach((digit, k) => {
        pen.fillStyle = INKS[+dark][digit];
        pen.globalAlpha = this.only < 0 || this.only === digit ? 1 : 0.15;
        pen.fillText(digit, ...place(...this.drawn.subarray(2 * k, 2 * k + 2)));
      });
      pen.globalAlpha = 1;
      for (const [width, colour] of [[5, dark ? "#000" : "#fff"], [2.5, "#d55e00"]]) {
        [pen.lineWidth, pen.strokeStyle] = [width, colour];
        circle(pen, place(...this.ring), 11);
      }
      return !calm && furthest > 0.003;
    }

    // Lines at round numbers, and the circle of the prior.
    scales(pen, place, side) {
      const { middle, reach } = this;
      const power = 10 ** Math.floor(Math.log10(reach));
      const step = power * (reach < 4 * power ? 0.5 : 2);
      const end = 0.9 * reach; // beyond stand the names
      for (const k of [0, 1]) {
        for (let n = Math.ceil((middle[k] - end) / step); n * step < middle[k] + end; n++) {
          const u = (n * step - middle[k]) / reach;
          const [[x, y], last] = [-1, 1].map((v) => (k ? place(v, u) : place(u, v)));
          pen.globalAlpha = n ? 0.15 : 0.5;
          pen.beginPath();
          pen.lineTo(x, y);
          pen.lineTo(...last);
          pen.stroke();
          pen.globalAlpha = 0.8;
          pen.fillText(number(n * step, step < 1 ? -Math.floor(Math.log10(step)) : 0), x + 3, y - 3);
        }
      }
      pen.fillText("z₁", side - 16, side - 3);
      pen.fillText("z₂", 4, 14);
      if (!this.sampled()) return;
      pen.setLineDash([6, 4]);
      circle(pen, place(0, 0), (PRIOR * side) / reach / 2);
      pen.setLineDash([]);
    }
  }

  lecturesView.trainings.plane = (training) => new Plane(training);
})();
