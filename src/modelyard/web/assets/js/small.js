// Switching the theme, finding the search box by "/", copying, scrolling to the current part.
const YEAR = 365 * 24 * 3600;

function switchTheme() {
  const root = document.documentElement;
  const theme = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.setAttribute("data-bs-theme", theme);
  document.cookie = `modelyard_theme=${theme}; path=/; max-age=${YEAR}; samesite=lax`;
}

// What is not reached over HTTPS or on this machine has no clipboard of its own.
async function keep(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const place = document.createElement("textarea");
  place.value = text;
  document.body.append(place);
  place.select();
  document.execCommand("copy");
  place.remove();
}

async function copy(button) {
  await keep(button.dataset.copy || button.parentElement.querySelector("pre").textContent);
  const label = button.getAttribute("aria-label");
  button.setAttribute("aria-label", "Copied");
  button.classList.add("okc");
  setTimeout(() => {
    button.setAttribute("aria-label", label);
    button.classList.remove("okc");
  }, 1500);
}

// In a row that scrolls, the part that is looked at is in sight.
function scrollToCurrent() {
  for (const row of document.querySelectorAll(".snav, .tabs")) {
    const current = row.querySelector("[aria-current]");
    if (current && row.scrollWidth > row.clientWidth) row.scrollLeft = current.offsetLeft - row.clientWidth / 3;
  }
}

export function small() {
  scrollToCurrent();
  document.addEventListener("click", (event) => {
    if (event.target.closest("button[data-theme]")) switchTheme();
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    const box = document.querySelector("[data-search]");
    if (box?.offsetParent) {
      event.preventDefault();
      box.focus();
    }
  });
}
