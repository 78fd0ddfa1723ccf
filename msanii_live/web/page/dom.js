/** Helpers to create and find elements. Text is never set as HTML: names come from other clients. */

export const byId = (id) => document.getElementById(id);

/** Make an element with properties, and children that are elements or texts. */
export function make(tag, properties = {}, ...children) {
  const { data = {}, aria = {}, ...plain } = properties;
  const made = Object.assign(document.createElement(tag), plain);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Make a button with a click handler. */
export function button(text, act, properties = {}) {
  const made = make("button", { type: "button", ...properties }, text);
  made.addEventListener("click", act);
  return made;
}

/** Make the elements of a list of name and value pairs. */
export function pairs(entries) {
  return entries.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]);
}

/** Set a text only if it differs, to avoid layout and announcements by screen readers. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Make a list contain exactly these rows. Rows that are in it keep their focus and state. */
export function arrange(list, wanted) {
  const keep = new Set(wanted);
  for (const row of [...list.children]) if (!keep.has(row)) row.remove();
  wanted.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}

/** Format seconds. */
export const seconds = (value) => `${value.toFixed(value < 10 ? 2 : 1)} s`;

/** Format a decimal without trailing zeros. */
export const number = (value, digits = 2) => String(Number(value.toFixed(digits)));

/** Format Unix seconds as the time of day. */
export function timeOfDay(unix) {
  const date = new Date(unix * 1000);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
