/** Keys for hands that have no time for a mouse; none of them works while something is typed. */

import { stop as stopHere } from "./audition.js";
import { act, step } from "./clips.js";
import { pairs, place } from "./dom.js";
import { show } from "./forms.js";

const KEYS = {
  ".": ["stop all sound on the server", () => place("stop-all").click()],
  x: ["cancel all jobs", () => place("cancel-all").click()],
  "/": ["choose a command", () => place("command").focus()],
  g: ["generate", () => compose("/msanii/generate")],
  o: ["outpaint", () => compose("/msanii/outpaint")],
  j: ["next clip", () => step(1)],
  k: ["clip before", () => step(-1)],
  h: ["hear the clip in this browser", () => act("hear")],
  p: ["play the clip on the server", () => act("play")],
  l: ["loop the clip on the server", () => act("loop")],
  s: ["stop the clip on the server", () => act("stop")],
  q: ["quiet in this browser", stopHere],
  "?": ["these keys", () => place("keys").showModal()],
};

function compose(address) {
  show(address);
  place("form").querySelector("input, select")?.focus();
}

const isTyping = (element) => element?.matches?.("input:not([type=checkbox]):not([type=range]), select, textarea") ?? false;

export function startKeys() {
  place("key-list").replaceChildren(...pairs(Object.entries(KEYS).map(([key, [text]]) => [key, text])));
  place("show-keys").addEventListener("click", () => place("keys").showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isTyping(event.target) || place("keys").open) return;
    const found = KEYS[event.key];
    if (!found) return;
    event.preventDefault();
    found[1]();
  });
}
