/** The sound of a job in this browser: it begins with the first part of the clip, while the rest is made. */

import { beginGrowing, listenTo, playWhole, startRequest } from "./preview.js";
import { notice } from "./notices.js";

const HEAD_BYTES = 56; // of the WAV that the server sends while a clip is made; see docs/monitor.md
const FLOAT = 3; // its format: 32-bit floats
const LEAD = 0.02; // s between the arrival of a part and its first sample
const NO_CLIP = 410; // status of a job that failed or was cancelled
const MIN_FRAMES = 4096; // of a part, but for the last

const fetchJob = (number) => fetch(`/jobs/${number}.wav`, { cache: "no-store" });

/** Hear the clip of a job here as soon as there is any of it. loop: null for the player's own box.
 * Returns a promise: true once it sounds, false if it will not. */
export async function hearJob(number, loop = null) {
  const isCurrent = startRequest(loop);
  try {
    const answer = await fetchJob(number);
    if (answer.status === NO_CLIP) return false; // its end is told elsewhere
    if (!answer.ok) throw new Error((await answer.json()).error);
    const name = /filename="(.+)\.wav"/.exec(answer.headers.get("Content-Disposition"))[1];
    const body = answer.headers.get("Accept-Ranges") === "none" ? answer.body.getReader() : null;
    const head = body && await readHead(body);
    const isPossible = head?.rate === listenTo().sampleRate; // parts of another rate would not join
    if (!isPossible) await body?.cancel();
    if (!isCurrent()) {
      if (isPossible) await body.cancel();
      return false;
    }
    if (!isPossible) return hearFile(body ? fetchJob(number) : answer, name, isCurrent);
    return await new Promise((heard) => hearParts(body, head, name, heard));
  } catch (error) {
    notice(`job ${number} cannot be heard here: ${error.message}`, "bad");
    return false;
  }
}

/** Play the whole clip. answer: of the server, or a promise of it. */
async function hearFile(answer, name, isCurrent) {
  const buffer = await listenTo().decodeAudioData(await (await answer).arrayBuffer());
  if (isCurrent()) playWhole({ name, seconds: buffer.duration }, buffer);
  return isCurrent();
}

/** Read the head of the WAV: {rate, channels, frames, rest}. rest: what came with it. */
async function readHead(body) {
  let bytes = new Uint8Array();
  while (bytes.length < HEAD_BYTES) bytes = joined(bytes, await nextOf(body));
  const view = new DataView(bytes.buffer);
  if (view.getUint16(20, true) !== FLOAT) throw new Error("the server sent another form of WAV");
  const channels = view.getUint16(22, true);
  return { channels, rate: view.getUint32(24, true), frames: view.getUint32(44, true), rest: bytes.slice(HEAD_BYTES) };
}

async function nextOf(body) {
  const { done, value } = await body.read();
  if (done) throw new Error("the job ended before its clip was whole");
  return value;
}

function joined(first, second) {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

/** Play what comes, part by part. heard: called with true when it begins, or with false. */
async function hearParts(body, { channels, rate, frames, rest }, name, heard) {
  const buffer = new AudioBuffer({ length: frames, numberOfChannels: channels, sampleRate: rate });
  const bytesPerFrame = 4 * channels;
  let growing = null;
  let bytes = rest;
  let ready = 0; // frames
  try {
    while (ready < frames) {
      const wanted = Math.min(MIN_FRAMES, frames - ready) * bytesPerFrame;
      while (bytes.length < wanted) bytes = joined(bytes, await nextOf(body));
      const count = Math.floor(bytes.length / bytesPerFrame);
      const planes = split(bytes, count, channels);
      bytes = bytes.slice(count * bytesPerFrame);
      planes.forEach((plane, channel) => buffer.copyToChannel(plane, channel, ready));
      if (!growing) {
        growing = beginGrowing({ name, seconds: frames / rate }, buffer, LEAD, () => body.cancel());
        heard(true);
      }
      growing.add(ready, count);
      ready += count;
    }
  } catch (error) {
    if (growing?.end()) notice(`${name} is not heard to its end: ${error.message}`, "bad");
    heard(false);
  }
}

/** Return the samples of each channel. bytes: interleaved floats, of which the first `count` frames are taken. */
function split(bytes, count, channels) {
  const samples = new Float32Array(bytes.slice(0, 4 * channels * count).buffer); // little-endian, as every browser's machine
  return Array.from({ length: channels }, (_, channel) => {
    const plane = new Float32Array(count);
    for (let at = 0; at < count; at += 1) plane[at] = samples[at * channels + channel];
    return plane;
  });
}
