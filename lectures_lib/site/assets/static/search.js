// Excerpts come from the text of a page, not from its buttons and its list of contents; a term of the
// glossary comes with its definition, and no formula twice. A Greek letter is found by its name, as
// formulas have it. First come the chapters that say a word most often, in whose order the build puts
// the pages of a word (search_order.py), and last the pages of the package. The page of a result is
// asked for when that comes into view, one after the other.
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
  const letters = "αβγδεζηθικλμνξπρστυφχψω";
  const names = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho " +
    "sigma tau upsilon phi chi psi omega").split(" ");
  const parse = Search._parseQuery;
  Search._parseQuery = (query) => {
    const named = query.replace(/\p{Script=Greek}/gu, (letter) => {
      const place = letters.indexOf(letter.toLowerCase());
      return place < 0 ? letter : ` ${names[place]} `;
    });
    const parsed = parse(named);
    const [, terms, , marked] = parsed;
    for (const word of marked) {
      const stem = new Stemmer().stemWord(word);
      if (stopwords.includes(stem)) {  // Ising is not "is", and the index has it whole
        terms.delete(stem);
        terms.add(word);
      }
      if (names.includes(word)) marked.add(letters[names.indexOf(word)]);
    }
    return parsed;
  };
  const find = Search.performTermsSearch;
  Search.performTermsSearch = (words, excluded) => {
    const { docnames, terms } = Search._index;
    let results = find(words, excluded);
    if (words.size > 1 && !results.length) {  // half-life is half_life in code
      words = new Set([new Stemmer().stemWord([...words].join("_"))]);
      results = find(words, excluded);
    }
    for (const result of results) {
      const page = docnames.indexOf(result[0]);
      for (const word of words) {
        const place = Object.hasOwn(terms, word) ? [terms[word]].flat().indexOf(page) : -1;
        if (place >= 0) result[4] += 2 * Scorer.title / (1 + place);
      }
    }
    return results;
  };
  const excerpt = Search.makeSearchSummary;
  Search.makeSearchSummary = (page, words, anchor) => {
    const shown = [...words].filter((word) => names.includes(word));
    const marks = shown.map((word) => letters[names.indexOf(word)]);
    return excerpt(page, [...words, ...marks], anchor);  // it opens at the last that is there
  };
  const weights = [[/^book\/package/, 0.01], [/^book\/(\w+|instructors\/.*)$/, 0.3]];
  Scorer.score = ([page, , anchor, , score]) => {
    const [, weight] = weights.find(([pages]) => pages.test(page)) ?? [];
    return anchor && weight !== 0.01 ? score : score * (weight ?? 1);
  };
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
