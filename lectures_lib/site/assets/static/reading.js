"use strict";

(() => {
  // Formulas that are too wide for the window scroll; the keyboard must reach them to do so.
  const mark = (formulas) => {
    for (const box of formulas) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  const markAll = () => mark(document.querySelectorAll("div.math"));

  // What was not laid out at first (lectures.css) follows section by section, in idle moments.
  const layOut = (page) => {
    const left = [...document.querySelectorAll("article section")];
    const next = () => {
      const section = left.shift();
      if (section) {
        for (const box of section.children) box.style.contentVisibility = "visible";
        mark(section.querySelectorAll(":scope > :not(section) div.math, :scope > div.math"));
        return requestIdleCallback(next);
      }
      page.classList.remove("from-the-top");
      dispatchEvent(new Event("resize")); // whoever looks for boxes that scroll looks again
    };
    requestIdleCallback(next);
  };

  addEventListener("load", () => {
    const page = document.documentElement;
    if (page.classList.contains("from-the-top")) layOut(page);
    else markAll();
  });
  addEventListener("resize", markAll);
})();
