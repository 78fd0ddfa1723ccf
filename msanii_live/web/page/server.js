/** Facts about the server, its engines and its counters. */

import { arrange, button, make, pairs, byId } from "./dom.js";

const HOUR = 3600;

let facts = {};

function formatUptime(uptime) {
  const hours = Math.floor(uptime / HOUR);
  const minutes = Math.floor((uptime % HOUR) / 60);
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${uptime % 60} s` : `${uptime} s`;
}

export function showFacts(changed) {
  facts = { ...facts, ...changed };
  const { hindrances = [], version, engine, device, memory_mb: memory, load, osc, folder, audio, rate, latency_ms: latency, xruns, frames_lost: lost, uptime, workers = [], waits = [] } = facts;
  byId("facts").replaceChildren(...pairs([
    ["version", version], ["uptime", formatUptime(uptime ?? 0)], ["engine", `${engine} on ${device}`],
    ["load", `${load} % of 10 s${memory ? `, ${memory} MB on the GPU` : ""}`],
    ["OSC", osc], ["folder", folder], ["audio", `${audio}, ${rate} Hz, latency ${latency} ms`],
    ...workers.map((text, index) => [`worker ${index + 1}`, text]),
    ...waits.map((text) => ["typical wait", text]),
    ["lost", xruns || lost ? `${xruns} times, ${lost} frames` : "nothing"],
  ]));
  byId("hindrances").replaceChildren(...hindrances.map((text) => make("li", {}, text)));
}

export function showEngines(link, engines) {
  arrange(byId("engines"), engines.map(({ name, state, default: isDefault, verbs, licence }) => {
    const isLoaded = state === "loaded";
    const act = isLoaded ? "free" : "load";
    return make("li", { title: [verbs.join(", "), licence && `licence: ${licence}`].filter(Boolean).join("\n") },
      make("span", {}, name, isDefault ? " (default)" : "", make("span", { className: isLoaded ? "fine" : "quiet" }, ` ${state}`),
        licence ? make("span", { className: "quiet" }, ` · ${licence}`) : ""),
      button(isLoaded ? "Free" : "Load", () => link.send(`/msanii/engine/${act}`, [["s", name]])));
  }));
}

export function showCounters(counters) {
  const counted = Object.entries(counters).filter(([, count]) => count);
  byId("counters").replaceChildren(...pairs(counted.map(([name, count]) => [name.replaceAll("_", " "), count])));
}
