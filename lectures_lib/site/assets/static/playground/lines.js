// Lines in time, one panel below the other, drawn as SVG at the width that there is.
"use strict";

globalThis.lecturesLines ??= (() => {
  const { element, number, shape } = lecturesView;
  const LEFT = 34;
  const GAP = 26;

  const across = (width, steps) => (step) => LEFT + ((step + 0.5) * (width - LEFT - 2)) / steps;

  const plain = (tick) => number(tick, Number.isInteger(tick) ? 0 : 1);
  const axes = ({ title, ticks, height, say = plain }, top, y, width) => [
    shape("text", { x: LEFT, y: top - 8, class: "playground-panel" }, title),
    ...ticks.flatMap((tick) => [
      shape("line", { x1: LEFT, x2: width, y1: y(tick), y2: y(tick), class: "playground-tick" }),
      shape("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, say(tick)),
    ]),
    shape("line", { x1: LEFT, x2: LEFT, y1: top, y2: top + height, class: "playground-axis" }),
  ];

  const curve = ({ values, style, from = 0 }, x, y) =>
    shape("polyline", {
      class: `playground-curve playground-${style}`,
      points: Array.from(values, (value, t) => `${x(t + from).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
    });

  // Panels: { title, height, low, high, ticks, say, curves: [{ values, style, from }], marks }; the
  // values of a curve belong to the steps `first` + `from` and so on, of which each counts `each`;
  // `marks(x, y)` adds shapes, its `under(x, y)` some below, and `under(x, bottom)` what lies below all.
  const draw = (svg, panels, { width, steps, first = 1, each = 1, unit = "step", under }) => {
    const x = across(width, steps);
    let bottom = 0;
    const parts = panels.flatMap((panel) => {
      const top = bottom + GAP;
      bottom = top + panel.height;
      const y = (value) =>
        top + (panel.height * (panel.high - value)) / (panel.high - panel.low);
      return [
        ...(panel.under?.(x, y) || []), ...axes(panel, top, y, width),
        ...panel.curves.map((one) => curve(one, x, y)),
        ...(panel.marks?.(x, y) || []),
      ];
    });
    const steady = { y: bottom + 18, "text-anchor": "middle" };
    // The unit stands at the end.
    const last = steps + first - (unit.length > 4 ? Math.ceil((10 * unit.length * steps) / width) : 1);
    const every = steps > 110 ? 50 : 10 / each;
    for (let step = every * Math.max(1, Math.ceil(first / every)); step < last; step += every) {
      parts.push(shape("text", { x: x(step - first), ...steady }, String(each * step)));
    }
    parts.push(shape("text", { x: width - 2, y: steady.y, "text-anchor": "end" }, unit));
    svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 24}`);
    svg.setAttribute("width", width);
    svg.setAttribute("height", bottom + 24);
    svg.replaceChildren(...(under?.(x, bottom) || []), ...parts);
  };

  // A legend: a piece of each line beside its name.
  const legend = (entries) =>
    element("ul", { className: "playground-legend", role: "list" },
      ...entries.map(([style, text]) => {
        const svg = shape("svg", { width: 34, height: 12, "aria-hidden": "true" },
          shape("polyline", { class: `playground-curve playground-${style}`, points: "1,6 33,6" }));
        return element("li", {}, svg, ` ${text}`);
      }));

  return { LEFT, GAP, draw, legend, shape };
})();
