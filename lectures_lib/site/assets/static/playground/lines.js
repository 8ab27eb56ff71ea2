// Lines in time, one panel below the other, drawn as SVG at the width that there is.
"use strict";

window.lecturesLines = (() => {
  const { element, number } = lecturesView;
  const SPACE = "http://www.w3.org/2000/svg";
  const LEFT = 34;
  const GAP = 26;

  const shape = (tag, attributes, ...children) => {
    const made = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  const across = (width, steps) => (step) => LEFT + ((step + 0.5) * (width - LEFT - 2)) / steps;

  const axes = ({ title, ticks, height }, top, y, width) => [
    shape("text", { x: LEFT, y: top - 8, class: "playground-panel" }, title),
    ...ticks.flatMap((tick) => [
      shape("line", { x1: LEFT, x2: width, y1: y(tick), y2: y(tick), class: "playground-tick" }),
      shape("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" },
        number(tick, Number.isInteger(tick) ? 0 : 1)),
    ]),
    shape("line", { x1: LEFT, x2: LEFT, y1: top, y2: top + height, class: "playground-axis" }),
  ];

  const curve = ({ values, style }, x, y) =>
    shape("polyline", {
      class: `playground-curve playground-${style}`,
      points: Array.from(values, (value, t) => `${x(t).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
    });

  const stem = ({ step, value, text }, x, y) => [
    shape("line", { x1: x(step), x2: x(step), y1: y(0), y2: y(value), class: "playground-stem" }),
    shape("text", { x: x(step), y: y(value) - 4, "text-anchor": "middle" }, text),
  ];

  // Panels: { title, height, low, high, ticks, curves: [{ values, style }], stems }; the values of a
  // curve belong to the steps `first`, `first` + 1 and so on. A cursor marks one of them.
  const draw = (svg, panels, { width, steps, first = 1, unit = "step", cursor = null }) => {
    const x = across(width, steps);
    let bottom = 0;
    const parts = panels.flatMap((panel) => {
      const top = bottom + GAP;
      bottom = top + panel.height;
      const y = (value) =>
        top + (panel.height * (panel.high - value)) / (panel.high - panel.low);
      return [
        ...axes(panel, top, y, width),
        ...panel.curves.map((one) => curve(one, x, y)),
        ...(panel.stems || []).flatMap((one) => stem(one, x, y)),
      ];
    });
    const steady = { y: bottom + 18, "text-anchor": "middle" };
    const last = steps + first - (unit.length > 4 ? 5 : 1); // the unit stands at the end
    for (let step = 10; step < last; step += 10) {
      parts.push(shape("text", { x: x(step - first), ...steady }, String(step)));
    }
    parts.push(shape("text", { x: width - 2, y: steady.y, "text-anchor": "end" }, unit));
    if (cursor !== null) {
      parts.unshift(shape("rect", {
        x: x(cursor) - 4, y: 4, width: 8, height: bottom - 4, class: "playground-cursor",
      }));
    }
    svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 24}`);
    svg.setAttribute("width", width);
    svg.setAttribute("height", bottom + 24);
    svg.replaceChildren(...parts);
  };

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
    return { step: lecturesView.clamp(Math.floor(share * steps), steps - 1), panel };
  };

  // A legend: a piece of each line beside its name.
  const legend = (entries) =>
    element("ul", { className: "playground-legend", role: "list" },
      ...entries.map(([style, text]) => {
        const svg = shape("svg", { width: 34, height: 12, "aria-hidden": "true" },
          shape("polyline", { class: `playground-curve playground-${style}`, points: "1,6 33,6" }));
        return element("li", {}, svg, ` ${text}`);
      }));

  return { draw, place, legend, shape };
})();
