/** Automation: record what happens to the params, and play it in time. */

import { arrange, button, make, byId, setText } from "./dom.js";
import { markInput } from "./controls.js";
import { notice } from "./notices.js";

let parts = null;
let shown = { names: [], name: "", state: "" };

/** Build the panel, once. */
export function startAutomation(link) {
  if (parts) return;
  const name = make("input", { type: "text", placeholder: "name", aria: { label: "name of the automation" }, spellcheck: false, autocomplete: "off" });
  const record = button("● Record", () => {
    if (shown.state === "recording") send(link, "stop", []);
    else send(link, "record", [["s", name.value.trim() || freeName()]], name);
  }, { id: "record", className: "alarm", title: "record every change of a slider below, with its beat" });
  byId("automation-controls").append(make("div", { className: "send" }, name, record));
  parts = { name, record };
  showAutomation(link, shown);
}

function freeName() {
  let number = 1;
  while (shown.names.includes(`move-${number}`)) number += 1;
  return `move-${number}`;
}

function send(link, verb, args, input = null) {
  link.send(`/msanii/automation/${verb}`, args, { onAnswer: ({ address, args: fields }) => {
    const isWrong = address === "/msanii/fail";
    if (input) markInput(input, isWrong);
    if (isWrong || address === "/msanii/warn") notice(fields[isWrong ? 4 : 1], isWrong ? "bad" : "");
  } });
}

/** Show what is kept, and what is recorded or played. */
export function showAutomation(link, next) {
  shown = next;
  if (!parts) return;
  const isRecording = next.state === "recording";
  setText(parts.record, isRecording ? `■ Stop recording ${next.name}` : "● Record");
  parts.record.setAttribute("aria-pressed", String(isRecording));
  const row = (name) => {
    const isOn = name === next.name && next.state === "playing";
    return make("li", { className: "row", data: { automation: name, state: name === next.name ? next.state : "" } },
      button(isOn ? `■ ${name}` : `▶ ${name}`, () => (isOn ? send(link, "stop", []) : send(link, "play", [["s", name]])), { className: "scene", title: isOn ? "stop it" : "play it from the next bar on", aria: { pressed: String(isOn) } }),
      button("●", () => send(link, "record", [["s", name], ["s", "@overdub"], ["i", 1]]), { title: `record over ${name}`, aria: { label: `record over ${name}` } }),
      button("✕", () => send(link, "free", [["s", name]]), { title: `delete ${name}`, aria: { label: `delete the automation ${name}` } }));
  };
  arrange(byId("automation"), next.names.length ? next.names.map(row) : [make("li", { className: "quiet" }, "Nothing is recorded. Press Record and move the sliders.")]);
}
