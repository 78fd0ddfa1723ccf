/** Short words in the corner; they go by themselves, and a click sends them away. */

import { make, place } from "./dom.js";

const STAY = 8000; // ms
const MOST = 4; // at once
const RATE = 4; // a second: a patch that errs all the time must not drown the page

let times = [];

export function notice(text, kind = "warned") {
  const now = performance.now();
  times = times.filter((time) => now - time < 1000);
  const list = place("notices");
  if (times.length >= RATE || [...list.children].some((each) => each.textContent === text)) return;
  times.push(now);
  const shown = make("div", { className: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" }, text);
  shown.addEventListener("click", () => shown.remove());
  list.append(shown);
  while (list.children.length > MOST) list.firstElementChild.remove();
  setTimeout(() => shown.remove(), STAY);
}
