// JupyterLab takes keys away, an arrow to choose another cell, unless the element that has the
// focus says no.
"use strict";

globalThis.lecturesKeepKey ??= (() => {
  const keepKey = ({ target, key, altKey, ctrlKey, metaKey }) => {
    if (!target.closest(".jp-OutputArea .playground")) return;
    // Shortcuts such as Ctrl+S stay JupyterLab's.
    const shortcut = altKey || metaKey || (ctrlKey && key !== "Home" && key !== "End");
    target.toggleAttribute("data-lm-suppress-shortcuts", !shortcut);
  };
  window.addEventListener("keydown", keepKey, true); // comes before JupyterLab's listener
  return keepKey;
})();
