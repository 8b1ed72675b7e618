// @ts-check
/**
 * Server-sent events, read from text that comes in pieces.
 *
 * `EventSource` would do this, but sends no `Authorization` header, and a key has no place in an address. What the standard says of
 * `id` and `retry` is left out: every event here stands for itself, and how long to wait before another try is the client's to say.
 */

import { PortcullisError } from "./transport.js";

/** How long an event may be. Those of a watch have about a hundred bytes. */
const MOST = 64 * 1024;

/** Where a line ends. A carriage return at the end of a piece may be the first half of an ending, so it waits for the next. */
const LINE_END = /\r\n|\n|\r(?!$)/;

/**
 * @typedef {object} ServerEvent
 * @property {string} event its name
 * @property {string} data its lines
 */

/** Puts events together. */
export class EventReader {
  #rest = "";
  #event = "";
  /** @type {string[]} */
  #data = [];
  #size = 0;

  /**
   * Takes a piece of text, and tells the events that are complete with it.
   *
   * @param {string} piece
   * @returns {Generator<ServerEvent, void, void>}
   * @throws {PortcullisError} when an event is too long
   */
  *take(piece) {
    this.#rest += piece;
    for (let end = LINE_END.exec(this.#rest); end !== null; end = LINE_END.exec(this.#rest)) {
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event !== null) yield event;
    }
    this.#hold(this.#rest.length);
  }

  /**
   * @param {string} line
   * @returns {ServerEvent | null}
   */
  #line(line) {
    if (line === "") {
      const event = { event: this.#event || "message", data: this.#data.join("\n") };
      const isOne = this.#data.length > 0;
      this.#event = "";
      this.#data = [];
      this.#size = 0;
      return isOne ? event : null;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") {
      this.#hold(line.length);
      this.#size += line.length;
      this.#data.push(value);
    }
    return null;
  }

  /** @param {number} more */
  #hold(more) {
    if (this.#size + more > MOST) throw new PortcullisError(`an event has more than the ${MOST} characters allowed`);
  }
}
