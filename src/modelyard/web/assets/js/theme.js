// Light, dark, or as the reader's system has it; runs before anything is painted.
"use strict";
(() => {
  const root = document.documentElement;
  const wished = /(?:^|; )modelyard_theme=(light|dark)/.exec(document.cookie);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = (theme) => root.setAttribute("data-bs-theme", theme);
  show(wished ? wished[1] : dark.matches ? "dark" : "light");
  if (!wished) dark.addEventListener("change", () => show(dark.matches ? "dark" : "light"));
})();
