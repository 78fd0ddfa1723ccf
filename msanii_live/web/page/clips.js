/** A card a clip: see it, hear it here, play it there, take it away, go on from it. */

import { hear, isHeard, stop, whenMoving } from "./audition.js";
import { arrange, button, make, number, place, seconds, setText } from "./dom.js";
import { drawWhenSeen } from "./shapes.js";

const NONE = make("li", { className: "quiet" }, "None yet: choose generate and send it.");

const cards = new Map(); // key → {row, head, clip}
let onUse = () => {};

/** Have a clip put into the form of a command: onUse(address, name). */
export function whenUsed(call) {
  onUse = call;
}

export const names = () => [...cards.values()].map(({ clip }) => clip.name);

const keyOf = ({ name, wrote }) => `${name} ${wrote}`; // a name may be given to another clip

function facts(clip) {
  const told = [seconds(clip.seconds)];
  if (clip.bpm) told.push(`${number(clip.bpm)} bpm`);
  if (clip.loops) told.push("loops");
  told.push(...[clip.style, clip.key, clip.verb].filter(Boolean), `seed ${clip.seed}`);
  return told.join(" · ");
}

function makeCard(link, clip) {
  const base = `/clips/${encodeURIComponent(clip.name)}`;
  const version = `?wrote=${clip.wrote}`;
  const wav = `${base}.wav${version}`;
  const play = (loop) =>
    link.send("/msanii/play", [["s", clip.name], ["s", "@at"], ["s", place("quantum").value], ["s", "@loop"], ["i", loop]]);

  const canvas = make("canvas", { role: "img", aria: { label: `outline of ${clip.name}` } });
  const picture = make("img", { alt: `mel spectrogram of ${clip.name}`, draggable: false });
  const head = make("div", { className: "head", hidden: true });
  const shape = make("div", { className: "shape", title: "a click hears it from there" }, canvas, picture, head);
  shape.addEventListener("click", (event) => {
    const { left, width } = shape.getBoundingClientRect();
    hear(clip, wav, Math.max(0, (event.clientX - left) / width));
  });
  drawWhenSeen(shape, canvas, picture, base, version);

  const grip = make("span", { className: "drag", draggable: true, title: "drag the WAV into a folder or a DAW" }, "⠿ drag");
  grip.addEventListener("dragstart", (event) => carry(event.dataTransfer, clip.name, new URL(wav, location.href).href));

  const deeds = make("div", { className: "deeds" },
    button("Hear", () => (isHeard(clip.name) ? stop() : hear(clip, wav)), { data: { deed: "hear" }, title: "in this browser" }),
    button("Play", () => play(0), { data: { deed: "play" }, title: "on the server" }),
    button("Loop", () => play(1), { data: { deed: "loop" }, title: "on the server, round and round" }),
    button("Stop", () => link.send("/msanii/stop", [["s", clip.name]]), { data: { deed: "stop" }, title: "on the server" }),
    make("a", { className: "button", href: wav, download: `${clip.name}.wav`, title: "download the WAV" }, "WAV"),
    button("Go on…", () => onUse("/msanii/outpaint", clip.name), { data: { deed: "use" }, title: "outpaint it" }),
  );
  const row = make("li", { className: "clip", tabIndex: -1, data: { clip: clip.name, key: keyOf(clip) } },
    make("header", {}, make("h3", {}, clip.name), grip), shape, make("p", { className: "quiet" }, facts(clip)), deeds);
  return { row, head, clip };
}

/** Say what is dragged, in every way that a browser knows: Chromium writes the file itself. */
function carry(parcel, name, url) {
  parcel.effectAllowed = "copy";
  parcel.setData("DownloadURL", `audio/wav:${name}.wav:${url}`);
  parcel.setData("text/uri-list", url);
  parcel.setData("text/plain", url);
}

export function showClips(link, { total, newest }) {
  const wanted = newest.map((clip) => {
    const key = keyOf(clip);
    if (!cards.has(key)) cards.set(key, makeCard(link, clip));
    return cards.get(key).row;
  });
  const keys = new Set(newest.map(keyOf));
  for (const key of [...cards.keys()]) if (!keys.has(key)) cards.delete(key);
  arrange(place("clips"), wanted.length ? wanted : [NONE]);
  if (!place("clips").querySelector('[tabindex="0"]') && wanted.length) wanted[0].tabIndex = 0;
  setText(place("clip-count"), total > newest.length ? `the newest ${newest.length} of ${total}` : String(total));
}

/** Mark the cards of what the server sounds. */
export function markSounding(parts) {
  const heard = new Set(parts.map(({ name }) => name));
  for (const { row, clip } of cards.values()) row.classList.toggle("heard", heard.has(clip.name));
}

whenMoving((name, fraction) => {
  for (const { head, row, clip } of cards.values()) {
    if (clip.name !== name) continue;
    head.hidden = fraction === null;
    if (fraction !== null) head.style.left = `${100 * fraction}%`;
    setText(row.querySelector("[data-deed=hear]"), fraction === null ? "Hear" : "Quiet");
  }
});

/** Move the focus from card to card. */
export function step(by) {
  const rows = [...place("clips").querySelectorAll(".clip")];
  if (!rows.length) return;
  const now = rows.indexOf(document.activeElement?.closest?.(".clip"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? 0 : now + by))];
  for (const row of rows) row.tabIndex = row === next ? 0 : -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

/** Do to the card in focus, or the newest, what a button of it does. */
export function act(deed) {
  const card = document.activeElement?.closest?.(".clip") ?? place("clips").querySelector(".clip");
  card?.querySelector(`[data-deed=${deed}]`)?.click();
}
