// The playground of the gates: write a record of charge, see what trained LSTM cells do with it.
"use strict";

lecturesView.starters.gates = (() => {
  const { element, number, counted, button, slider, choice, announcer, clamp, tint, tinted } =
    lecturesView;
  const { lstm, decode, split } = lecturesNetwork;
  const { LEFT, GAP, draw, legend, shape } = lecturesLines;
  const { STEPS, SIGNS, clean, refused, encode } = lecturesRecord;
  const PENS = [["1", "1 pC"], ["2", "2 pC"], ["3", "3 pC"], ["d", "drain"], ["r", "read"]];
  const SAID = {
    ".": "nothing", 1: "1 pC arrives", 2: "2 pC arrive", 3: "3 pC arrive", d: "drain", r: "read",
  };
  const GATES = [["gate-i", "input gate i"], ["gate-f", "forget gate f"], ["gate-o", "output gate o"]];
  const STATES = [["state-g", "candidate g"], ["state-c", "cell C"], ["state-h", "hidden h"]];
  const ANSWERS = [["wanted", "charge when it is read"], ["readout", "read-out of the network"]];

  const bracket = (x, digits = 3) => number(x, digits).replace(/^−.*/, "($&)");

  const networkOf = ({ title, units, weights }) => {
    const shapes = [[3, 4 * units], [units, 4 * units], [4 * units], [units], [1]];
    const [kernel, recurrent, bias, output, outputBias] = split(decode(weights), shapes);
    return { title, units, features: 3, kernel, recurrent, bias, output, outputBias };
  };

  // All states of a network, and its read-out in pC.
  const run = (network, inputs) => {
    const states = lstm(inputs, network);
    const readout = Float32Array.from({ length: STEPS }, (_, t) => network.output.reduce(
      (sum, weight, u) => sum + weight * states.hidden[t * network.units + u],
      network.outputBias[0]));
    return { ...states, readout };
  };

  const stem = ({ step, value, text }, x, y) => [
    shape("line", { x1: x(step), x2: x(step), y1: y(0), y2: y(value), class: "playground-stem" }),
    shape("text", { x: x(step), y: y(value) - 4, "text-anchor": "middle" }, text),
  ];

  // Which step and which panel lie under a pointer; the first panel is 0.
  const place = (svg, panels, steps, { clientX, clientY }) => {
    const box = svg.getBoundingClientRect();
    const share = (clientX - box.left - LEFT) / (box.width - LEFT - 2);
    let [bottom, panel] = [0, 0];
    while (panel < panels.length - 1) {
      bottom += GAP + panels[panel].height;
      if (clientY - box.top < bottom + GAP / 2) break;
      panel += 1;
    }
    return { step: clamp(Math.floor(share * steps), steps - 1), panel };
  };

  class Playground {
    constructor(box, data) {
      this.networks = data.networks.map(networkOf);
      this.normals = decode(data.normals);
      this.examples = data.examples;
      Object.assign(this, { text: clean(data.examples[0]), example: 0, noise: data.noise, step: 8,
        network: 0, unit: 0, pen: "1" });
      this.announcer = announcer();
      this.address = globalThis.lecturesAddress; // on the site
      this.figure = "playground-gates";
      const live = element("div", { className: "playground-live playground-time" },
        this.writing(data.noise), this.line(), this.readings(), this.announcer.box);
      box.append(live);
      this.showUnits();
      this.update();
      new ResizeObserver(() => requestAnimationFrame(() => this.redraw())).observe(this.slider);
      this.address?.follow(this.figure, box.closest("figure"), (query) => {
        const record = new URLSearchParams(query).get("record");
        if (record !== null) this.text = clean(record);
        this.update();
      });
    }

    writing(noise) {
      const pens = choice("A click or tap in the first panel, or Space, puts",
        PENS.map(([, name]) => name), (k) => (this.pen = PENS[k][0]));
      const id = lecturesView.uniqueId("record");
      this.field = element("input", { id, type: "text", spellcheck: false, autocomplete: "off",
        className: "playground-record", maxLength: 200 });
      this.field.setAttribute("autocapitalize", "off");
      this.refused = element("p", { className: "playground-help", role: "status" });
      this.field.addEventListener("input", () => {
        this.refused.textContent = refused(this.field.value);
        this.set(clean(this.field.value), { type: false });
      });
      this.field.addEventListener("change", () => (this.field.value = this.text));
      const record = element("div", { className: "playground-field" },
        element("label", { htmlFor: id,
          textContent: "or type the record: . nothing, 1 2 3 charge in pC, d drain, r read" }),
        this.field, this.refused);
      const buttons = element("div", { className: "playground-buttons" },
        button("◀ Step", () => this.go(this.step - 1)),
        button("Put here", () => this.put(this.step)),
        button("Step ▶", () => this.go(this.step + 1)),
        button("Clear", () => this.set(clean(""))),
        button("Next example", () => {
          this.example = (this.example + 1) % this.examples.length;
          this.set(clean(this.examples[this.example]));
        }), ...(this.address?.copier(this.figure, () => this.query()) || []));
      this.noiseSlider = slider("Noise on the charge", { min: 0, max: 0.5, step: 0.05, value: noise,
        say: (x) => `${number(x)} pC` }, (value) => {
        this.noise = value;
        this.update();
      });
      this.networkChoice = choice("Network", this.networks.map(({ title }) => title), (k) => {
        Object.assign(this, { network: k, unit: 0 });
        this.showUnits();
        this.update();
      });
      this.unitBox = element("div");
      return element("div", { className: "playground-writing" }, this.networkChoice, this.unitBox,
        pens, record, buttons, this.noiseSlider.box);
    }

    showUnits() {
      const { units } = this.networks[this.network];
      const names = Array.from({ length: units }, (_, u) => String(u + 1));
      const made = choice("Unit shown", names, (u) => {
        this.unit = u;
        this.update();
      });
      this.unitBox.replaceChildren(...(units > 1 ? [made] : []));
    }

    line() {
      this.svg = shape("svg", { "aria-hidden": "true", class: "playground-svg" });
      this.slider = element("div", { className: "playground-line", role: "slider", tabIndex: 0,
        "aria-label": "Step of the record: arrow keys move; 1, 2, 3, d or r writes; " +
          "Backspace takes back, Delete clears",
        "aria-valuemin": 1, "aria-valuemax": STEPS }, this.svg);
      this.slider.addEventListener("keydown", (event) => this.key(event));
      this.slider.addEventListener("click", (event) => {
        const { step, panel } = place(this.svg, this.panels, STEPS, event);
        if (panel === 0) this.put(step);
        else this.go(step);
        this.slider.focus({ preventScroll: true });
      });
      return element("div", {}, this.slider, legend([...GATES, ...STATES, ...ANSWERS]));
    }

    readings() {
      this.score = element("p", { className: "playground-answer" });
      this.sentences = element("div", { className: "playground-sentence" });
      this.table = element("tbody");
      const head = element("tr", {}, ...["", "charge", "drain", "read", "h before", "bias", "sum",
        "value"].map((text) => text ? element("th", { textContent: text, scope: "col" })
        : element("td")));
      this.terms = element("caption");
      const table = element("table", { className: "playground-terms" },
        this.terms, element("thead", {}, head), this.table);
      return element("div", { className: "playground-readings" }, this.score, this.sentences, table);
    }

    key(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10,
        PageUp: 10, Home: -STEPS, End: STEPS };
      const sign = event.key.toLowerCase();
      if (event.key in moves) this.go(this.step + moves[event.key]);
      else if (event.key === " " || event.key === "Enter") this.put(this.step);
      else if (event.key === "Delete") this.write(this.step, ".");
      else if (event.key === "Backspace") this.takeBack();
      else if (sign.length === 1 && SIGNS.includes(sign)) {
        this.write(this.step, sign, this.step + 1);
      } else return;
      event.preventDefault();
    }

    go(step) {
      this.step = clamp(step, STEPS - 1);
      this.redraw();
      this.explain();
    }

    // The pen writes its sign, or takes it away where it stands already.
    put(step) {
      this.write(step, this.text[step] === this.pen ? "." : this.pen);
    }

    // Writing steps on, except at the last step.
    takeBack() {
      const here = this.step === STEPS - 1 && this.text[this.step] !== ".";
      this.write(here ? this.step : clamp(this.step - 1, STEPS - 1), ".");
    }

    write(step, sign, next = step) {
      this.step = clamp(next, STEPS - 1);
      this.set(this.text.slice(0, step) + sign + this.text.slice(step + 1));
    }

    query() {
      return `record=${this.text}`;
    }

    set(text, { type = true } = {}) {
      this.text = text;
      this.update({ type });
      this.address?.remember(this.figure, this.query());
    }

    update({ type = true } = {}) {
      if (type) this.field.value = this.text;
      const { inputs, wanted } = encode(this.text, this.noise, this.normals);
      const network = this.networks[this.network];
      Object.assign(this, { inputs, wanted, states: run(network, inputs) });
      const errors = Array.from(wanted, (x, t) => Math.abs(x - this.states.readout[t]));
      const reads = errors.filter((_, t) => this.text[t] === "r");
      const worst = Math.max(...(reads.length ? reads : errors));
      this.score.textContent = reads.length
        ? `Largest error at ${counted(reads.length, "reading")}: ${number(worst)} pC.`
        : `Nothing is read; the read-out stays within ${number(worst)} pC of 0.`;
      this.redraw();
      this.explain();
    }

    lineOf(name) {
      const { units } = this.networks[this.network];
      return this.states[name].filter((_, k) => k % units === this.unit);
    }

    redraw() {
      const width = Math.max(this.slider.clientWidth, 240);
      const arrived = this.inputs.filter((_, k) => k % 3 === 0);
      const stems = Array.from(this.text, (sign, step) => ({ sign, step, text: sign }))
        .filter(({ sign }) => sign !== ".")
        .map((one) => ({ ...one, value: "dr".includes(one.sign) ? 0.6 : Number(one.sign) }));
      const named = (names, fields) =>
        names.map(([style], k) => ({ style, values: this.lineOf(fields[k]) }));
      const states = named(STATES, ["candidate", "cell", "hidden"]);
      const most = Math.max(1, ...states.flatMap(({ values }) => Array.from(values, Math.abs)));
      const high = Math.max(6, ...this.wanted, ...this.states.readout);
      this.panels = [
        { title: "Input: charge (pC); d drain, r read", height: 70, low: -1, high: 4,
          marks: (x, y) => stems.flatMap((one) => stem(one, x, y)),
          ticks: [0, 3], curves: [{ values: arrived, style: "charge" }] },
        { title: "Gates: 0 shut, 1 open", height: 80, low: -0.05, high: 1.05, ticks: [0, 1],
          curves: named(GATES, ["input_gate", "forget_gate", "output_gate"]) },
        { title: "Candidate, cell, hidden state", height: 90, low: -most, high: most,
          ticks: [-1, 0, 1], curves: states, under: (x, y) => [most, -most].map((end) =>
            shape("rect", { x: LEFT, width: width - LEFT, y: Math.min(y(end), y(0)), height: 45,
              fill: tint(end, 6 * most) })) },
        { title: "Read-out (pC)", height: 80, low: Math.min(-1, ...this.states.readout), high,
          ticks: [0, 3, 6], curves: [{ values: this.wanted, style: "wanted" },
            { values: this.states.readout, style: "readout" }] },
      ];
      const under = (x, bottom) => [shape("rect", { x: x(this.step) - 4, y: 4, width: 8,
        height: bottom - 4, class: "playground-cursor" })];
      draw(this.svg, this.panels, { width, steps: STEPS, under });
    }

    // The arithmetic of one step: the sums under the gates, then the states.
    explain() {
      const [t, u] = [this.step, this.unit];
      const { units, kernel, recurrent, bias, output, outputBias } = this.networks[this.network];
      const value = (name, step = t) => (step < 0 ? 0 : this.states[name][step * units + u]);
      const rows = ["input_gate", "forget_gate", "candidate", "output_gate"].map((name, block) => {
        const column = block * units + u;
        const inputs = [0, 1, 2].map((n) => this.inputs[3 * t + n] * kernel[n * 4 * units + column]);
        const before = Array.from({ length: units }, (_, k) => (t
          ? this.states.hidden[(t - 1) * units + k] * recurrent[k * 4 * units + column] : 0));
        const terms = [...inputs, before.reduce((a, b) => a + b, 0), bias[column]];
        return ["ifgo"[block], ...terms, terms.reduce((a, b) => a + b, 0), value(name)];
      });
      const most = Math.max(...rows.flatMap((cells) => cells.slice(1, -1).map(Math.abs)));
      this.table.replaceChildren(...rows.map(([name, ...cells]) => element("tr", {},
        element("th", { textContent: name, scope: "row" }),
        ...cells.map((x, k) => tinted(x, { digits: 2, scale: k < cells.length - 1 ? most : 1 })))));
      const [i, f, g, o, C, h] = ["input_gate", "forget_gate", "candidate", "output_gate", "cell",
        "hidden"].map((name) => value(name));
      this.terms.textContent = "Inputs times weights, with rounding: the charge is " +
        `${number(this.inputs[3 * t], 3)} pC with its noise. The value is tanh of the sum for g, ` +
        "its sigmoid for the others.";
      const unit = units > 1 ? `, unit ${u + 1}` : "";
      const lines = [
        `Step ${t + 1}, ${SAID[this.text[t]]}${unit}: i = ${number(i)}, f = ${number(f)}, ` +
          `g = ${number(g)}, o = ${number(o)}.`,
        `C = f × C before + i g = ${number(f, 3)} × ${bracket(value("cell", t - 1))} + ` +
          `${number(i, 3)} × ${bracket(g)} = ${number(C, 3)}; ` +
          `h = o tanh C = ${number(o, 3)} × ${bracket(Math.tanh(C))} = ${number(h, 5)}.`,
        `Read-out: ${Array.from(output, (w, k) =>
          `${number(w, 3)} × ${bracket(this.states.hidden[t * units + k], 5)}`).join(" + ")} + ` +
          `${bracket(outputBias[0])} = ${number(this.states.readout[t], 3)} pC; ` +
          `wanted ${number(this.wanted[t], 0)} pC.`,
      ];
      this.sentences.replaceChildren(...lines.map((textContent) => element("p", { textContent })));
      this.slider.setAttribute("aria-valuenow", t + 1);
      this.slider.setAttribute("aria-valuetext", `step ${t + 1}: ${SAID[this.text[t]]}, read-out ` +
        `${number(this.states.readout[t])} pC`);
      this.announcer.say(`${this.score.textContent} ${lines.join(" ")}`);
    }
  }

  const starter = (box, data) => new Playground(box, data);
  return Object.assign(starter, { clean, encode, networkOf, run });
})();
