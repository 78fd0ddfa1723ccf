/** A form for every command, built from the table. The server validates what is sent. */

import { names as clipNames } from "./clips.js";
import { button, make, byId, setText } from "./dom.js";
import { command, groups, describeReply, inWords, isListed, codeMeaning, title } from "./table.js";

const CLIPS = new Set(["src", "a", "b", "name", "target"]); // what takes a clip's name
const SOURCES = ["current", "last", "input"];
const CONFIRMED = new Set(["/msanii/quit"]); // need a second click
const MAX_ANSWERS = 60;

let link = null;
let engines = [];
let shown = null; // the command whose form is shown
let showCallback = () => {};
const savedValues = new Map(); // address → {name: text}, so that a form keeps its values

/** Fill the list of commands. */
export function startForms(theLink) {
  link = theLink;
  const list = byId("command");
  list.replaceChildren(...groups().map(({ title, commands }) =>
    make("optgroup", { label: title }, ...commands.map((each) => make("option", { value: each.address }, inWords(each))))));
  list.onchange = () => showForm(list.value);
  showForm(shown?.address ?? "/msanii/generate");
}

export function setEngines(newEngines) {
  engines = newEngines;
}

/** Set the callback for a form that another panel asks for. */
export function onShow(call) {
  showCallback = call;
}

/** Show the form of a command, with some of its values, and where it is. */
export function show(address, values = {}) {
  showForm(address, values);
  showCallback();
}

function showForm(address, values = {}) {
  const next = command(address);
  if (!next) return;
  shown = next;
  byId("command").value = address;
  savedValues.set(address, { ...savedValues.get(address), ...values });
  const form = byId("form");
  const own = next.arguments.filter((each) => !each.shared);
  const shared = next.arguments.filter((each) => each.shared);
  const message = make("code", { className: "message", id: "message", title: "the message as text" });
  const answers = make("div", { className: "answers", id: "answers", role: "status" });
  form.replaceChildren(
    make("p", { className: "about-command" }, next.text.replaceAll("`", "")),
    ...own.map(field),
    ...(shared.length ? [make("details", { open: false }, make("summary", {}, "Shared keys"), ...shared.map(field))] : []),
    message,
    make("div", { className: "send" }, sendButton(next), button("Clear", () => clearForm(address))),
    answers,
  );
  form.oninput = () => saveValues(address);
  form.onsubmit = (event) => {
    event.preventDefault();
    submit(next);
  };
  saveValues(address);
}

function sendButton({ address }) {
  const text = title(address);
  const made = make("button", { className: CONFIRMED.has(address) ? "alarm" : "main", type: "submit", id: "send" }, text);
  if (!CONFIRMED.has(address)) return made;
  let isSure = false;
  made.addEventListener("click", (event) => {
    if (isSure) return;
    event.preventDefault();
    isSure = true;
    setText(made, "Really? It stops the server");
    setTimeout(() => { isSure = false; setText(made, text); }, 4000);
  });
  return made;
}

function clearForm(address) {
  savedValues.delete(address);
  showForm(address);
}

/** Make the field of one argument, with its name, unit, range, default and meaning. */
function field(argument) {
  const id = `field-${argument.name}`;
  const unit = argument.unit && argument.unit !== argument.name && ` ${argument.unit}`;
  const name = make("span", {}, argument.name, unit ? make("span", { className: "unit" }, unit) : null, argument.required ? " *" : null);
  const input = inputOf(argument, id);
  const hints = [argument.text, argument.range && `(${argument.range})`].filter(Boolean).join(" ");
  return make("label", { className: "field", data: { name: argument.name } }, name, input, make("small", {}, hints));
}

function inputOf(argument, id) {
  const value = savedValues.get(shown.address)?.[argument.name] ?? "";
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

/** Save the values of a form, and show the message that they make. */
function saveValues(address) {
  const values = Object.fromEntries([...new FormData(byId("form"))].filter(([, value]) => value !== ""));
  savedValues.set(address, values);
  const words = [address];
  for (const argument of shown.arguments) {
    const value = values[argument.name];
    if (value === undefined) continue;
    const shownValue = /\s/.test(value) ? JSON.stringify(value) : value;
    words.push(argument.positional ? shownValue : `${argument.name} ${shownValue}`);
  }
  setText(byId("message"), words.join(" "));
}

/** Return the pair of tag and value that is sent. What is not a number is sent as text. */
function toOscArgument(argument, text) {
  const value = Number(text.replace(",", "."));
  if (argument.kind === "s" || text.trim() === "" || !Number.isFinite(value)) return ["s", text];
  return argument.kind === "i" && Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? ["i", value] : ["f", value];
}

function submit({ address, arguments: taken, reply }) {
  const values = savedValues.get(address) ?? {};
  const args = [];
  let isComplete = true; // no later positional value may move into a place that is left empty
  for (const argument of taken) {
    const value = values[argument.name];
    if (value === undefined) isComplete &&= !argument.positional;
    if (value === undefined || (argument.positional && !isComplete)) continue;
    if (!argument.positional) args.push(["s", `@${argument.name}`]);
    args.push(toOscArgument(argument, value));
  }
  markInvalid("");
  const answers = byId("answers");
  answers.replaceChildren(make("p", { className: "quiet" }, "sent"));
  const onAnswer = (message, isLast) => {
    if (!answers.isConnected) return;
    showReply(answers, message, isLast);
  };
  if (!link.send(address, args, { reply, listed: isListed(reply), onAnswer })) {
    answers.replaceChildren(make("p", { className: "bad" }, "not sent: the server does not answer"));
  }
}

function showReply(answers, message, isLast) {
  const [text, kind] = describeReply(message);
  const isStep = message.address === "/msanii/job/progress";
  const line = make("p", { className: kind, data: { kind: isStep ? "step" : "line" } }, text);
  if (message.address === "/msanii/fail") {
    line.title = codeMeaning(message.args[3]);
    markInvalid(message.args[4]);
  }
  const last = answers.lastElementChild;
  if (last?.dataset.kind === "step" || last?.textContent === "sent") last.remove();
  answers.append(line);
  while (answers.children.length > MAX_ANSWERS) answers.firstElementChild.remove();
  if (isLast) answers.dataset.ended = message.address;
}

/** Mark the field that a failure begins with, as in "seconds is 500: ...". */
function markInvalid(text) {
  for (const label of byId("form").querySelectorAll(".field")) {
    const isInvalid = text.startsWith(`${label.dataset.name} is `);
    label.classList.toggle("wrong", isInvalid);
    const input = label.querySelector("input, select");
    input.setAttribute("aria-invalid", String(isInvalid));
    if (isInvalid) {
      label.closest("details")?.setAttribute("open", "");
      input.focus();
    }
  }
}
