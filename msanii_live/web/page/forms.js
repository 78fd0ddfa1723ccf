/** A form for every command, made from the table; the server judges what is sent, in its words. */

import { names as clipNames } from "./clips.js";
import { button, make, place, setText } from "./dom.js";
import { command, groups, inWords, isListed, meaning, title } from "./words.js";

const CLIPS = new Set(["src", "a", "b", "name", "target"]); // what takes a clip's name
const SOURCES = ["current", "last", "input"];
const CAREFUL = new Set(["/msanii/quit"]); // asked twice
const ANSWERS_SHOWN = 60;

let link = null;
let engines = [];
let shown = null; // the command whose form is shown
const kept = new Map(); // address → {name: text}, so that a form is found as it was left

/** Fill the list of commands. */
export function startForms(theLink) {
  link = theLink;
  const list = place("command");
  list.replaceChildren(...groups().map(({ title, commands }) =>
    make("optgroup", { label: title }, ...commands.map(({ address }) => make("option", { value: address }, address)))));
  list.onchange = () => show(list.value);
  show(shown?.address ?? "/msanii/generate");
}

export function knowEngines(told) {
  engines = told;
}

/** Show the form of a command, with some of its values. */
export function show(address, values = {}) {
  const next = command(address);
  if (!next) return;
  shown = next;
  place("command").value = address;
  kept.set(address, { ...kept.get(address), ...values });
  const form = place("form");
  const own = next.arguments.filter((each) => !each.shared);
  const shared = next.arguments.filter((each) => each.shared);
  const message = make("code", { className: "message", id: "message", title: "what is sent, as you would type it" });
  const answers = make("div", { className: "answers", id: "answers", role: "status" });
  form.replaceChildren(
    make("p", { className: "about-command" }, next.text.replaceAll("`", "")),
    ...own.map(field),
    ...(shared.length ? [make("details", { open: false }, make("summary", {}, "What every such command takes"), ...shared.map(field))] : []),
    message,
    make("div", { className: "send" }, sendButton(next), button("Clear", () => clear(address))),
    answers,
  );
  form.oninput = () => note(address);
  form.onsubmit = (event) => {
    event.preventDefault();
    submit(next);
  };
  note(address);
}

function sendButton({ address }) {
  const text = title(address);
  const made = make("button", { className: CAREFUL.has(address) ? "alarm" : "main", type: "submit", id: "send" }, text);
  if (!CAREFUL.has(address)) return made;
  let isSure = false;
  made.addEventListener("click", (event) => {
    if (isSure) return;
    event.preventDefault();
    isSure = true;
    setText(made, "Really? It ends the server");
    setTimeout(() => { isSure = false; setText(made, text); }, 4000);
  });
  return made;
}

function clear(address) {
  kept.delete(address);
  show(address);
}

/** Make the field of one argument: its name, unit, range, default and meaning are the table's. */
function field(argument) {
  const id = `field-${argument.name}`;
  const unit = argument.unit && argument.unit !== argument.name && ` ${argument.unit}`;
  const name = make("span", {}, argument.name, unit ? make("span", { className: "unit" }, unit) : null, argument.required ? " *" : null);
  const input = inputOf(argument, id);
  const hints = [argument.text, argument.range && `(${argument.range})`].filter(Boolean).join(" ");
  return make("label", { className: "field", data: { name: argument.name } }, name, input, make("small", {}, hints));
}

function inputOf(argument, id) {
  const value = kept.get(shown.address)?.[argument.name] ?? "";
  const shared = { id, name: argument.name, required: argument.required };
  if (argument.choices.length && !argument.or_number) {
    const options = [...(argument.required ? [] : [""]), ...argument.choices.filter(Boolean)];
    const list = make("select", shared, ...options.map((each) => make("option", { value: each }, each || defaultText(argument))));
    list.value = value;
    return list;
  }
  const suggested = suggestions(argument);
  const input = make("input", {
    ...shared, value, placeholder: defaultText(argument), spellcheck: false,
    inputMode: argument.kind === "s" ? "text" : argument.kind === "i" ? "numeric" : "decimal",
  });
  if (!suggested.length) return input;
  const list = make("datalist", { id: `${id}-list` }, ...suggested.map((each) => make("option", { value: each })));
  input.setAttribute("list", list.id);
  return make("span", {}, input, list);
}

