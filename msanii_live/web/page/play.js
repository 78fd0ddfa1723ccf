/** Playing a clip where the musician wants to hear it: on stage (the server's output) or in this browser. */

import { byId } from "./dom.js";
import { isPreviewing, preview, stop } from "./preview.js";
import { regionOf } from "./region.js";

const KEY = "msanii-place";

export const isOnStage = () => byId("place").value === "stage";

/** Play a clip, or its loop region. sound: {clip, wav, stems, mixer}, as its card has it. */
export function play(link, sound, loop) {
  const region = regionOf(sound.clip.name);
  if (isOnStage()) {
    const span = region ? [["s", "@start"], ["f", region[0]], ["s", "@end"], ["f", region[1]]] : [];
    link.send("/msanii/play", [["s", sound.clip.name], ["s", "@at"], ["s", byId("quantum").value], ["s", "@loop"], ["i", loop ? 1 : 0], ...span]);
    return;
  }
  preview(sound.clip, sound.wav, region ? region[0] / sound.clip.seconds : 0, sound.stems, sound.mixer, loop);
}

/** Stop a clip wherever it plays. */
export function stopClip(link, name) {
  if (isPreviewing(name)) stop();
  link.send("/msanii/stop", [["s", name]]);
}

/** Remember the choice of the place in this browser. */
export function startPlace() {
  const place = byId("place");
  try {
    place.value = localStorage.getItem(KEY) || "stage";
  } catch { /* storage may be forbidden */ }
  place.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, place.value);
    } catch { /* as above */ }
  });
}
