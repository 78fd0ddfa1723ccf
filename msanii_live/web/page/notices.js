/** Short notices in the corner. They disappear by themselves or when clicked. */

import { make, byId } from "./dom.js";

const DURATION_MS = 8000;
const MAX_SHOWN = 4; // at once
const MAX_PER_SECOND = 4; // so that a patch with constant errors does not flood the page

let times = [];

export function notice(text, kind = "warned") {
  const now = performance.now();
  times = times.filter((time) => now - time < 1000);
  const list = byId("notices");
  if (times.length >= MAX_PER_SECOND || [...list.children].some((each) => each.textContent === text)) return;
  times.push(now);
  const shown = make("div", { className: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" }, text);
  shown.addEventListener("click", () => shown.remove());
  list.append(shown);
  while (list.children.length > MAX_SHOWN) list.firstElementChild.remove();
  setTimeout(() => shown.remove(), DURATION_MS);
}
