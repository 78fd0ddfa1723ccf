/** Playback of a clip in this browser only, by Web Audio. */

import { button, make, byId, seconds, setText } from "./dom.js";
import { learnButton, registerControl } from "./learn.js";
import { notice } from "./notices.js";
import { regionOf } from "./region.js";

const MAX_DECODED = 12; // decoded files
const FADE = 0.01; // s, to avoid clicks at the start and the end
const RATE = 44_100; // of the engines that ship: parts of their clips join without resampling

const decoded = new Map(); // url → AudioBuffer
let context = null;
let link = null;
let playing = null; // {clip, region, buffer, sources, pieces, gain, parts, mixer, again, from, at, onStop}
let request = 0; // number of the last request, so that a slow file does not start after a newer one
let progressCallback = () => {};

/** Set the callback for the position: (name of the clip, 0 to 1, or null when it has ended). */
export function onProgress(call) {
  progressCallback = call;
}

export function isPreviewing(name) {
  return playing?.clip.name === name;
}

/** Play a clip from a position, 0 to 1: its file, or its stems where some of them are not heard.
 * stems: the URL of each part. mixer: of the stems; see `makeMixer`. */
export async function preview(clip, url, fraction = 0, stems = {}, mixer = null, loop = null) {
  const isCurrent = startRequest(loop);
  const files = mixer?.isChanged() ? Object.entries(stems) : [["", url]];
  let buffers;
  try {
    buffers = await Promise.all(files.map(async ([part, file]) => [part, decoded.get(file) ?? (await fetchAndDecode(file))]));
  } catch (error) {
    notice(`${clip.name} cannot be played here: ${error.message}`, "bad");
    return;
  }
  if (!isCurrent()) return;
  startPlaying(clip, buffers, fraction, mixer, (from) => preview(clip, url, from, stems, mixer));
}

/** Begin a request to play something. loop: null for the box's own. Returns what tells whether it is still the last. */
export function startRequest(loop) {
  if (loop !== null) getControls().loop.checked = loop;
  const thisRequest = ++request;
  listenTo();
  return () => thisRequest === request;
}

/** Let the stems of a clip be heard as its mixer says, if the clip is played here. hear: plays it from a position. */
export function mix(name, hear) {
  if (!isPreviewing(name)) return;
  const { parts, mixer } = playing;
  if (parts.has("")) hear(position()); // its file plays: go on with the stems
  else for (const [part, gain] of parts) gain.gain.setTargetAtTime(Number(mixer.isHeard(part)), context.currentTime, FADE);
}

/** Return what plays sound in this browser, awake. */
export function listenTo() {
  context ??= new AudioContext({ sampleRate: RATE });
  if (context.state === "suspended") context.resume();
  return context;
}

/** Return the sound of a file. */
export async function loadBuffer(url) {
  listenTo();
  return decoded.get(url) ?? fetchAndDecode(url);
}

async function fetchAndDecode(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error((await answer.json()).error);
  const buffer = await context.decodeAudioData(await answer.arrayBuffer());
  decoded.set(url, buffer);
  if (decoded.size > MAX_DECODED) decoded.delete(decoded.keys().next().value);
  return buffer;
}

function startPlaying(clip, buffers, fraction, mixer, again) {
  const buffer = buffers[0][1];
  const from = fraction * buffer.duration;
  const at = context.currentTime + (buffers.length > 1 ? FADE : 0); // all stems start at one moment
  const region = regionOf(clip.name);
  begin({ clip, region, buffer, from, at, mixer, again });
  for (const [part, each] of buffers) startSource(part, each, from, at);
  playing.sources[0].onended = endOf(playing);
  showAbout(buffers.map(([, each]) => each));
}

/** Replace what plays. sound: see `playing`. */
function begin(sound) {
  fadeOut();
  const gain = new GainNode(context, { gain: 0 });
  gain.connect(context.destination);
  gain.gain.setTargetAtTime(Number(getControls().level.value), sound.at, FADE);
  playing = { sources: [], pieces: [], parts: new Map(), onStop: () => {}, ...sound, gain };
  performance.clearMarks("heard");
  getControls().whole.hidden = false;
  requestAnimationFrame(updatePosition);
}

/** Start a source of what plays. part: "" for the clip itself. */
function startSource(part, buffer, from, at) {
  const { region, mixer, parts, gain, sources } = playing;
  const { loop } = getControls();
  const [loopStart, loopEnd] = region ?? [0, 0];
  const isOnce = region && !loop.checked && from >= region[0] && from < region[1];
  const source = new AudioBufferSourceNode(context, { buffer, loop: loop.checked, loopStart, loopEnd });
  parts.set(part, new GainNode(context, { gain: part ? Number(mixer.isHeard(part)) : 1 }));
  source.connect(parts.get(part)).connect(gain);
  source.start(at, from, ...(isOnce ? [region[1] - from] : []));
  sources.push(source);
}

const endOf = (ending) => () => playing === ending && stop();

/** Tell of what plays in the page. buffers: that are heard together. */
function showAbout(buffers) {
  const { clip, buffer, parts, region } = playing;
  const bar = getControls();
  const peak = Math.max(...buffers.map(peakOf));
  Object.assign(bar.whole.dataset, { clip: clip.name, seconds: buffer.duration, peak, channels: buffer.numberOfChannels, stems: [...parts.keys()].join(" "), region: region ? region.map((each) => each.toFixed(3)).join(" ") : "" });
  const level = peak > 0 ? `peak ${(20 * Math.log10(peak)).toFixed(1)} dBFS` : "silent";
  setText(bar.about, `In this browser: ${clip.name}, ${seconds(buffer.duration)}, ${level}`);
}

