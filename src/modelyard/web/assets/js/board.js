// A board: a card is taken to another lane, by the mouse or by keys. Its menu has the same, as links
// or as buttons of forms, and works without this.
const TAKES = "takes", OVER = "over", HELD = "held";
const board = document.querySelector("[data-board]");
const lanes = [...board.querySelectorAll("[data-lane]")];
let held = null; // the card that is being taken somewhere
let by = ""; // "mouse" or "keys"
let at = -1; // the lane that keys chose, among those that take the card

const ways = (card, lane) => [...card.querySelectorAll("[data-to]")].filter((way) => way.dataset.to === lane.dataset.lane);
const takers = (card) => lanes.filter((lane) => ways(card, lane).length);
const nameOf = (element) => element.getAttribute("aria-label");

function say(words) {
  const place = document.querySelector("[data-announcer]");
  if (place) place.textContent = words;
}

function take(card, how) {
  held = card;
  by = how;
  at = -1;
  card.classList.add(HELD);
  for (const lane of takers(card)) lane.classList.add(TAKES);
}

function leave() {
  for (const element of [...lanes, ...(held ? [held] : [])]) element.classList.remove(TAKES, OVER, HELD);
  held = null;
}

// Where several ways lead into a lane, such as infrastructures of a stage, its menu asks which.
function drop(card, lane) {
  const found = ways(card, lane);
  leave();
  if (found.length === 1) {
    if (found[0].form) found[0].form.requestSubmit(found[0]);
    else location.assign(found[0].href);
    return;
  }
  card.querySelector("details.menu").open = true;
  found[0].focus();
  say(`${nameOf(lane)} has ${found.length} infrastructures that take it; choose one`);
}

function point(lane) {
  for (const each of lanes) each.classList.toggle(OVER, each === lane);
}

for (const card of board.querySelectorAll("[data-card]")) {
  const places = takers(card);
  if (!places.length) continue;
  card.draggable = true;
  card.addEventListener("dragstart", (event) => {
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", nameOf(card));
    take(card, "mouse");
  });
  card.addEventListener("dragend", leave);
  const grip = card.querySelector("[data-grip]");
  grip.hidden = false;
  grip.addEventListener("click", () => {
    if (held === card) leave();
    else {
      leave();
      take(card, "keys");
      say(`${nameOf(card)} is taken up. Arrow keys choose where to, Enter brings it there, Escape puts it back.`);
    }
  });
  grip.addEventListener("keydown", (event) => keyed(event, card, places));
  grip.addEventListener("blur", () => by === "keys" && leave());
}

function keyed(event, card, places) {
  if (held !== card) return;
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    at = Math.min(places.length - 1, Math.max(0, at + step));
    point(places[at]);
    places[at].scrollIntoView({ block: "nearest" });
    say(`To ${nameOf(places[at])}`);
  } else if ((event.key === "Enter" || event.key === " ") && at >= 0) {
    event.preventDefault();
    drop(card, places[at]);
  } else if (event.key === "Escape") {
    leave();
    say(`${nameOf(card)} stays where it is.`);
  }
}

for (const lane of lanes) {
  lane.addEventListener("dragover", (event) => {
    if (!held || !lane.classList.contains(TAKES)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    point(lane);
  });
  lane.addEventListener("dragleave", (event) => {
    if (!lane.contains(event.relatedTarget)) lane.classList.remove(OVER);
  });
  lane.addEventListener("drop", (event) => {
    if (!held) return;
    event.preventDefault();
    drop(held, lane);
  });
}
