/** The entry point: passes each section of a state update to the module that shows it. */

import { showAutomation, startAutomation } from "./automation.js";
import { hearClip, hearFour, markPlaying, markSlots, noteMade, onUseClip, playWhenReady, showClips, showMismatch } from "./clips.js";
import { byId, make, setText } from "./dom.js";
import { onShow, setEngines, show, startForms } from "./forms.js";
import { showEnding, showJobs } from "./jobs.js";
import { ask as askHistory, startHistory } from "./history.js";
import { startKeys } from "./keys.js";
import { moveControls, showMappings } from "./learn.js";
import { ServerConnection } from "./connection.js";
import { resetLog, showLog, startLog } from "./log.js";
import { onReady, setMakeEngines, showMakeTempo, startMake } from "./make.js";
import { showMeters } from "./meters.js";
import { onSlots, startMorph } from "./morph.js";
import { notice } from "./notices.js";
import { startPlace } from "./play.js";
import { startPreview } from "./preview.js";
import { showScenes, startScenes } from "./scenes.js";
import { showCounters, showEngines, showFacts } from "./server.js";
import { showDisconnected, showLead, showServer, showPlaying, showTransport } from "./header.js";
import { showChunk, startStream } from "./stream.js";
import { describeReply, loadTable } from "./table.js";
import { showTabOf, startTabs } from "./tabs.js";

const NOTICE_ADDRESSES = new Set(["/msanii/fail", "/msanii/warn", "/msanii/stream/late"]);

const link = new ServerConnection();
let started = null; // when the server was started, to recognise a restart

const SECTIONS = {
  server: (serverState) => {
    checkServer(serverState);
    showServer(serverState);
    showFacts(serverState);
  },
  uptime: (uptime) => showFacts({ uptime }),
  transport: (transport) => {
    showTransport(transport);
    showMakeTempo(transport);
    showMismatch(transport);
  },
  meters: showMeters,
  jobs: (jobs) => showJobs(link, jobs),
  sounding: (parts) => {
    showPlaying(parts);
    markPlaying(parts);
  },
  stream: showLead,
  engines: (engines) => {
    setEngines(engines);
    setMakeEngines(engines);
    const styles = [...new Set(engines.flatMap((each) => each.styles))];
    byId("style-names").replaceChildren(...styles.map((value) => make("option", { value })));
    showEngines(link, engines);
  },
  made: noteMade,
  clips: (clips) => showClips(link, clips),
  counters: showCounters,
  scenes: (names) => showScenes(link, names),
  automation: (automation) => showAutomation(link, automation),
  controls: moveControls,
  mappings: (mappings) => showMappings(link, mappings),
  log: (lines) => showLog(link, lines),
  events: (events) => events.forEach(handleEvent),
};

/** Load the table of a new server. Tell a restart from a lost connection. */
async function checkServer({ started: when }) {
  if (when === started) return;
  const isRestart = started !== null;
  started = when;
  if (isRestart) {
    resetLog();
    notice("The server was started again.", "fine");
  }
  try {
    await loadTable();
    startForms(link);
    startMake(link);
    startMorph(link, hearClip, hearFour, (name) => playWhenReady(link, name));
    startAutomation(link);
    askHistory(link);
    startScenes(link);
    startStream(link);
  } catch (error) {
    notice(`The commands cannot be shown: ${error.message}`, "bad");
  }
}

function handleEvent(event) {
  showEnding(event);
  showChunk(event);
  const [, address, ...args] = event;
  // Replies to commands of this page are shown in its form.
  if (!NOTICE_ADDRESSES.has(address) || args.some((each) => link.isOwnToken(each))) return;
  const [text, kind] = describeReply({ address, args });
  notice(text, kind);
}

link.addEventListener("frame", ({ detail }) => {
  for (const [name, section] of Object.entries(detail)) SECTIONS[name]?.(section);
});
link.addEventListener("away", ({ detail }) => {
  setText(byId("away"), `${detail} Reconnecting. To start the server: msanii-live serve`);
  byId("away").hidden = false;
  showDisconnected();
});
link.addEventListener("back", () => {
  byId("away").hidden = true;
});
link.addEventListener("unsent", ({ detail }) => notice(`${detail} was not sent: the server does not answer`, "bad"));

byId("stop-all").addEventListener("click", () => link.send("/msanii/stop"));
byId("cancel-all").addEventListener("click", () => {
  link.send("/msanii/job/cancel", [["s", "all"]]);
});
onUseClip((address, name) => show(address, { src: name }));
onShow(() => {
  byId("advanced").open = true;
  showTabOf(byId("commands"));
  byId("commands").focus();
});
onReady((name) => playWhenReady(link, name));
onSlots(markSlots);
startPlace();
startPreview(link);
startHistory(link);
startTabs(link);
startLog();
startKeys();
link.start();
