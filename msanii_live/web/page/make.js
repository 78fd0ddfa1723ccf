/** The instrument: choose style, key, bars and density, and make a loop. */

import { choices, dial, markControl, textField } from "./controls.js";
import { button, make, byId, number, setText } from "./dom.js";
import { hearJob } from "./early.js";
import { withLearn } from "./learn.js";
import { isOnStage } from "./play.js";
import { command, describeReply } from "./table.js";

const ROOTS = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const BARS = ["1", "2", "4", "8", "16"];
const AUTO = -0.05; // of density: the engine chooses

let panel = null;
let controls = null;
let engines = [];
let readyCallback = () => {};

/** Set the callback that plays a clip that was made here: (name). */
export function onReady(call) {
  readyCallback = call;
}

/** Build the panel, once; `link` sends. */
export function startMake(link) {
  if (panel) return;
  panel = byId("make-controls");
  const style = choices("style", "Style", [["", "any"]], "");
  const key = choices("key", "Key", [["", "any"], ...ROOTS.map((root) => [root, root.replace("b", "♭").replace("#", "♯")])], "", () => showMode());
  const mode = choices("mode", "Mode", [["m", "minor"], ["", "major"]], "m");
  const bars = choices("bars", "Bars", BARS.map((each) => [each, each]), "4");
  const density = dial("density", "Density", { low: AUTO, high: 1, step: 0.05, value: AUTO, show: (now) => (now < 0 ? "auto" : number(now)) });
  const count = choices("count", "How many", [["1", "one"], ["4", "four to choose from"]], "1");
  const words = textField("prompt", "In words", { placeholder: "such as warm pads, slow strings" });
  const engine = make("select", { aria: { label: "engine" } });
  const stems = make("input", { type: "checkbox" });
  const autoplay = make("input", { type: "checkbox", id: "make-play", checked: true });
  const bpm = make("input", { type: "number", min: 20, max: 300, step: 0.5, id: "make-bpm" });
  bpm.addEventListener("change", () => link.send("/msanii/transport", [["s", "@bpm"], ["f", Number(bpm.value)]], {
    reply: "/msanii/transport", onAnswer: (message) => { markControl(panel, message.address.endsWith("fail") ? message.args[4] : ""); },
  }));
  controls = { style, key, mode, bars, density, count, words, engine, stems, autoplay, bpm };
  const showMode = () => { mode.hidden = key.value === ""; };
  const state = make("div", { id: "make-state", className: "quiet", role: "status" });
  const bar = make("progress", { id: "make-progress", max: 1, value: 0, hidden: true, aria: { label: "progress" } });
  panel.append(style, key, mode,
    make("div", { className: "pair" }, bars, withLearn(link, "page.density", density.input, density)),
    button("Make", () => send(link), { className: "main big", id: "make" }), bar, state,
    words,
    make("div", { className: "pair" },
      make("label", { className: "control", data: { name: "bpm" } }, make("span", { className: "label" }, "Tempo"), bpm),
      make("label", { className: "control", data: { name: "engine" } }, make("span", { className: "label" }, "Sound"), engine)),
    count,
    make("div", { className: "inline" },
      make("label", {}, autoplay, " play it as a loop"), make("label", { id: "make-stems" }, stems, " stems")));
  showMode();
  showEngines();
}

export function setMakeEngines(next) {
  engines = next.filter(({ verbs }) => verbs.includes("generate"));
  if (panel) showEngines();
}

function showEngines() {
  const { engine, style, stems, count } = controls;
  const key = engines.map(({ name, state }) => `${name} ${state}`).join();
  if (engine.dataset.key !== key) {
    engine.dataset.key = key;
    const chosen = engine.value;
    engine.replaceChildren(...engines.map(({ name, default: isDefault, state }) =>
      make("option", { value: isDefault ? "" : name }, `${name}${isDefault ? " (default)" : state === "loaded" ? "" : ", is loaded first"}`)));
    engine.value = engines.some(({ name, default: isDefault }) => chosen === name && !isDefault) ? chosen : "";
    engine.onchange = showStyles;
    showStyles();
  }
  const known = command("/msanii/generate")?.arguments.map(({ name }) => name) ?? [];
  stems.parentElement.hidden = !known.includes("stems");
  count.hidden = !known.includes("count");
  style.hidden = false;
}

/** Offer the styles of the chosen engine; of one that is not loaded, those of any that is. */
function showStyles() {
  const { engine, style } = controls;
  const chosen = engines.find(({ name, default: isDefault }) => (engine.value ? name === engine.value : isDefault));
  const known = chosen?.styles.length ? chosen.styles : [...new Set(engines.flatMap((each) => each.styles))];
  style.setOptions([["", "any"], ...known.map((each) => [each, each])]);
}

export function showMakeTempo({ bpm }) {
  if (controls && document.activeElement !== controls.bpm) controls.bpm.value = number(bpm, 2);
}

/** Return the arguments that the panel stands for. */
function chosenArguments() {
  const { style, key, mode, bars, density, count, words, engine, stems } = controls;
  const args = [["s", "@bars"], ["f", Number(bars.value)]];
  const add = (name, tag, value) => args.push(["s", `@${name}`], [tag, value]);
  if (style.value) add("style", "s", style.value);
  if (key.value) add("key", "s", key.value + mode.value);
  if (Number(density.input.value) >= 0) add("density", "f", Number(density.input.value));
  if (words.input.value.trim()) add("prompt", "s", words.input.value.trim());
  if (engine.value) add("engine", "s", engine.value);
  if (stems.checked) add("stems", "i", 1);
  if (!count.hidden && count.value !== "1") add("count", "i", Number(count.value));
  return args;
}

function send(link) {
  markControl(panel, "");
  performance.clearMarks("make");
  performance.mark("make");
  let heard = Promise.resolve(false); // whether it sounds in this browser already
  const isPlayed = controls.autoplay.checked;
  const queued = (job) => {
    if (isPlayed && !isOnStage()) heard = hearJob(job, true);
  };
  const made = async (name) => {
    if (isPlayed && !(await heard)) readyCallback(name);
  };
  makeClip(link, "/msanii/generate", chosenArguments(), made, () => {}, queued);
}

/** Send a command that makes a clip, and follow it below the button. then: called with its name.
 * failed: called with a text if none is made. queued: called with the number of the job. */
export function makeClip(link, address, args, then = () => {}, failed = () => {}, queued = () => {}) {
  const state = byId("make-state");
  const bar = byId("make-progress");
  setText(state, "sent");
  state.className = "quiet";
  const onAnswer = (message, isLast) => {
    const [text, kind] = describeReply(message);
    setText(state, text);
    state.className = kind || "quiet";
    if (message.address === "/msanii/job/queued") queued(message.args[1]);
    if (message.address === "/msanii/job/progress") bar.value = message.args[4];
    bar.hidden = isLast || !["/msanii/job/progress", "/msanii/job/queued"].includes(message.address);
    if (message.address === "/msanii/fail") markControl(panel, message.args[4]);
    if (isLast && message.address !== "/msanii/job/done") failed(text);
    if (message.address === "/msanii/job/done") then(message.args[2]);
  };
  if (!link.send(address, args, { reply: "/msanii/job/done", onAnswer })) {
    setText(state, "not sent: the server does not answer");
    failed("the server does not answer");
  }
}
