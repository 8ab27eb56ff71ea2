// A network that trains in the page loads when the reader asks for it, and not before.
"use strict";

(() => {
  const loaded = (address) => [...document.scripts].some(({ src }) =>
    src.split("?")[0] === new URL(address, location.href).href.split("?")[0]);
  const load = (address) => new Promise((resolve, reject) => {
    if (loaded(address)) return resolve();
    const script = document.createElement("script");
    Object.assign(script, { src: address, async: false });
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => {
      script.remove(); // may be tried again
      reject();
    });
    document.head.append(script);
  });

  for (const button of document.querySelectorAll(".playground-begin")) {
    const note = button.nextElementSibling;
    const box = button.closest(".playground");
    const figure = box.closest("figure"); // a small version has no address
    if (figure) { // and there may be no address.js
      globalThis.lecturesAddress?.follow(figure.id, figure, (query) => (box.dataset.asked = query));
    }
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      note.textContent = "Loading …";
      try {
        await Promise.all(button.dataset.scripts.split(" ").map(load));
        button.parentNode.hidden = true;
        const { top } = box.getBoundingClientRect(); // what came may be shorter than the picture
        if (top < 60) scrollBy(0, top - 60);
      } catch {
        button.disabled = false;
        note.textContent = "A file could not be loaded. Is there a connection? Then try again.";
      }
    });
  }
})();
