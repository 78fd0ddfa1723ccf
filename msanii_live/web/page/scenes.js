/** Scenes, and the MIDI controls that are mapped. */

import { arrange, button, make, byId } from "./dom.js";
import { notice } from "./notices.js";

const TIMES = [["0", "at once"], ["4", "over 4 beats"], ["16", "over 16 beats"], ["64", "over 64 beats"]];
const learning = { target: "", buttons: new Map() };
let mappings = [];

/** Build the panel, once. */
export function startScenes(link) {
  const form = byId("scene-form");
  if (form.childElementCount) return;
  const name = make("input", { type: "text", placeholder: "name", aria: { label: "name of the scene" }, spellcheck: false, autocomplete: "off" });
  const time = make("select", { id: "scene-time", aria: { label: "how fast" } }, ...TIMES.map(([value, text]) => make("option", { value }, text)));
  form.append(make("div", { className: "send" }, name, make("button", { type: "submit", className: "main" }, "Save")), make("label", { className: "inline" }, "change ", time));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(link, "/msanii/scene/save", [["s", name.value.trim()]], () => { name.value = ""; });
  });
}

function send(link, address, args, then = () => {}) {
  link.send(address, args, { onAnswer: ({ address: said, args: fields }) => {
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

/** Make a button that maps the next MIDI control to a param. */
export function learnButton(link, target) {
  const made = button("MIDI", () => {
    if (learning.target === target) {
      learning.target = "";
      link.send("/msanii/map/free", [["s", target]]);
    } else {
      learning.target = target;
      send(link, "/msanii/map/learn", [["s", target]]);
    }
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
    make("span", {}, `${describeControl(each)} → ${each[0].replace("/msanii/", "")}`),
    button("✕", () => send(link, "/msanii/map/free", [["s", each[0]]]), { aria: { label: `remove the mapping to ${each[0]}` } }),
  )) : [make("li", { className: "quiet" }, "No MIDI control is mapped. Press MIDI beside a slider and move a control.")]);
}
