// One figure alone, `page.html?figure=name#name?size=5`, for a frame in a learning platform.
"use strict";

globalThis.lecturesEmbed = (() => {
  const WIDTH = 760; // of a figure that stands alone, in lectures.css
  const here = location.href.split(/[?#]/)[0];
  const page = document.documentElement;

  // The caption as plain text: without its number and links, and with formulas once.
  const captionOf = (figure) => {
    const text = figure.querySelector("figcaption").cloneNode(true);
    const others = ".caption-number, .headerlink, .figure-source, .katex-html, annotation";
    for (const other of text.querySelectorAll(others)) other.remove();
    return text.textContent.replace(/\s+/g, " ").trim();
  };

  const name = page.dataset.figure;
  const alone = name && document.querySelector(`figure#${CSS.escape(name)}`);
  if (alone) {
    document.title = captionOf(alone);
    for (const link of alone.querySelectorAll("a[href]")) {
      if (link.pathname === location.pathname) link.href = here + link.hash;
      Object.assign(link, { target: "_blank", rel: "noopener" });
    }
  } else delete page.dataset.figure; // this page has none of that name

  // Learning platforms show only what has an address with https.
  const published = () => {
    const { content } = document.querySelector('meta[property="og:url"]') || {};
    return location.protocol === "https:" || !content ? here : content;
  };
  const escaped = (text) =>
    text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
  const heightOf = (figure) => {
    const [picture] = [...figure.querySelectorAll("img")].filter((image) => image.offsetWidth);
    const { offsetWidth: width, offsetHeight: height } = picture || { offsetHeight: 0 };
    return figure.offsetHeight + 30 + (width ? Math.round((height * (WIDTH - width)) / width) : 0);
  };
  const snippet = (figure, fragment) => {
    const address = `${published()}?figure=${encodeURIComponent(figure.id)}${fragment}`;
    return `<iframe src="${escaped(address)}" title="${escaped(captionOf(figure))}" width="100%" ` +
      `height="${heightOf(figure)}" loading="lazy" allow="clipboard-write" style="border: 0"></iframe>`;
  };

  return { alone, here, snippet };
})();
