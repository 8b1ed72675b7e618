// @ts-check
/**
 * A server that is pretended: a `fetch` whose answers, events and failures a test decides, and a clock that it moves.
 */
export const KEY = "portcullis_key_secret";

/** @param {unknown} value @param {ResponseInit} [init] */
export function json(value, init = {}) {
  return new Response(JSON.stringify(value), { ...init, headers: { "content-type": "application/json", ...init.headers } });
}

/** One watch that is open. */
class Watch {
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  #controller;

  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.signal = signal;
    this.#controller = /** @type {never} */ (null);
    this.body = new ReadableStream({ start: (controller) => void (this.#controller = controller) });
    signal.addEventListener("abort", () => {
      try {
        this.#controller.error(signal.reason);
      } catch {
        // It is over already.
      }
    });
  }

  /** @param {string | Uint8Array} text */
  async send(text) {
    this.#controller.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text);
    await settled();
  }

  /** @param {string} event @param {object} data */
  tell(event, data) {
    return this.send(`event: ${event}\nid: 1\ndata: ${JSON.stringify(data)}\n\n`);
  }

  beat() {
    return this.send(":\n\n");
  }

  async end() {
    this.#controller.close();
    await settled();
  }

  async break() {
    this.#controller.error(new TypeError("terminated"));
    await settled();
  }
}

export class Pretended {
  /** What was asked, in order. @type {{ url: string, path: string, at: number, init: any }[]} */
  asked = [];
  /** @type {Watch[]} */
  watches = [];
  tag = '"1"';
  /** @type {any} */
  grid = { subject: { type: "user", id: "ann" }, schema: "x", granted: { sync: ["read"] }, conditional: { sync: ["update"] } };
  /** What answers in the place of the usual. @type {Record<string, (init: any) => any>} */
  instead = {};
  /** Whether a new watch is told the tag at once. */
  tells = true;

  fetch = async (/** @type {any} */ url, /** @type {any} */ init) => {
    init.signal.throwIfAborted();
    const path = url.replace(/^.*\/access\/v1\//, "");
    this.asked.push({ url, path, init, at: Date.now() });
    const answer = this.instead[path]?.(init);
    if (answer !== undefined) return answer;
    if (path === "watch") return this.#watch(init.signal);
    if (init.headers["if-none-match"] === this.tag) return new Response(null, { status: 304, headers: { etag: this.tag } });
    return json(this.grid, { headers: { etag: this.tag } });
  };

  /** @param {AbortSignal} signal */
  #watch(signal) {
    const watch = new Watch(signal);
    this.watches.push(watch);
    if (this.tells) void watch.tell("revision", { revision: "e.1", capabilities: this.tag });
    return new Response(watch.body, { headers: { "content-type": "text/event-stream" } });
  }

  /** @returns {Watch} */
  get watch() {
    return /** @type {Watch} */ (this.watches.at(-1));
  }

  /** How often a path was asked for. @param {string} path */
  count(path) {
    return this.asked.filter((one) => one.path === path).length;
  }

  /** Another grid from now on, which the watch tells. @param {Record<string, string[]>} granted */
  async become(granted) {
    this.tag = `"${Number(this.tag.replaceAll('"', "")) + 1}"`;
    this.grid = { ...this.grid, granted };
    await this.watch.tell("revision", { revision: "e.2", capabilities: this.tag });
  }

  get options() {
    return { url: "https://pdp.acme.example", key: KEY, fetch: /** @type {any} */ (this.fetch) };
  }
}

/** Until all that can happen without time passing has happened. */
export async function settled() {
  for (let n = 0; n < 30; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** @typedef {{ at: number, work: () => void }} Timer */

/** A clock that stands still unless it is moved. The runner of node has one too, from a later version on than this client needs. */
export class Clock {
  #now = 1_800_000_000_000;
  /** @type {Set<Timer>} */
  #timers = new Set();
  #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, now: Date.now };

  constructor() {
    Object.assign(globalThis, {
      setTimeout: (/** @type {() => void} */ work, time = 0) => {
        const timer = { at: this.#now + time, work };
        this.#timers.add(timer);
        return timer;
      },
      clearTimeout: (/** @type {Timer} */ timer) => void this.#timers.delete(timer),
    });
    Date.now = () => this.#now;
  }

  /** Gives the real one back. */
  end() {
    const { now, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    Date.now = now;
  }

  /** How many timers are set. */
  get count() {
    return this.#timers.size;
  }

  /** Moves the time, and no timer: as a machine does that sleeps. @param {number} time */
  jump(time) {
    this.#now += time;
    for (const timer of this.#timers) timer.at += time;
  }

  /** Lets time pass, step by step, so that what happens in between sets its own timers. @param {number} time */
  async pass(time, step = 250) {
    for (const end = this.#now + time; this.#now < end; ) {
      this.#now = Math.min(this.#now + step, end);
      for (const timer of [...this.#timers].filter((one) => one.at <= this.#now)) {
        if (this.#timers.delete(timer)) timer.work();
      }
      await settled();
    }
  }
}
