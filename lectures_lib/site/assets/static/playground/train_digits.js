// A network learns digits in the page: it answers to what the reader draws while it learns, and
// learns the reader's digits too.
"use strict";

(() => {
  const { element, button, percent, uniqueId } = lecturesView;
  const { taught } = globalThis.lecturesProgress ?? {}; // where the device remembers
  const { paintSigned } = lecturesGrid;
  const { SIZE, Drawing, Bars, greyText } = lecturesDrawing;
  const { forward, volume, filled } = lecturesLayers(lecturesProducts({ simd: false }));
  const HELP = "Draw with mouse or finger. Keys: arrows move, Space paints, Backspace clears.";
  const SHOWN = 10; // kernels
  const OWN = /\b\d[0-9a-g]{64}\b/g; // a digit of the reader's: its label and its grey values

  const load = () => (taught && localStorage.getItem(taught)?.match(OWN)) || [];
  // Whether the device keeps them.
  const keep = (own) => {
    if (!taught) return false;
    try {
      if (own.length) localStorage.setItem(taught, own.join(" "));
      else localStorage.removeItem(taught);
      return true;
    } catch { // no room
      return false;
    }
  };

  class Digits {
    constructor(training) {
      this.training = training;
      const { validation } = training.data.examples;
      const examples = Array.from({ length: 20 }, (_, k) =>
        greyText(validation.pictures.slice(64 * k, 64 * (k + 1))));
      this.drawing = new Drawing({ examples, help: HELP, moves: !training.small,
        onChange: () => this.drawn() });
      this.first = this.drawing.text;
      this.bars = new Bars();
      this.own = training.small ? [] : load();
      const answers = element("div", { className: "playground-answers" },
        element("p", { className: "playground-title", textContent: "What it answers now" }),
        this.bars.box, training.small ? "" : this.teaching());
      this.maps = element("div", { className: "playground-kernels", "aria-hidden": "true" });
      const title = element("p", { className: "playground-title", textContent:
        "Kernels (blue below 0, orange above), and where they answer to the drawing" });
      const inside = element("div", { className: "playground-layers" }, title, this.maps);
      this.boxes = [this.drawing.box, answers];
      this.below = training.small ? [] : [inside];
      this.drawing.read(training.asked.get("drawing"));
    }

    drawn() {
      if (!this.network) return;
      this.answerNow();
      this.training.announcer.say(this.answer());
      this.training.remember();
    }

    // What its address says besides the settings.
    asks() {
      const { text } = this.drawing;
      return text === this.first ? [] : [["drawing", text]];
    }

    teaching() {
      const id = uniqueId("label");
      this.label = element("select", { id }, new Option("?", ""),
        ...Array.from({ length: 10 }, (_, k) => new Option(k, k)));
      this.count = element("p", { className: "playground-help", role: "status" });
      const count = () => {
        const kept = keep(this.own) ? ", and kept on this device" : "";
        this.count.textContent = this.own.length
          ? `${this.own.length} of your own: they stand in every batch${kept}.` : "";
      };
      const change = () => {
        count();
        this.training.goOn({ own: this.examples() });
      };
      const row = element("div", { className: "playground-buttons" },
        element("label", { htmlFor: id, textContent: "My drawing is a " }), this.label,
        button("Teach it", () => {
          if (!this.label.value) return (this.count.textContent = "First say which digit it is.");
          this.own.push(this.label.value + this.drawing.text);
          change();
        }),
        button("Forget my digits", () => {
          this.own = [];
          change();
        }));
      if (this.own.length) count();
      return element("div", {}, row, this.count);
    }

    examples() {
      return {
        inputs: Float32Array.from(this.own.flatMap((text) => greyText(text.slice(1))), (grey) => grey / 16),
        labels: Float32Array.from(this.own, ([label]) => label),
      };
    }

    show({ weights }, { layers }) {
      this.network = filled(layers, weights);
      this.answerNow();
    }

    answerNow() {
      const picture = this.drawing.greys.map((grey) => grey / 16);
      const volumes = forward(this.network, volume(SIZE, SIZE, 1, picture));
      this.probabilities = Array.from(volumes.at(-1).values);
      this.bars.show(this.probabilities);
      if (!this.training.small) this.paint(volumes);
    }

    answer() {
      const most = Math.max(...this.probabilities);
      if (Number.isNaN(most)) return "";
      return `It takes the drawing for a ${this.probabilities.indexOf(most)}, with ${percent(most)}.`;
    }

    paint(volumes) {
      const { kernel, shape } = this.network[0];
      const [filters, after] = [shape[3], volumes[2]];
      const shown = Math.min(filters, SHOWN);
      if (this.maps.children.length !== shown) {
        this.maps.replaceChildren(...Array.from({ length: shown }, () => element("div", {},
          element("canvas", { className: "playground-kernel" }),
          element("canvas", { className: "playground-kernel" }))));
      }
      const largest = kernel.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-6);
      const brightest = after.values.reduce((a, b) => Math.max(a, b), 1e-6);
      const part = (values, count, k) => values.filter((_, place) => place % count === k);
      [...this.maps.children].forEach(({ children: [first, second] }, k) => {
        paintSigned(first, part(kernel, filters, k), largest, shape[1]);
        paintSigned(second, part(after.values, filters, k), brightest, after.columns);
      });
    }
  }

  lecturesView.trainings.digits = (training) => new Digits(training);
})();
