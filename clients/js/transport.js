// @ts-check
/**
 * Requests to one server, each bounded in time and in what it may bring.
 *
 * The key goes in a header and nowhere else: not into an address, where logs keep it, and not into the text of an error. Redirects are
 * refused, since there is no telling where the key would be carried.
 */

/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000;
/** How often a watch says something, in milliseconds. */
export const BEAT = 15_000;
/** How long it may be silent. */
const SILENCE = 2.5 * BEAT;
/** How many bytes an answer may have. */
const MOST = 8 * 1024 * 1024;

/** Why there is no answer. */
export class PortcullisError extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, isPassing?: boolean, retryAfter?: number, cause?: unknown }} [about]
   */
  constructor(message, { status, isPassing = true, retryAfter, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "PortcullisError";
    /** The status that was answered, if one was. */
    this.status = status ?? null;
    /** Whether it may pass: nothing was said about who asks. */
    this.isPassing = isPassing;
    /** After how many seconds the server asks to be tried again, if it says so. */
    this.retryAfter = retryAfter ?? null;
  }

  /**
   * A refusal by the server, or by something before it, whose word counts only on who asks: where a server is replaced, a proxy may say for a
   * while that there is nothing.
   *
   * @param {number} status
   * @param {string | null} said what the server says
   * @param {number} [retryAfter]
   */
  static answered(status, said, retryAfter) {
    const isPassing = status < 400 || status >= 500 || [408, 409, 425, 429].includes(status);
    const message = said === null ? `something before the server answers ${status}` : `the server answers ${status}: ${said}`;
    return new PortcullisError(message, { status, retryAfter, isPassing: status !== 401 && (isPassing || said === null) });
  }
}

/**
 * Where the endpoints of a workspace are.
 *
 * @param {string} url
 * @param {string | undefined} workspace
 */
function endpoints(url, workspace) {
  const page = globalThis.location?.href;
  /** @type {URL} */
  let base;
  try {
    base = new URL(url, page);
  } catch {
    throw new TypeError("expected an address in `url`, such as https://pdp.acme.example");
  }
  if (base.search || base.hash || base.username || base.password) {
    throw new TypeError("`url` has a query, a fragment or a user: expected an address such as https://pdp.acme.example");
  }
  const isHere = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(base.hostname);
  const isOfPage = page !== undefined && new URL(page).origin === base.origin;
  if (base.protocol !== "https:" && !(base.protocol === "http:" && (isHere || isOfPage))) {
    throw new TypeError("`url` is not https: the key would be sent in the clear. Only a server on this machine may be http");
  }
  const root = base.href.replace(/\/+$/, "");
  if (workspace === undefined) return `${root}/access/v1/`;
  if (typeof workspace !== "string" || /^\.{0,2}$/.test(workspace)) {
    throw new TypeError("expected the name of a workspace in `workspace`, or its id");
  }
  return `${root}/workspaces/${encodeURIComponent(workspace)}/access/v1/`;
}

/** Who asks, and where. */
export class Transport {
  #endpoints;
  #key;
  #fetch;
  #closing = new AbortController();

  /** @param {import("./portcullis.js").Options} options */
  constructor({ url, key, workspace, fetch = globalThis.fetch }) {
    this.#endpoints = endpoints(url, workspace);
    if (typeof key !== "string" && typeof key !== "function") {
      throw new TypeError("expected a key in `key`, or a function that returns one");
    }
    if (typeof fetch !== "function") throw new TypeError("there is no `fetch` here: give one in `fetch`");
    this.#key = key;
    // A browser's own `fetch` works only when it is called as a method of nothing.
    this.#fetch = (/** @type {Parameters<typeof globalThis.fetch>} */ ...request) => fetch(...request);
  }

  /** Becomes aborted when it is closed. */
  get closing() {
    return this.#closing.signal;
  }

  close() {
    this.#closing.abort();
  }

  /**
   * The key as it is now.
   *
   * @returns {Promise<string>}
   */
  async key() {
    const key = typeof this.#key === "function" ? await this.#key() : this.#key;
    // What a header cannot hold would be shown by the error that `fetch` throws.
    if (typeof key !== "string" || !/^[\x21-\x7e]+$/.test(key)) {
      throw new PortcullisError("there is no key, or it is not one: expected text without spaces", { status: 401, isPassing: false });
    }
    return key;
  }

