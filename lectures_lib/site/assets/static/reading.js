"use strict";

// Formulas that are too wide for the window scroll; the keyboard must reach them to do so.
(() => {
  const update = () => {
    for (const box of document.querySelectorAll("div.math")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", update);
  addEventListener("resize", update);
})();

// What was not laid out at first (lectures.css) follows section by section, when the browser idles.
addEventListener("load", () => {
  const page = document.documentElement;
  if (!page.classList.contains("from-the-top")) return;
  const left = [...document.querySelectorAll("article section section")];
  const next = () => {
    for (const box of left.shift()?.children ?? []) box.style.contentVisibility = "visible";
    if (left.length) return requestIdleCallback(next);
    page.classList.remove("from-the-top");
    dispatchEvent(new Event("resize")); // whoever looks for boxes that scroll looks again
  };
  requestIdleCallback(next);
});
