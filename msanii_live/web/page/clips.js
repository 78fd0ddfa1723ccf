/** A card for each clip: its image, playback here and on the server, download, and outpaint. */

import { preview, isPreviewing, mix, stop, onProgress } from "./preview.js";
import { arrange, button, make, number, byId, seconds, setText } from "./dom.js";
import { drawRoll, makeLegend, makeMixer, PARTS } from "./parts.js";
import { drawWhenVisible } from "./thumbnails.js";

const EMPTY = make("li", { className: "quiet" }, "No clips yet: choose generate and send it.");

const cards = new Map(); // key → {row, head, clip}
let useCallback = () => {};

/** Set the callback that fills a clip into the form of a command: (address, name). */
export function onUseClip(call) {
  useCallback = call;
}

export const names = () => [...cards.values()].map(({ clip }) => clip.name);

const clipKey = ({ name, wrote }) => `${name} ${wrote}`; // a name can be given to another clip

function describe(clip) {
  const facts = [seconds(clip.seconds)];
  if (clip.bpm) facts.push(`${number(clip.bpm)} bpm`);
  if (clip.loops) facts.push("loops");
  facts.push(...[clip.style, clip.key, clip.verb].filter(Boolean), `seed ${clip.seed}`);
  return facts.join(" · ");
}

function makeCard(link, clip) {
  const base = `/clips/${encodeURIComponent(clip.name)}`;
  const version = `?wrote=${clip.wrote}`;
  const wav = `${base}.wav${version}`;
  const play = (loop) =>
    link.send("/msanii/play", [["s", clip.name], ["s", "@at"], ["s", byId("quantum").value], ["s", "@loop"], ["i", loop]]);

  const canvas = make("canvas", { role: "img", aria: { label: `waveform of ${clip.name}` } });
  const picture = make("img", { alt: `mel spectrogram of ${clip.name}`, draggable: false });
  const roll = clip.midi ? make("canvas", { className: "roll", role: "img", aria: { label: `notes of ${clip.name}` } }) : null;
  const head = make("div", { className: "head", hidden: true });
  const shape = make("div", { className: "shape", title: "click to listen from here" }, canvas, picture, roll, head);
  const stems = Object.fromEntries(clip.stems.map((part) => [part, `${base}.${part}.wav${version}`]));
  const mixer = makeMixer(() => mix(clip.name));
  const hear = (fraction) => preview(clip, wav, fraction, stems, mixer);
  shape.addEventListener("click", (event) => {
    const { left, width } = shape.getBoundingClientRect();
    hear(Math.max(0, (event.clientX - left) / width));
  });
  const legend = make("div", {});
  const showParts = (parts) => legend.replaceChildren(makeLegend(clip.name, parts, stems, mixer));
  if (clip.stems.length) showParts(clip.stems);
  drawWhenVisible(shape, canvas, picture, base, version, roll && ((notes) => {
    drawRoll(roll, notes);
    showParts(PARTS.filter((part) => notes.parts.includes(part) || clip.stems.includes(part)));
  }));

  const dragHandle = make("span", { className: "drag", draggable: true, title: "drag the WAV into a folder or a DAW" }, "⠿ drag");
  dragHandle.addEventListener("dragstart", (event) => setDragData(event.dataTransfer, clip.name, new URL(wav, location.href).href));

  const deeds = make("div", { className: "deeds" },
    button("Listen", () => (isPreviewing(clip.name) ? stop() : hear(0)), { data: { deed: "hear" }, title: "in this browser" }),
    button("Play", () => play(0), { data: { deed: "play" }, title: "on the server" }),
    button("Loop", () => play(1), { data: { deed: "loop" }, title: "on the server, as a loop" }),
    button("Stop", () => link.send("/msanii/stop", [["s", clip.name]]), { data: { deed: "stop" }, title: "on the server" }),
    make("a", { className: "button", href: wav, download: `${clip.name}.wav`, title: "download the WAV" }, "WAV"),
    clip.midi && make("a", { className: "button", href: `${base}.mid${version}`, download: `${clip.name}.mid`, title: "download the notes as MIDI" }, "MIDI"),
    button("Continue…", () => useCallback("/msanii/outpaint", clip.name), { data: { deed: "use" }, title: "outpaint this clip" }),
  );
  const row = make("li", { className: "clip", tabIndex: -1, data: { clip: clip.name, key: clipKey(clip) } },
    make("header", {}, make("h3", {}, clip.name), dragHandle), shape, legend, make("p", { className: "quiet" }, describe(clip)), deeds);
  return { row, head, clip };
}

/** Set what is dragged, in every format that browsers support. Chromium writes the file itself. */
function setDragData(data, name, url) {
  data.effectAllowed = "copy";
  data.setData("DownloadURL", `audio/wav:${name}.wav:${url}`);
  data.setData("text/uri-list", url);
  data.setData("text/plain", url);
}

export function showClips(link, { total, newest }) {
  const wanted = newest.map((clip) => {
    const key = clipKey(clip);
    if (!cards.has(key)) cards.set(key, makeCard(link, clip));
    return cards.get(key).row;
  });
  const keys = new Set(newest.map(clipKey));
  for (const key of [...cards.keys()]) if (!keys.has(key)) cards.delete(key);
  arrange(byId("clips"), wanted.length ? wanted : [EMPTY]);
  if (!byId("clips").querySelector('[tabindex="0"]') && wanted.length) wanted[0].tabIndex = 0;
  setText(byId("clip-count"), total > newest.length ? `the newest ${newest.length} of ${total}` : String(total));
}

/** Mark the cards of the clips that the server plays. */
export function markPlaying(parts) {
  const playing = new Set(parts.map(({ name }) => name));
  for (const { row, clip } of cards.values()) row.classList.toggle("heard", playing.has(clip.name));
}

onProgress((name, fraction) => {
  for (const { head, row, clip } of cards.values()) {
    if (clip.name !== name) continue;
    head.hidden = fraction === null;
    if (fraction !== null) head.style.left = `${100 * fraction}%`;
    setText(row.querySelector("[data-deed=hear]"), fraction === null ? "Listen" : "End");
  }
});

/** Move the focus to another card. */
export function moveFocus(by) {
  const rows = [...byId("clips").querySelectorAll(".clip")];
  if (!rows.length) return;
  const now = rows.indexOf(document.activeElement?.closest?.(".clip"));
  const next = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? 0 : now + by))];
  for (const row of rows) row.tabIndex = row === next ? 0 : -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

/** Click a button of the focused card, or of the newest. */
export function clickButton(deed) {
  const card = document.activeElement?.closest?.(".clip") ?? byId("clips").querySelector(".clip");
  card?.querySelector(`[data-deed=${deed}]`)?.click();
}

byId("show-notes").addEventListener("change", ({ target }) => byId("clips").classList.toggle("no-notes", !target.checked));
