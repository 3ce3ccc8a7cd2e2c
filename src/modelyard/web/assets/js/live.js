// Parts that renew themselves: progress is announced at each quarter, a lost connection is told, and
// what was waited for is gone to.
const announced = new Map();

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
    if (announced.has(end.dataset.ended)) say(end.textContent.trim());
    announced.delete(end.dataset.ended);
  }
}

function say(words) {
  const place = document.querySelector("[data-announcer]");
  if (place) place.textContent = words;
}

export function live() {
  const lost = document.querySelector("[data-lost]");
  const tell = (isLost) => {
    if (lost) lost.hidden = !isLost;
    for (const each of document.querySelectorAll("[hx-trigger]")) each.classList.toggle("stale", isLost);
  };
  announce(document);
  document.addEventListener("htmx:load", (event) => {
    const renewed = event.detail.elt;
    announce(renewed.parentNode ?? document);
    const onward = renewed === document.body ? null : renewed.querySelector("[data-onward]");
    if (onward) location.replace(onward.href);
  });
  document.addEventListener("htmx:sendError", () => tell(true));
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr?.status) tell(false);
    if (event.detail.xhr?.status === 401) location.reload(); // leads to signing in, and back here
  });
}
