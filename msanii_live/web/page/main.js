/** Wire the parts together: each section of a frame goes to the part that shows it. */

import { markSounding, showClips, whenUsed } from "./clips.js";
import { place, setText } from "./dom.js";
import { knowEngines, show, startForms } from "./forms.js";
import { noteEnding, showJobs } from "./jobs.js";
import { startKeys } from "./keys.js";
import { Link } from "./link.js";
import { forgetLog, showLog, startLog } from "./log.js";
import { showMeters } from "./meters.js";
import { notice } from "./notices.js";
import { showCounters, showEngines, showFacts } from "./server.js";
import { showAway, showLead, showServer, showSounding, showTransport } from "./stage.js";
import { noteChunk, startStream } from "./stream.js";
import { inWords, loadTable } from "./words.js";

const NEWS = new Set(["/msanii/fail", "/msanii/warn", "/msanii/stream/late"]);

const link = new Link();
let started = null; // when the server was, to know it again

const SECTIONS = {
  server: (told) => {
    meet(told);
    showServer(told);
    showFacts(told);
  },
  uptime: (uptime) => showFacts({ uptime }),
  transport: showTransport,
  meters: showMeters,
  jobs: (jobs) => showJobs(link, jobs),
  sounding: (parts) => {
    showSounding(parts);
    markSounding(parts);
  },
  stream: showLead,
  engines: (engines) => {
    knowEngines(engines);
    showEngines(link, engines);
  },
  clips: (clips) => showClips(link, clips),
  counters: showCounters,
  log: (lines) => showLog(link, lines),
  events: (events) => events.forEach(hearEvent),
};

/** Tell a server that was started again from one that was out of sight. */
async function meet({ started: when }) {
  if (when === started) return;
  const isAnother = started !== null;
  started = when;
  if (isAnother) {
    forgetLog();
    notice("The server was started again.", "fine");
  }
  try {
    await loadTable();
    startForms(link);
    startStream(link);
  } catch (error) {
    notice(`The commands cannot be shown: ${error.message}`, "bad");
  }
}

function hearEvent(event) {
  noteEnding(event);
  noteChunk(event);
  const [, address, ...args] = event;
  // What this page asked for is answered in its form.
  if (!NEWS.has(address) || args.some((each) => link.owns(each))) return;
  const [text, kind] = inWords({ address, args });
  notice(text, kind);
}

link.addEventListener("frame", ({ detail }) => {
  for (const [name, section] of Object.entries(detail)) SECTIONS[name]?.(section);
});
link.addEventListener("away", ({ detail }) => {
  setText(place("away"), `${detail} Trying again; it is started with: msanii-live serve`);
  place("away").hidden = false;
  showAway();
});
link.addEventListener("back", () => {
  place("away").hidden = true;
});
link.addEventListener("unsent", ({ detail }) => notice(`${detail} was not sent: the server does not answer`, "bad"));

place("stop-all").addEventListener("click", () => link.send("/msanii/stop"));
place("cancel-all").addEventListener("click", () => {
  link.send("/msanii/job/cancel", [["s", "all"]]);
});
whenUsed((address, name) => {
  show(address, { src: name });
  place("commands").focus();
});
startLog();
startKeys();
link.start();
