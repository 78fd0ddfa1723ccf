/** Fetch and draw outlines of clips, two at a time, and only of those that are looked at. */

const AT_ONCE = 2;

const waiting = [];
let busy = 0;

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    waiting.push(target);
  }
  next();
}, { rootMargin: "200px" });

/** Draw a clip's outline and mel once they are looked at. base: the clip's address, less .ending. */
export function drawWhenSeen(shape, canvas, picture, base, version) {
  shape.draw = async () => {
    picture.src = `${base}.png${version}`;
    const answer = await fetch(`${base}.json${version}`);
    if (answer.ok) outline(canvas, await answer.json());
  };
  seen.observe(shape);
}

async function next() {
  while (busy < AT_ONCE && waiting.length) {
    const shape = waiting.shift();
    if (!shape.isConnected) continue;
    busy += 1;
    try {
      await shape.draw();
    } catch (error) {
      console.warn(error); // the card works without its picture
    } finally {
      busy -= 1;
    }
  }
}

function outline(canvas, { low, high }) {
  const pen = canvas.getContext("2d");
  const scale = window.devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  const middle = canvas.height / 2;
  const step = canvas.width / Math.max(1, low.length);
  pen.fillStyle = getComputedStyle(canvas).getPropertyValue("--accent") || "#54d6c4";
  high.forEach((top, index) => {
    const up = (top / 100) * middle;
    const down = (low[index] / 100) * middle;
    pen.fillRect(index * step, middle - up, Math.max(1, step), Math.max(1, up - down));
  });
  canvas.dataset.drawn = low.length;
}
