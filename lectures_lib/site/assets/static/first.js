// Before anything is drawn: a store for scripts, and the mode of the reader's system, unless one was
// chosen here.
"use strict";

(() => {
  // Where the browser stores nothing (cookies blocked, a sandboxed frame, no room), the scripts of
  // the theme and of Sphinx would end with an error: what they store lasts as long as the page.
  const standIn = () => {
    const held = new Map();
    return {
      getItem: (key) => held.get(key) ?? null,
      setItem: (key, text) => held.set(key, String(text)),
      removeItem: (key) => held.delete(key),
    };
  };
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      globalThis[name].setItem("lectures", "");
      globalThis[name].removeItem("lectures");
    } catch {
      Object.defineProperty(globalThis, name, { value: standIn() });
    }
  }

  // The fonts of formulas come as early as the text, or its lines break anew. Browsers refuse that to
  // files.
  for (const href of document.currentScript.dataset.fonts.match(/\S+/g) ?? []) {
    if (location.protocol === "file:") break;
    const link = document.createElement("link");
    Object.assign(link, { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href });
    document.head.append(link);
  }

  // What figures showed before a reload (address.js); the script that marks words of a search takes
  // it away.
  globalThis.lecturesKept = { ...history.state };

  const page = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const mode = localStorage.getItem("mode") || "auto";
  const theme = mode === "auto" ? (dark ? "dark" : "light") : localStorage.getItem("theme") || mode;
  localStorage.setItem("mode", mode);
  localStorage.setItem("theme", theme);
  Object.assign(page.dataset, { mode, theme });

  // What the reader did is remembered (progress.js) for this copy of the course, where the browser
  // stores at all. The places for it are there from the first picture on.
  const root = new URL(page.dataset.content_root || "./", location.href).href;
  const stores = localStorage instanceof Storage;
  const key = `lectures progress ${root}`;
  const taught = stores && `lectures digits ${root}`; // to a network (train_digits.js)
  globalThis.lecturesProgress = { root, key, taught };
  page.classList.toggle("remembers", stores);
  page.classList.toggle("remembered", stores && [key, taught].some((name) => localStorage.getItem(name)));

  const [{ type }] = performance.getEntriesByType("navigation");
  if (type === "navigate" && !location.hash && globalThis.requestIdleCallback) {
    page.classList.add("from-the-top"); // see lectures.css
  }

  // `page.html?figure=name` shows this figure only (embed.js, lectures.css). A browser that does not
  // know these selectors shows all.
  const figure = new URLSearchParams(location.search).get("figure");
  if (figure) {
    const id = `figure#${CSS.escape(figure)}`;
    try {
      const sheet = new CSSStyleSheet(); // a server may forbid style elements
      sheet.insertRule(
        `[data-figure] body :not(:has(${id}), ${id}, ${id} *, h1) { display: none !important }`);
      document.adoptedStyleSheets = [sheet];
      page.dataset.figure = figure;
    } catch { /* as said */ }
  }
})();
