/** What can be undone: the server remembers it, so that it is there after the page is loaded again. */

import { arrange, button, make, byId } from "./dom.js";
import { notice } from "./notices.js";

const WAIT_MS = 250; // after a command, before its change is asked for

let timer = null;
let found = null; // the list that is shown

/** Ask for the list now and after each command of this page, and let the buttons work. */
export function startHistory(link) {
  for (const kind of ["undo", "redo"]) byId(kind).addEventListener("click", () => step(link, kind, 1));
  byId("show-history").addEventListener("click", () => byId("history").showModal());
  link.addEventListener("done", ({ detail: address }) => {
    if (/list|\/caps|\/status|\/ping/.test(address)) return;
    clearTimeout(timer);
    timer = setTimeout(() => ask(link), WAIT_MS);
  });
}

/** Ask the server for the list. */
export function ask(link) {
  const next = [];
  link.send("/msanii/undo/list", [], { reply: "/msanii/undo/entry", listed: true, onAnswer: ({ address, args }, isLast) => {
    if (address === "/msanii/undo/entry") next.push({ kind: args[3], text: args[4] });
    if (isLast) showHistory(link, next);
  } });
}

/** Undo or do again so many changes. */
function step(link, kind, count) {
  for (let done = 0; done < count; done += 1) {
    link.send(`/msanii/${kind}`, [], { onAnswer: ({ address, args }) => {
      if (address === "/msanii/fail") notice(args[4]);
    } });
  }
}

function showHistory(link, next) {
  if (JSON.stringify(next) === JSON.stringify(found)) return; // a button that is being pressed stays
  found = next;
  for (const kind of ["undo", "redo"]) {
    const first = found.find((each) => each.kind === kind);
    byId(kind).title = first ? `${kind}: ${first.text}` : kind === "undo" ? "undo what this page did last" : "do it again";
  }
  const rows = (kind) => found.filter((each) => each.kind === kind).map(({ text }, index) => make("li", {},
    button(text, () => step(link, kind, index + 1), { data: { kind }, title: kind === "undo" ? "undo down to here" : "do again up to here" })));
  arrange(byId("undo-list"), found.length ? [...rows("redo").reverse(), make("li", { className: "quiet" }, "— now —"), ...rows("undo")] : [make("li", { className: "quiet" }, "Nothing was changed by this page yet.")]);
}
