// What all pages do beyond HTML; without it they still work.
import { asking } from "./asking.js";
import { dates } from "./dates.js";
import { drops } from "./drops.js";
import { live } from "./live.js";
import { menus } from "./menus.js";
import { sending } from "./sending.js";
import { small } from "./small.js";

small();
menus();
live();
asking();
sending();
for (const part of [dates, drops]) {
  part(document);
  document.addEventListener("htmx:load", (event) => part(event.detail.elt));
}
