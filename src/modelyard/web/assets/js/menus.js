// Menus, dialogs and the drawer: opened and closed by keys and by a click elsewhere.
export function menus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const asked = event.target.closest("[data-ask]");
    const dialog = asked?.nextElementSibling;
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    if (event.target.closest("[data-drawer]")) drawer(event, true);
    if (event.target.closest(".scrim")) drawer(event, false);
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu");
    if (event.key === "Escape") {
      for (const each of document.querySelectorAll("details.menu[open]")) {
        each.open = false;
        each.querySelector("summary").focus();
      }
      if (document.querySelector(".side.open")) drawer(event, false);
    }
    if (menu?.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) move(event, menu);
  });
}

function move(event, menu) {
  event.preventDefault();
  const entries = [...menu.querySelectorAll(".items a, .items button")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = entries.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : entries.length - 1) : (at + step + entries.length) % entries.length;
  entries[next]?.focus();
}

function drawer(event, open) {
  event.preventDefault();
  const side = document.querySelector(".side");
  side.classList.toggle("open", open);
  (open ? side.querySelector("a") : document.querySelector("[data-drawer]")).focus();
}