/** Play a clip that was not fetched by its own address. */
export function playWhole(clip, buffer) {
  startPlaying(clip, [["", buffer]], 0, null, (fraction) => playFrom(clip, buffer, fraction));
}

const playFrom = (clip, buffer, fraction) => startPlaying(clip, [["", buffer]], fraction, null, (next) => playFrom(clip, buffer, next));

/**
 * Begin to play a buffer that is not full yet. lead: s until its first sample. onStop: called if it ends before.
 * Returns {add, end}. add: plays `count` frames from frame `ready` on, which are there now; the last ones make it a
 * clip like any other. end: ends it, and returns whether it was still playing.
 */
export function beginGrowing(clip, buffer, lead, onStop) {
  const { sampleRate: rate, length, numberOfChannels } = buffer;
  const whole = (time) => Math.ceil(time * rate) / rate; // parts begin on a frame, so that they join
  begin({ clip, region: null, buffer, from: 0, at: whole(context.currentTime + lead), mixer: null, again: () => {}, onStop });
  const sound = playing;
  setText(getControls().about, `In this browser: ${clip.name}, while it is made`);
  const add = (ready, count) => {
    if (playing !== sound) return;
    const late = whole(context.currentTime + lead) - (sound.at + ready / rate);
    if (late > lead / 2) sound.at = whole(sound.at + late); // a part came too late: go on from here
    const at = sound.at + ready / rate;
    if (ready + count === length) {
      sound.onStop = () => {};
      sound.again = (fraction) => playFrom(clip, buffer, fraction);
      startSource("", buffer, ready / rate, at);
      sound.sources[0].onended = endOf(sound);
      showAbout([buffer]);
      return;
    }
    const part = new AudioBuffer({ length: count, numberOfChannels, sampleRate: rate });
    for (let channel = 0; channel < numberOfChannels; channel += 1) part.copyToChannel(buffer.getChannelData(channel).subarray(ready, ready + count), channel);
    const piece = new AudioBufferSourceNode(context, { buffer: part });
    piece.connect(sound.gain);
    piece.start(at);
    sound.pieces.push(piece);
  };
  const end = () => playing === sound && (stop(), true);
  return { add, end };
}

/** Note when the first sample is heard, for whoever measures it: a mark of the browser's own timeline. */
function markStart(sound) {
  const { contextTime, performanceTime } = context.getOutputTimestamp?.() ?? {};
  if (sound.isMarked || !performanceTime) return; // nothing has come out of it yet, or it does not tell
  sound.isMarked = true;
  performance.mark("heard", { startTime: Math.max(0, performanceTime + 1000 * (sound.at - contextTime)) });
}

function peakOf(buffer) {
  let peak = 0;
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    for (const sample of buffer.getChannelData(channel)) {
      const size = Math.abs(sample);
      if (size > peak) peak = size;
    }
  }
  return peak;
}

/** Return where the playback is, 0 to 1. */
function position() {
  const { buffer, from, at, sources, region } = playing;
  let seconds = from + Math.max(0, context.currentTime - at);
  const [start, end] = region ?? [0, buffer.duration];
  if (sources[0]?.loop && seconds >= end) seconds = start + ((seconds - start) % (end - start));
  return Math.min(1, seconds / buffer.duration);
}

function updatePosition() {
  if (!playing) return;
  const fraction = position();
  markStart(playing);
  if (document.activeElement !== getControls().seek) getControls().seek.value = fraction;
  progressCallback(playing.clip.name, fraction);
  requestAnimationFrame(updatePosition);
}

function fadeOut() {
  if (!playing) return;
  const { sources, pieces, gain, clip, onStop } = playing;
  playing = null;
  onStop();
  gain.gain.setTargetAtTime(0, context.currentTime, FADE);
  for (const source of [...sources, ...pieces]) source.stop(context.currentTime + 8 * FADE);
  progressCallback(clip.name, null);
}

/** Stop the playback. */
export function stop() {
  request += 1;
  fadeOut();
  getControls().whole.hidden = true;
}

let parts = null;

/** Let MIDI controls be learnt; `theLink` sends. */
export function startPreview(theLink) {
  link = theLink;
}

/** Return the controls, which are made once. */
function getControls() {
  if (parts) return parts;
  const whole = byId("audition");
  const about = make("p", { className: "about" });
  const seek = make("input", { type: "range", min: 0, max: 1, step: 0.001, value: 0, aria: { label: "position in the clip" } });
  const level = make("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0.8, aria: { label: "level in this browser" } });
  const loop = make("input", { type: "checkbox" });
  seek.addEventListener("change", () => playing?.again(Number(seek.value)));
  level.addEventListener("input", () => playing?.gain.gain.setTargetAtTime(Number(level.value), context.currentTime, FADE));
  loop.addEventListener("change", () => playing?.sources.forEach((source) => (source.loop = loop.checked)));
  whole.append(about, button("■ Stop", stop), seek, make("label", {}, loop, " loop"), make("span", { className: "quiet" }, "level"), level, learnButton(link, "page.level"));
  registerControl("page.level", level);
  parts = { whole, about, seek, level, loop };
  return parts;
}
