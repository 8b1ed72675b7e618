// @ts-check
/**
 * What a person may do, held by a user interface that greys out what they may not.
 *
 * The whole grid of the caller is asked for once and held; a watch tells when it changed. So `can` answers at once, without a request,
 * and is right within moments of an edit. It denies on doubt: before the first answer, when the key opens nothing any more, when the server
 * was out of reach for too long, for names that it does not know, and where conditions decide. It is for showing buttons: what
 * somebody who presses one may do is decided by the server.
 */
import { EventReader } from "./events.js";
import { BEAT, PortcullisError, Transport } from "./transport.js";

export { PortcullisError };

/** How long to wait before another try, in milliseconds: from the one to the other, doubled each time. */
const [LEAST_PAUSE, MOST_PAUSE] = [500, 30_000];
/** How long the server may ask to wait, in milliseconds. */
const MOST_ASKED = 60_000;
/** How long a connection must last to count as a good one. */
const LASTING = 10_000;

/**
 * @typedef {object} Options
 * @property {string} url where the server is: `https://…`, or a path of the page's own site
 * @property {string | (() => string | Promise<string>)} key the key, or what gives it; asked anew for each connection and each check
 * @property {string} [workspace] the name or id of the workspace, where the key is not to say it
 * @property {number} [staleAfter] how many milliseconds after the last word of the server everything is denied; 60,000 if it is not said
 * @property {typeof globalThis.fetch} [fetch] what to send requests with
 */

/** @typedef {{ type: string, id: string, properties?: object }} Entity */

/**
 * @typedef {object} Question
 * @property {string | { name: string, properties?: object }} action
 * @property {Entity} resource
 * @property {Entity} [subject] oneself, if it is not said
 * @property {object} [context]
 */

/** @typedef {Map<string, Set<string>>} Actions what is held, as the actions of each type */

/** @typedef {"current" | "stale" | "closed"} State */

/**
 * Begins to hold the capabilities of whoever has the key, once they are known.
 *
 * @param {Options} options
 * @returns {Promise<Portcullis>}
 * @throws {PortcullisError} when the first answer does not come, or is a refusal
 */
export async function connect(options) {
  const portcullis = open(options);
  try {
    await portcullis.ready;
  } catch (error) {
    portcullis.close();
    throw error;
  }
  return portcullis;
}

/**
 * The same without waiting: everything is denied until there is an answer, and it is tried until there is one.
 *
 * @param {Options} options
 */
export function open(options) {
  return new Portcullis(options);
}

/** The capabilities of one caller in one workspace, kept current. */
export class Portcullis {
  /**
   * Done with the first answer; failed when the first try is.
   *
   * @type {Promise<void>}
   */
  ready;
  /**
   * What went wrong last, until all is well again.
   *
   * @type {PortcullisError | null}
   */
  error = null;

  #transport;
  #staleAfter;
  /** @type {Actions} */
  #granted = new Map();
  /** @type {Actions} */
  #conditional = new Map();
  /** @type {string | null} */
  #tag = null;
  /** @type {Entity | null} */
  #subject = null;
  /** @type {State} */
  #state = "stale";
  /** When it was known last that what is held is in force. */
  #confirmed = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #doubt;
  /** @type {Set<() => void>} */
  #listeners = new Set();

