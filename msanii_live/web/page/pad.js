/** The pad between four clips: dragging it mixes them in this browser; where it rests, a clip is made. */

import { make, setText } from "./dom.js";
import { learnButton, registerControl } from "./learn.js";
import { notice } from "./notices.js";

const STEPS = 8; // of an edge: a point is made where the finger rests, to an eighth
const REST_MS = 700; // without a move, after which the point is made

/** Return how loud the four corners are at a point: A and B above, C and D below. */
export const weights = (x, y) => [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];

/** Make the pad. clips: returns the names at its corners. audition: plays them at once, called with
 * (names, weights), or with null to end. make: makes the clip at a point. ready: plays it. */
export function makePad(link, { clips, audition, make: makePoint, ready }) {
  const point = make("span", { className: "point" });
  const corners = ["A", "B", "C", "D"].map((letter) => make("span", { className: `corner ${letter.toLowerCase()}` }, letter));
  const range = (name, label) => make("input", { type: "range", id: `pad-${name}`, min: 0, max: 1, step: 1 / STEPS, value: 0.5, aria: { label } });
  const x = range("x", "across, from A to B");
  const y = range("y", "down, from A to C");
  const field = make("div", { className: "pad", id: "pad", title: "drag between the four clips; where you rest, a clip is made" }, ...corners, point);
  const state = make("p", { className: "quiet", id: "pad-state", role: "status" });
  const whole = make("div", { className: "pad-panel" }, field,
    make("div", { className: "with-learn" }, make("label", { className: "morph" }, "across", x), learnButton(link, "page.pad-x")),
    make("div", { className: "with-learn" }, make("label", { className: "morph" }, "down", y), learnButton(link, "page.pad-y")),
    state);
  registerControl("page.pad-x", x);
  registerControl("page.pad-y", y);
  let isEnabled = false;
  let rest = null;
  let heard = null; // a promise: the four clips are heard
  let asked = 0; // number of the last point that is wanted

  const draw = () => {
    field.style.setProperty("--x", x.value);
    field.style.setProperty("--y", y.value);
    weights(Number(x.value), Number(y.value)).forEach((weight, index) => corners[index].style.setProperty("--weight", weight));
  };
  const settle = async () => {
    clearTimeout(rest);
    const number = ++asked;
    setText(state, "making the clip at this point");
    try {
      const name = await makePoint(Number(x.value), Number(y.value));
      await heard;
      if (number !== asked) return; // the finger has moved on; what was made is kept for later
      audition(null);
      setText(state, `here: ${name}`);
      state.dataset.clip = name;
      ready(name);
    } catch (error) {
      if (number !== asked) return;
      audition(null);
      setText(state, "");
      notice(`the point cannot be made: ${error}`, "bad");
    }
  };
  const moved = () => {
    draw();
    if (!isEnabled) return;
    asked += 1;
    heard = audition(clips(), weights(Number(x.value), Number(y.value)));
    setText(state, "the four clips, mixed here");
    clearTimeout(rest);
    rest = setTimeout(settle, REST_MS);
  };
  const follow = (event) => {
    const { left, top, width, height } = field.getBoundingClientRect();
    const place = (at, from, size) => String(Math.round(Math.min(1, Math.max(0, (at - from) / size)) * STEPS) / STEPS);
    const next = [place(event.clientX, left, width), place(event.clientY, top, height)];
    if (next[0] === x.value && next[1] === y.value && event.type === "pointermove") return;
    [x.value, y.value] = next;
    moved();
  };
  field.addEventListener("pointerdown", (event) => {
    if (!isEnabled) return;
    field.setPointerCapture(event.pointerId);
    follow(event);
  });
  field.addEventListener("pointermove", (event) => field.hasPointerCapture(event.pointerId) && follow(event));
  field.addEventListener("pointerup", () => isEnabled && settle());
  for (const each of [x, y]) each.addEventListener("input", moved);
  draw();
  return {
    whole,
    setEnabled: (next) => {
      isEnabled = next;
      field.classList.toggle("off", !next);
      x.disabled = y.disabled = !next;
      if (!next) setText(state, "Press A, B, C or D on a clip. With all four, the square plays between them.");
      else if (state.textContent.startsWith("put")) setText(state, "");
    },
  };
}
