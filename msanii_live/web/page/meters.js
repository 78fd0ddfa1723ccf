/** Meters of what is heard: RMS, peak, the highest peak of late, and a light that stays on overs. */

import { make, place, setText } from "./dom.js";

const LOW = -60; // dBFS, the left end
const HOLD = 1500; // ms that the highest peak stays
const OVER = -0.1; // dBFS

const rows = new Map();

const width = (decibels) => Math.max(0, Math.min(1, 1 - decibels / LOW));

/** Uncover so much of a bar as a level is high; its colours stay where they are. */
const shown = (decibels) => `inset(0 ${(100 * (1 - width(decibels))).toFixed(1)}% 0 0)`;

function row(name) {
  if (rows.has(name)) return rows.get(name);
  const parts = {
    peak: make("div", { className: "peak" }),
    rms: make("div", { className: "rms" }),
    held: make("div", { className: "held" }),
    told: make("span", { className: "told" }),
  };
  const track = make("div", { className: "track", role: "meter", aria: { label: name, valuemin: LOW, valuemax: 0 } });
  track.append(parts.peak, parts.rms, parts.held);
  const whole = make("div", { className: "meter", title: "a click puts the light out" });
  whole.append(make("span", {}, name), track, parts.told);
  whole.addEventListener("click", () => whole.classList.remove("over"));
  const made = { ...parts, track, whole, top: LOW, topAt: 0, spoken: 0 };
  rows.set(name, made);
  place("meters").append(whole);
  return made;
}

function show(name, peak, rms) {
  const it = row(name);
  const now = performance.now();
  it.whole.hidden = false;
  it.peak.style.clipPath = shown(peak);
  it.rms.style.clipPath = shown(rms);
  if (peak >= it.top || now - it.topAt > HOLD) [it.top, it.topAt] = [peak, now];
  it.held.style.left = `calc(${100 * width(it.top)}% - 3px)`;
  setText(it.told, it.top <= LOW ? "–" : `${it.top.toFixed(1)} dB`);
  if (peak > OVER) it.whole.classList.add("over");
  if (now - it.spoken > 1000) {
    it.spoken = now;
    it.track.setAttribute("aria-valuenow", Math.max(LOW, peak));
  }
}

export function showMeters({ output, input }) {
  for (const [name, levels] of [["out", output], ["in", input]]) {
    ["L", "R"].forEach((side, index) => {
      const label = `${name} ${side}`;
      if (levels) show(label, levels.peak[index], levels.rms[index]);
      else if (rows.has(label)) rows.get(label).whole.hidden = true;
    });
  }
}