  /** @param {Options} options */
  constructor(options) {
    this.#staleAfter = options.staleAfter ?? 60_000;
    if (!(this.#staleAfter > BEAT)) {
      throw new TypeError(`expected more than ${BEAT} milliseconds in \`staleAfter\`: so long the server may be silent`);
    }
    this.#transport = new Transport(options);
    this.ready = new Promise((resolve, reject) => void this.#keep(resolve, reject));
    // Who does not wait for it is told by `error`.
    this.ready.catch(() => {});
  }

  /**
   * Whether the caller may do an action on a type, whatever conditions say. False on any doubt.
   *
   * @param {string} action
   * @param {string} type
   * @returns {boolean}
   */
  can(action, type) {
    return this.state === "current" && this.#granted.get(type)?.has(action) === true;
  }

  /**
   * Whether it depends on conditions, such as the labels of the resource: then `check` tells.
   *
   * @param {string} action
   * @param {string} type
   * @returns {boolean}
   */
  depends(action, type) {
    return this.state === "current" && this.#conditional.get(type)?.has(action) === true;
  }

  /**
   * Has the server decide. Nothing is kept of the answer.
   *
   * @param {Question} question
   * @returns {Promise<boolean>}
   * @throws {PortcullisError} when there is no decision, which must be taken for a denial
   */
  async check({ action, resource, subject = this.#subject ?? undefined, context }) {
    if (this.#state === "closed") throw new PortcullisError("it is closed", { cause: this.error ?? undefined });
    if (subject === undefined) throw new PortcullisError("it is not known yet who asks: wait for `ready`, or name a `subject`");
    const question = { subject, action: typeof action === "string" ? { name: action } : action, resource, context };
    const answer = await this.#transport.ask(await this.#transport.key(), "evaluation", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question),
    });
    const { decision } = object(answer.body, "the decision");
    if (typeof decision !== "boolean") throw new PortcullisError("the decision is neither true nor false");
    return decision;
  }

  /**
   * Has something called whenever what `can` and `depends` say, or `state`, may have changed.
   *
   * @param {() => void} listener
   * @returns {() => void} what ends that
   */
  onChange(listener) {
    // Each call is one of its own, also with a function that listens already.
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /**
   * `current` while the capabilities are those in force; `stale` while everything is denied because that is not known; `closed` when it will not
   * be known any more.
   *
   * @returns {State}
   */
  get state() {
    // Timers stand still while a machine sleeps.
    const isLongAgo = Date.now() - this.#confirmed > this.#staleAfter;
    return this.#state === "current" && isLongAgo ? "stale" : this.#state;
  }

  /** Ends it: everything is denied from now on, and nothing is asked. */
  close() {
    if (this.#state === "closed") return;
    this.#transport.close();
    this.#forget("closed");
    this.#listeners.clear();
  }

  /**
   * Keeps the capabilities current until it is closed.
   *
   * @param {() => void} ready
   * @param {(error: PortcullisError) => void} failed
   */
  async #keep(ready, failed) {
    for (let tries = 0; !this.#transport.closing.aborted; tries += 1) {
      const begun = Date.now();
      /** @type {string | null} */
      let key = null;
      try {
        key = await this.#key();
        if (this.#tag === null) await this.#load(key);
        ready();
        await this.#watch(key);
      } catch (error) {
        const failure = error instanceof PortcullisError ? error : new PortcullisError(String(error), { cause: error });
        if (this.#transport.closing.aborted) return failed(failure);
        this.error = failure;
        failed(failure);
        if (!failure.isPassing) {
          this.#forget("stale");
          if (failure.status !== 401 || !(await this.#isRenewed(key))) return this.close();
        }
      }
      if (this.#confirmed - begun >= LASTING) tries = 0;
      await this.#pause(tries);
    }
  }

  /** The key. Trouble with whatever gives it may pass. */
  async #key() {
    try {
      return await this.#transport.key();
    } catch (error) {
      if (error instanceof PortcullisError) throw error;
      throw new PortcullisError("the key could not be had", { cause: error });
    }
  }

  /**
   * Whether there is another key by now than the one that was refused, or may yet be.
   *
   * @param {string | null} refused
   */
  async #isRenewed(refused) {
    try {
      return (await this.#key()) !== refused;
    } catch (error) {
      return error instanceof PortcullisError && error.isPassing;
    }
  }

  /**
   * Follows the revisions, and asks again when the capabilities are others. It returns by an error, since a watch has no end of its own.
   *
   * @param {string} key
   * @returns {Promise<never>}
   */
  async #watch(key) {
    const events = new EventReader();
    let isTold = false;
    await this.#transport.follow(key, async (piece) => {
      for (const { event, data } of events.take(piece)) {
        const told = object(data, "an event");
        if (event === "end") {
          // Of one that does not say why, the worst is taken.
          const status = typeof told.status === "number" ? told.status : 401;
          throw PortcullisError.answered(status, `it ends the watch, ${String(told.why)}`);
        }
        if (event !== "revision") continue;
        if (told.capabilities !== this.#tag) await this.#load(key, told.revision);
        isTold = true;
      }
      // Also when it only says that it is there: a newer revision would have been told.
      if (isTold) this.#confirm(false);
    });
    throw new PortcullisError("the connection ended");
  }

  /**
   * Asks for the capabilities.
   *
   * @param {string} key
   * @param {unknown} [revision] one that they must not be older than
   */
  async #load(key, revision) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (this.#tag !== null) headers["if-none-match"] = this.#tag;
    if (typeof revision === "string") headers["portcullis-at-least"] = revision;
    const { status, tag, body } = await this.#transport.ask(key, "capabilities", { headers });
    if (status === 304) return;
    const told = object(body, "the capabilities");
    const [granted, conditional] = [actions(told.granted), actions(told.conditional)];
    const { subject } = told;
    if (!isEntity(subject) || tag === null) {
      throw new PortcullisError("the capabilities lack a subject or a tag: is this address the server's?");
    }
    if (this.#transport.closing.aborted) return;
    [this.#granted, this.#conditional, this.#subject, this.#tag] = [granted, conditional, subject, tag];
    this.#confirm(true);
  }

  /**
   * What is held is what is in force, and will be denied when that was not known again for too long.
   *
   * @param {boolean} isNew whether it is something else than before
   */
  #confirm(isNew) {
    if (this.#state === "closed") return;
    const wasDenying = this.state !== "current";
    [this.#state, this.#confirmed, this.error] = ["current", Date.now(), null];
    clearTimeout(this.#doubt);
    this.#doubt = setTimeout(() => {
      this.#state = "stale";
      this.#tell();
    }, this.#staleAfter);
    if (isNew || wasDenying) this.#tell();
  }

  /**
   * Forgets what is held, which denies everything.
   *
   * @param {"stale" | "closed"} state
   */
  #forget(state) {
    clearTimeout(this.#doubt);
    [this.#tag, this.#subject] = [null, null];
    [this.#granted, this.#conditional] = [new Map(), new Map()];
    const was = this.#state;
    this.#state = state;
    if (was !== state) this.#tell();
  }

  #tell() {
    for (const listener of [...this.#listeners]) {
      // One that throws keeps nothing from the others, nor from this, and is reported as it would be elsewhere.
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /**
   * Waits before another try: longer each time, and not all clients at once.
   *
   * @param {number} tries
   */
  async #pause(tries) {
    const most = Math.min(MOST_PAUSE, LEAST_PAUSE * 2 ** tries);
    const asked = Math.min(MOST_ASKED, (this.error?.retryAfter ?? 0) * 1000);
    const time = Math.max(asked, most / 2) + (Math.random() * most) / 2;
    const { closing } = this.#transport;
    await new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        closing.removeEventListener("abort", end);
        resolve(undefined);
      };
      const timer = setTimeout(end, time);
      closing.addEventListener("abort", end);
    });
  }
}

/**
 * A text that is to be a JSON object.
 *
 * @param {string} text
 * @param {string} what
 * @returns {Record<string, unknown>}
 */
function object(text, what) {
  try {
    const value = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below, like whatever else is no object.
  }
  throw new PortcullisError(`${what} is no JSON object: is this address the server's?`);
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @returns {value is Entity}
 */
function isEntity(value) {
  return isObject(value) && typeof value.type === "string" && typeof value.id === "string";
}

/**
 * A map, so that no name stands for what every object has.
 *
 * @param {unknown} value
 * @returns {Actions}
 */
function actions(value) {
  const areNames = (/** @type {unknown} */ names) => Array.isArray(names) && names.every((name) => typeof name === "string");
  if (!isObject(value) || !Object.values(value).every(areNames)) {
    throw new PortcullisError("the capabilities are not lists of actions by type: is this address the server's?");
  }
  return new Map(Object.entries(value).map(([type, names]) => [type, new Set(/** @type {string[]} */ (names))]));
}
