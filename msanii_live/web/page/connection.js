/** The WebSocket to the server. State updates are JSON; commands and their replies are OSC. */

import { decode, encode } from "./osc.js";

const SILENCE_MS = 4000; // the server sends its uptime every second
const FIRST_RETRY_MS = 500; // doubled with each attempt
const MAX_RETRY_MS = 4000;
const FINAL_REPLIES = new Set(["/msanii/done", "/msanii/fail", "/msanii/job/done", "/msanii/job/cancelled"]);

export class ServerConnection extends EventTarget {
  #socket = null;
  #attempts = 0;
  #receivedAt = 0;
  #sent = new Map(); // token → {address, reply, onAnswer}
  #nextNumber = 1;
  #tokenPrefix = `page-${Math.random().toString(36).slice(2, 7)}`;
  #isAway = false;

  /** Connect, and reconnect when the connection is lost. Pause while the page is hidden. */
  start() {
    this.#open();
    setInterval(() => this.#checkSilence(), 1000);
    document.addEventListener("visibilitychange", () => this.#updateSubscription());
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Return whether a message in the log was sent by this page. */
  isOwnMessage(message) {
    return message.includes(`@id ${this.#tokenPrefix}-`);
  }

  /** Return whether a token was made by this page. */
  isOwnToken(token) {
    return typeof token === "string" && token.startsWith(this.#tokenPrefix);
  }

  /**
   * Send a command. args: pairs of a tag and a value. reply: the address of its answer.
   * onAnswer: called with each reply, and whether it is the last. Returns false if disconnected.
   */
  send(address, args = [], { reply = "/msanii/done", listed = false, onAnswer = () => {} } = {}) {
    if (!this.isOpen) {
      this.dispatchEvent(new CustomEvent("unsent", { detail: address }));
      return false;
    }
    const token = `${this.#tokenPrefix}-${this.#nextNumber}`;
    this.#nextNumber += 1;
    this.#sent.set(token, { address, reply, listed, onAnswer });
    if (this.#sent.size > 200) this.#sent.delete(this.#sent.keys().next().value);
    this.#socket.send(encode(address, [...args, ["s", "@id"], ["s", token]]));
    return true;
  }

  /** Tell all pages of something by the server: it comes back in a section of the state. */
  tellPages(command, value) {
    if (this.isOpen) this.#socket.send(JSON.stringify({ COMMAND: command, DATA: value }));
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempts = 0;
      this.#receivedAt = performance.now();
      this.#updateSubscription();
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => this.#reconnect(socket);
  }

  #reconnect(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#sent.clear();
    this.#setAway("The server does not answer. It has stopped, or is being restarted.");
    const wait = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts);
    this.#attempts += 1;
    setTimeout(() => this.#open(), wait);
  }

  #checkSilence() {
    if (!this.isOpen || document.hidden) return;
    const quiet = performance.now() - this.#receivedAt;
    if (quiet > SILENCE_MS) this.#setAway(`No message from the server for ${Math.round(quiet / 1000)} s.`);
    if (quiet > 4 * SILENCE_MS) this.#socket.close();
  }

  #setAway(text) {
    this.#isAway = true;
    this.dispatchEvent(new CustomEvent("away", { detail: text }));
  }

  #updateSubscription() {
    if (!this.isOpen) return;
    this.#receivedAt = performance.now();
    this.#socket.send(JSON.stringify({ COMMAND: "MONITOR", DATA: !document.hidden }));
  }

  #receive(message) {
    this.#receivedAt = performance.now();
    if (typeof message !== "string") {
      const reply = decode(message);
      if (reply) this.#answer(reply);
      return;
    }
    if (this.#isAway) {
      this.#isAway = false;
      this.dispatchEvent(new CustomEvent("back"));
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: JSON.parse(message) }));
  }

  #answer({ address, args }) {
    const [token, sent] = this.#findRequest(address, args);
    if (!sent) return;
    const isLast = FINAL_REPLIES.has(address) || (address === sent.reply && !sent.listed);
    if (isLast) {
      this.#sent.delete(token);
      this.dispatchEvent(new CustomEvent("done", { detail: sent.address }));
    }
    sent.onAnswer({ address, args }, isLast);
  }

  /** Return the request that a reply answers, found by its token or else by its address. */
  #findRequest(address, args) {
    const token = args.find((each) => this.isOwnToken(each) && this.#sent.has(each));
    if (token) return [token, this.#sent.get(token)];
    const newest = [...this.#sent].reverse();
    return newest.find(([, sent]) => sent.reply === address || args[0] === sent.address) ?? [];
  }
}
