// Shares of generations: sliders beside their numbers, which stay 100 together, and what was not applied yet.
const WHOLE = 100;
const FORM = "form[data-mapping]";

const rows = (form) => [...form.querySelectorAll("[data-share]")].filter(numberOf);
const numberOf = (row) => row.querySelector("input[type=number]");
const valueOf = (row) => Number(numberOf(row).value) || 0;
const isShadow = (row) => row.querySelector("[name=shadows]").checked;
const isDirty = (form) => [...form.elements].some((each) => each.name && isChanged(each));
const isChanged = (each) => (each.type === "checkbox" ? each.checked !== each.defaultChecked : each.value !== each.defaultValue);

function put(row, value) {
  numberOf(row).value = String(Math.round(value * 100) / 100);
}

// What the others have together goes to them as they had it; the last of them takes what rounding leaves.
function share(form, changed) {
  const value = Math.min(WHOLE, Math.max(0, valueOf(changed)));
  put(changed, value);
  const others = rows(form).filter((row) => row !== changed && !isShadow(row));
  const before = others.reduce((sum, row) => sum + valueOf(row), 0);
  let left = WHOLE - value;
  const takers = before ? others.filter(valueOf) : others.slice(0, 1);
  takers.forEach((row, at) => {
    const part = at === takers.length - 1 ? left : Math.round(((WHOLE - value) * valueOf(row)) / before);
    put(row, Math.max(0, part));
    left -= part;
  });
  if (!takers.length) put(changed, WHOLE); // there is nobody else to answer
}

function show(form) {
  const told = [];
  for (const row of rows(form)) {
    const value = isShadow(row) ? 0 : valueOf(row);
    const slider = row.querySelector("input[type=range]");
    slider.value = String(value);
    slider.setAttribute("aria-valuetext", `${value} percent`);
    slider.parentElement.style.setProperty("--f", `${value}%`); // it has no id, so HTMX leaves its style alone
    row.classList.toggle("is-shadow", isShadow(row));
    const was = row.querySelector("[data-was]");
    was.textContent = isChanged(numberOf(row)) ? `was ${was.dataset.was} %` : "";
    if (value) told.push(value);
  }
  const dirty = isDirty(form);
  form.classList.toggle("dirty", dirty);
  const place = form.querySelector("[data-shares]");
  if (place) place.textContent = dirty && told.length ? ` ${told.join(" / ")}` : "";
}

function showAll(root) {
  for (const form of root.querySelectorAll(FORM)) show(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest(FORM), row = event.target.closest("[data-share]");
  if (!form) return;
  if (row && event.target.type === "range") {
    put(row, Number(event.target.value));
    share(form, row);
  }
  show(form);
});
document.addEventListener("change", (event) => {
  const form = event.target.closest(FORM), row = event.target.closest("[data-share]");
  if (!form || !row) return;
  if (event.target.type === "number") share(form, row);
  if (event.target.name === "shadows" && event.target.checked) {
    put(row, 0);
    share(form, row);
  }
  show(form);
});
document.addEventListener("reset", (event) => {
  const form = event.target.closest(FORM);
  if (form) setTimeout(() => show(form)); // once the fields hold what they held
});
// What somebody changes, or has opened, is not renewed meanwhile.
for (const name of ["htmx:beforeRequest", "htmx:beforeSwap"]) {
  document.addEventListener(name, (event) => {
    const form = event.detail.target?.querySelector?.(FORM);
    if (form && (isDirty(form) || form.querySelector("details[open]"))) event.preventDefault();
  });
}
document.addEventListener("htmx:load", (event) => showAll(event.detail.elt.parentNode ?? document));
showAll(document);
