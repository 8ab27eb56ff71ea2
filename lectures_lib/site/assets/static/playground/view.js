// Parts that the playgrounds share: elements, sliders, choices, a grid for keyboard and pointer.
"use strict";

window.lecturesView = (() => {
  const element = (tag, properties = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("aria-") || name === "role") made.setAttribute(name, value);
      else made[name] = value;
    }
    made.append(...children);
    return made;
  };
  const number = (x, digits = 2) => x.toFixed(digits).replace(/^-(?=0\.?0*$)/, "").replace("-", "−");
  const counted = (n, thing) => `${number(n, 0)} ${thing}${Math.abs(n) === 1 ? "" : "s"}`;
  const percent = (x) => `${Math.round(100 * x)} %`;
  let ids = 0;
  const uniqueId = (name) => `playground-${name}-${(ids += 1)}`;

  const button = (text, action) => {
    const made = element("button", { type: "button", textContent: text });
    made.addEventListener("click", action);
    return made;
  };

  const slider = (text, { min, max, step = 1, value = 0, say = String }, action) => {
    const id = uniqueId("slider");
    const output = element("output", { htmlFor: id });
    const input = element("input", { id, type: "range", min, max, step });
    const show = () => {
      output.textContent = say(Number(input.value));
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.value = value;
    input.addEventListener("input", () => {
      show();
      action(Number(input.value));
    });
    show();
    const label = element("label", { htmlFor: id }, `${text} `, output);
    const reset = () => {
      input.value = value;
      show();
    };
    return { box: element("div", { className: "playground-slider" }, label, input), reset };
  };

  // Radio buttons: one stop for the Tab key, arrows move among them.
  const choice = (title, options, action) => {
    const name = uniqueId("choice");
    const inputs = options.map((text, k) => {
      const input = element("input", { type: "radio", name, checked: k === 0 });
      input.addEventListener("change", () => action(k));
      return element("label", {}, input, ` ${text}`);
    });
    const legend = element("legend", { textContent: title });
    return element("fieldset", { className: "playground-choice" }, legend, ...inputs);
  };

  // What screen readers are told, when the reader has stopped for a moment.
  const announcer = () => {
    const box = element("p", { className: "playground-hidden", role: "status" });
    let timer = null;
    const say = (text) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (box.textContent !== text) box.textContent = text;
      }, 400);
    };
    return { box, say };
  };

  const MOVES = {
    ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    Home: [0, -Infinity], End: [0, Infinity],
  };
  const clamp = (x, last) => Math.min(Math.max(x, 0), last);

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
        cell.style.backgroundColor = `rgb(${level}, ${level}, ${level})`;
        cell.setAttribute("aria-label", names[k]);
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

  // Grey values of a volume's channel on a canvas of one dot for each value.
  const paintCanvas = (canvas, shades, columns) => {
    canvas.width = columns;
    canvas.height = Math.ceil(shades.length / columns);
    const context = canvas.getContext("2d");
    const picture = context.createImageData(canvas.width, canvas.height);
    shades.forEach((shade, k) => {
      const level = Math.round(255 * clamp(shade, 1));
      picture.data.set([level, level, level, 255], 4 * k);
    });
    context.putImageData(picture, 0, 0);
  };

  // Values of both signs: blue below 0, white at 0, red above, full colour at `scale`.
  const ENDS = [[33, 102, 172], [178, 24, 43]];
  const paintSigned = (canvas, values, scale, columns) => {
    canvas.width = columns;
    canvas.height = Math.ceil(values.length / columns);
    const context = canvas.getContext("2d");
    const picture = context.createImageData(canvas.width, canvas.height);
    values.forEach((value, k) => {
      const share = clamp(Math.abs(value) / scale, 1);
      const colour = ENDS[value > 0 ? 1 : 0].map((end) => 255 + (end - 255) * share);
      picture.data.set([...colour, 255], 4 * k);
    });
    context.putImageData(picture, 0, 0);
  };

  // JupyterLab takes keys away, an arrow to choose another cell, unless the element that has the
  // focus says no. Window comes before its listener. Shortcuts such as Ctrl+S stay JupyterLab's.
  const keepKey = ({ target, key, altKey, ctrlKey, metaKey }) => {
    if (!target.closest(".jp-OutputArea .playground")) return;
    const shortcut = altKey || metaKey || (ctrlKey && key !== "Home" && key !== "End");
    target.toggleAttribute("data-lm-suppress-shortcuts", !shortcut);
  };
  if (!window.lecturesView) window.addEventListener("keydown", keepKey, true);

  // Each playground is registered under its name and starts when its data arrive.
  const starters = {};
  const start = (name, id, data) => {
    const box = document.getElementById(id);
    if (!box || box.classList.contains("playground-started")) return;
    box.classList.add("playground-started");
    box.playground = starters[name](box, data);
  };

  return {
    element, number, counted, percent, uniqueId, button, slider, choice, announcer, Grid, paintCanvas,
    paintSigned, clamp, starters, start,
  };
})();
