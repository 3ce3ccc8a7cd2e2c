// Charts are drawn from their specs, without eval; anew where the theme changes.
import { expressionInterpreter } from "../vendor/vega-interpreter.js";

const { vega, vegaLite } = globalThis;
const root = document.documentElement;
const views = new Map();
const frames = new WeakMap();
let threshold = null;

const theme = () => root.getAttribute("data-bs-theme");

const fetched = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
};

// As high as the place that is kept for it, so that nothing moves when it is drawn.
const fitted = (spec) => {
  if (!spec.layer && !spec.mark) return spec;
  return { ...spec, height: "container", autosize: { type: "fit", contains: "padding" } };
};

// A spec without its numbers: where it is the same, these alone are put in the place of the old ones.
const frame = ({ datasets, description, ...rest }) => JSON.stringify(rest);

const draw = async (place) => {
  const mode = theme();
  const told = await fetched(`${place.dataset.chart}&mode=${mode}`);
  if (mode !== theme() || !place.isConnected) return;
  const old = views.get(place);
  if (old && told.spec && frames.get(place) === frame(told.spec)) {
    place.setAttribute("aria-label", told.description);
    for (const [name, rows] of Object.entries(told.spec.datasets)) old.data(name, rows);
    await old.runAsync();
    return;
  }
  old?.finalize();
  views.delete(place);
  place.toggleAttribute("data-empty", !told.spec);
  if (!told.spec) {
    place.textContent = `${told.reason[0].toUpperCase()}${told.reason.slice(1)}.`;
    place.setAttribute("aria-label", place.textContent);
    return;
  }
  place.setAttribute("aria-label", told.description);
  const compiled = vegaLite.compile(fitted(told.spec)).spec;
  const view = new vega.View(vega.parse(compiled, null, { ast: true }), {
    expr: expressionInterpreter,
    container: place,
    renderer: "svg",
    hover: true,
    logLevel: vega.Error,
  });
  views.set(place, view);
  frames.set(place, frame(told.spec));
  mark(view);
  await view.runAsync();
  place.querySelector("svg")?.setAttribute("aria-hidden", "true"); // the words of the place tell it
};

const mark = (view) => {
  if (threshold === null || !Object.hasOwn(view.getState().signals, "threshold")) return;
  view.signal("threshold", threshold);
};

const drawAll = async (wanted) => {
  await document.fonts.ready;
  for (const place of document.querySelectorAll("[data-chart]")) {
    if (!wanted(place)) continue;
    await draw(place).catch((error) => {
      console.error(error);
      place.textContent = "The chart could not be drawn. Its table holds the same.";
    });
  }
};

// Marks of a threshold follow wherever it is moved.
document.addEventListener("threshold", (event) => {
  threshold = event.detail;
  for (const view of views.values()) {
    mark(view);
    view.runAsync();
  }
});
// Those of a part of the page that came anew.
document.addEventListener("htmx:afterSwap", () => {
  for (const [place, view] of views) {
    if (place.isConnected) continue;
    view.finalize();
    views.delete(place);
  }
  drawAll((place) => !views.has(place));
});
// Charts of what goes on are drawn again and again, unless nobody looks.
for (const seconds of new Set([...document.querySelectorAll("[data-renew]")].map((each) => each.dataset.renew))) {
  setInterval(() => {
    if (!document.hidden) renewAll(seconds);
  }, seconds * 1000);
}
const renewAll = async (seconds) => {
  for (const place of document.querySelectorAll(`[data-renew="${seconds}"]`)) {
    await draw(place).catch(() => {}); // a server that is away is told of by the other parts
  }
};
const all = () => true;
new MutationObserver(() => drawAll(all)).observe(root, { attributeFilter: ["data-bs-theme"] });
drawAll(all);
