/** The command table, and replies as text. */

let table = null;
const byAddress = new Map();

/** Fetch the table, at the start and after a restart of the server. */
export async function loadTable() {
  const answer = await fetch("/api/table");
  if (!answer.ok) throw new Error(`the command table could not be loaded (${answer.status})`);
  table = await answer.json();
  byAddress.clear();
  for (const { commands } of table.groups) {
    for (const command of commands) byAddress.set(command.address, command);
  }
  return table;
}

export const command = (address) => byAddress.get(address);
export const groups = () => table?.groups ?? [];
export const isListed = (address) => table?.replies[address]?.listed ?? false;
export const codeMeaning = (code) => table?.codes[code] ?? "";

/** Return an address without the common prefix. */
export const shortAddress = (address) => address.replace("/msanii/", "");

/** Return the label of a command's button, such as "Generate" or "Clip list". */
export function title(address) {
  const words = shortAddress(address).replaceAll("/", " ");
  return words[0].toUpperCase() + words.slice(1);
}

/** Return what a command does, in its own first words, and its address. */
export function inWords({ address, text }) {
  const [sentence] = text.split(/[.:\n]/, 1);
  return `${sentence.replaceAll("`", "")} · ${shortAddress(address)}`;
}

const VERBS = { generate: "new clip", outpaint: "continue", inpaint: "fill in", interpolate: "morph", audio2audio: "vary", render: "play notes", "record/stop": "recording", "clip/crop": "crop", "clip/load": "loaded" };

/** Return a command that makes a clip in a word or two. */
export const verbInWords = (address) => VERBS[shortAddress(address)] ?? shortAddress(address);

/** Return a reply as text, and its kind: "fine", "warned", "bad" or "". */
export function describeReply({ address, args }) {
  const [first, second, third, fourth, fifth] = args;
  switch (address) {
    case "/msanii/fail":
      return [`${shortAddress(first)}: ${fifth} (${fourth})`, "bad"];
    case "/msanii/warn":
      return [`${shortAddress(first)}: ${second}`, "warned"];
    case "/msanii/late":
      return [`${shortAddress(first)} came ${second.toFixed(2)} s late`, "warned"];
    case "/msanii/done":
      return [`${shortAddress(first)}: done`, "fine"];
    case "/msanii/job/queued":
      return [third ? `job ${second} waits behind ${third}` : `job ${second} is next`, ""];
    case "/msanii/job/progress":
      return [`job ${second}: step ${third} of ${fourth}`, ""];
    case "/msanii/job/done":
      return [`job ${second}: ${third}, ${fifth.toFixed(2)} s, made in ${args[8].toFixed(2)} s`, "fine"];
    case "/msanii/job/cancelled":
      return [`job ${second} was cancelled at step ${third}`, "warned"];
    case "/msanii/stream/late":
      return [`stream: chunk ${first} is late, the last bar repeats`, "warned"];
    case "/msanii/stream/chunk":
      return [`stream: chunk ${first}, ${args[2].toFixed(1)} s, made in ${args[3].toFixed(2)} s`, ""];
    default: {
      const fields = table?.replies[address]?.fields ?? [];
      const shown = args.map((value, index) => [fields[index] ?? "", value]);
      const values = shown.filter(([name]) => !/token/.test(name));
      return [values.map(([name, value]) => `${name} ${round(value)}`).join(", "), ""];
    }
  }
}

const round = (value) => (typeof value === "number" ? Number(value.toFixed(3)) : value);
