// Forms with files are sent by a script, which shows how far that is, and stays on the page with all
// that was typed and chosen when the connection breaks off.
export const AWAY = [502, 503, 504]; // what proxies say of a server that is away
export const ENDED = 401;

function progress(form) {
  const bar = document.createElement("progress");
  bar.className = "pg";
  bar.setAttribute("aria-label", "Sent so far");
  form.querySelector("[data-drop]").append(bar);
  return bar;
}

// What the server found wrong before it made a page of it: the file is too large, the disk is full.
function refuse(form, request) {
  const told = document.createElement("div");
  told.className = "note err";
  told.setAttribute("role", "alert");
  let words = "The server could not take it.";
  try {
    words = JSON.parse(request.responseText).detail ?? words;
  } catch { // it is no document of ours
  }
  told.append(words.charAt(0).toUpperCase() + words.slice(1));
  form.prepend(told);
}

function answer(form, request) {
  const onward = request.getResponseHeader("HX-Redirect");
  if (onward) return location.assign(onward);
  const shown = new DOMParser().parseFromString(request.responseText, "text/html").getElementById("content");
  if (!shown) return refuse(form, request);
  document.getElementById("content").replaceWith(shown);
  htmx.process(shown);
  htmx.trigger(shown, "htmx:load", { elt: shown });
  return scrollTo(0, 0);
}

// Gives the status that the server answered with; 0 where the connection broke off.
export async function upload(form, submitter) {
  const request = new XMLHttpRequest();
  const sent = new FormData(form, submitter?.name ? submitter : undefined);
  const bar = progress(form);
  form.querySelectorAll(":scope > .note").forEach((note) => note.remove());
  if (submitter) submitter.disabled = true;
  request.upload.addEventListener("progress", (event) => {
    bar.max = event.total;
    bar.value = event.loaded;
  });
  request.open("POST", form.getAttribute("action"));
  request.setRequestHeader("HX-Request", "true");
  await new Promise((resolve) => {
    request.addEventListener("loadend", resolve);
    request.send(sent);
  });
  bar.remove();
  if (submitter) submitter.disabled = false;
  if (![0, ENDED, ...AWAY].includes(request.status)) answer(form, request);
  return request.status;
}
