/** Controls of the stream: start, stop, a slider for each param that has a range, and a field for each that is text. */

import { button, make, number, byId, setText } from "./dom.js";
import { show } from "./forms.js";
import { groups } from "./table.js";

const SEND_INTERVAL_MS = 100; // ms between two values of a slider that is moved

/** Build the controls from the table. */
export function startStream(link) {
  const params = groups().find(({ title }) => title === "Params")?.commands ?? [];
  const sliders = params.filter(({ arguments: [value] }) => value.kind === "f" && value.low !== null && value.high !== null);
  byId("stream-controls").replaceChildren(
    make("div", { className: "deeds" },
      button("Start", () => link.send("/msanii/stream/start"), { className: "main", title: "continues what is playing, or a new clip" }),
      button("Stop", () => link.send("/msanii/stream/stop", [["s", "@fade"], ["f", 1]])),
      button("More…", () => show("/msanii/stream/start"))),
    ...sliders.map((command) => slider(link, command)),
    ...params.filter(({ arguments: [value] }) => value.kind === "s").map((command) => wordsField(link, command)),
    make("p", { className: "quiet", id: "chunk" }),
  );
}

function slider(link, { address, text, reply, arguments: [value] }) {
  const name = address.split("stream.").pop();
  const valueText = make("span", { className: "told" });
  const input = make("input", { type: "range", min: value.low, max: value.high, step: 0.01, aria: { label: name } });
  const showValue = (now) => setText(valueText, now < 0 ? "auto" : number(now));
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
  return make("label", { className: "slider", title: text }, name, input, valueText);
}

/** Make a field of a param that is text: sent when it is left or Enter is pressed; nothing in it means none. */
function wordsField(link, { address, text, reply, arguments: [value] }) {
  const name = address.split("stream.").pop();
  const input = make("input", { type: "text", placeholder: "none", title: value.text, aria: { label: name } });
  input.addEventListener("change", () => link.send(address, [["s", input.value.trim() || "none"]]));
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
