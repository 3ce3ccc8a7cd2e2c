// Light, dark, or as the reader's system has it; runs before anything is painted.
"use strict";
(() => {
  const root = document.documentElement;
  root.setAttribute("data-scripts", ""); // what only works with scripts is hidden without them
  const wished = /(?:^|; )modelyard_theme=(light|dark)/.exec(document.cookie);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = (theme) => root.setAttribute("data-bs-theme", theme);
  show(wished ? wished[1] : dark.matches ? "dark" : "light");
  if (!wished) dark.addEventListener("change", () => show(dark.matches ? "dark" : "light"));
})();
