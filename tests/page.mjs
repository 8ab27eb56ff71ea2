// As much of a page as the scripts of the site need: they are run here under Node, each test in a page
// of its own.
import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

const FOLDER = new URL("../lectures_lib/site/assets/static/", import.meta.url);

// The end of a selector counts: tag, classes and one attribute, as `p input[type=text]`; or one of
// several with commas between them.
const fits = (one, selector) => selector.split(/,\s*/).some((part) => {
  const [, tag, classes, name, value] =
    part.split(" ").at(-1).match(/^([a-z]*)((?:\.[\w-]+)*)(?:\[([\w-]+)(?:=([\w-]+))?\])?$/);
  const has = name?.startsWith("data-") ? one.dataset[name.slice(5)] : one.attributes[name] ?? one[name];
  return (!tag || one.tag === tag)
    && classes.split(".").every((wanted) => !wanted || one.classList.contains(wanted))
    && (!name || (value ? has === value : has !== undefined));
});

export class Element {
  constructor(tag = "div", properties = {}, ...children) {
    Object.assign(this, { tag, children: [], attributes: {}, listeners: {}, dataset: {}, className: "",
      style: { setProperty() {} }, ...properties });
    this.append(...children);
  }
  get classList() {
    const names = new Set(this.className.split(" "));
    const change = (action) => (...all) => {
      all.forEach((name) => names[action](name));
      this.className = [...names].join(" ");
    };
    return { contains: (name) => names.has(name), add: change("add"), remove: change("delete") };
  }
  get textContent() {
    return this.children.map((child) => child.textContent ?? child).join("");
  }
  set textContent(text) {
    this.children = text === "" ? [] : [String(text)];
  }
  get lastElementChild() {
    return this.children.at(-1);
  }
  append(...all) {
    for (const child of all) if (child instanceof Element) child.parentNode = this;
    this.children.push(...all);
  }
  prepend(...all) {
    const before = this.children.splice(0);
    this.append(...all, ...before);
  }
  replaceChildren(...all) {
    this.children = [];
    this.append(...all);
  }
  before() {}
  cloneNode() {
    return new Element(this.tag);
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }
  removeAttribute(name) {
    delete this.attributes[name];
  }
  addEventListener(type, action) {
    (this.listeners[type] ??= []).push(action);
  }
  // What listens to an event of this element, here and above.
  fire(type, event = {}) {
    for (const action of this.listeners[type] ?? []) action({ target: this, ...event });
    this.parentNode?.fire(type, { target: this, ...event });
  }
  dispatchEvent({ type }) {
    this.fire(type);
  }
  matches(selector) {
    return fits(this, selector);
  }
  closest(selector) {
    return fits(this, selector) ? this : this.parentNode?.closest(selector) ?? null;
  }
  querySelectorAll(selector) {
    return this.children.filter((child) => child instanceof Element).flatMap((child) =>
      [...(fits(child, selector) ? [child] : []), ...child.querySelectorAll(selector)]);
  }
  querySelector(selector) {
    return this.querySelectorAll(selector)[0] ?? null;
  }
  focus() {}
  // A canvas: what was painted is kept as `pixels`.
  getContext() {
    return {
      createImageData: (width, height) => ({ data: new Uint8ClampedArray(4 * width * height) }),
      putImageData: ({ data }) => (this.pixels = data),
    };
  }
}

// Run scripts in a page whose body holds some elements; `more` are further globals.
export const open = (files, { body = [], classes = "", ...more } = {}) => {
  const document = new Element("html", { className: classes, readyState: "complete" }, ...body);
  Object.assign(document, { documentElement: document, createElement: (tag) => new Element(tag),
    createElementNS: (_, tag) => new Element(tag) });
  class Event {
    constructor(type) {
      this.type = type;
    }
  }
  const page = createContext({ document, Event, atob, URL, URLSearchParams, addEventListener() {},
    setTimeout() {}, clearTimeout() {}, ...more });
  for (const file of files) {
    runInContext(readFileSync(new URL(file, FOLDER), "utf8"), page, { filename: file });
  }
  return page;
};

export const playground = (...names) => open(names.map((name) => `playground/${name}.js`));

// Arrays of another page are of other classes.
export const same = (found, wanted, ...said) => deepEqual(JSON.parse(JSON.stringify(found)), wanted, ...said);
