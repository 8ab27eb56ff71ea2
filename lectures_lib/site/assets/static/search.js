// Excerpts come from the text of a page, not from its buttons and its list of contents; a term of the
// glossary comes with its definition, and no formula twice. The pages of the package come last. The
// page of a result is asked for when that comes into view, one after the other.
"use strict";

(() => {
  const choose = () => {
    const field = document.querySelector(".bd-search-container input");
    field.focus();
    field.select();
  };
  // Before the theme hears of it, which would take the focus away.
  addEventListener("keydown", (event) => {
    if (event.code !== "KeyK" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    choose();
  }, { capture: true });

  const toText = Search.htmlToText;
  Search.htmlToText = (page, anchor) => {
    const article = new DOMParser().parseFromString(page, "text/html").querySelector("article");
    if (!article) return toText(page, anchor);
    for (const copy of article.querySelectorAll(".katex-mathml, noscript")) copy.remove();
    for (const term of article.querySelectorAll("dl.glossary > dt:has(+ dd)")) {
      term.append(": ", term.nextElementSibling.textContent);
    }
    return toText(`<div role="main">${article.innerHTML}</div>`, anchor);
  };
  Scorer.score = ([page, , , , score]) => (page.startsWith("book/package") ? score / 100 : score);
  const now = globalThis.fetch.bind(globalThis);
  const reached = (item) =>
    new Promise((done) => {
      const seen = ([one], observer) => {
        if (!one.isIntersecting) return;
        observer.disconnect();
        done();
      };
      new IntersectionObserver(seen, { rootMargin: "99999px 0px 200px" }).observe(item);
    });
  const drawn = () =>
    new Promise((done) => {
      requestAnimationFrame(() => requestAnimationFrame(done));
    });
  let before = Promise.resolve();
  globalThis.fetch = (...asked) => {
    // Sphinx puts the result into the list when it has asked.
    const listed = Promise.resolve().then(() => Search.output.lastElementChild);
    const mine = Promise.all([listed, before])
      .then(([item]) => reached(item))
      .then(() => now(...asked));
    // Meanwhile there is room for the excerpt (lectures.css).
    listed.then((item) => {
      item.classList.add("waits");
      mine.catch(() => item.classList.remove("waits"));
    });
    before = mine.then(drawn, drawn);
    return mine;
  };
  document.addEventListener("DOMContentLoaded", choose);
})();
