/** A card for each clip: its image, playback here and on the server, download, and outpaint. */

import { arrange, button, make, number, byId, seconds, setText } from "./dom.js";
import { auditionFour } from "./audition.js";
import { markInput } from "./controls.js";
import { makeClip } from "./make.js";
import { keepSlots, LETTERS, setSlot, slotOf } from "./morph.js";
import { notice } from "./notices.js";
import { drawRoll, makeLegend, makeMixer, PARTS } from "./parts.js";
import { isOnStage, play, stopClip } from "./play.js";
import { preview, isPreviewing, mix, stop, onProgress } from "./preview.js";
import { makeRegion } from "./region.js";
import { command, verbInWords } from "./table.js";
import { showTabOf } from "./tabs.js";
import { drawWhenVisible } from "./thumbnails.js";

const EMPTY = make("li", { className: "quiet" }, "No clips yet: choose a style and press Make.");
// Commands that make a clip from nothing but their keys and other clips.
const AGAIN = Object.fromEntries(["generate", "outpaint", "inpaint", "interpolate", "audio2audio", "render"].map((verb) => [`/msanii/${verb}`, true]));

const cards = new Map(); // key → {row, head, clip, sound, tempo}
const known = new Map(); // name → clip, of all that the server tells of
const waitingToPlay = new Set(); // names of clips that were made here and are to be played
let serverBpm = 0;
let madeLoop = ""; // the loop that Make played last on stage, on any page
let useCallback = () => {};

/** Set the callback that fills a clip into the form of a command: (address, name). */
export function onUseClip(call) {
  useCallback = call;
}

export const names = () => [...cards.values()].map(({ clip }) => clip.name);

// A name can be given to another clip; a card is made anew when its star or its sources change.
const clipKey = ({ name, wrote, starred, parents }) => `${name} ${wrote} ${starred} ${parents}`;

function describe(clip) {
  const facts = [seconds(clip.seconds)];
  if (clip.bpm) facts.push(`${number(clip.bpm)} bpm`);
  if (clip.loops) facts.push("loops");
  facts.push(...[clip.style, clip.key, verbInWords(clip.command.address ?? clip.verb)].filter(Boolean), `seed ${clip.seed}`);
  return facts.join(" · ");
}

function makeCard(link, clip) {
  const base = `/clips/${encodeURIComponent(clip.name)}`;
  const version = `?wrote=${clip.wrote}`;
  const wav = `${base}.wav${version}`;

  const canvas = make("canvas", { role: "img", aria: { label: `waveform of ${clip.name}` } });
  const picture = make("img", { alt: `mel spectrogram of ${clip.name}`, draggable: false });
  const roll = clip.midi ? make("canvas", { className: "roll", role: "img", aria: { label: `notes of ${clip.name}` } }) : null;
  const head = make("div", { className: "head", hidden: true });
  const shape = make("div", { className: "shape", title: "click to listen from here; drag to loop a region" }, canvas, picture, roll, head);
  const stems = Object.fromEntries(clip.stems.map((part) => [part, `${base}.${part}.wav${version}`]));
  const mixer = makeMixer(() => mix(clip.name, hear));
  const sound = { clip, wav, stems, mixer };
  const hear = (fraction) => preview(clip, wav, fraction, stems, mixer);
  shape.addEventListener("click", (event) => {
    if (shape.dataset.dragged) return;
    const { left, width } = shape.getBoundingClientRect();
    hear(Math.max(0, (event.clientX - left) / width));
  });
  const region = makeRegion(clip, shape, (start, end) => order(link, "/msanii/clip/crop", [["s", clip.name], ["f", start], ["f", end]]));
  const legend = make("div", {});
  const showParts = (parts) => legend.replaceChildren(makeLegend(clip.name, parts, stems, mixer));
  if (clip.stems.length) showParts(clip.stems);
  drawWhenVisible(shape, canvas, picture, base, version, roll && ((notes) => {
    drawRoll(roll, notes);
    showParts(PARTS.filter((part) => notes.parts.includes(part) || clip.stems.includes(part)));
  }));

  const dragHandle = make("span", { className: "drag", draggable: true, title: "drag the WAV into a folder or a DAW" }, "⠿ drag");
  dragHandle.addEventListener("dragstart", (event) => setDragData(event.dataTransfer, clip.name, new URL(wav, location.href).href));
  const star = button(clip.starred ? "★" : "☆", () => link.send("/msanii/clip/star", [["s", clip.name], ["i", clip.starred ? 0 : 1]]), {
    data: { deed: "star" }, aria: { label: `choose ${clip.name}`, pressed: String(clip.starred) }, title: "chosen clips are never deleted to make room" });
  const tempo = button("", () => link.send("/msanii/transport", [["s", "@bpm"], ["f", clip.bpm]], { reply: "/msanii/transport" }), { className: "mismatch", hidden: true });

  const deeds = make("div", { className: "deeds" },
    button("▶ Play", () => play(link, sound, false), { data: { deed: "play" }, title: "on stage or in this browser, as chosen above" }),
    button("⟳ Loop", () => play(link, sound, true), { data: { deed: "loop" }, title: "the same, over and over" }),
    button("■", () => stopClip(link, clip.name), { data: { deed: "stop" }, title: "stop this clip", aria: { label: `stop ${clip.name}` } }),
    make("span", { className: "together" },
      make("a", { className: "button", href: wav, download: `${clip.name}.wav`, title: "download the WAV" }, "WAV"),
      clip.midi && make("a", { className: "button", href: `${base}.mid${version}`, download: `${clip.name}.mid`, title: "download the notes as MIDI" }, "MIDI")),
  );
  const ideas = make("div", { className: "deeds" },
    button("Vary", () => vary(link, clip, 1), { data: { deed: "vary" }, title: "a variation" }),
    button("×4", () => vary(link, clip, 4), { data: { deed: "vary4" }, title: "four variations to choose from" }),
    button("Continue", () => makeClip(link, "/msanii/outpaint", [["s", clip.name], ...(clip.bpm ? [["s", "@bars"], ["f", 4]] : [])]), { data: { deed: "continue" }, title: "what comes after it" }),
    make("span", { className: "together" },
      ...LETTERS.map((slot) => button(slot.toUpperCase(), () => setSlot(slot, clip.name), { data: { deed: `slot-${slot}` }, title: `use it as ${slot.toUpperCase()} of a morph`, aria: { pressed: "false" } }))),
  );
  const row = make("li", { className: "clip", tabIndex: -1, data: { clip: clip.name, key: clipKey(clip) } },
    make("header", {}, star, make("h3", {}, clip.name), dragHandle), shape, legend, region,
    make("p", { className: "quiet" }, describe(clip), " ", tempo), deeds, ideas, more(link, clip));
  return { row, head, clip, sound, tempo };
}

