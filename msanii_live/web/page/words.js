/** The table of commands, and what replies say in words. */

let table = null;
const byAddress = new Map();

/** Fetch the table, or fetch it anew after a server was started again. */
export async function loadTable() {
  const answer = await fetch("/api/table");
  if (!answer.ok) throw new Error(`the table of commands did not come (${answer.status})`);
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
export const meaning = (code) => table?.codes[code] ?? "";

/** Return an address without what all share. */
export const short = (address) => address.replace("/msanii/", "");

/** Return what a command is called on its button: "Generate", "Clip list". */
export function title(address) {
  const words = short(address).replaceAll("/", " ");
  return words[0].toUpperCase() + words.slice(1);
}

/** Return a reply in words, and how it is: "fine", "warned", "bad" or "". */
export function inWords({ address, args }) {
  const [first, second, third, fourth, fifth] = args;
  switch (address) {
    case "/msanii/fail":
      return [`${short(first)}: ${fifth} (${fourth})`, "bad"];
    case "/msanii/warn":
      return [`${short(first)}: ${second}`, "warned"];
    case "/msanii/late":
      return [`${short(first)} came ${second.toFixed(2)} s late`, "warned"];
    case "/msanii/done":
      return [`${short(first)}: done`, "fine"];
    case "/msanii/job/queued":
      return [third ? `job ${second} waits behind ${third}` : `job ${second} is next`, ""];
    case "/msanii/job/progress":
      return [`job ${second}: step ${third} of ${fourth}`, ""];
    case "/msanii/job/done":
      return [`job ${second}: ${third}, ${fifth.toFixed(2)} s, made in ${args[8].toFixed(2)} s`, "fine"];
    case "/msanii/job/cancelled":
      return [`job ${second} was cancelled at step ${third}`, "warned"];
    case "/msanii/stream/late":
      return [`stream: chunk ${first} is late, the last bar goes round`, "warned"];
    case "/msanii/stream/chunk":
      return [`stream: chunk ${first}, ${args[2].toFixed(1)} s, made in ${args[3].toFixed(2)} s`, ""];
    default: {
      const fields = table?.replies[address]?.fields ?? [];
      const shown = args.map((value, index) => [fields[index] ?? "", value]);
      const told = shown.filter(([name]) => !/token/.test(name));
      return [told.map(([name, value]) => `${name} ${round(value)}`).join(", "), ""];
    }
  }
}

const round = (value) => (typeof value === "number" ? Number(value.toFixed(3)) : value);
