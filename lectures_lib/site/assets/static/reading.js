"use strict";

(() => {
  // What is too wide for the window scrolls; the keyboard must reach it to do so.
  const mark = (boxes) => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  const markAll = () => mark(document.querySelectorAll("div.math, :has(> .playground-terms)"));

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

  // A finger that scrolls the page from a slider has moved the slider before the browser knows that
  // it scrolls: put it back.
  let touched = null;
  document.addEventListener("pointerdown", ({ pointerType, target }) => {
    const slides = pointerType === "touch" && target.type === "range";
    touched = slides ? { slider: target, value: target.value } : null;
  }, { capture: true });
  document.addEventListener("pointercancel", () => {
    if (touched && touched.slider.value !== touched.value) {
      touched.slider.value = touched.value;
      touched.slider.dispatchEvent(new Event("input", { bubbles: true }));
    }
    touched = null;
  });

  for (const button of document.querySelectorAll(".btn-download-pdf-button")) {
    button.addEventListener("click", () => print());
  }
})();
