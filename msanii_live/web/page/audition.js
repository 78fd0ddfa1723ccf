/** Hear a clip in this browser: Web Audio decodes the server's WAV. The stage does not hear it. */

import { button, make, place, seconds, setText } from "./dom.js";
import { notice } from "./notices.js";

const KEPT = 4; // decoded clips
const FADE = 0.01; // s, so that neither start nor stop clicks

const decoded = new Map(); // url → AudioBuffer
let context = null;
let playing = null; // {clip, url, buffer, source, gain, from, at}
let turn = 0; // counts what was asked for, so that a slow file does not start late
let onMove = () => {};

/** Have moves told: onMove(clip's name, 0 to 1, or null where it has ended). */
export function whenMoving(call) {
  onMove = call;
}

export function isHeard(name) {
  return playing?.clip.name === name;
}

/** Hear a clip from a place in it, 0 to 1. */
export async function hear(clip, url, fraction = 0) {
  const mine = ++turn;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  let buffer;
  try {
    buffer = decoded.get(url) ?? (await fetchAndDecode(url));
  } catch (error) {
    notice(`${clip.name} cannot be heard here: ${error.message}`, "bad");
    return;
  }
  if (mine !== turn) return;
  begin(clip, url, buffer, fraction);
}

async function fetchAndDecode(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error((await answer.json()).error);
  const buffer = await context.decodeAudioData(await answer.arrayBuffer());
  decoded.set(url, buffer);
  if (decoded.size > KEPT) decoded.delete(decoded.keys().next().value);
  return buffer;
}

function begin(clip, url, buffer, fraction) {
  silence();
  const bar = furnish();
  const gain = new GainNode(context, { gain: 0 });
  const source = new AudioBufferSourceNode(context, { buffer, loop: bar.loop.checked });
  source.connect(gain).connect(context.destination);
  const from = fraction * buffer.duration;
  source.start(0, from);
  gain.gain.setTargetAtTime(Number(bar.level.value), context.currentTime, FADE);
  playing = { clip, url, buffer, source, gain, from, at: context.currentTime };
  source.onended = () => playing?.source === source && stop();
  const peak = highest(buffer);
  Object.assign(bar.whole.dataset, { clip: clip.name, seconds: buffer.duration, peak, channels: buffer.numberOfChannels });
  const level = peak > 0 ? `peak ${(20 * Math.log10(peak)).toFixed(1)} dBFS` : "silent";
  setText(bar.about, `In this browser: ${clip.name}, ${seconds(buffer.duration)}, ${level}`);
  bar.whole.hidden = false;
  requestAnimationFrame(move);
}

function highest(buffer) {
  let peak = 0;
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    for (const sample of buffer.getChannelData(channel)) {
      const size = Math.abs(sample);
      if (size > peak) peak = size;
    }
  }
  return peak;
}

function move() {
  if (!playing) return;
  const { clip, buffer, from, at, source } = playing;
  let seconds = from + context.currentTime - at;
  if (source.loop) seconds %= buffer.duration;
  const fraction = Math.min(1, seconds / buffer.duration);
  if (document.activeElement !== furnish().seek) furnish().seek.value = fraction;
  onMove(clip.name, fraction);
  requestAnimationFrame(move);
}

function silence() {
  if (!playing) return;
  const { source, gain, clip } = playing;
  playing = null;
  gain.gain.setTargetAtTime(0, context.currentTime, FADE);
  source.stop(context.currentTime + 8 * FADE);
  onMove(clip.name, null);
}

/** End it. */
export function stop() {
  turn += 1;
  silence();
  furnish().whole.hidden = true;
}

let parts = null;

/** Make the bar's parts, once. */
function furnish() {
  if (parts) return parts;
  const whole = place("audition");
  const about = make("p", { className: "about" });
  const seek = make("input", { type: "range", min: 0, max: 1, step: 0.001, value: 0, aria: { label: "place in the clip" } });
  const level = make("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0.8, aria: { label: "level in this browser" } });
  const loop = make("input", { type: "checkbox" });
  seek.addEventListener("change", () => playing && hear(playing.clip, playing.url, Number(seek.value)));
  level.addEventListener("input", () => playing?.gain.gain.setTargetAtTime(Number(level.value), context.currentTime, FADE));
  loop.addEventListener("change", () => playing && (playing.source.loop = loop.checked));
  whole.append(about, button("■ Stop", stop), seek, make("label", {}, loop, " loop"), make("span", { className: "quiet" }, "level"), level);
  parts = { whole, about, seek, level, loop };
  return parts;
}
