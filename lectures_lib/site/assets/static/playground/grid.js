// Pictures of a few pixels: a grid for keyboard and pointer, and grey or signed values on a canvas.
"use strict";

globalThis.lecturesGrid ??= (() => {
  const { element, number, clamp, signed, tint } = lecturesView;
  const MOVES = {
    ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    Home: [0, -Infinity], End: [0, Infinity],
  };

  // A legend: the colours between two values.
  const scaleBar = (low, high) => {
    const bar = element("span", { className: "playground-scale playground-signed", "aria-hidden": "true" });
    const ends = [low, 0, high].map((value) => tint(value, high));
    bar.style.backgroundImage = `linear-gradient(to right, ${low ? ends : ends.slice(1)})`;
    return element("span", { className: "playground-help" },
      ` ${number(low, 1)} `, bar, ` ${number(high, 1)}`);
  };

  // Cells in rows, one of which can be reached by the Tab key; arrows lead to the others.
  class Grid {
    constructor({ label, onMove = () => {}, onKey = () => false }) {
      Object.assign(this, { onMove, onKey, current: 0, cells: [], columns: 0 });
      this.box = element("div", { className: "playground-grid", role: "grid", "aria-label": label });
      this.box.addEventListener("keydown", (event) => this.key(event));
    }

    // Make the cells anew, unless there are as many already.
    size(count, columns) {
      if (this.cells.length === count && this.columns === columns) return;
      this.columns = columns;
      this.box.style.setProperty("--columns", columns);
      this.cells = Array.from({ length: count }, () =>
        element("div", { className: "playground-cell", role: "gridcell", tabIndex: -1 }));
      const rows = [];
      for (let k = 0; k < count; k += columns) {
        rows.push(element("div", { role: "row" }, ...this.cells.slice(k, k + columns)));
      }
      this.box.replaceChildren(...rows);
      this.current = clamp(this.current, count - 1);
      this.cells[this.current].tabIndex = 0;
    }

    // Shades from 0 (black) to 1 (white), and what each cell is called.
    paint(shades, names) {
      this.cells.forEach((cell, k) => {
        const level = Math.round(255 * clamp(shades[k], 1));
        cell.style.background = `rgb(${level}, ${level}, ${level})`;
        cell.setAttribute("aria-label", names[k]);
        delete cell.dataset.sign;
      });
    }

    // Values of both signs; those below 0 have a sign, too.
    paintSigned(values, scale, names) {
      this.cells.forEach((cell, k) => {
        const colour = tint(values[k], scale);
        cell.style.background = `linear-gradient(${colour}, ${colour}), var(--paper)`;
        cell.setAttribute("aria-label", names[k]);
        cell.dataset.sign = number(values[k]).startsWith("−") ? "−" : "";
      });
    }

    move(k, { focus = true } = {}) {
      this.cells[this.current].tabIndex = -1;
      this.cells[this.current].removeAttribute("aria-selected");
      this.current = clamp(k, this.cells.length - 1);
      const cell = this.cells[this.current];
      cell.tabIndex = 0;
      cell.setAttribute("aria-selected", "true");
      if (focus) cell.focus({ preventScroll: true });
    }

    key(event) {
      const ends = { Home: 0, End: this.cells.length - 1 };
      const step = MOVES[event.key];
      if (event.altKey || event.metaKey || (event.ctrlKey && !(event.key in ends))) return;
      if (event.ctrlKey) {
        this.move(ends[event.key]);
        this.onMove(this.current);
      } else if (step) {
        const row = Math.floor(this.current / this.columns) + step[0];
        const column = clamp((this.current % this.columns) + step[1], this.columns - 1);
        const next = row * this.columns + column;
        if (next >= 0 && next < this.cells.length) this.move(next);
        this.onMove(this.current);
      } else if (!this.onKey(event.key, this.current)) return;
      event.preventDefault();
    }

    // The place under a pointer: rows and columns from 0, with fractions.
    place({ clientX, clientY }) {
      const box = this.box.getBoundingClientRect();
      const rows = Math.ceil(this.cells.length / this.columns);
      return [((clientY - box.top) / box.height) * rows,
        ((clientX - box.left) / box.width) * this.columns];
    }
  }

  // A canvas of one dot for each value; `colour(value)` is red, green, blue and opacity, up to 255.
  const paint = (canvas, values, columns, colour) => {
    canvas.width = columns;
    canvas.height = Math.ceil(values.length / columns);
    const context = canvas.getContext("2d");
    const picture = context.createImageData(canvas.width, canvas.height);
    values.forEach((value, k) => picture.data.set(colour(value), 4 * k));
    context.putImageData(picture, 0, 0);
  };
  const paintGrey = (canvas, shades, columns) => paint(canvas, shades, columns, (shade) => {
    const level = Math.round(255 * clamp(shade, 1));
    return [level, level, level, 255];
  });
  const paintSigned = (canvas, values, scale, columns) => {
    canvas.classList.add("playground-signed");
    paint(canvas, values, columns, (value) => signed(value, scale));
  };

  return { Grid, scaleBar, paintGrey, paintSigned };
})();
