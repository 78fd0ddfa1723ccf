/** OSC 1.0 messages with the tags i, f and s, the only ones that this page and the replies use. */

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const BUNDLE = "#bundle";

function encodeText(text) {
  const bytes = ENCODER.encode(text.replaceAll("\0", ""));
  const out = new Uint8Array((bytes.length & ~3) + 4);
  out.set(bytes);
  return out;
}

function fourBytes(write) {
  const view = new DataView(new ArrayBuffer(4));
  write(view);
  return new Uint8Array(view.buffer);
}

const ENCODERS = {
  i: (value) => fourBytes((view) => view.setInt32(0, value)),
  f: (value) => fourBytes((view) => view.setFloat32(0, value)),
  s: encodeText,
};

/** Return the packet of a message. args: pairs of a tag and a value. */
export function encode(address, args) {
  const tags = args.map(([tag]) => tag).join("");
  const pieces = [encodeText(address), encodeText(`,${tags}`), ...args.map(([tag, value]) => ENCODERS[tag](value))];
  const packet = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    packet.set(piece, at);
    at += piece.length;
  }
  return packet;
}

/** Return {address, args} of a packet, or null if it is not a message with these tags. */
export function decode(buffer) {
  const view = new DataView(buffer);
  let at = 0;
  const text = () => {
    let end = at;
    while (end < view.byteLength && view.getUint8(end) !== 0) end += 1;
    const found = DECODER.decode(new Uint8Array(buffer, at, end - at));
    at = (end & ~3) + 4;
    return found;
  };
  const number = (read) => {
    at += 4;
    return read(at - 4);
  };
  const readers = {
    i: () => number((offset) => view.getInt32(offset)),
    f: () => number((offset) => view.getFloat32(offset)),
    s: text,
  };
  const address = text();
  if (address === BUNDLE || at >= view.byteLength) return null;
  const tags = text().slice(1);
  if ([...tags].some((tag) => !(tag in readers))) return null;
  return { address, args: [...tags].map((tag) => readers[tag]()) };
}
