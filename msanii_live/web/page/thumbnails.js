/** Images of clips, fetched and drawn two at a time, and only of clips in view. */

const MAX_PARALLEL = 2;

const waiting = [];
let running = 0;

const visible = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    visible.unobserve(target);
    waiting.push(target);
  }
  drawNext();
}, { rootMargin: "200px" });

/** Draw the images of a clip when they come into view. base: the clip's URL without the suffix.
 * drawNotes: called with its notes; null if they are not known. */
export function drawWhenVisible(shape, canvas, picture, base, version, drawNotes) {
  shape.draw = async () => {
    picture.src = `${base}.png${version}`;
    const answer = await fetch(`${base}.json${version}`);
    if (answer.ok) drawOutline(canvas, await answer.json());
    const notes = drawNotes && (await fetch(`${base}.notes${version}`));
    if (notes?.ok) drawNotes(await notes.json());
  };
  visible.observe(shape);
}

async function drawNext() {
  while (running < MAX_PARALLEL && waiting.length) {
    const shape = waiting.shift();
    if (!shape.isConnected) continue;
    running += 1;
    try {
      await shape.draw();
    } catch (error) {
      console.warn(error); // the card works without its images
    } finally {
      running -= 1;
    }
  }
}

function drawOutline(canvas, { low, high }) {
  const context = canvas.getContext("2d");
  const scale = window.devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  const middle = canvas.height / 2;
  const step = canvas.width / Math.max(1, low.length);
  context.fillStyle = getComputedStyle(canvas).getPropertyValue("--accent") || "#54d6c4";
  high.forEach((top, index) => {
    const up = (top / 100) * middle;
    const down = (low[index] / 100) * middle;
    context.fillRect(index * step, middle - up, Math.max(1, step), Math.max(1, up - down));
  });
  canvas.dataset.drawn = low.length;
}
