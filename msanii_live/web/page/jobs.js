/** Jobs that run or wait, with progress and a cancel button, and how the last jobs ended. */

import { arrange, button, make, byId, setText } from "./dom.js";
import { hearJob } from "./early.js";
import { describeReply, verbInWords } from "./table.js";

const MAX_ENDED = 8;
const ENDINGS = new Set(["/msanii/job/done", "/msanii/job/cancelled", "/msanii/fail"]);
const EMPTY = make("li", { className: "quiet" }, "No jobs.");

const rows = new Map();

function makeRow(link, number) {
  const details = make("div", { className: "quiet" });
  const name = make("strong");
  const bar = make("progress", { aria: { label: `progress of job ${number}` } });
  const cancel = button("Cancel", () => link.send("/msanii/job/cancel", [["s", String(number)]]), {
    aria: { label: `cancel job ${number}` },
  });
  const hear = button("Hear", () => hearJob(number), {
    data: { deed: "hear" }, title: "in this browser, while it is made", aria: { label: `hear job ${number} while it is made` },
  });
  const row = make("li", { data: { job: number } }, make("div", { className: "row" }, make("div", {}, name, details), hear, cancel), bar);
  return { row, details, name, bar };
}

export function showJobs(link, jobs) {
  for (const number of [...rows.keys()]) {
    if (!jobs.some(({ job }) => job === number)) rows.delete(number);
  }
  const wanted = jobs.map((job) => {
    if (!rows.has(job.job)) rows.set(job.job, makeRow(link, job.job));
    const { row, details, name, bar } = rows.get(job.job);
    setText(name, `${job.job}  ${verbInWords(job.command)} → ${job.clip}`);
    const rest = job.eta >= 0.1 ? `, about ${job.eta.toFixed(1)} s` : "";
    const stage = job.state === "queued" ? "waiting" : `step ${job.step} of ${job.steps || "?"}`;
    setText(details, `${stage}${rest}${job.token ? ` · ${job.token}` : ""}`);
    bar.max = Math.max(job.steps, 1);
    bar.value = job.step;
    return row;
  });
  arrange(byId("jobs"), wanted.length ? wanted : [EMPTY]);
}

/** Show how a job ended. Failures without a job are only in the log. */
export function showEnding([, address, ...args]) {
  if (!ENDINGS.has(address) || (address === "/msanii/fail" && args[2] < 0)) return;
  const [text, kind] = describeReply({ address, args });
  const list = byId("ended");
  list.prepend(make("li", { className: kind }, text));
  while (list.children.length > MAX_ENDED) list.lastElementChild.remove();
}
