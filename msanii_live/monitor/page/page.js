"use strict";

const INTERVAL = 1000; // milliseconds between looks at the server
const NEWEST = 30;

const place = (id) => document.getElementById(id);

/** Make an element. Text is set as text, never as HTML: names and tokens come from others. */
function element(tag, text, properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) made.textContent = text;
  return made;
}

function listed(rows, ifNone) {
  return rows.length ? rows : [element("li", ifNone, { className: "quiet" })];
}

function pairs(entries) {
  return entries.flatMap(([name, value]) => [element("dt", name), element("dd", String(value))]);
}

function engineRow({ name, state }) {
  const row = element("li");
  row.append(element("span", name), element("span", state, { className: "quiet" }));
  return row;
}

function jobRow({ job, token, command, state, step, steps }) {
  const row = element("li");
  const label = `${job}  ${command}${token ? `  (${token})` : ""}`;
  const progress = element("progress", undefined, { max: Math.max(steps, 1), value: step });
  progress.setAttribute("aria-label", `progress of job ${job}`);
  const told = steps ? `${state}, step ${step} of ${steps}` : state;
  row.append(element("div", label), progress, element("div", told, { className: "quiet" }));
  return row;
}

function clipKey({ name, wrote }) {
  return `${name} ${wrote}`;
}

function clipRow(clip) {
  const url = `/clips/${encodeURIComponent(clip.name)}`;
  const version = `?wrote=${clip.wrote}`; // a name may be given to another clip
  const row = element("li");
  row.dataset.key = clipKey(clip);
  const picture = element("img", undefined, { loading: "lazy", alt: `picture of ${clip.name}` });
  picture.src = `${url}.png${version}`;
  const audio = element("audio", undefined, { controls: true, preload: "none" });
  audio.src = `${url}.wav${version}`;
  const facts = [`${clip.seconds.toFixed(2)} s`];
  if (clip.bpm) facts.push(`${Math.round(clip.bpm * 100) / 100} bpm`);
  facts.push(`seed ${clip.seed}`, clip.engine);
  const told = facts.filter(Boolean).join(", ");
  row.append(picture, audio, element("strong", clip.name), element("div", told, { className: "quiet" }));
  return row;
}

/** Show the newest clips; a row that is there already stays, so that its audio plays on. */
function showClips(clips) {
  const list = place("clips");
  const there = new Map([...list.children].map((row) => [row.dataset.key, row]));
  const rows = clips.slice(0, NEWEST).map((clip) => there.get(clipKey(clip)) ?? clipRow(clip));
  const wanted = listed(rows, "None yet.");
  for (const row of [...list.children]) if (!wanted.includes(row)) row.remove();
  wanted.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}

function show(state) {
  place("state").textContent = state.state;
  place("state").classList.remove("away");
  place("osc").textContent = state.osc;
  const { version, osc, folder, audio } = state;
  place("facts").replaceChildren(...pairs(Object.entries({ version, osc, folder, audio })));
  place("engines").replaceChildren(...listed(state.engines.map(engineRow), "None."));
  place("jobs").replaceChildren(...listed(state.jobs.map(jobRow), "Nothing runs or waits."));
  place("counters").replaceChildren(...pairs(Object.entries(state.counters)));
  showClips(state.clips);
}

async function look() {
  try {
    const answer = await fetch("/api/state", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
  } catch (error) {
    place("state").textContent = "no answer";
    place("state").classList.add("away");
    console.warn(error);
  }
  setTimeout(look, INTERVAL);
}

look();
