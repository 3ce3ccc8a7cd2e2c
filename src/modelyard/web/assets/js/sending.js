// Forms go off only where the server can be reached; else they stay, with all that was typed.
import { tell, tellUnsent } from "./live.js";

const AWAY = new Set([502, 503, 504]); // what proxies say of a server that is away
const PATIENCE = 5000;

async function isAway() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return AWAY.has(answer.status);
  } catch (error) {
    return error.name !== "TimeoutError"; // a slow server may still take it
  }
}

export function sending() {
  const asked = new WeakSet();
  const passed = new WeakSet();
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const isSent = form.getAttribute("method") === "post" && !form.hasAttribute("hx-post");
    if (!isSent || event.defaultPrevented || passed.delete(form)) return;
    event.preventDefault();
    if (asked.has(form)) return;
    asked.add(form);
    const away = await isAway();
    asked.delete(form);
    tellUnsent(away);
    tell(away);
    if (away) {
      form.closest("dialog")?.close(); // what is told stands behind it
      return;
    }
    if (!form.isConnected) { // it was in a part that renewed itself meanwhile
      form.hidden = true;
      document.body.append(form);
    }
    passed.add(form);
    form.requestSubmit(event.submitter);
  });
}
