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
      this.figure = box.closest("figure") || box;
      this.state = this.parameters.map((parameter) => parameter.start);
      this.controls = [];
      this.build();
      this.sync(this.state);
      this.frame.dataset.state = this.index(this.state);
      this.readAddress();
      addEventListener("hashchange", () => this.readAddress());
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
      const copy = element("button", { type: "button", textContent: "Copy link" });
      copy.addEventListener("click", () => this.copyLink());
      this.note = element("span", { className: "explore-note" });
      this.note.setAttribute("role", "status");
      group.append(element("div", { className: "explore-buttons" }, reset, copy, this.note));
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
      let timer = null;
      const stop = () => {
        clearInterval(timer);
        timer = null;
        icon.textContent = "▶";
        button.setAttribute("aria-label", `Play through ${parameter.label}`);
      };
      const step = () => {
        if (this.state[i] === parameter.texts.length - 1) return stop();
        this.set(i, this.state[i] + 1);
        if (this.state[i] === parameter.texts.length - 1) stop();
      };
      button.addEventListener("click", () => {
        if (timer !== null) return stop();
        if (this.state[i] === parameter.texts.length - 1) this.set(i, 0);
        timer = setInterval(step, PLAY_MS);
        icon.textContent = "❚❚";
        button.setAttribute("aria-label", `Pause ${parameter.label}`);
      });
      stop();
      return button;
    }

    index(state) {
      return state.reduce((sum, k, i) => sum * this.parameters[i].texts.length + k, 0);
    }

    url(state) {
      return this.base + this.files[this.index(state)];
    }

    set(i, k) {
      const state = this.state.slice();
      state[i] = k;
      this.go(state);
    }

    go(state, { remember = true } = {}) {
      this.sync(state);
      this.show(state);
      if (remember) history.replaceState(null, "", this.address());
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

    show(state) {
      this.keepStill();
      const url = this.url(state);
      const alt = this.alts[this.index(state)];
      const picture = new Image();
      picture.src = url;
      this.wanted = picture;
      const swap = () => {
        if (this.wanted !== picture) return; // the reader has moved on
        this.frame.src = url;
        this.frame.alt = alt;
        this.frame.dataset.state = this.index(state);
        this.note.textContent = "";
        clearTimeout(this.telling);
        this.telling = setTimeout(() => (this.announce.textContent = alt), 500);
        this.prefetch();
      };
      const fail = () => {
        if (this.wanted === picture) this.note.textContent = "This picture could not be loaded.";
      };
      if (picture.complete && picture.naturalWidth) swap();
      else picture.addEventListener("load", swap);
      picture.addEventListener("error", fail);
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

    address() {
      const query = new URLSearchParams(
        this.parameters.map((parameter, i) => [parameter.name, parameter.texts[this.state[i]]]));
      return `#${this.name}?${query}`;
    }

    // `#name?eta=0.1`: values that are not on a list are ignored, whatever they contain.
    readAddress() {
      const [name, query = ""] = location.hash.slice(1).split("?", 2);
      if (name !== this.name) return;
      const state = this.parameters.map((parameter) => parameter.start);
      const wanted = new URLSearchParams(query);
      this.parameters.forEach((parameter, i) => {
        const k = parameter.texts.indexOf(wanted.get(parameter.name));
        if (k >= 0) state[i] = k;
      });
      this.go(state, { remember: false });
      this.figure.scrollIntoView({ block: "center" });
    }

    async copyLink() {
      const link = new URL(this.address(), location.href).href;
      history.replaceState(null, "", this.address());
      try {
        await navigator.clipboard.writeText(link);
        this.note.textContent = "Link copied.";
      } catch {
        this.note.textContent = "The link is in the address bar.";
      }
    }
  }

  const start = () => {
    for (const box of document.querySelectorAll(".explore")) new Explore(box);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
