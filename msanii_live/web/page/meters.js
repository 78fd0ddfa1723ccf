/** Level meters: RMS, peak, held peak, and a clipping light that stays on. */

import { make, byId, setText } from "./dom.js";

const MIN_DB = -60; // dBFS, the left end
const PEAK_HOLD_MS = 1500; // how long the highest peak is held
const OVER_DB = -0.1; // dBFS

const rows = new Map();

const width = (decibels) => Math.max(0, Math.min(1, 1 - decibels / MIN_DB));

/** Return the clip path that shows a bar up to a level. Its colours keep their positions. */
const clipPathOf = (decibels) => `inset(0 ${(100 * (1 - width(decibels))).toFixed(1)}% 0 0)`;

function row(name) {
  if (rows.has(name)) return rows.get(name);
  const parts = {
    peak: make("div", { className: "peak" }),
    rms: make("div", { className: "rms" }),
    held: make("div", { className: "held" }),
    reading: make("span", { className: "told" }),
  };
  const track = make("div", { className: "track", role: "meter", aria: { label: name, valuemin: MIN_DB, valuemax: 0 } });
  track.append(parts.peak, parts.rms, parts.held);
  const whole = make("div", { className: "meter", title: "click to reset the clipping light" });
  whole.append(make("span", {}, name), track, parts.reading);
  whole.addEventListener("click", () => whole.classList.remove("over"));
  const made = { ...parts, track, whole, top: MIN_DB, topAt: 0, spoken: 0 };
  rows.set(name, made);
  byId("meters").append(whole);
  return made;
}

function show(name, peak, rms) {
  const it = row(name);
  const now = performance.now();
  it.whole.hidden = false;
  it.peak.style.clipPath = clipPathOf(peak);
  it.rms.style.clipPath = clipPathOf(rms);
  if (peak >= it.top || now - it.topAt > PEAK_HOLD_MS) [it.top, it.topAt] = [peak, now];
  it.held.style.left = `calc(${100 * width(it.top)}% - 3px)`;
  setText(it.reading, it.top <= MIN_DB ? "–" : `${it.top.toFixed(1)} dB`);
  if (peak > OVER_DB) it.whole.classList.add("over");
  if (now - it.spoken > 1000) {
    it.spoken = now;
    it.track.setAttribute("aria-valuenow", Math.max(MIN_DB, peak));
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