function suggestions({ name, positional, choices }) {
  if (choices.length) return choices;
  if (CLIPS.has(name) || (name === "clip" && positional)) return [...SOURCES, ...clipNames()];
  if (name === "engine") return engines.map((each) => each.name);
  if (name === "style") return [...new Set(engines.flatMap((each) => each.styles))];
  return [];
}

const defaultText = (argument) => (argument.default === null || argument.default === "" ? "" : String(argument.default));

/** Remember what is typed, and show the message that it makes. */
function note(address) {
  const values = Object.fromEntries([...new FormData(place("form"))].filter(([, value]) => value !== ""));
  kept.set(address, values);
  const words = [address];
  for (const argument of shown.arguments) {
    const value = values[argument.name];
    if (value === undefined) continue;
    const typed = /\s/.test(value) ? JSON.stringify(value) : value;
    words.push(argument.positional ? typed : `${argument.name} ${typed}`);
  }
  setText(place("message"), words.join(" "));
}

/** Return the pairs of tag and value that are sent; what is no number goes as it is typed. */
function typed(argument, text) {
  const value = Number(text.replace(",", "."));
  if (argument.kind === "s" || text.trim() === "" || !Number.isFinite(value)) return ["s", text];
  return argument.kind === "i" && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? ["i", value] : ["f", value];
}

function submit({ address, arguments: taken, reply }) {
  const values = kept.get(address) ?? {};
  const args = [];
  let isWhole = true; // after a position that is left out none may move into its place
  for (const argument of taken) {
    const value = values[argument.name];
    if (value === undefined) isWhole &&= !argument.positional;
    if (value === undefined || (argument.positional && !isWhole)) continue;
    if (!argument.positional) args.push(["s", `@${argument.name}`]);
    args.push(typed(argument, value));
  }
  markWrong("");
  const answers = place("answers");
  answers.replaceChildren(make("p", { className: "quiet" }, "sent"));
  const onAnswer = (heard, isLast) => {
    if (!answers.isConnected) return;
    tell(answers, heard, isLast);
  };
  if (!link.send(address, args, { reply, listed: isListed(reply), onAnswer })) {
    answers.replaceChildren(make("p", { className: "bad" }, "not sent: the server does not answer"));
  }
}

function tell(answers, heard, isLast) {
  const [text, kind] = inWords(heard);
  const isStep = heard.address === "/msanii/job/progress";
  const line = make("p", { className: kind, data: { kind: isStep ? "step" : "line" } }, text);
  if (heard.address === "/msanii/fail") {
    line.title = meaning(heard.args[3]);
    markWrong(heard.args[4]);
  }
  const last = answers.lastElementChild;
  if (last?.dataset.kind === "step" || last?.textContent === "sent") last.remove();
  answers.append(line);
  while (answers.children.length > ANSWERS_SHOWN) answers.firstElementChild.remove();
  if (isLast) answers.dataset.ended = heard.address;
}

/** Mark the field that a failure names at its start, as in "seconds is 500: ...". */
function markWrong(text) {
  for (const label of place("form").querySelectorAll(".field")) {
    const isWrong = text.startsWith(`${label.dataset.name} is `);
    label.classList.toggle("wrong", isWrong);
    const input = label.querySelector("input, select");
    input.setAttribute("aria-invalid", String(isWrong));
    if (isWrong) {
      label.closest("details")?.setAttribute("open", "");
      input.focus();
    }
  }
}
