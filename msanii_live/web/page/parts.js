/** The parts of a clip: a piano roll over its spectrogram, and which stems are heard. */

import { make } from "./dom.js";

export const PARTS = ["drums", "bass", "chords", "lead", "pad"];
const DRUM_LANE = 0.22; // of the height, at the bottom
const THINNEST = 2.5; // pixels that a note is high
const LOWEST_RANGE = 12; // semitones that the roll spans at least

/** Return which stems of one clip are heard. changed: called when another set of them is heard. */
export function makeMixer(changed) {
  const muted = new Set();
  const solo = new Set();
  const toggle = (set, part) => {
    set[set.has(part) ? "delete" : "add"](part);
    changed();
  };
  return {
    isMuted: (part) => muted.has(part),
    isSolo: (part) => solo.has(part),
    mute: (part) => toggle(muted, part),
    solo: (part) => toggle(solo, part),
    isChanged: () => muted.size + solo.size > 0,
    isHeard: (part) => (solo.size ? solo.has(part) : !muted.has(part)),
  };
}

/** Make the legend of the parts: colours, and mute, solo and download where there are stems.
 * stems: the URL of each part. */
export function makeLegend(name, parts, stems, mixer) {
  const buttons = [];
  const toggle = (text, title, part, act, isOn) => {
    const made = make("button", { type: "button", title: `${title} ${part} here`, data: { deed: `${title}-${part}` }, aria: { label: `${title} ${part} of ${name}`, pressed: "false" } }, text);
    made.addEventListener("click", () => {
      act(part);
      for (const [other, test, of] of buttons) other.setAttribute("aria-pressed", String(test(of)));
    });
    buttons.push([made, isOn, part]);
    return made;
  };
  const rows = parts.map((part) => make("li", { data: { part } },
    make("span", { className: "swatch" }), part,
    ...(part in stems ? [
      toggle("M", "mute", part, mixer.mute, mixer.isMuted),
      toggle("S", "solo", part, mixer.solo, mixer.isSolo),
      make("a", { className: "button", href: stems[part], download: `${name}.${part}.wav`, title: `download the ${part}`, aria: { label: `download the ${part} of ${name}` } }, "↓"),
    ] : [])));
  return make("ul", { className: "plain parts", aria: { label: `parts of ${name}` } }, ...rows);
}

/** Draw notes: pitch upwards, drums in a lane at the bottom, each part in its colour. */
export function drawRoll(canvas, { seconds, parts, notes, chords }) {
  const scale = window.devicePixelRatio || 1;
  const width = (canvas.width = canvas.clientWidth * scale);
  const height = (canvas.height = canvas.clientHeight * scale);
  const context = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const colours = parts.map((part) => style.getPropertyValue(`--part-${part}`));
  const drums = parts.indexOf("drums");
  const tuned = notes.filter((note) => note[4] !== drums).map((note) => note[2]);
  const hits = [...new Set(notes.filter((note) => note[4] === drums).map((note) => note[2]))].sort((a, b) => a - b);
  const lane = hits.length ? (tuned.length ? DRUM_LANE : 1) : 0;
  const low = Math.min(...tuned);
  const range = Math.max(LOWEST_RANGE, Math.max(...tuned) - low + 1);
  for (const [start, end, pitch, velocity, part] of notes) {
    const rows = part === drums ? hits.length : range;
    const row = part === drums ? hits.indexOf(pitch) : pitch - low;
    const tall = ((part === drums ? lane : 1 - lane) * height) / rows;
    const bottom = part === drums ? height : (1 - lane) * height;
    const x = (start / seconds) * width;
    const long = part === drums ? 2 * scale : Math.max(2 * scale, ((end - start) / seconds) * width - scale);
    context.globalAlpha = 0.45 + (0.55 * velocity) / 127;
    context.fillStyle = colours[part];
    context.fillRect(x, bottom - (row + 1) * tall, long, Math.max(THINNEST * scale, tall - 1));
  }
  context.globalAlpha = 1;
  context.fillStyle = style.getPropertyValue("--ink");
  context.font = `${11 * scale}px system-ui, sans-serif`;
  let free = 0; // where the last chord's name ends
  for (const [start, name] of chords) {
    const x = (start / seconds) * width + 2 * scale;
    if (x < free) continue;
    context.fillText(name, x, 12 * scale);
    free = x + context.measureText(name).width + 4 * scale;
  }
  canvas.dataset.drawn = notes.length;
  canvas.dataset.parts = parts.join(" ");
}
