// Parts that renew themselves: progress is announced at each quarter, a lost connection is told, what
// was waited for is gone to, and what depends on a part is renewed when that changes.
const announced = new Map();
const states = new Map();

function announce(root) {
  for (const bar of root.querySelectorAll("progress[data-announce]")) {
    const quarter = Math.floor((bar.value / bar.max) * 4);
    const key = bar.dataset.announce;
    if (announced.has(key) && quarter > announced.get(key)) {
      say(`${bar.getAttribute("aria-label")}: ${quarter * 25} %`);
    }
    announced.set(key, quarter);
  }
  for (const end of root.querySelectorAll("[data-ended]")) {
    if (announced.has(end.dataset.ended)) {
      say(end.textContent.trim());
      renew();
    }
    announced.delete(end.dataset.ended);
  }
}

function say(words) {
  const place = document.querySelector("[data-announcer]");
  if (place) place.textContent = words;
}

function renew() {
  htmx.trigger(document.body, "renew"); // what parts with hx-trigger="renew from:body" wait for
}

function compare(root) {
  for (const part of root.querySelectorAll("[data-state]")) {
    const changed = states.has(part.id) && states.get(part.id) !== part.dataset.state;
    states.set(part.id, part.dataset.state);
    if (changed) renew();
  }
}

// Tell that the server cannot be reached, or that it can be again.
export function tell(isLost) {
  const bar = document.querySelector("[data-lost]");
  if (!bar) return;
  const isUnsent = Boolean(bar.querySelector("[data-unsent]:not([hidden])"));
  bar.querySelector("[data-old]").hidden = !isLost || isUnsent;
  bar.hidden = !isLost && !isUnsent;
  for (const each of document.querySelectorAll("[hx-trigger]")) each.classList.toggle("stale", isLost);
}

// Tell why a form was not sent: the server was away, or the connection broke off; or forget that.
export function tellUnsent(why) {
  for (const told of document.querySelectorAll("[data-unsent]")) told.hidden = told.dataset.unsent !== why;
}

export function live() {
  announce(document);
  compare(document);
  document.addEventListener("htmx:load", (event) => {
    const renewed = event.detail.elt;
    announce(renewed.parentNode ?? document);
    compare(renewed.parentNode ?? document);
    const onward = renewed === document.body ? null : renewed.querySelector("[data-onward]");
    if (onward) location.replace(onward.href);
  });
  document.addEventListener("htmx:sendError", () => tell(true));
  document.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr?.status;
    if (status) tell(false);
    if (status !== 401) return;
    if (event.detail.elt.matches("form")) event.detail.elt.submit(); // asks who it is, and keeps what was typed
    else location.reload(); // leads to signing in, and back here
  });
}
