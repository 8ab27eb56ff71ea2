// What a reader did is remembered on this device, and sent nowhere: the sections read, the short
// questions answered correctly, and the exercises that the reader ticks. It is one entry of the
// browser's store for each copy of the course; where nothing is stored, nothing of this is seen.
"use strict";

(() => {
  const page = document.documentElement;
  if (!page.classList.contains("remembers")) return;
  const { root, key, taught } = lecturesProgress;
  const VERSION = 1;
  const SECONDS = 3; // for which the end of a section has to be in view
  const KINDS = ["sections", "right", "solved"]; // what is remembered of a chapter: lists of names
  const chapterAt = (address) =>
    address.split(/[?#]/)[0].slice(`${root}book/`.length).replace(/\.html$/, "");
  const here = chapterAt(location.href);

  // {version, last: name of a chapter, chapters: {name: {sections, right, solved, read, next}}}
  const load = () => {
    try {
      const found = JSON.parse(localStorage.getItem(key));
      if (found.version === VERSION) return found;
    } catch { /* it is not ours */ }
    return { version: VERSION, chapters: {} };
  };
  const listed = (memory, name, kind) => memory.chapters[name]?.[kind] ?? [];
  const count = (memory, kind) =>
    Object.keys(memory.chapters).reduce((sum, name) => sum + listed(memory, name, kind).length, 0);

  const sections = [...document.querySelectorAll("article section.counts")].map(({ id }) => id);

  // Remember a name, or forget it; another window may have done so, too.
  const remember = (chapter, kind, name, on = true) => {
    const memory = load();
    const names = new Set(listed(memory, chapter, kind));
    if (on) names.add(name);
    else names.delete(name);
    const entry = { ...memory.chapters[chapter], [kind]: [...names] };
    if (chapter === here && sections.length) {
      const left = sections.filter((id) => !entry.sections?.includes(id));
      Object.assign(entry, { read: !left.length, next: left[0] });
    }
    memory.chapters[chapter] = entry;
    memory.last = chapter;
    try {
      if (KINDS.some((one) => count(memory, one))) localStorage.setItem(key, JSON.stringify(memory));
      else localStorage.removeItem(key);
    } catch { // no room
      page.classList.remove("remembers", "remembered");
    }
    show();
  };

  const box = document.querySelector(".own-progress");
  const chapters = box ? JSON.parse(box.dataset.chapters) : {}; // {name: [title, questions]}

  const showParts = (memory) => {
    for (const part of document.querySelectorAll(".part-progress")) {
      const folders = part.dataset.folders.split(" ");
      const names = Object.keys(chapters).filter((name) => folders.includes(name.split("/")[0]));
      const asked = names.reduce((sum, name) => sum + chapters[name][1], 0);
      const read = names.filter((name) => memory.chapters[name]?.read).length;
      const right = names.map((name) =>
        Math.min(listed(memory, name, "right").length, chapters[name][1]));
      const lines = [
        `${read} of ${names.length} chapters read`,
        `${right.reduce((a, b) => a + b, 0)} of ${asked} questions right`,
      ];
      part.textContent = memory.last ? lines.join("\n") : "";
    }
  };

  const showNext = (memory) => {
    const names = Object.keys(chapters);
    const place = Math.max(0, names.indexOf(memory.last));
    const next = [...names.slice(place), ...names.slice(0, place)]
      .find((name) => !memory.chapters[name]?.read);
    const links = [];
    if (memory.last && next) {
      const link = document.createElement("a");
      const section = memory.chapters[next]?.next;
      link.href = `${root}book/${next}.html${section ? `#${section}` : ""}`;
      link.textContent = `Continue with “${chapters[next][0]}”`;
      links.push(link);
    }
    box.querySelector(".own-continue").replaceChildren(...links);
  };

  const showRead = (memory) => {
    for (const link of document.querySelectorAll(".bd-sidebar-primary a.reference.internal")) {
      link.querySelector(".read-mark")?.remove();
      if (!memory.chapters[chapterAt(link.href)]?.read) continue;
      link.insertAdjacentHTML("beforeend", '<span class="read-mark">'
        + '<span aria-hidden="true">✓</span><span class="visually-hidden"> (read)</span></span>');
    }
  };

  const show = () => {
    const memory = load();
    if (memory.last) page.classList.add("remembered");
    for (const question of document.querySelectorAll("fieldset.question")) {
      const before = listed(memory, here, "right").includes(question.id);
      question.querySelector(".question-before").hidden = !before;
    }
    for (const tick of document.querySelectorAll("input[data-exercise]")) {
      tick.checked = listed(memory, tick.dataset.chapter, "solved").includes(tick.dataset.exercise);
    }
    showParts(memory);
    showRead(memory);
    if (box) showNext(memory);
  };

  const forget = () => {
    const memory = load();
    const counts = [...KINDS.map((kind) => count(memory, kind)),
      localStorage.getItem(taught)?.split(" ").length];
    const found = ["section read", "question answered correctly", "exercise solved", "digit taught"]
      .map((words, kind) => [counts[kind], words])
      .filter(([number]) => number)
      .map(([number, words]) => `${number} ${number === 1 ? words : words.replace(" ", "s ")}`);
    if ((localStorage.getItem("mode") || "auto") !== "auto") found.push("the choice of light or dark");
    for (const name of [key, taught, "mode", "theme", "sphinx_highlight_terms"]) localStorage.removeItem(name);
    show();
    box.querySelector("[role=status]").textContent =
      found.length ? `Forgotten: ${found.join(", ")}.` : "Nothing was remembered.";
  };

  box?.querySelector("button").addEventListener("click", forget);
  document.addEventListener("answered", ({ target }) => remember(here, "right", target.id));
  document.addEventListener("change", ({ target }) => {
    const { exercise, chapter } = target.dataset;
    if (exercise) remember(chapter, "solved", exercise, target.checked);
  });
  // Another window, or the way back to a page that the browser has kept.
  addEventListener("storage", show);
  addEventListener("pageshow", ({ persisted }) => persisted && show());
  show();

  // A section is read when its end has stood in the window, and not at its top, where a link to
  // the next one brings it.
  const left = new Map(sections.map((id) => [id, 0]));
  for (const id of listed(load(), here, "sections")) left.delete(id);
  const look = () => {
    for (const [id, seconds] of document.hidden ? [] : left) {
      const { bottom } = document.getElementById(id).getBoundingClientRect();
      const seen = bottom > innerHeight / 4 && bottom <= innerHeight ? seconds + 1 : 0;
      left.set(id, seen);
      if (seen < SECONDS) continue;
      left.delete(id);
      remember(here, "sections", id);
    }
    if (left.size) setTimeout(look, 1000);
  };
  if (left.size) setTimeout(look, 1000);
})();
