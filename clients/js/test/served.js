// @ts-check
/**
 * The server itself upon a data folder of its own, and the administrator's commands, which go to it while it serves.
 *
 * Which binary that is says $PORTCULLIS_BIN; `cargo test` does.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long something may take that takes a moment, on a machine that is busy. */
const PATIENCE = 20_000;

function binary() {
  const path = process.env.PORTCULLIS_BIN;
  if (path === undefined) throw new Error("name the binary in $PORTCULLIS_BIN, such as target/debug/portcullis");
  return path;
}

export class Served {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  url = "";
  key = "";

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /** With the workspace `acme`, administered by ann@acme.example. */
  static async start() {
    const served = new Served(await mkdtemp(join(tmpdir(), "portcullis-js-")));
    const made = await served.run("init", "acme", "--admin", "ann@acme.example");
    served.key = made.key;
    await served.serve("127.0.0.1:0");
    return served;
  }

  /** @param {string} address */
  async serve(address) {
    const started = spawn(binary(), ["serve", "--data", this.#data, "--listen", address, "--format", "json"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = started;
    let said = "";
    this.url = await new Promise((resolve, reject) => {
      started.stderr.setEncoding("utf8").on("data", (piece) => {
        said += piece;
        const lines = said.split("\n").slice(0, -1).map((line) => JSON.parse(line));
        const bound = lines.find((line) => line.message === "listening")?.address;
        if (bound !== undefined) resolve(`http://${bound}`);
      });
      started.once("error", reject);
      started.once("exit", () => reject(new Error(`it does not serve: ${said}`)));
    });
  }

  /** @param {NodeJS.Signals} signal */
  async stop(signal = "SIGTERM") {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, "exit");
    running.kill(signal);
    await ended;
  }

  async remove() {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }

  get #data() {
    return join(this.folder, "data");
  }

  /**
   * What a command prints.
   *
   * @param {...string} words
   * @returns {Promise<any>}
   */
  run(...words) {
    const args = [...words, "--data", this.#data, "--format", "json"];
    const env = { ...process.env, PORTCULLIS_KEY: this.key };
    return new Promise((resolve, reject) => {
      execFile(binary(), args, { env, timeout: PATIENCE }, (error, out, err) => {
        if (error) reject(new Error(`${words.join(" ")}: ${err}`));
        else resolve(JSON.parse(out));
      });
    });
  }

  /**
   * A member that is a program, and a key of it.
   *
   * @param {string} subject
   * @param {string} role
   * @param {object} [policy]
   */
  async join(subject, role, policy) {
    await this.run("member", "add", subject, "--type", "service", "--role", role);
    return this.addKey(subject, policy);
  }

  /**
   * @param {string} subject
   * @param {object} [policy]
   * @returns {Promise<{ id: string, secret: string }>}
   */
  async addKey(subject, policy) {
    const narrowed = policy === undefined ? [] : ["--policy", await this.#document(policy)];
    const { done } = await this.run("key", "add", "--member", subject, "--name", "test", ...narrowed);
    return done[0];
  }

  /**
   * @param {"add" | "save"} how
   * @param {string} name
   * @param {...object} policies
   */
  async role(how, name, ...policies) {
    return this.run("role", how, name, await this.#document(...policies));
  }

  /** @param {...object} policies */
  async #document(...policies) {
    const file = join(this.folder, "document.json");
    await writeFile(file, JSON.stringify({ version: "2022-04-26", policies }));
    return file;
  }
}

/**
 * Waits until something is so, which `changed` may have made so.
 *
 * @param {import("../portcullis.js").Portcullis} portcullis
 * @param {() => boolean} isSo
 */
export async function becomes(portcullis, isSo) {
  if (isSo()) return;
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it did not become so: ${isSo}`)), PATIENCE);
    const end = portcullis.onChange(() => {
      if (!isSo()) return;
      clearTimeout(timer);
      end();
      resolve(undefined);
    });
  });
}
