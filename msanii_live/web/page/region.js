/** The loop region of a clip: from one beat to another, drawn over its picture. */

import { button, make, number } from "./dom.js";

const DRAG_PX = 6; // a shorter drag is a click

const regions = new Map(); // name of a clip → [start, end], s, so that a new card of it keeps them

/** Return the region of a clip, s; null if there is none. */
export const regionOf = (name) => regions.get(name) ?? null;

/** Make the fields of a clip's region, and let it be drawn by dragging over its picture.
 * crop: makes a clip of it: (start, end). */
export function makeRegion(clip, shape, crop) {
  const beat = clip.bpm ? 60 / clip.bpm : 1; // of a clip without a tempo, seconds are shown
  const unit = clip.bpm ? "beat" : "s";
  const whole = clip.seconds / beat;
  const field = (label) => make("input", { type: "number", min: 0, max: number(whole, 3), step: clip.bpm ? 1 : 0.1, placeholder: unit, aria: { label: `${label} of ${clip.name}, in ${unit}s` } });
  const [from, to] = [field("start of the loop"), field("end of the loop")];
  const box = make("div", { className: "region", hidden: true });
  shape.append(box);
  const clear = button("✕", () => set(null), { title: "no region", data: { deed: "no-region" }, aria: { label: `no loop region of ${clip.name}` } });
  const cut = button("Crop", () => crop(...regions.get(clip.name)), { title: "a new clip of the region", data: { deed: "crop" } });

  const draw = () => {
    const region = regionOf(clip.name);
    box.hidden = cut.disabled = clear.disabled = !region;
    if (!region) return;
    box.style.left = `${(100 * region[0]) / clip.seconds}%`;
    box.style.width = `${(100 * (region[1] - region[0])) / clip.seconds}%`;
  };
  const set = (region) => {
    if (region) regions.set(clip.name, region);
    else regions.delete(clip.name);
    from.value = region ? number(region[0] / beat, 3) : "";
    to.value = region ? number(region[1] / beat, 3) : "";
    draw();
  };
  const read = () => {
    const start = Number(from.value || 0);
    const end = to.value === "" ? whole : Number(to.value);
    const isWrong = !(start >= 0 && end > start && end <= whole + 1e-3);
    for (const each of [from, to]) each.setAttribute("aria-invalid", String(isWrong));
    if (isWrong) return;
    regions.set(clip.name, [start * beat, Math.min(clip.seconds, end * beat)]);
    draw();
  };
  for (const each of [from, to]) each.addEventListener("change", read);

  let began = null;
  const place = (event) => {
    const { left, width } = shape.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * whole;
  };
  shape.addEventListener("pointerdown", (event) => {
    began = { x: event.clientX, beat: place(event) };
    shape.dataset.dragged = "";
  });
  shape.addEventListener("pointermove", (event) => {
    if (!began || !event.buttons || Math.abs(event.clientX - began.x) < DRAG_PX) return;
    shape.dataset.dragged = "yes"; // its click is no wish to listen
    const grid = clip.bpm ? 1 : 0.1;
    const [low, high] = [began.beat, place(event)].sort((a, b) => a - b);
    const start = Math.floor(low / grid) * grid;
    set([start * beat, Math.min(clip.seconds, Math.max(start + grid, Math.ceil(high / grid) * grid) * beat)]);
  });
  shape.addEventListener("pointerup", () => { began = null; });
  set(regionOf(clip.name));
  return make("div", { className: "inline loop-region" }, "loop", from, "to", to, clear, cut);
}