/** Make what is rarely done with a clip, below the fold. */
function more(link, clip) {
  const name = make("input", { type: "text", value: clip.name, spellcheck: false, aria: { label: `new name of ${clip.name}` } });
  const form = make("form", { className: "send", noValidate: true }, name, make("button", { type: "submit" }, "Rename"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    order(link, "/msanii/clip/rename", [["s", clip.name], ["s", name.value.trim()]], () => {}, name);
  });
  const whole = make("details", { className: "more" }, make("summary", {}, "More"), form, make("div", { className: "deeds" },
    clip.command.address in AGAIN && button("Same settings again", () => again(link, clip), { data: { deed: "again" }, title: "the same command with another seed" }),
    button("All settings…", () => useCallback("/msanii/outpaint", clip.name), { data: { deed: "use" }, title: "every setting of a continuation" }),
    button("Delete", () => remove(link, clip.name), { className: "alarm", data: { deed: "delete" }, title: "to the trash; Undo brings it back" }),
  ));
  if (clip.parents.length) whole.append(make("h4", {}, "Made from"), ancestors(clip, new Set()));
  return whole;
}

/** Make the tree of what a clip was made from; a click shows the card of an ancestor. */
function ancestors(clip, seen) {
  return make("ul", { className: "ancestors" }, ...clip.parents.map((name) => {
    const found = known.get(name);
    const item = make("li", {}, found ? button(name, () => showCard(name), { data: { ancestor: name } }) : make("span", { className: "quiet" }, `${name}, not in the list`));
    if (found?.parents.length && !seen.has(name)) item.append(ancestors(found, new Set([...seen, name])));
    return item;
  }));
}

/** Bring a clip's card into view. */
export function showCard(name) {
  const found = [...cards.values()].find(({ clip }) => clip.name === name);
  if (!found) return;
  showTabOf(found.row);
  found.row.focus();
  found.row.scrollIntoView({ block: "center" });
}

/** Send a command and tell only what goes wrong. */
function order(link, address, args, then = () => {}, input = null) {
  link.send(address, args, { onAnswer: ({ address: said, args: fields }) => {
    if (input) markInput(input, said === "/msanii/fail");
    if (said === "/msanii/fail") notice(fields[4], "bad");
    else if (said === "/msanii/done") then();
  } });
}

function remove(link, name) {
  order(link, "/msanii/clip/free", [["s", name], ["s", "@delete"], ["i", 1]], () => notice(`${name} is in the trash: Undo brings it back`, "fine"));
}

function vary(link, clip, count) {
  const args = [["s", clip.name], ["s", "@strength"], ["f", Number(byId("vary").value)]];
  const hasCount = command("/msanii/audio2audio")?.arguments.some(({ name }) => name === "count");
  if (hasCount && count > 1) makeClip(link, "/msanii/audio2audio", [...args, ["s", "@count"], ["i", count]]);
  else for (let made = 0; made < count; made += 1) makeClip(link, "/msanii/audio2audio", args);
}

/** Send the command that made a clip again, with a new seed and name. */
function again(link, clip) {
  const { address, ...values } = clip.command;
  const args = [];
  for (const { name, positional, required, kind, default: usual } of command(address)?.arguments ?? []) {
    const value = values[name];
    if (value === undefined || ["seed", "clip", "play", "at", "count", "priority"].includes(name) || (!required && value === usual)) continue;
    if (!(positional && required)) args.push(["s", `@${name}`]);
    args.push([typeof value === "string" ? "s" : kind === "i" ? "i" : "f", value]);
  }
  makeClip(link, address, args);
}

