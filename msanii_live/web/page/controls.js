/** Controls that the panels share: rows of choices, dials, and fields that an error can mark. */

import { make, setText } from "./dom.js";

/** Make a row of buttons of which one is chosen. options: pairs of value and text.
 * Returns an element with a `value` and `setOptions`. */
export function choices(name, label, options, value, changed = () => {}) {
  const row = make("div", { className: "choices", role: "group", aria: { label } });
  const whole = make("div", { className: "control", data: { name } }, make("span", { className: "label" }, label), row);
  const choose = (next) => {
    whole.value = next;
    for (const each of row.children) each.setAttribute("aria-pressed", String(each.dataset.value === String(next)));
  };
  whole.setOptions = (next) => {
    row.replaceChildren(...next.map(([each, text]) => {
      const made = make("button", { type: "button", data: { value: each } }, text);
      made.addEventListener("click", () => {
        choose(each);
        changed(each);
      });
      return made;
    }));
    choose(next.some(([each]) => each === whole.value) ? whole.value : next[0]?.[0] ?? "");
  };
  whole.value = value;
  whole.choose = choose;
  whole.setOptions(options);
  return whole;
}

/** Make a dial: a range input with the face of a knob. show: returns the value's text. */
export function dial(name, label, { low, high, step, value, show, changed = () => {} }) {
  const input = make("input", { type: "range", min: low, max: high, step, value, aria: { label } });
  const text = make("span", { className: "told" });
  const face = make("span", { className: "face" }, input);
  const whole = make("label", { className: "dial", data: { name } }, make("span", { className: "label" }, label), face, text);
  const draw = () => {
    const now = Number(input.value);
    face.style.setProperty("--turn", `${(now - low) / (high - low)}`);
    setText(text, show(now));
    input.setAttribute("aria-valuetext", show(now));
  };
  input.addEventListener("input", () => {
    draw();
    changed(Number(input.value));
  });
  draw();
  whole.input = input;
  whole.set = (next) => {
    input.value = next;
    draw();
  };
  return whole;
}

/** Mark the control that a failure is about, as in "bars is 500: ...". Returns whether there is one. */
export function markControl(panel, text) {
  let found = null;
  for (const each of panel.querySelectorAll("[data-name]")) {
    const isWrong = text.startsWith(`${each.dataset.name} is `);
    each.classList.toggle("wrong", isWrong);
    each.querySelector("input, select")?.setAttribute("aria-invalid", String(isWrong));
    if (isWrong) found = each;
  }
  found?.querySelector("input, select, button")?.focus();
  return found !== null;
}

/** Mark a field as wrong, or as right again. */
export function markInput(input, isWrong) {
  input.setAttribute("aria-invalid", String(isWrong));
  if (isWrong) input.focus();
}

/** Make a field for a line of text or a number, with suggestions from a list. */
export function textField(name, label, properties = {}, list = null) {
  const input = make("input", { type: "text", spellcheck: false, autocomplete: "off", ...properties });
  if (list) input.setAttribute("list", list);
  const whole = make("label", { className: "control", data: { name } }, make("span", { className: "label" }, label), input);
  whole.input = input;
  return whole;
}
