/** The log of received messages and their outcome, newest first. */

import { make, byId, timeOfDay } from "./dom.js";
import { codeMeaning } from "./table.js";

const MAX_SHOWN = 300; // lines
const ERROR_OUTCOME = /^(E[A-Z]+) |^dropped|^ignored/;

const OWN_QUESTION = /^\/msanii\/(param\/\S+|undo\/list) @id \S+$/; // what the page asks of itself

const isError = (outcome) => ERROR_OUTCOME.test(outcome);

function matchesFilter(row) {
  if (byId("log-errors").checked && row.dataset.trouble !== "true") return false;
  const wanted = byId("log-filter").value.trim().toLowerCase();
  return !wanted || row.textContent.toLowerCase().includes(wanted);
}

function makeRow(link, [time, sender, message, outcome]) {
  const trouble = isError(outcome);
  const code = outcome.match(ERROR_OUTCOME)?.[1];
  const row = make("li", { data: { trouble }, title: `from ${sender}` },
    make("time", { dateTime: new Date(time * 1000).toISOString() }, timeOfDay(time)),
    message,
    outcome === "ok" ? null : make("div", { className: trouble ? "trouble" : "what", title: code ? codeMeaning(code) : "" }, outcome),
    make("div", { className: "what" }, link.isOwnMessage(message) ? "this page" : sender));
  row.hidden = !matchesFilter(row);
  return row;
}

let shownCount = 0; // number of lines of this server that were shown or skipped
let pausedRows = []; // rows that wait while the log is paused

/** Start again: a new server counts its lines from 0. */
export function resetLog() {
  shownCount = 0;
}

/** Show new lines. written: number of lines that the server ever logged. */
export function showLog(link, { written, lines, missed }) {
  const first = written - lines.length;
  const isShown = ([, , message, outcome]) => outcome !== "ok" || !OWN_QUESTION.test(message) || !link.isOwnMessage(message);
  const newLines = lines.slice(Math.max(0, shownCount - first)).filter(isShown);
  const gap = shownCount ? Math.min(missed, Math.max(0, first - shownCount)) : 0;
  shownCount = written;
  const rows = newLines.map((line) => makeRow(link, line)).reverse();
  if (gap > 0) rows.push(make("li", { className: "quiet", data: { trouble: true } }, `… ${gap} more lines`));
  pausedRows = [...rows, ...pausedRows].slice(0, MAX_SHOWN);
  if (!byId("log-hold").checked) showHeld();
}

function showHeld() {
  const list = byId("log");
  list.prepend(...pausedRows);
  pausedRows = [];
  while (list.children.length > MAX_SHOWN) list.lastElementChild.remove();
}

export function startLog() {
  const applyFilter = () => {
    for (const row of byId("log").children) row.hidden = !matchesFilter(row);
  };
  byId("log-filter").addEventListener("input", applyFilter);
  byId("log-errors").addEventListener("change", applyFilter);
  byId("log-hold").addEventListener("change", () => byId("log-hold").checked || showHeld());
}
