/** The strip at the top: state, time, what sounds, and how far ahead the stream is. */

import { make, number, place, setText } from "./dom.js";

const LEAD_SHOWN = 12; // s of lead that fill the bar
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let transport = null;
let heardAt = 0; // ms, when the transport's place was told
let shownBeat = -1;

export function showServer(server) {
  const state = place("state");
  setText(state, server.state);
  state.dataset.state = server.state;
  const jobs = server.running + server.waiting;
  setText(place("queue"), jobs ? `${server.running} at work, ${server.waiting} waiting` : `${server.engine} on ${server.device}`);
  setText(place("osc"), server.osc);
}

export function showAway() {
  const state = place("state");
  setText(state, "no answer");
  state.dataset.state = "away";
  setText(place("sounding"), "");
  transport = null;
}

export function showTransport(told) {
  const isFirst = !transport;
  transport = told;
  heardAt = performance.now();
  setText(place("bpm"), number(told.bpm, 1));
  setText(place("time-source"), `${told.beats} beats a bar, ${told.source}${told.runs ? "" : ", stands still"}`);
  const beats = place("beats");
  while (beats.children.length < told.beats) beats.append(make("i"));
  while (beats.children.length > told.beats) beats.lastElementChild.remove();
  if (isFirst) requestAnimationFrame(tick);
}

/** Go on counting between what the server tells; each beat is drawn once. */
function tick() {
  if (!transport) return;
  const { bars, bpm, beats, runs } = transport;
  const since = runs ? (performance.now() - heardAt) / 1000 : 0;
  const beat = Math.floor(bars * beats + (since * bpm) / 60 + 1e-6);
  if (beat !== shownBeat) {
    shownBeat = beat;
    const inBar = ((beat % beats) + beats) % beats;
    setText(place("bar"), `${Math.floor(beat / beats) + 1}.${inBar + 1}`);
    [...place("beats").children].forEach((light, index) => {
      light.classList.toggle("on", runs && (calm.matches ? index === 0 : index === inBar));
    });
  }
  requestAnimationFrame(tick);
}

export function showSounding(parts) {
  const names = parts.map(({ name, loop }) => (loop ? `${name} ⟳` : name));
  setText(place("sounding"), names.length ? `sounds: ${names.join(", ")}` : "nothing sounds");
}

export function showLead(stream) {
  const flow = document.querySelector(".flow");
  flow.dataset.state = stream?.state ?? "off";
  setText(place("lead"), stream ? stream.lead.toFixed(1) : "–");
  place("lead-bar").style.transform = `scaleX(${stream ? Math.min(1, stream.lead / LEAD_SHOWN) : 0})`;
  const runs = stream?.midi ? `the stream plays ${stream.midi}` : "the stream runs";
  const told = { runs, late: "late: the last bar goes round", starting: "the stream begins" };
  setText(place("stream-state"), stream ? told[stream.state] : "no stream");
}
