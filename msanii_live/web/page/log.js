/** What comes in, and what becomes of it, newest first; errors stand there in words. */

import { make, place, timeOfDay } from "./dom.js";
import { meaning } from "./words.js";

const MOST = 300; // lines
const TROUBLE = /^(E[A-Z]+) |^dropped|^ignored/;

const isTrouble = (outcome) => TROUBLE.test(outcome);

function fits(row) {
  if (place("log-errors").checked && row.dataset.trouble !== "true") return false;
  const wanted = place("log-filter").value.trim().toLowerCase();
  return !wanted || row.textContent.toLowerCase().includes(wanted);
}

function makeRow(link, [time, sender, message, outcome]) {
  const trouble = isTrouble(outcome);
  const code = outcome.match(TROUBLE)?.[1];
  const row = make("li", { data: { trouble }, title: `from ${sender}` },
    make("time", { dateTime: new Date(time * 1000).toISOString() }, timeOfDay(time)),
    message,
    outcome === "ok" ? null : make("div", { className: trouble ? "trouble" : "what", title: code ? meaning(code) : "" }, outcome),
    make("div", { className: "what" }, link.wrote(message) ? "this page" : sender));
  row.hidden = !fits(row);
  return row;
}

let seen = 0; // lines of this server, shown or passed over
let held = []; // rows that wait while the log is held still

/** Begin anew: another server counts its lines from 0. */
export function forgetLog() {
  seen = 0;
}

/** Show lines. written: how many the server ever wrote, by which those that were shown are known. */
export function showLog(link, { written, lines, missed }) {
  const first = written - lines.length;
  const fresh = lines.slice(Math.max(0, seen - first));
  const gap = seen ? Math.min(missed, Math.max(0, first - seen)) : 0;
  seen = written;
  const rows = fresh.map((line) => makeRow(link, line)).reverse();
  if (gap > 0) rows.push(make("li", { className: "quiet", data: { trouble: true } }, `… ${gap} more came in`));
  held = [...rows, ...held].slice(0, MOST);
  if (!place("log-hold").checked) release();
}

function release() {
  const list = place("log");
  list.prepend(...held);
  held = [];
  while (list.children.length > MOST) list.lastElementChild.remove();
}

export function startLog() {
  const sift = () => {
    for (const row of place("log").children) row.hidden = !fits(row);
  };
  place("log-filter").addEventListener("input", sift);
  place("log-errors").addEventListener("change", sift);
  place("log-hold").addEventListener("change", () => place("log-hold").checked || release());
}
