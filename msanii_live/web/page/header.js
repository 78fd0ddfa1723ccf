/** The header: state, transport, playing clips, and how far ahead the stream is. */

import { make, number, byId, setText } from "./dom.js";

const FULL_LEAD = 12; // s of lead that fill the bar
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

let transport = null;
let updatedAt = 0; // ms, when the transport's position was received
let shownBeat = -1;

export function showServer(server) {
  const state = byId("state");
  setText(state, server.state);
  state.dataset.state = server.state;
  const jobs = server.running + server.waiting;
  setText(byId("queue"), jobs ? `${server.running} running, ${server.waiting} waiting` : `${server.engine} on ${server.device}`);
  setText(byId("osc"), server.osc);
  byId("no-sound").hidden = server.has_device;
}

export function showDisconnected() {
  const state = byId("state");
  setText(state, "no answer");
  state.dataset.state = "away";
  setText(byId("sounding"), "");
  transport = null;
}

export function showTransport(newTransport) {
  const isFirst = !transport;
  transport = newTransport;
  updatedAt = performance.now();
  setText(byId("bpm"), number(newTransport.bpm, 1));
  setText(byId("time-source"), `${newTransport.beats} beats per bar, ${newTransport.source}${newTransport.runs ? "" : ", stopped"}`);
  const beats = byId("beats");
  while (beats.children.length < newTransport.beats) beats.append(make("i"));
  while (beats.children.length > newTransport.beats) beats.lastElementChild.remove();
  if (isFirst) requestAnimationFrame(tick);
}

/** Count beats between the server's updates. Each beat is drawn once. */
function tick() {
  if (!transport) return;
  const { bars, bpm, beats, runs } = transport;
  const since = runs ? (performance.now() - updatedAt) / 1000 : 0;
  const beat = Math.floor(bars * beats + (since * bpm) / 60 + 1e-6);
  if (beat !== shownBeat) {
    shownBeat = beat;
    const inBar = ((beat % beats) + beats) % beats;
    setText(byId("bar"), `${Math.floor(beat / beats) + 1}.${inBar + 1}`);
    [...byId("beats").children].forEach((light, index) => {
      light.classList.toggle("on", runs && (reducedMotion.matches ? index === 0 : index === inBar));
    });
  }
  requestAnimationFrame(tick);
}

export function showPlaying(parts) {
  const names = parts.map(({ name, loop }) => (loop ? `${name} ⟳` : name));
  setText(byId("sounding"), names.length ? `playing: ${names.join(", ")}` : "nothing is playing");
}

export function showLead(stream) {
  const flow = document.querySelector(".flow");
  flow.dataset.state = stream?.state ?? "off";
  setText(byId("lead"), stream ? stream.lead.toFixed(1) : "–");
  byId("lead-bar").style.transform = `scaleX(${stream ? Math.min(1, stream.lead / FULL_LEAD) : 0})`;
  const runs = stream?.midi ? `the stream plays ${stream.midi}` : "the stream is running";
  const texts = { runs, late: "late: the last bar repeats", starting: "the stream is starting" };
  setText(byId("stream-state"), stream ? texts[stream.state] : "no stream");
}
