// Moments in the reader's zone, by a clock of 24 hours: how long ago up to a week, exact on hover.
const MINUTE = 60e3, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

function words(at) {
  const now = new Date(), passed = now - at;
  if (passed < -MINUTE) return `${coming(at, now)}${clock.format(at)}`;
  if (passed < MINUTE) return "just now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min ago`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h ago`;
  if (passed < 2 * DAY) return "yesterday";
  if (passed < 7 * DAY) return `${Math.floor(passed / DAY)} days ago`;
  return date(at, now);
}

function date(at, now) {
  return (at.getFullYear() === now.getFullYear() ? day : dayAndYear).format(at);
}

function coming(at, now) {
  if (at.toDateString() === now.toDateString()) return "";
  const next = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  return at.toDateString() === next.toDateString() ? "tomorrow " : `${date(at, now)} `;
}

export function dates(root) {
  for (const each of root.querySelectorAll("time[data-ago]")) {
    const at = new Date(each.dateTime);
    each.title = exact.format(at);
    each.textContent = words(at);
  }
  for (const each of root.querySelectorAll("time[data-clock]")) {
    const at = new Date(each.dateTime);
    each.title = exact.format(at);
    each.textContent = seconds.format(at);
  }
}

setInterval(() => dates(document), MINUTE);
