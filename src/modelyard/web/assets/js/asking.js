// Forms that are answered as one types: an answer to what stood there before is greyed, and what could
// not be asked is asked again.
const AGAIN = 3000;

export function asking() {
  for (const form of document.querySelectorAll("form[data-asks]")) ask(form);
}

function ask(form) {
  let waiting = 0;
  const answer = () => document.querySelector(form.getAttribute("hx-target"));
  const grey = () => answer().classList.add("old");
  const fail = (why) => {
    grey();
    for (const each of answer().querySelectorAll("[data-why]")) each.hidden = each.dataset.why !== why;
  };
  const failAndAskAgain = () => {
    fail("lost");
    clearTimeout(waiting);
    waiting = setTimeout(() => htmx.trigger(form, "submit"), AGAIN);
  };
  form.addEventListener("input", grey);
  form.addEventListener("htmx:sendError", failAndAskAgain);
  form.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 503) failAndAskAgain();
    else fail("failed");
  });
}
