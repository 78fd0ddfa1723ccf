/** Keyboard shortcuts. They are off while the user types in a field. */

import { stop as stopPreview } from "./preview.js";
import { clickButton, moveFocus, toggleHearing } from "./clips.js";
import { pairs, byId } from "./dom.js";
import { show } from "./forms.js";

const KEYS = {
  ".": ["stop all sound on the server", () => byId("stop-all").click()],
  x: ["cancel all jobs", () => byId("cancel-all").click()],
  "/": ["choose a command", () => byId("command").focus()],
  g: ["generate", () => compose("/msanii/generate")],
  o: ["outpaint", () => compose("/msanii/outpaint")],
  j: ["next clip", () => moveFocus(1)],
  k: ["previous clip", () => moveFocus(-1)],
  h: ["listen to the clip in this browser", toggleHearing],
  p: ["play the clip, on stage or in this browser", () => clickButton("play")],
  l: ["loop the clip, on stage or in this browser", () => clickButton("loop")],
  s: ["stop the clip", () => clickButton("stop")],
  q: ["stop listening in this browser", stopPreview],
  u: ["undo", () => byId("undo").click()],
  m: ["make a loop with what is chosen", () => byId("make")?.click()],
  v: ["vary the clip", () => clickButton("vary")],
  "?": ["show these keys", () => byId("keys").showModal()],
};

function compose(address) {
  show(address);
  byId("form").querySelector("input, select")?.focus();
}

const isTyping = (element) => element?.matches?.("input:not([type=checkbox]):not([type=range]), select, textarea") ?? false;

export function startKeys() {
  byId("key-list").replaceChildren(...pairs(Object.entries(KEYS).map(([key, [text]]) => [key, text])));
  byId("show-keys").addEventListener("click", () => byId("keys").showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isTyping(event.target) || byId("keys").open) return;
    const found = KEYS[event.key];
    if (!found) return;
    event.preventDefault();
    found[1]();
  });
}
