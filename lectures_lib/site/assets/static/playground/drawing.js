// A digit that the reader draws on 8 x 8 pixels, and bars for what a network answers.
"use strict";

globalThis.lecturesDrawing ??= (() => {
  const { element, button, percent, greyText, clamp } = lecturesView;
  const { Grid } = lecturesGrid;
  const SIZE = 8;
  const FINE = 4; // a grey value counts the ink on 4 x 4 fine points, as in the data set
  const SIDE = SIZE * FINE;
  const BRUSH = 2.6; // radius in fine points: a stroke reaches a little over one pixel

  // Pictures: ink on 32 x 32 fine points (0 or 1), and grey values 0 to 16 of 8 x 8 pixels.
  const stamp = (ink, row, column) => {
    for (let r = Math.ceil(row - BRUSH); r <= row + BRUSH; r++) {
      for (let c = Math.ceil(column - BRUSH); c <= column + BRUSH; c++) {
        const near = (r - row) ** 2 + (c - column) ** 2 <= BRUSH ** 2;
        if (near && r >= 0 && c >= 0 && r < SIDE && c < SIDE) ink[r * SIDE + c] = 1;
      }
    }
  };
  const finePoints = (pixel) => {
    const [top, left] = [FINE * Math.floor(pixel / SIZE), FINE * (pixel % SIZE)];
    return Array.from({ length: FINE * FINE }, (_, k) =>
      (top + Math.floor(k / FINE)) * SIDE + left + (k % FINE));
  };
  const greysOf = (ink) =>
    Float32Array.from({ length: SIZE * SIZE }, (_, pixel) =>
      finePoints(pixel).reduce((sum, point) => sum + ink[point], 0));
  const inkOf = (greyValues) => {
    const ink = new Uint8Array(SIDE * SIDE);
    greyValues.forEach((grey, pixel) => {
      for (const point of finePoints(pixel).slice(0, clamp(grey, 16))) ink[point] = 1;
    });
    return ink;
  };

  // What enters is 0.
  const movedRight = (greys) => Array.from(greys, (_, k) => (k % SIZE ? greys[k - 1] : 0));

  // Paper with buttons; `onChange` is called at most once for each picture of the screen, and then
  // `greys` holds what is drawn.
  class Drawing {
    constructor({ examples, help, onChange, moves = false }) {
      Object.assign(this, { examples, onChange, example: 0, ink: inkOf(examples[0]) });
      this.greys = greysOf(this.ink);
      this.grid = new Grid({
        label: "Drawing of 8 by 8 pixels: arrow keys move, Space paints, Backspace clears",
        onKey: (key, pixel) => this.key(key, pixel),
      });
      this.grid.size(SIZE * SIZE, SIZE);
      this.grid.box.classList.add("playground-paper");
      this.listen();
      const buttons = element("div", { className: "playground-buttons" },
        button("Clear", () => this.load(new Array(SIZE * SIZE).fill(0))),
        button("Next example", () => {
          this.example = (this.example + 1) % this.examples.length;
          this.load(this.examples[this.example]);
        }), ...(moves ? [button("Move right", () => this.load(movedRight(this.greys)))] : []));
      this.box = element("div", { className: "playground-drawing" }, this.grid.box, buttons,
        element("p", { className: "playground-help", textContent: help }));
      this.paint();
    }

    listen() {
      const { box } = this.grid;
      let last = null;
      const draw = (event) => {
        const to = this.grid.place(event).map((x) => FINE * x - 0.5);
        const from = last || to;
        const steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])) || 1;
        for (let k = 0; k <= steps; k++) {
          stamp(this.ink, from[0] + ((to[0] - from[0]) * k) / steps,
            from[1] + ((to[1] - from[1]) * k) / steps);
        }
        last = to;
        this.later();
      };
      box.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        const [row, column] = this.grid.place(event).map((x) => clamp(Math.floor(x), SIZE - 1));
        this.grid.move(row * SIZE + column);
        box.setPointerCapture(event.pointerId);
        draw(event);
      });
      box.addEventListener("pointermove", (event) => {
        if (last) for (const e of event.getCoalescedEvents?.() || []) draw(e);
        if (last) draw(event);
      });
      for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => (last = null));
    }

    key(key, pixel) {
      if (key === " " || key === "Enter") {
        for (const point of finePoints(pixel)) this.ink[point] = 1;
        stamp(this.ink, FINE * (Math.floor(pixel / SIZE) + 0.5) - 0.5,
          FINE * ((pixel % SIZE) + 0.5) - 0.5);
      } else if (key === "Backspace" || key === "Delete") {
        for (const point of finePoints(pixel)) this.ink[point] = 0;
      } else return false;
      this.update();
      return true;
    }

    load(greyValues) {
      this.ink = inkOf(greyValues);
      this.update();
    }

    // A sign for each pixel, as an address has them.
    get text() {
      return Array.from(this.greys, (grey) => grey.toString(17)).join("");
    }

    read(text) {
      if (/^[0-9a-g]{64}$/.test(text)) this.load(greyText(text));
    }

    later() {
      this.waiting ??= requestAnimationFrame(() => this.update());
    }

    update() {
      cancelAnimationFrame(this.waiting);
      this.waiting = null;
      this.paint();
      this.onChange();
    }

    paint() {
      this.greys = greysOf(this.ink);
      this.grid.paint(this.greys.map((grey) => 1 - grey / 16), Array.from(this.greys, (grey, k) =>
        `row ${Math.floor(k / SIZE) + 1}, column ${(k % SIZE) + 1}: grey ${grey}`));
    }
  }

  // The probability of each digit; the largest is marked.
  class Bars {
    constructor() {
      this.bars = Array.from({ length: 10 }, (_, digit) => {
        const bar = element("span", { className: "playground-bar" });
        const text = element("span", { className: "playground-percent" });
        const line = element("li", {}, element("span", { textContent: digit }),
          element("span", { className: "playground-track" }, bar), text);
        return { line, bar, text };
      });
      this.box = element("ul", { className: "playground-bars", role: "list",
        "aria-label": "Probability of each digit" }, ...this.bars.map(({ line }) => line));
    }

    show(probabilities) {
      const first = probabilities.indexOf(Math.max(...probabilities));
      this.bars.forEach(({ line, bar, text }, digit) => {
        const known = Number.isFinite(probabilities[digit]);
        bar.style.width = known ? `${100 * probabilities[digit]}%` : 0;
        text.textContent = known ? percent(probabilities[digit]) : "nan";
        line.classList.toggle("playground-best", digit === first);
      });
    }
  }

  return { SIZE, Drawing, Bars, greyText };
})();
