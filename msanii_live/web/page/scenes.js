/** Scenes: what the server plays, under a name. */

import { markInput } from "./controls.js";
import { arrange, button, make, byId } from "./dom.js";
import { notice } from "./notices.js";

const TIMES = [["0", "at once"], ["4", "over 4 beats"], ["16", "over 16 beats"], ["64", "over 64 beats"]];

/** Build the panel, once. */
export function startScenes(link) {
  const form = byId("scene-form");
  if (form.childElementCount) return;
  const name = make("input", { type: "text", placeholder: "name", aria: { label: "name of the scene" }, spellcheck: false, autocomplete: "off" });
  const time = make("select", { id: "scene-time", aria: { label: "how fast" } }, ...TIMES.map(([value, text]) => make("option", { value }, text)));
  form.append(make("div", { className: "send" }, name, make("button", { type: "submit", className: "main" }, "Save")), make("label", { className: "inline" }, "change ", time));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(link, "/msanii/scene/save", [["s", name.value.trim()]], () => { name.value = ""; }, name);
  });
}

function send(link, address, args, then = () => {}, input = null) {
  link.send(address, args, { onAnswer: ({ address: said, args: fields }) => {
    if (input) markInput(input, said === "/msanii/fail");
    if (said === "/msanii/fail") notice(fields[4], "bad");
    else if (said === "/msanii/done") then();
  } });
}

export function showScenes(link, names) {
  arrange(byId("scenes"), names.length ? names.map((name) => make("li", { className: "row", data: { scene: name } },
    button(name, () => send(link, "/msanii/scene/load", [["s", name], ["s", "@time"], ["f", Number(byId("scene-time").value)]]), { className: "scene", title: "go to this scene" }),
    button("✕", () => send(link, "/msanii/scene/free", [["s", name]]), { title: `delete the scene ${name}`, aria: { label: `delete the scene ${name}` } }),
  )) : [make("li", { className: "quiet" }, "No scenes yet. A scene keeps what plays, the stream, the tempo and the sliders.")]);
}
