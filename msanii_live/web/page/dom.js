/** Make and find elements. Text is set as text, never as HTML: names and tokens come from others. */

export const place = (id) => document.getElementById(id);

/** Make an element with properties, and children that are elements or texts. */
export function make(tag, properties = {}, ...children) {
  const { data = {}, aria = {}, ...plain } = properties;
  const made = Object.assign(document.createElement(tag), plain);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Make a button that does something. */
export function button(text, act, properties = {}) {
  const made = make("button", { type: "button", ...properties }, text);
  made.addEventListener("click", act);
  return made;
}

/** Make the rows of a list of pairs. */
export function pairs(entries) {
  return entries.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]);
}

/** Set a text only where it differs, so that nothing is laid out or read aloud for no reason. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Bring a list to the rows wanted, by key; rows that are there stay, and keep focus and state. */
export function arrange(list, wanted) {
  const keep = new Set(wanted);
  for (const row of [...list.children]) if (!keep.has(row)) row.remove();
  wanted.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}

/** Write seconds as a person would. */
export const seconds = (value) => `${value.toFixed(value < 10 ? 2 : 1)} s`;

/** Write a decimal without zeros at its end. */
export const number = (value, digits = 2) => String(Number(value.toFixed(digits)));

/** Write the time of day of Unix seconds. */
export function timeOfDay(unix) {
  const date = new Date(unix * 1000);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
