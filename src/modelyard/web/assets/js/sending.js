// Forms go off only where the server can be reached; else they stay, with all that was typed. Files go
// off only while the session lives: else their names alone are sent, and who it is is asked first.
import { tell, tellUnsent } from "./live.js";
import { AWAY, ENDED, upload } from "./uploads.js";

const PATIENCE = 5000;

// The status that tells whether a form can be sent; 0 where a slow server may still take it.
async function standing(form) {
  const [address, method] = chosen(form).length ? [form.getAttribute("action"), "HEAD"] : ["/healthz", "GET"];
  try {
    return (await fetch(address, { method, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })).status;
  } catch (error) {
    return error.name === "TimeoutError" ? 0 : 503;
  }
}

function chosen(form) {
  return [...form.querySelectorAll("input[type=file]")].filter((input) => input.files.length);
}

function nameOnly(input) {
  const name = document.createElement("input");
  Object.assign(name, { type: "hidden", name: input.name, value: input.files[0].name });
  input.after(name);
  input.disabled = true;
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
    let status = await standing(form);
    const uploads = chosen(form).length > 0 && status !== ENDED && !AWAY.includes(status);
    if (uploads) status = await upload(form, event.submitter);
    asked.delete(form);
    const why = AWAY.includes(status) ? "away" : uploads && !status ? "broken" : "";
    tellUnsent(why);
    tell(Boolean(why));
    if (why) {
      form.closest("dialog")?.close(); // what is told stands behind it
      return;
    }
    if (uploads && status !== ENDED) return; // the page has its answer
    if (status === ENDED) chosen(form).forEach(nameOnly);
    if (!form.isConnected) { // it was in a part that renewed itself meanwhile
      form.hidden = true;
      document.body.append(form);
    }
    passed.add(form);
    form.requestSubmit(event.submitter);
  });
}
