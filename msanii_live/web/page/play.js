/** Playing a clip where the musician wants to hear it: on stage (the server's output) or in this browser. */

import { byId } from "./dom.js";
import { isPreviewing, preview, stop } from "./preview.js";

const KEY = "msanii-place";

export const isOnStage = () => byId("place").value === "stage";

/** Play a clip. sound: {clip, wav, stems, mixer}, as its card has it. */
export function play(link, sound, loop) {
  if (isOnStage()) {
    link.send("/msanii/play", [["s", sound.clip.name], ["s", "@at"], ["s", byId("quantum").value], ["s", "@loop"], ["i", loop ? 1 : 0]]);
    return;
  }
  preview(sound.clip, sound.wav, 0, sound.stems, sound.mixer, loop);
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
