/** MIDI learn: buttons that map the next MIDI control to a param, or to a control of this page. */

import { arrange, button, make, byId } from "./dom.js";
import { notice } from "./notices.js";

const learning = { target: "", buttons: new Map() };
const controls = new Map(); // page.NAME → the range input that it moves
const places = new Map(); // page.NAME → where its MIDI control was last
let mappings = [];
let isFirst = true;

/** Let a MIDI control that is mapped to page.NAME move a range input. */
export function registerControl(target, input) {
  controls.set(target, input);
}

/** Return a control of the page beside a button that maps a MIDI control to it. */
export function withLearn(link, target, input, whole) {
  registerControl(target, input);
  return make("div", { className: "with-learn" }, whole, learnButton(link, target));
}

/** Move what the MIDI controls have moved since the last time. */
export function moveControls(next) {
  for (const [target, place] of Object.entries(next)) {
    const isNew = places.get(target) !== place;
    places.set(target, place);
    const input = controls.get(target);
    if (isFirst || !isNew || !input || input.disabled) continue;
    input.value = Number(input.min) + place * (Number(input.max) - Number(input.min));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  isFirst = false;
}

function send(link, address, target) {
  link.send(address, [["s", target]], { onAnswer: ({ address: said, args }) => {
    if (said === "/msanii/fail") notice(args[4], "bad");
  } });
}

/** Make a button that maps the next MIDI control to a param or a control of the page. */
export function learnButton(link, target) {
  const made = button("MIDI", (event) => {
    event.preventDefault();
    const isLearning = learning.target === target;
    learning.target = isLearning ? "" : target;
    send(link, isLearning ? "/msanii/map/free" : "/msanii/map/learn", target);
    showLearning();
  }, { className: "learn", data: { learn: target } });
  learning.buttons.set(target, made);
  showLearning();
  return made;
}

const describeControl = ([, kind, channel, number]) => `${kind}${number < 0 ? "" : ` ${number}`}${channel > 1 ? ` ch ${channel}` : ""}`;

function showLearning() {
  for (const [target, made] of learning.buttons) {
    const own = mappings.filter(([each]) => each === target);
    const isLearning = learning.target === target;
    made.textContent = isLearning ? "move…" : own.map(describeControl).join(", ") || "MIDI";
    made.setAttribute("aria-pressed", String(isLearning || own.length > 0));
    made.title = isLearning ? "move a MIDI control now; press again to leave it" : `map a MIDI control to ${target}`;
  }
}

export function showMappings(link, next) {
  if (next.length > mappings.length) learning.target = "";
  mappings = next;
  showLearning();
  arrange(byId("mappings"), next.length ? next.map((each) => make("li", { className: "row" },
    make("span", {}, `${describeControl(each)} → ${each[0].replace("/msanii/", "").replace("page.", "this page: ")}`),
    button("✕", () => send(link, "/msanii/map/free", each[0]), { aria: { label: `remove the mapping to ${each[0]}` } }),
  )) : [make("li", { className: "quiet" }, "No MIDI control is mapped. Press MIDI beside a slider and move a control.")]);
}
