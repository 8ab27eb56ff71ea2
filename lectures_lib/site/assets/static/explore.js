// The page view of `explore`: native controls over pictures made when the site was built.
// Without this script the starting picture with its caption stays.
"use strict";

(() => {
  const PLAY_MS = 700;
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  class Explore {
    constructor(box) {
      this.box = box;
      Object.assign(this, JSON.parse(box.querySelector("script").textContent));
      this.frame = box.querySelector("img");
      this.kept = box.querySelector(".true-colours"); // above it in dark mode
      this.figure = box.closest("figure") || box;
      this.state = this.parameters.map((parameter) => parameter.start); // of the controls
      this.shown = this.state; // of the picture
      this.controls = [];
      this.stop = () => {}; // whatever plays
      this.build();
      this.sync(this.state);
      this.frame.dataset.state = this.index(this.state);
      lecturesAddress.follow(this.name, this.figure, (query) => this.read(query));
    }

    build() {
      this.frame.className = "explore-frame";
      this.announce = element("p", { className: "visually-hidden" });
      this.announce.setAttribute("role", "status");
      const group = element("div", { className: "explore-controls" });
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", `Controls of the figure ${this.name}`);
      this.parameters.forEach((parameter, i) => group.append(this.control(parameter, i)));
      const reset = element("button", { type: "button", textContent: "Reset" });
      reset.addEventListener("click", () => this.go(this.parameters.map((p) => p.start)));
      const copiers = lecturesAddress.copier(this.name, () => this.query());
      this.note = copiers.at(-1);
      this.again = element("button", { type: "button", textContent: "Try again", hidden: true });
      this.again.addEventListener("click", () => this.go(this.missing));
      group.append(
        element("div", { className: "explore-buttons" }, reset, ...copiers, this.again));
      for (const event of ["pointerenter", "focusin"]) {
        group.addEventListener(event, () => this.prefetch(), { once: true });
      }
      this.box.append(group, this.announce);
    }

    control(parameter, i) {
      const id = `explore-${this.name}-${parameter.name}`;
      const label = element("label", { htmlFor: id, textContent: parameter.label });
      const row = element("div", { className: `explore-row explore-${parameter.kind}` }, label);
      let input;
      if (parameter.kind === "choice") {
        input = element("select", { id }, ...parameter.texts.map((text) => new Option(text, text)));
        input.addEventListener("change", () => this.set(i, input.selectedIndex));
        row.append(input);
      } else if (parameter.kind === "boolean") {
        input = element("input", { id, type: "checkbox" });
        input.addEventListener("change", () =>
          this.set(i, parameter.texts.indexOf(input.checked ? "on" : "off")));
        row.prepend(input);
      } else {
        const max = parameter.texts.length - 1;
        input = element("input", { id, type: "range", min: 0, max, step: 1 });
        input.addEventListener("input", () => this.set(i, Number(input.value)));
        const value = element("output", { htmlFor: id });
        label.append(" ", value);
        row.append(input, this.playButton(parameter, i));
        input.valueText = value;
      }
      this.controls.push(input);
      return row;
    }

    playButton(parameter, i) {
      const button = element("button", { type: "button", className: "explore-play" });
      const icon = element("span", { textContent: "▶" });
      icon.setAttribute("aria-hidden", "true");
      button.append(icon);
      const last = parameter.texts.length - 1;
      let timer = null;
      const rest = () => {
        clearInterval(timer);
        timer = null;
        this.playing = false;
        this.stop = () => {};
        icon.textContent = "▶";
        button.setAttribute("aria-label", `Play through ${parameter.label}`);
      };
      const stop = () => {
        rest();
        this.tell();
      };
      const turn = (k) => this.turn(this.state.map((old, j) => (j === i ? k : old)));
      const step = () => {
        if (this.wanted) return; // on a slow network pictures come one after the other
        if (this.state[i] < last) turn(this.state[i] + 1);
        if (this.state[i] === last) stop();
      };
      button.addEventListener("click", () => {
        if (timer !== null) return stop();
        this.stop();
        this.stop = stop;
        this.playing = true;
        if (this.state[i] === last) turn(0);
        timer = setInterval(step, PLAY_MS);
        icon.textContent = "❚❚";
        button.setAttribute("aria-label", `Pause ${parameter.label}`);
      });
      rest();
      return button;
    }

    index(state) {
      return state.reduce((sum, k, i) => sum * this.parameters[i].texts.length + k, 0);
    }

    url(state) {
      return this.base + this.files[this.index(state)];
    }

    set(i, k) {
      this.go(this.state.map((old, j) => (j === i ? k : old)));
    }

    // What the reader asks for ends what plays.
    go(state) {
      this.stop();
      this.turn(state);
    }

    turn(state, { remember = true } = {}) {
      this.sync(state);
      this.show(state, remember);
    }

    // Set the controls; the picture is fetched by `show`, so that a page loads none in advance.
    sync(state) {
      this.state = state;
      this.parameters.forEach((parameter, i) => {
        const control = this.controls[i];
        const text = parameter.texts[state[i]];
        if (parameter.kind === "choice") control.selectedIndex = state[i];
        else if (parameter.kind === "boolean") control.checked = text === "on";
        else {
          control.value = state[i];
          control.valueText.textContent = text;
          control.setAttribute("aria-valuetext", text);
        }
      });
    }

    // The start stays in the page for printing. Not before the reader moves on: browsers load a
    // copied picture at once, even if the original may wait until it comes into view.
    keepStill() {
      if (this.box.classList.contains("explore-moved")) return;
      const still = this.frame.cloneNode();
      still.className = "explore-still";
      this.frame.before(still);
      this.box.classList.add("explore-moved");
    }

    // The picture, its description and the address change when it is there; until then it is dimmed.
    show(state, remember) {
      this.keepStill();
      const url = this.url(state);
      const picture = new Image();
      picture.src = url;
      this.wanted = picture;
      this.box.setAttribute("aria-busy", "true");
      const end = (then) => () => {
        if (this.wanted !== picture) return; // the reader has moved on
        this.wanted = null;
        this.box.removeAttribute("aria-busy");
        then();
      };
      const swap = end(() => {
        this.shown = state;
        this.frame.src = url;
        if (this.kept) {
          this.kept.src = url;
          this.kept.style.clipPath = this.shapes[this.shape[this.index(state)]];
        }
        this.frame.alt = this.alts[this.index(state)];
        this.frame.dataset.state = this.index(state);
        this.note.textContent = "";
        if (document.activeElement === this.again) this.controls[0].focus();
        this.again.hidden = true;
        if (remember) lecturesAddress.remember(this.name, this.query());
        this.tell();
        this.prefetch();
      });
      const fail = end(() => {
        this.stop();
        this.sync(this.shown);
        this.missing = state;
        this.note.textContent = "That picture could not be loaded.";
        this.again.hidden = false;
      });
      if (picture.complete && picture.naturalWidth) swap();
      else picture.addEventListener("load", swap);
      picture.addEventListener("error", fail);
    }

    // Screen readers get the description of a picture that stays.
    tell() {
      clearTimeout(this.telling);
      if (this.playing) return;
      this.telling = setTimeout(() => (this.announce.textContent = this.frame.alt), 500);
    }

    prefetch() {
      this.cache = this.parameters.flatMap((parameter, i) =>
        [-1, 1].flatMap((step) => {
          const k = this.state[i] + step;
          if (k < 0 || k >= parameter.texts.length) return [];
          const state = this.state.slice();
          state[i] = k;
          return [Object.assign(new Image(), { src: this.url(state) })];
        }));
    }

    query() {
      return String(new URLSearchParams(
        this.parameters.map((parameter, i) => [parameter.name, parameter.texts[this.shown[i]]])));
    }

    // `eta=0.1`: values that are not on a list are ignored, whatever they contain.
    read(query) {
      const wanted = new URLSearchParams(query);
      this.stop();
      this.turn(this.parameters.map(({ name, texts, start }) => {
        const k = texts.indexOf(wanted.get(name));
        return k < 0 ? start : k;
      }), { remember: false });
    }
  }

  const start = () => {
    for (const box of document.querySelectorAll(".explore")) new Explore(box);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
