/** Short words in the corner; they go by themselves, and a click sends them away. */

import { make, place } from "./dom.js";

const STAY = 8000; // ms
const MOST = 4;

export function notice(text, kind = "warned") {
  const list = place("notices");
  const shown = make("div", { className: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" }, text);
  shown.addEventListener("click", () => shown.remove());
  list.append(shown);
  while (list.children.length > MOST) list.firstElementChild.remove();
  setTimeout(() => shown.remove(), STAY);
}