/** Play a clip in this browser; from another panel. */
export function hearClip(name) {
  const found = [...cards.values()].find(({ clip }) => clip.name === name);
  if (found) preview(found.clip, found.sound.wav, 0, found.sound.stems, found.sound.mixer);
}

/** Play clips at once in this browser, each as loud as its weight; null ends it. Returns a promise: they are heard. */
export function hearFour(names, weights) {
  const urls = names?.map((name) => [...cards.values()].find(({ clip }) => clip.name === name)?.sound.wav);
  return !urls || urls.every(Boolean) ? auditionFour(urls, weights) : null;
}

/** Play a clip that was just made as a loop, as soon as its card is there. */
export function playWhenReady(link, name) {
  const found = [...cards.values()].find(({ clip }) => clip.name === name);
  if (found) playNext(link, found.sound);
  else waitingToPlay.add(name);
}

/** Play a loop in place of the one that was made and played before, on whichever page. */
function playNext(link, sound) {
  if (isOnStage()) {
    if (madeLoop) link.send("/msanii/stop", [["s", madeLoop], ["s", "@at"], ["s", byId("quantum").value]]);
    madeLoop = sound.clip.name;
    link.tellPages("MADE", madeLoop);
  }
  play(link, sound, true);
}

/** Take over which loop was made and played last, on whichever page. */
export function noteMade(name) {
  madeLoop = name;
}

/** Show on which cards the tempo is not the server's. */
export function showMismatch({ bpm }) {
  serverBpm = bpm;
  for (const { clip, tempo } of cards.values()) markTempo(clip, tempo);
}

function markTempo({ bpm }, tempo) {
  tempo.hidden = !bpm || !serverBpm || Math.abs(bpm / serverBpm - 1) < 0.002;
  setText(tempo, `≠ ${number(serverBpm, 1)} bpm`);
  tempo.title = `the server's tempo is ${number(serverBpm, 1)}: press to set it to the clip's ${number(bpm, 1)}`;
}

/** Show which clips are A to D. */
export function markSlots() {
  for (const { row, clip } of cards.values()) {
    const slots = slotOf(clip.name);
    for (const slot of LETTERS) row.querySelector(`[data-deed=slot-${slot}]`).setAttribute("aria-pressed", String(slots.includes(slot)));
  }
}

/** Set what is dragged, in every format that browsers support. Chromium writes the file itself. */
function setDragData(data, name, url) {
  data.effectAllowed = "copy";
  data.setData("DownloadURL", `audio/wav:${name}.wav:${url}`);
  data.setData("text/uri-list", url);
  data.setData("text/plain", url);
}

export function showClips(link, { total, newest }) {
  known.clear();
  for (const clip of newest) known.set(clip.name, clip);
  const wanted = newest.map((clip) => {
    const key = clipKey(clip);
    if (!cards.has(key)) cards.set(key, makeCard(link, clip));
    return cards.get(key).row;
  });
  const keys = new Set(newest.map(clipKey));
  for (const key of [...cards.keys()]) if (!keys.has(key)) cards.delete(key);
  arrange(byId("clips"), wanted.length ? wanted : [EMPTY]);
  if (!byId("clips").querySelector('[tabindex="0"]') && wanted.length) wanted[0].tabIndex = 0;
  keepSlots(newest.map(({ name }) => name));
  for (const { clip, tempo, sound } of cards.values()) {
    markTempo(clip, tempo);
    if (waitingToPlay.delete(clip.name)) playNext(link, sound);
  }
  byId("clip-names").replaceChildren(...newest.map(({ name }) => make("option", { value: name })));
  setText(byId("clip-count"), total > newest.length ? `the newest ${newest.length} of ${total}` : String(total));
}

/** Mark the cards of the clips that the server plays. */
export function markPlaying(parts) {
  const playing = new Set(parts.map(({ name }) => name));
  for (const { row, clip } of cards.values()) row.classList.toggle("heard", playing.has(clip.name));
}

onProgress((name, fraction) => {
  for (const { head, clip } of cards.values()) {
    if (clip.name !== name) continue;
    head.hidden = fraction === null;
    if (fraction !== null) head.style.left = `${100 * fraction}%`;
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

/** Return the focused card, or the newest. */
const cardInFocus = () => document.activeElement?.closest?.(".clip") ?? byId("clips").querySelector(".clip");

/** Click a button of the focused card, or of the newest. */
export function clickButton(deed) {
  cardInFocus()?.querySelector(`[data-deed=${deed}]`)?.click();
}

/** Play the clip of the focused card in this browser, wherever else clips play, or end that. */
export function toggleHearing() {
  const name = cardInFocus()?.dataset.clip;
  if (name) isPreviewing(name) ? stop() : hearClip(name);
}

byId("show-notes").addEventListener("change", ({ target }) => byId("clips").classList.toggle("no-notes", !target.checked));
