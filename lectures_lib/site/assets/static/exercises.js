// The index of exercises: what the filter asks for is shown, counted, and in the address, as in
// `exercises.html#filter?kind=train&minutes=20`.
"use strict";

(() => {
  const filter = document.getElementById("filter");
  const choices = [...filter.querySelectorAll("select")];
  const rows = [...document.querySelectorAll("tr:has(input[data-exercise])")].map((row) => {
    const [, kind, , minutes] = [...row.cells].map((cell) => cell.textContent.trim());
    const tick = row.querySelector("input");
    return { row, kind, minutes: Number(minutes), tick, chapter: tick.dataset.chapter };
  });
  const sections = [...document.querySelectorAll("section:has(> * input[data-exercise])")]
    .filter((one) => !one.querySelector("section"));
  const sums = filter.nextElementSibling;
  const status = filter.querySelector("[role=status]");

  const query = () =>
    new URLSearchParams(choices.filter(({ value }) => value).map(({ name, value }) => [name, value]))
      .toString();

  const show = () => {
    const wanted = Object.fromEntries(choices.map(({ name, value }) => [name, value]));
    const fits = ({ kind, minutes, tick, chapter }) =>
      (!wanted.chapter || chapter === wanted.chapter)
      && (!wanted.kind || kind === wanted.kind)
      && (!wanted.minutes || minutes <= Number(wanted.minutes))
      && (!wanted.solved || tick.checked === (wanted.solved === "yes"));
    const shown = rows.filter(fits);
    for (const one of rows) one.row.hidden = !shown.includes(one);
    for (const section of sections) section.hidden = !section.querySelector("tbody tr:not([hidden])");
    sums.hidden = shown.length < rows.length;
    const minutes = shown.reduce((sum, one) => sum + one.minutes, 0);
    status.textContent = shown.length
      ? `${shown.length} of ${rows.length} exercises, ${minutes} minutes`
      : "No exercise fits all of these choices: change one, or show all.";
  };

  // A value that a choice does not have leaves it as it was.
  const apply = (text) => {
    const asked = new URLSearchParams(text);
    for (const choice of choices) {
      const value = asked.get(choice.name) ?? "";
      if ([...choice.options].some((option) => option.value === value)) choice.value = value;
    }
    show();
  };

  const clear = document.createElement("button");
  Object.assign(clear, { type: "button", textContent: "Show all" });
  clear.addEventListener("click", () => {
    apply("");
    lecturesAddress.remember(filter.id, "");
  });
  filter.querySelector(".filter-buttons")
    .append(clear, ...lecturesAddress.copier(filter.id, query));
  filter.addEventListener("change", () => {
    show();
    lecturesAddress.remember(filter.id, query());
  });
  show();
  lecturesAddress.follow(filter.id, filter, apply);

  // A link to a table that is not shown.
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.closest("[hidden]")) return;
    apply("");
    target.scrollIntoView();
  });
})();
