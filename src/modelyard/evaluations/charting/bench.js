// The threshold moves every number that depends on it, and tells the charts; so do gains.
// Pages of a server load it, and reports have it in them. One workbench moves the numbers of its whole page;
// of several each moves its own.
const benches = [...document.querySelectorAll("[data-bench]")];
const MINUS = "\u2212";
const THIN = "\u202f";
const CELLS = ["true_positive", "false_positive", "true_negative", "false_negative"];

const number = (value, digits) =>
  value === null || Number.isNaN(value)
    ? "–"
    : value
        .toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
        .replace("-", MINUS);
const count = (value) => number(value, Number.isInteger(value) ? 0 : 3);
const percent = (share) => (Number.isFinite(share) ? `${number(share * 100, 1)}${THIN}%` : "–");
const short = (value) => String(Number(value.toPrecision(4)));

// Starts a workbench, and gives what sets its threshold; nothing where the model gives labels only.
const begin = (bench) => {
  const scope = benches.length > 1 ? bench : document;
  const data = scope.querySelector("[data-grid]");
  if (!data) return null;
  const { limits, ...grid } = JSON.parse(data.textContent);
  const one = (selector) => bench.querySelector(selector);
  const slider = one("[data-slider]");
  const typed = one("[data-typed]");
  const worths = new Map(CELLS.map((name) => [name, one(`[data-worth=${name}]`)]));
  let shown = one("[data-show][aria-current]")?.dataset.show;

  const at = (place) => Object.fromEntries(CELLS.map((name) => [name, grid[name][place]]));
  const put = (selector, text) => {
    const found = one(selector);
    if (found) found.textContent = text;
  };
  const nearest = (threshold) => {
    let best = 0;
    grid.threshold.forEach((each, place) => {
      if (Math.abs(each - threshold) < Math.abs(grid.threshold[best] - threshold)) best = place;
    });
    return best;
  };
  const fill = () => slider.style.setProperty("--f", `${(slider.value / slider.max) * 100}%`);

  const drawCells = (cells) => {
    if (!shown) return;
    const [tp, fp, tn, fn] = CELLS.map((name) => cells[name]);
    const actual = [tp + fn, fp + tn, fp + tn, tp + fn];
    const predicted = [tp + fp, tp + fp, tn + fn, tn + fn];
    CELLS.forEach((name, place) => {
      const whole = (shown === "predicted" ? predicted : actual)[place];
      const share = cells[name] / whole;
      const cell = one(`[data-cell=${name}]`);
      const rows = count(cells[name]);
      cell.querySelector("[data-main]").textContent = shown === "count" ? rows : percent(share);
      cell.querySelector("[data-small]").textContent =
        shown === "count" ? percent(share) : `${rows} rows`;
      cell.className = cell.className.replace(/\bs\d+\b/, `s${Math.round((share || 0) * 10)}`);
    });
  };

  const drawMetrics = (place) => {
    for (const [code, column] of Object.entries(grid)) {
      const fill = (kind, text) => {
        for (const each of scope.querySelectorAll(`[data-${kind}="${code}"]`))
          each.textContent = text;
      };
      const ends = ["low", "high"].map((end) => limits[code]?.[end][place] ?? null);
      const [low, high] = ends.map((end) => number(end, 3));
      fill("metric", number(column[place], 3));
      fill("low", low);
      fill("high", high);
      fill("ci", ends.includes(null) ? "" : `${low} to ${high}`);
    }
  };

  // Other pages, and this one when it is loaded again, are at the same threshold.
  const keep = () => {
    if (!location.protocol.startsWith("http")) return; // a report is a file, whose address stays
    const at = (href) => {
      const url = new URL(href, location.href);
      url.searchParams.set("threshold", typed.value);
      return url;
    };
    history.replaceState(history.state, "", at(location.href));
    for (const each of document.querySelectorAll("[data-threshold]")) each.href = at(each.href);
  };

  const worth = (cells) => {
    const gains = JSON.parse(bench.dataset.gains);
    worths.forEach((field, name) => {
      if (field) gains[name] = field.valueAsNumber;
    });
    const total = CELLS.reduce((sum, name) => sum + cells[name], 0);
    return CELLS.reduce((sum, name) => sum + cells[name] * gains[name], 0) / total;
  };

  const value = () => {
    const gain = worth(now());
    put("[data-gain]", Number.isFinite(gain) ? number(gain, 3) : "–");
    if (!one("[data-best]")) return;
    const gains = grid.threshold.map((_, place) => worth(at(place)));
    const place = gains.reduce((best, each, other) => (each > gains[best] ? other : best), 0);
    put("[data-best-at]", short(grid.threshold[place]));
    put("[data-best-gain]", Number.isFinite(gains[place]) ? number(gains[place], 3) : "–");
    one("[data-best-at]").dataset.place = place;
  };

  // What the server counted exactly stands until the slider is moved.
  let exact = JSON.parse(bench.dataset.cells);
  const now = () => exact ?? at(slider.value);

  const move = (place) => {
    slider.value = place;
    exact = null;
    const threshold = grid.threshold[place];
    typed.value = Number(threshold.toPrecision(10));
    slider.setAttribute("aria-valuetext", short(threshold));
    fill();
    const cells = now();
    drawCells(cells);
    drawMetrics(place);
    put("[data-flagged]", percent(grid.flagged[place]));
    value();
    scope.dispatchEvent(new CustomEvent("threshold", { detail: threshold }));
  };

  slider.addEventListener("input", () => move(Number(slider.value)));
  slider.addEventListener("change", keep);
  if (!typed.form)
    typed.addEventListener("change", () => {
      const threshold = typed.valueAsNumber;
      move(Number.isFinite(threshold) ? nearest(threshold) : Number(slider.value));
    });
  bench.addEventListener("input", (event) => {
    if (event.target.dataset.worth) value();
  });
  bench.addEventListener("click", (event) => {
    const show = event.target.closest("[data-show]");
    const place = event.target.closest("[data-place]");
    if (show) {
      one("[data-show][aria-current]").removeAttribute("aria-current");
      show.setAttribute("aria-current", "true");
      shown = show.dataset.show;
      drawCells(now());
    } else if (place) {
      move(Number(place.dataset.place));
      keep();
    } else return;
    event.preventDefault();
  });
  document.documentElement.dataset.scripts = "";
  slider.value = nearest(typed.valueAsNumber);
  slider.setAttribute("aria-valuetext", short(typed.valueAsNumber));
  fill();
  scope.dispatchEvent(new CustomEvent("threshold", { detail: typed.valueAsNumber }));
  return (threshold) => move(nearest(threshold));
};

const moves = benches.map(begin).filter(Boolean);

// One threshold for several workbenches.
const all = document.querySelector("[data-all]");
const moveAll = (field) => {
  if (!Number.isFinite(field.valueAsNumber)) return;
  const threshold = Math.min(1, Math.max(0, field.valueAsNumber));
  for (const each of all.querySelectorAll("input")) each.value = threshold;
  for (const move of moves) move(threshold);
};
all?.addEventListener("input", (event) => {
  if (event.target.type === "range") moveAll(event.target);
});
all?.addEventListener("change", (event) => moveAll(event.target));
