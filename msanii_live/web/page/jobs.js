/** Jobs that run or wait, with progress and a way to cancel; and how the last ones ended. */

import { arrange, button, make, place, setText } from "./dom.js";
import { inWords, short } from "./words.js";

const ENDED_SHOWN = 8;
const ENDINGS = new Set(["/msanii/job/done", "/msanii/job/cancelled", "/msanii/fail"]);
const NONE = make("li", { className: "quiet" }, "Nothing runs or waits.");

const rows = new Map();

function makeRow(link, number) {
  const told = make("div", { className: "quiet" });
  const name = make("strong");
  const bar = make("progress", { aria: { label: `progress of job ${number}` } });
  const cancel = button("Cancel", () => link.send("/msanii/job/cancel", [["s", String(number)]]), {
    aria: { label: `cancel job ${number}` },
  });
  const row = make("li", { data: { job: number } }, make("div", { className: "row" }, make("div", {}, name, told), cancel), bar);
  return { row, told, name, bar };
}

export function showJobs(link, jobs) {
  for (const number of [...rows.keys()]) {
    if (!jobs.some(({ job }) => job === number)) rows.delete(number);
  }
  const wanted = jobs.map((job) => {
    if (!rows.has(job.job)) rows.set(job.job, makeRow(link, job.job));
    const { row, told, name, bar } = rows.get(job.job);
    setText(name, `${job.job}  ${short(job.command)} → ${job.clip}`);
    const rest = job.eta >= 0.1 ? `, about ${job.eta.toFixed(1)} s` : "";
    const place = job.state === "queued" ? "waits" : `step ${job.step} of ${job.steps || "?"}`;
    setText(told, `${place}${rest}${job.token ? ` · ${job.token}` : ""}`);
    bar.max = Math.max(job.steps, 1);
    bar.value = job.step;
    return row;
  });
  arrange(place("jobs"), wanted.length ? wanted : [NONE]);
}

/** Tell how a job ended. Failures without a job are the log's. */
export function noteEnding([, address, ...args]) {
  if (!ENDINGS.has(address) || (address === "/msanii/fail" && args[2] < 0)) return;
  const [text, kind] = inWords({ address, args });
  const list = place("ended");
  list.prepend(make("li", { className: kind }, text));
  while (list.children.length > ENDED_SHOWN) list.lastElementChild.remove();
}
