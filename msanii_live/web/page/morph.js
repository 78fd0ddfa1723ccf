/** Two clips, A and B, and what lies between them. */

import { button, make, byId, number, setText } from "./dom.js";
import { makeClip } from "./make.js";

const slots = { a: "", b: "" };
let changedCallback = () => {};
let parts = null;

/** Set the callback for a change of A or B. */
export function onSlots(call) {
  changedCallback = call;
}

export const slotOf = (name) => Object.keys(slots).filter((slot) => slots[slot] === name);

/** Put a clip into a slot; take it out if it is there. */
export function setSlot(slot, name) {
  slots[slot] = slots[slot] === name ? "" : name;
  showSlots();
}

/** Follow a clip that got another name, or is gone. */
export function keepSlots(names) {
  for (const slot of Object.keys(slots)) if (slots[slot] && !names.includes(slots[slot])) slots[slot] = "";
  showSlots();
}

/** Build the panel, once. hear: plays a clip in this browser: (name). */
export function startMorph(link, hear) {
  if (parts) return;
  const mix = make("input", { type: "range", id: "morph-mix", min: 0, max: 1, step: 0.01, value: 0.5, aria: { label: "from A to B" } });
  const strength = make("input", { type: "range", id: "morph-strength", min: 0, max: 1, step: 0.05, value: 0.5, aria: { label: "how much is made anew" } });
  const value = make("span", { className: "told" }, "0.5");
  mix.addEventListener("input", () => setText(value, number(Number(mix.value))));
  const slot = (letter) => button("", () => slots[letter] && hear(slots[letter]), { className: "slot", title: "listen in this browser", data: { slot: letter } });
  parts = { a: slot("a"), b: slot("b"), go: button("Morph", () => morph(link, mix, strength), { className: "main", id: "morph" }) };
  byId("morph-controls").append(
    make("div", { className: "slots" }, parts.a, parts.b),
    make("label", { className: "morph" }, "A", mix, "B", value),
    make("label", { className: "morph" }, "made anew", strength),
    parts.go);
  showSlots();
}

function morph(link, mix, strength) {
  makeClip(link, "/msanii/interpolate", [
    ["s", slots.a], ["s", slots.b], ["s", "@mix"], ["f", Number(mix.value)], ["s", "@strength"], ["f", Number(strength.value)],
  ]);
}

function showSlots() {
  if (!parts) return;
  for (const letter of ["a", "b"]) setText(parts[letter], `${letter.toUpperCase()}: ${slots[letter] || `press ${letter.toUpperCase()} on a clip`}`);
  parts.go.disabled = !(slots.a && slots.b);
  changedCallback();
}
