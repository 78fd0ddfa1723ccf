/** Four clips at once in this browser, for the pad: loops whose levels follow the finger. */

import { listenTo, loadBuffer, stop as stopPreview } from "./preview.js";
import { notice } from "./notices.js";

const FADE = 0.03; // s

let playing = null; // {key, gains, sources, context}
let wanted = null; // {key, weights} of what is asked for last

/** Play clips as loops, each as loud as its weight; null ends it. urls: of their files. */
export async function auditionFour(urls, weights) {
  if (!urls) {
    wanted = null;
    end();
    return;
  }
  const key = urls.join();
  const isNew = wanted?.key !== key;
  wanted = { key, weights };
  if (playing?.key === key) setWeights();
  else if (isNew) {
    try {
      begin(key, await Promise.all(urls.map(loadBuffer)));
    } catch (error) {
      wanted = null;
      notice(`the four clips cannot be heard here: ${error.message}`, "bad");
    }
  }
}

function begin(key, buffers) {
  if (wanted?.key !== key) return;
  end();
  stopPreview();
  const context = listenTo();
  const out = new GainNode(context, { gain: 0.8 });
  out.connect(context.destination);
  const gains = buffers.map(() => new GainNode(context, { gain: 0 }));
  const at = context.currentTime + FADE; // all at one moment
  const sources = buffers.map((buffer, index) => {
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    source.connect(gains[index]).connect(out);
    source.start(at);
    return source;
  });
  playing = { key, gains, sources, context };
  setWeights();
}

function setWeights() {
  wanted.weights.forEach((weight, index) => playing.gains[index].gain.setTargetAtTime(weight, playing.context.currentTime, FADE));
  document.body.dataset.auditioned = playing.key;
  document.body.dataset.audition = wanted.weights.map((weight) => weight.toFixed(2)).join(" ");
}

function end() {
  delete document.body.dataset.audition;
  if (!playing) return;
  const { gains, sources, context } = playing;
  playing = null;
  for (const gain of gains) gain.gain.setTargetAtTime(0, context.currentTime, FADE);
  for (const source of sources) source.stop(context.currentTime + 8 * FADE);
}
