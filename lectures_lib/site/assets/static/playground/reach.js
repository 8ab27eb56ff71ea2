// Lines from a unit to what it is computed from, drawn over the maps of two layers.
"use strict";

globalThis.lecturesReach ??= (() => {
  const { shape } = lecturesView;

  class Reach {
    constructor(box) {
      this.box = box;
      this.spots = [];
      this.svg = shape("svg", { class: "playground-reach", "aria-hidden": "true" });
      new ResizeObserver(() => requestAnimationFrame(() => this.draw())).observe(box);
    }

    // Spots are { canvas, row, column }: the unit, and its sources.
    show(unit, sources) {
      Object.assign(this, { unit, sources });
      this.draw();
    }

    // What some spots of one canvas cover, in pixels of the box.
    cover(spots) {
      const [{ canvas }] = spots;
      const [at, origin] = [canvas, this.svg].map((one) => one.getBoundingClientRect());
      const [high, wide] = [at.height / canvas.height, at.width / canvas.width];
      const [rows, columns] = ["row", "column"].map((name) => spots.map((spot) => spot[name]));
      return {
        top: at.top - origin.top + high * Math.min(...rows),
        bottom: at.top - origin.top + high * (Math.max(...rows) + 1),
        left: at.left - origin.left + wide * Math.min(...columns),
        right: at.left - origin.left + wide * (Math.max(...columns) + 1),
      };
    }

    draw() {
      this.box.append(this.svg); // on top of what is new
      if (!this.sources?.length) return this.svg.replaceChildren();
      const unit = this.cover([this.unit]);
      const frames = [...new Set(this.sources.map(({ canvas }) => canvas))].map((canvas) =>
        this.cover(this.sources.filter((spot) => spot.canvas === canvas)));
      const [top, left] = ["top", "left"].map((side) => Math.min(...frames.map((f) => f[side])));
      const [bottom, right] = ["bottom", "right"].map((side) => Math.max(...frames.map((f) => f[side])));
      const above = [[left, bottom], [right, bottom], [unit.right, unit.top], [unit.left, unit.top]];
      const beside = [[right, top], [right, bottom], [unit.left, unit.bottom], [unit.left, unit.top]];
      const drawn = [["polygon", { points: (bottom <= unit.top ? above : beside).join(" ") }],
        ...[...frames, unit].map(({ top: y, bottom: end, left: x, right: far }) =>
          ["rect", { x, y, width: far - x, height: end - y }])];
      this.svg.replaceChildren(
        ...drawn.map(([tag, attributes]) => shape(tag, { ...attributes, class: "playground-halo" })),
        ...drawn.map(([tag, attributes]) => shape(tag, attributes)));
    }
  }

  return { Reach };
})();
