/** Playback of a clip in this browser only, by Web Audio. */

import { button, make, byId, seconds, setText } from "./dom.js";
import { notice } from "./notices.js";

const MAX_DECODED = 4; // decoded clips
const FADE = 0.01; // s, to avoid clicks at the start and the end

const decoded = new Map(); // url → AudioBuffer
let context = null;
let playing = null; // {clip, url, buffer, source, gain, from, at}
let request = 0; // number of the last request, so that a slow file does not start after a newer one
let progressCallback = () => {};

/** Set the callback for the position: (name of the clip, 0 to 1, or null when it has ended). */
export function onProgress(call) {
  progressCallback = call;
}

export function isPreviewing(name) {
  return playing?.clip.name === name;
}

/** Play a clip from a position, 0 to 1. */
export async function preview(clip, url, fraction = 0) {
  const thisRequest = ++request;
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  let buffer;
  try {
    buffer = decoded.get(url) ?? (await fetchAndDecode(url));
  } catch (error) {
    notice(`${clip.name} cannot be played here: ${error.message}`, "bad");
    return;
  }
  if (thisRequest !== request) return;
  startPlaying(clip, url, buffer, fraction);
}

async function fetchAndDecode(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error((await answer.json()).error);
  const buffer = await context.decodeAudioData(await answer.arrayBuffer());
  decoded.set(url, buffer);
  if (decoded.size > MAX_DECODED) decoded.delete(decoded.keys().next().value);
  return buffer;
}

function startPlaying(clip, url, buffer, fraction) {
  fadeOut();
  const bar = getControls();
  const gain = new GainNode(context, { gain: 0 });
  const source = new AudioBufferSourceNode(context, { buffer, loop: bar.loop.checked });
  source.connect(gain).connect(context.destination);
  const from = fraction * buffer.duration;
  source.start(0, from);
  gain.gain.setTargetAtTime(Number(bar.level.value), context.currentTime, FADE);
  playing = { clip, url, buffer, source, gain, from, at: context.currentTime };
  source.onended = () => playing?.source === source && stop();
  const peak = peakOf(buffer);
  Object.assign(bar.whole.dataset, { clip: clip.name, seconds: buffer.duration, peak, channels: buffer.numberOfChannels });
  const level = peak > 0 ? `peak ${(20 * Math.log10(peak)).toFixed(1)} dBFS` : "silent";
  setText(bar.about, `In this browser: ${clip.name}, ${seconds(buffer.duration)}, ${level}`);
  bar.whole.hidden = false;
  requestAnimationFrame(updatePosition);
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

function updatePosition() {
  if (!playing) return;
  const { clip, buffer, from, at, source } = playing;
  let seconds = from + context.currentTime - at;
  if (source.loop) seconds %= buffer.duration;
  const fraction = Math.min(1, seconds / buffer.duration);
  if (document.activeElement !== getControls().seek) getControls().seek.value = fraction;
  progressCallback(clip.name, fraction);
  requestAnimationFrame(updatePosition);
}

function fadeOut() {
  if (!playing) return;
  const { source, gain, clip } = playing;
  playing = null;
  gain.gain.setTargetAtTime(0, context.currentTime, FADE);
  source.stop(context.currentTime + 8 * FADE);
  progressCallback(clip.name, null);
}

/** Stop the playback. */
export function stop() {
  request += 1;
  fadeOut();
  getControls().whole.hidden = true;
}

let parts = null;

/** Return the controls, which are made once. */
function getControls() {
  if (parts) return parts;
  const whole = byId("audition");
  const about = make("p", { className: "about" });
  const seek = make("input", { type: "range", min: 0, max: 1, step: 0.001, value: 0, aria: { label: "position in the clip" } });
  const level = make("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0.8, aria: { label: "level in this browser" } });
  const loop = make("input", { type: "checkbox" });
  seek.addEventListener("change", () => playing && preview(playing.clip, playing.url, Number(seek.value)));
  level.addEventListener("input", () => playing?.gain.gain.setTargetAtTime(Number(level.value), context.currentTime, FADE));
  loop.addEventListener("change", () => playing && (playing.source.loop = loop.checked));
  whole.append(about, button("■ Stop", stop), seek, make("label", {}, loop, " loop"), make("span", { className: "quiet" }, "level"), level);
  parts = { whole, about, seek, level, loop };
  return parts;
}
