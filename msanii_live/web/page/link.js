/** The one WebSocket to the server: state comes as JSON, commands and their answers are OSC. */

import { decode, encode } from "./osc.js";

const SILENCE = 4000; // ms without a word, of a server that tells its uptime every second
const FIRST_WAIT = 500; // ms before the first attempt to come back; then longer and longer
const LONGEST_WAIT = 4000;
const ENDINGS = new Set(["/msanii/done", "/msanii/fail", "/msanii/job/done", "/msanii/job/cancelled"]);

export class Link extends EventTarget {
  #socket = null;
  #attempts = 0;
  #heardAt = 0;
  #sent = new Map(); // token → {address, reply, onAnswer}
  #next = 1;
  #family = `page-${Math.random().toString(36).slice(2, 7)}`;
  #isAway = false;

  /** Connect, and come back whenever the connection is lost. Pauses while nobody looks. */
  start() {
    this.#open();
    setInterval(() => this.#watch(), 1000);
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Tell whether a message, as the log has it, was sent by this page. */
  wrote(message) {
    return message.includes(`@id ${this.#family}-`);
  }

  /** Tell whether a token was given by this page. */
  owns(token) {
    return typeof token === "string" && token.startsWith(this.#family);
  }

  /**
   * Send a command. args: pairs of a tag and a value. reply: the address that answers it.
   * onAnswer: called with each reply, and whether it is the last. Returns false while away.
   */
  send(address, args = [], { reply = "/msanii/done", listed = false, onAnswer = () => {} } = {}) {
    if (!this.isOpen) {
      this.dispatchEvent(new CustomEvent("unsent", { detail: address }));
      return false;
    }
    const token = `${this.#family}-${this.#next}`;
    this.#next += 1;
    this.#sent.set(token, { address, reply, listed, onAnswer });
    if (this.#sent.size > 200) this.#sent.delete(this.#sent.keys().next().value);
    this.#socket.send(encode(address, [...args, ["s", "@id"], ["s", token]]));
    return true;
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempts = 0;
      this.#heardAt = performance.now();
      this.#follow();
    };
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = () => this.#lost(socket);
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#sent.clear();
    this.#away("The server does not answer. It may have ended, or is being started again.");
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#attempts);
    this.#attempts += 1;
    setTimeout(() => this.#open(), wait);
  }

  #watch() {
    if (!this.isOpen || document.hidden) return;
    const quiet = performance.now() - this.#heardAt;
    if (quiet > SILENCE) this.#away(`The server has been silent for ${Math.round(quiet / 1000)} s.`);
    if (quiet > 4 * SILENCE) this.#socket.close();
  }

  #away(text) {
    this.#isAway = true;
    this.dispatchEvent(new CustomEvent("away", { detail: text }));
  }

  #follow() {
    if (!this.isOpen) return;
    this.#heardAt = performance.now();
    this.#socket.send(JSON.stringify({ COMMAND: "MONITOR", DATA: !document.hidden }));
  }

  #hear(message) {
    this.#heardAt = performance.now();
    if (typeof message !== "string") {
      const heard = decode(message);
      if (heard) this.#answer(heard);
      return;
    }
    if (this.#isAway) {
      this.#isAway = false;
      this.dispatchEvent(new CustomEvent("back"));
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: JSON.parse(message) }));
  }

  #answer({ address, args }) {
    const [token, sent] = this.#asked(address, args);
    if (!sent) return;
    const isLast = ENDINGS.has(address) || (address === sent.reply && !sent.listed);
    if (isLast) this.#sent.delete(token);
    sent.onAnswer({ address, args }, isLast);
  }

  /** Find what a reply answers: by its token, or, of those without, by the address. */
  #asked(address, args) {
    const token = args.find((each) => this.owns(each) && this.#sent.has(each));
    if (token) return [token, this.#sent.get(token)];
    const newest = [...this.#sent].reverse();
    return newest.find(([, sent]) => sent.reply === address || args[0] === sent.address) ?? [];
  }
}
