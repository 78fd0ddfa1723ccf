/** Clips on the slots A to D, and what lies between them: a slider for two, a pad for four. */

import { button, make, byId, number, setText } from "./dom.js";
import { withLearn } from "./learn.js";
import { makeClip } from "./make.js";
import { makePad } from "./pad.js";

export const LETTERS = ["a", "b", "c", "d"];
const slots = { a: "", b: "", c: "", d: "" };
const made = new Map(); // what was made of which clips → its name
let changedCallback = () => {};
let parts = null;

/** Set the callback for a change of a slot. */
export function onSlots(call) {
  changedCallback = call;
}

export const slotOf = (name) => LETTERS.filter((slot) => slots[slot] === name);

/** Put a clip into a slot; take it out if it is there. */
export function setSlot(slot, name) {
  slots[slot] = slots[slot] === name ? "" : name;
  showSlots();
}

/** Follow clips that are gone. */
export function keepSlots(names) {
  for (const slot of LETTERS) if (slots[slot] && !names.includes(slots[slot])) slots[slot] = "";
  for (const [key, name] of made) if (!names.includes(name)) made.delete(key);
  showSlots();
}

/** Build the panel, once. hear: plays a clip in this browser: (name). audition: plays four clips
 * there at once: see `makePad`. ready: plays a clip that was made: (name). */
export function startMorph(link, hear, audition, ready) {
  if (parts) return;
  const mix = make("input", { type: "range", id: "morph-mix", min: 0, max: 1, step: 0.01, value: 0.5, aria: { label: "from A to B" } });
  const strength = make("input", { type: "range", id: "morph-strength", min: 0, max: 1, step: 0.05, value: 0.5, aria: { label: "how much is made anew" } });
  const value = make("span", { className: "told" }, "0.5");
  mix.addEventListener("input", () => setText(value, number(Number(mix.value))));
  const slot = (letter) => button("", () => slots[letter] && hear(slots[letter]), { className: "slot", title: "listen in this browser", data: { slot: letter } });
  const pad = makePad(link, {
    clips: () => LETTERS.map((letter) => slots[letter]),
    audition,
    make: (x, y) => makePoint(link, x, y, Number(strength.value)),
    ready,
  });
  parts = { pad, go: button("Morph", () => morph(link, mix, strength), { className: "main", id: "morph" }) };
  for (const letter of LETTERS) parts[letter] = slot(letter);
  byId("morph-controls").append(
    make("div", { className: "slots" }, ...LETTERS.map((letter) => parts[letter])),
    withLearn(link, "page.morph", mix, make("label", { className: "morph" }, "A", mix, "B", value)),
    withLearn(link, "page.anew", strength, make("label", { className: "morph" }, "made anew", strength)),
    parts.go, pad.whole);
  showSlots();
}

function morph(link, mix, strength) {
  makeClip(link, "/msanii/interpolate", [
    ["s", slots.a], ["s", slots.b], ["s", "@mix"], ["f", Number(mix.value)], ["s", "@strength"], ["f", Number(strength.value)],
  ]);
}

/** Make the clip at a point of the pad: along both edges first, then between these.
 * Returns a promise of its name. What was made before is not made again. */
async function makePoint(link, x, y, strength) {
  const { a, b, c, d } = slots;
  const above = y < 1 ? await between(link, a, b, x, strength) : "";
  const below = y > 0 ? await between(link, c, d, x, strength) : "";
  if (!above || !below) return above || below;
  return between(link, above, below, y, strength);
}

function between(link, first, second, mix, strength) {
  if (mix <= 0 || first === second) return first;
  if (mix >= 1) return second;
  const key = `${first} ${second} ${mix} ${strength}`;
  if (made.has(key)) return made.get(key);
  return new Promise((resolve, reject) => {
    const done = (name) => {
      made.set(key, name);
      resolve(name);
    };
    makeClip(link, "/msanii/interpolate", [["s", first], ["s", second], ["s", "@mix"], ["f", mix], ["s", "@strength"], ["f", strength]], done, reject);
  });
}

function showSlots() {
  if (!parts) return;
  for (const letter of LETTERS) setText(parts[letter], `${letter.toUpperCase()}: ${slots[letter] || "no clip"}`);
  parts.go.disabled = !(slots.a && slots.b);
  parts.pad.setEnabled(LETTERS.every((letter) => slots[letter]));
  changedCallback();
}
