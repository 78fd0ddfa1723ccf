/** Controls of the stream: start, stop, a slider for each param that has a range, and a field for each that is text. */

import { markInput } from "./controls.js";
import { button, make, number, byId, setText } from "./dom.js";
import { show } from "./forms.js";
import { notice } from "./notices.js";
import { learnButton } from "./learn.js";
import { groups } from "./table.js";

const SEND_INTERVAL_MS = 100; // ms between two values of a slider that is moved

const LISTS = { target: "clip-names", style: "style-names" }; // what is suggested for a param

/** Return the name of a param as it is shown: "mix" for stream.mix. */
const nameOf = (address) => address.split("/param/").pop().replace("stream.", "").replace("output.", "");

/** Build the controls from the table. */
export function startStream(link) {
  const params = groups().find(({ title }) => title === "Params")?.commands ?? [];
  const valueOf = ({ arguments: [value] }) => value;
  const sliders = params.filter((command) => valueOf(command).kind === "f" && valueOf(command).low !== null);
  const numbers = params.filter((command) => valueOf(command).kind === "i");
  const start = make("input", { type: "text", id: "stream-src", placeholder: "what is playing, or a new clip", spellcheck: false, autocomplete: "off" });
  start.setAttribute("list", "clip-names");
  byId("stream-controls").replaceChildren(
    make("label", { className: "slider words" }, "start with", start),
    make("div", { className: "deeds" },
      button("Start", () => begin(link, start), { className: "main", title: "goes on from the clip for ever" }),
      button("Stop", () => link.send("/msanii/stream/stop", [["s", "@fade"], ["f", 1]])),
      button("All settings…", () => show("/msanii/stream/start"))),
    ...sliders.map((command) => slider(link, command)),
    ...params.filter((command) => valueOf(command).kind === "s").map((command) => wordsField(link, command)),
    ...numbers.map((command) => numberField(link, command)),
    make("p", { className: "quiet", id: "chunk" }),
  );
}

function begin(link, start) {
  const source = start.value.trim();
  link.send("/msanii/stream/start", source ? [["s", source]] : [], { onAnswer: ({ address, args }) => {
    markInput(start, address === "/msanii/fail");
    if (address === "/msanii/fail") notice(args[4], "bad");
  } });
}

/** Make a field of a param that is a whole number. */
function numberField(link, { address, text, reply, arguments: [value] }) {
  const name = nameOf(address);
  const input = make("input", { type: "number", min: value.low, max: value.high, step: 1, title: value.text, aria: { label: name } });
  input.addEventListener("change", () => link.send(address, [["i", Math.round(Number(input.value))]], { onAnswer: ({ address: said, args }) => {
    markInput(input, said === "/msanii/fail");
    if (said === "/msanii/fail") notice(args[4], "bad");
  } }));
  link.send(address, [], { reply, onAnswer: ({ address: said, args: [now] }) => {
    if (said === address) input.value = now;
  } });
  return make("div", { className: "with-learn" },
    make("label", { className: "slider words", title: text }, name, input), learnButton(link, address.split("/param/").pop()));
}

function slider(link, { address, text, reply, arguments: [value] }) {
  const name = nameOf(address);
  const valueText = make("span", { className: "told" });
  const input = make("input", { type: "range", min: value.low, max: value.high, step: 0.01, aria: { label: name } });
  const showValue = (now) => setText(valueText, value.unit ? `${number(now, 1)} ${value.unit}` : now < 0 ? "auto" : number(now));
  let timer = null;
  let last = null;
  const send = () => {
    timer = null;
    if (last === null) return;
    link.send(address, [["f", last]]);
    last = null;
    timer = setTimeout(send, SEND_INTERVAL_MS);
  };
  input.addEventListener("input", () => {
    last = Number(input.value);
    showValue(last);
    if (timer === null) send();
  });
  // The current value. If another client changes it, the page shows that when it is reloaded.
  link.send(address, [], { reply, onAnswer: ({ address: said, args: [now] }) => {
    if (said !== address) return;
    input.value = now;
    showValue(now);
  } });
  return make("div", { className: "with-learn" },
    make("label", { className: "slider", title: text }, name, input, valueText), learnButton(link, address.split("/param/").pop()));
}

/** Make a field of a param that is text: sent when it is left or Enter is pressed; nothing in it means none. */
function wordsField(link, { address, text, reply, arguments: [value] }) {
  const name = nameOf(address);
  const input = make("input", { type: "text", placeholder: "none", title: value.text, aria: { label: name } });
  if (LISTS[name]) input.setAttribute("list", LISTS[name]);
  input.addEventListener("change", () => link.send(address, [["s", input.value.trim() || "none"]], { onAnswer: ({ address: said, args }) => {
    markInput(input, said === "/msanii/fail");
    if (said === "/msanii/fail") notice(args[4], "bad");
  } }));
  link.send(address, [], { reply, onAnswer: ({ address: said, args: [now] }) => {
    if (said === address) input.value = now;
  } });
  return make("label", { className: "slider words", title: text }, name, input);
}

export function showChunk([, address, ...args]) {
  if (address !== "/msanii/stream/chunk" && address !== "/msanii/stream/late") return;
  const [index, , length, took] = args;
  const text = address.endsWith("late") ? `chunk ${index} is late` : `chunk ${index}: ${length.toFixed(1)} s, made in ${took.toFixed(2)} s`;
  if (byId("chunk")) setText(byId("chunk"), text);
}
