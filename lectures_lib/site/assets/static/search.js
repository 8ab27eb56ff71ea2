// Excerpts come from the text of a page, not from its buttons and its list of contents; a term of the
// glossary comes with its definition, and no formula twice.
"use strict";

(() => {
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
  document.addEventListener("DOMContentLoaded", () => {
    const field = document.querySelector(".bd-search-container input");
    field.focus();
    field.select();
  });
})();
