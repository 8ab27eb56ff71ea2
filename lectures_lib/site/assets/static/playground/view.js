// Parts that the playgrounds share: elements, sliders, choices, announcements.
"use strict";

globalThis.lecturesView ??= (() => {
  const element = (tag, properties = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.startsWith("aria-") || name === "role") made.setAttribute(name, value);
      else made[name] = value;
    }
    made.append(...children);
    return made;
  };
  const shape = (tag, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const number = (x, digits = 2) => x.toFixed(digits).replace(/^-(?=0\.?0*$)/, "").replace("-", "−");
  const counted = (n, thing) => `${number(n, 0)} ${thing}${Math.abs(n) === 1 ? "" : "s"}`;
  const percent = (x) => `${Math.round(100 * x)} %`;
  // Grey values as they travel: a sign each, 0 to 9 and a to g.
  const greyText = (text) => Array.from(text, (sign) => parseInt(sign, 17));
  let ids = 0;
  const uniqueId = (name) => `playground-${name}-${(ids += 1)}`;

  const clamp = (x, last) => Math.min(Math.max(x, 0), last);

  // Values of both signs, in colours that everybody can tell apart: blue below 0, orange above, full at
  // `scale`; at 0 what lies under them, which is dark in a dark page.
  const signed = (value, scale = 1) => [...(value < 0 ? [0, 114, 178] : [213, 94, 0]),
    Math.round(255 * clamp(Math.abs(value) / scale || 0, 1))];
  const tint = (value, scale) => {
    const [red, green, blue, opacity] = signed(value, scale);
    return `rgb(${red} ${green} ${blue} / ${(opacity / 255).toFixed(2)})`;
  };
  const FAINT = 2.5; // times paler, below black or white digits
  // Cells of a table: numbers, with the colour of their sign, if `scale` is given.
  const tinted = (x, { digits, scale = 0 }) => {
    const cell = element("td", { textContent: x === "" ? "" : number(x, digits) });
    const colour = tint(x, FAINT * scale);
    if (scale && !colour.endsWith("0.00)")) cell.style.backgroundColor = colour;
    return cell;
  };

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
    const set = (x) => {
      input.value = x;
      show();
    };
    return { box: element("div", { className: "playground-slider" }, label, input), input, set,
      reset: () => set(value) };
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

  // Each playground is registered under its name and starts when its data arrive.
  const starters = {};
  const start = (name, id, data) => {
    const box = document.getElementById(id);
    if (!box || box.classList.contains("playground-started")) return;
    box.classList.add("playground-started");
    box.playground = starters[name](box, data);
  };

  return {
    element, shape, number, counted, percent, greyText, uniqueId, button, slider, choice, announcer, clamp,
    signed, tint, tinted, starters, start,
  };
})();
