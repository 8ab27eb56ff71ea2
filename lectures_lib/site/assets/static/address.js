// Addresses of figures, `page.html#name?size=5`: what the reader sets goes there, can be copied, and
// is there again after a reload.
"use strict";

globalThis.lecturesAddress = (() => {
  const EVERY_MS = 400; // browsers refuse more than 100 changes in 10 to 30 seconds
  const [{ type }] = performance.getEntriesByType("navigation");
  // The browser then brings the reader back to where they were on the page.
  let returning = type === "reload" || type === "back_forward";
  const kept = lecturesKept; // of all figures, the address has the last one only
  let [last, due, timer] = ["", 0, 0];

  // Mail programs and learning platforms write ? and = as %3F and %3D.
  const read = () => {
    let text = location.hash.slice(1);
    try {
      if (!/\?.*=/.test(text)) text = decodeURIComponent(text);
    } catch { /* nothing that was encoded */ }
    const [name, query = ""] = text.split("?", 2);
    return { name, query };
  };

  const replace = (address) => {
    try {
      history.replaceState(kept, "", address);
    } catch { /* refused; the next change brings it up to date */ }
  };
  const write = () => {
    due = Date.now() + EVERY_MS;
    replace(last);
  };
  const remember = (name, query) => {
    kept[name] = query;
    last = `#${name}?${query}`;
    clearTimeout(timer);
    if (Date.now() >= due) write();
    else timer = setTimeout(write, due - Date.now());
  };

  // Only this window: `scrollIntoView` also moves the page of the frame that this one stands in.
  const scrollTo = (figure) => {
    const { top, height } = figure.getBoundingClientRect();
    scrollBy({ top: top - Math.max(60, (innerHeight - height) / 2), behavior: "instant" });
  };
  const show = (figure) => {
    scrollTo(figure);
    const y = scrollY; // what lies above may grow while the page loads
    if (document.readyState !== "complete") {
      addEventListener("load", () => scrollY === y && scrollTo(figure), { once: true });
    }
  };

  const keep = () => {
    if (Object.keys(kept).length) replace();
  };
  keep();
  addEventListener("hashchange", () => {
    returning = history.state !== null; // back or forward, not a link
    keep();
  });

  // Let a figure follow its address; `apply` gets a query, which may hold anything.
  const follow = (name, figure, apply) => {
    const open = () => {
      const asked = read();
      if (asked.name !== name) return;
      apply(asked.query);
      if (!returning) show(figure);
    };
    if (returning && name in kept) apply(kept[name]);
    else open();
    addEventListener("hashchange", open);
  };

  // Buttons, and the place where they say what they did. A link is that of the whole page, also where
  // the figure stands alone.
  const copier = (name, query) => {
    const element = (tag, properties) => Object.assign(document.createElement(tag), properties);
    const note = element("span", { className: "explore-note" });
    note.setAttribute("role", "status");
    const button = (textContent, thing, text) => {
      const made = element("button", { type: "button", textContent });
      made.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(text());
          note.textContent = `${thing} copied.`;
        } catch { // the reader can take it: in a frame the address bar has another
          const field = element("input", { readOnly: true, value: text() });
          field.setAttribute("aria-label", `${thing} to this state`);
          note.replaceChildren("The browser refuses to copy. Take it from here: ", field);
          field.select();
        }
      });
      return made;
    };
    const fragment = () => `#${name}?${query()}`;
    const link = () => lecturesEmbed.here + fragment();
    const embed = () => lecturesEmbed.snippet(document.getElementById(name), fragment());
    const whole = element("a", { textContent: "Open the chapter", target: "_blank", rel: "noopener",
      href: `${lecturesEmbed.here}#${name}` });
    whole.addEventListener("click", () => (whole.href = link()));
    return [button("Copy link", "Link", link),
      lecturesEmbed.alone ? whole : button("Embed", "Frame", embed), note];
  };

  return { follow, remember, copier };
})();