  /**
   * Asks, and reads the answer. Whatever is neither 200 nor 304 is thrown.
   *
   * @param {string} key
   * @param {string} path
   * @param {RequestInit & { headers?: Record<string, string> }} [init]
   * @returns {Promise<{ status: number, tag: string | null, body: string }>}
   */
  ask(key, path, init = {}) {
    return this.#bounded(PATIENCE, async (signal) => {
      const response = await this.#send(key, path, init, signal);
      const body = response.status === 304 ? "" : await text(response);
      return { status: response.status, tag: strong(response.headers.get("etag")), body };
    });
  }

  /**
   * Follows a watch, and tells each piece of text that comes, until it ends. It is told to wait with the next while one is handled.
   *
   * @param {string} key
   * @param {(piece: string) => Promise<void>} heard
   */
  follow(key, heard) {
    return this.#bounded(PATIENCE, async (signal, alive) => {
      const response = await this.#send(key, "watch", { headers: { accept: "text/event-stream" } }, signal);
      if (!response.headers.get("content-type")?.startsWith("text/event-stream") || response.body === null) {
        throw new PortcullisError("expected events at `watch`, and found something else: is there a proxy in between?");
      }
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      alive(SILENCE);
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        // What is done with a piece is bounded by itself.
        alive(null);
        await heard(decoder.decode(piece.value, { stream: true }));
        alive(SILENCE);
      }
    });
  }

  /**
   * @param {string} key
   * @param {string} path
   * @param {RequestInit & { headers?: Record<string, string> }} init
   * @param {AbortSignal} signal
   */
  async #send(key, path, init, signal) {
    const headers = { accept: "application/json", ...init.headers, authorization: `Bearer ${key}` };
    const response = await this.#fetch(this.#endpoints + path, {
      ...init,
      headers,
      signal,
      cache: "no-store",
      redirect: "error",
    });
    if (response.status === 200 || response.status === 304) return response;
    const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10) || undefined;
    throw PortcullisError.answered(response.status, await sentence(response), retryAfter);
  }

  /**
   * Does something that ends when it takes too long, or when this is closed.
   *
   * @template T
   * @param {number} time in milliseconds
   * @param {(signal: AbortSignal, alive: (time: number | null) => void) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #bounded(time, work) {
    const ending = new AbortController();
    const end = () => ending.abort();
    let timer = setTimeout(end, time);
    const alive = (/** @type {number | null} */ more) => {
      clearTimeout(timer);
      if (more !== null) timer = setTimeout(end, more);
    };
    this.#closing.signal.addEventListener("abort", end);
    if (this.#closing.signal.aborted) end();
    try {
      return await work(ending.signal, alive);
    } catch (error) {
      if (error instanceof PortcullisError) throw error;
      if (this.#closing.signal.aborted) throw new PortcullisError("it was closed");
      if (ending.signal.aborted) throw new PortcullisError("the server did not answer in time");
      throw new PortcullisError(`the server could not be reached: ${inWords(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener("abort", end);
      // Of a watch that was left in the middle, the connection is given up.
      end();
    }
  }
}

/**
 * What went wrong, down to what `fetch` does not say itself.
 *
 * @param {unknown} error
 * @returns {string}
 */
function inWords(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/**
 * Reads a whole answer.
 *
 * @param {Response} response
 */
async function text(response) {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let [all, size] = ["", 0];
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    size += piece.value.byteLength;
    if (size > MOST) throw new PortcullisError(`an answer has more than the ${MOST} bytes allowed`);
    all += decoder.decode(piece.value, { stream: true });
  }
  return all + decoder.decode();
}

/**
 * The sentence with which the server refused a request; null of what was not the server.
 *
 * @param {Response} response
 * @returns {Promise<string | null>}
 */
async function sentence(response) {
  try {
    const said = JSON.parse(await text(response));
    return typeof said === "string" ? said : null;
  } catch {
    return null;
  }
}

/**
 * An entity tag as the server gave it: a proxy that compresses marks it as weak.
 *
 * @param {string | null} tag
 */
function strong(tag) {
  return tag === null ? null : tag.replace(/^W\//, "");
}
