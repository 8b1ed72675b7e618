// What docs/clients.md shows: the answers are the server's, and the example runs.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { Served } from "./served.js";

const page = await readFile(new URL("../../../docs/clients.md", import.meta.url), "utf8");

/** The blocks of a language. @param {string} language */
function blocks(language) {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map((found) => String(found[1]));
}

/** @type {Served} */
let served;
let secret = "";
before(async () => {
  served = await Served.start();
  const [role] = blocks("json");
  await served.role("add", "marketing", ...JSON.parse(String(role)));
  ({ secret } = await served.join("svc-marketing@acme.example", "marketing"));
});
after(() => served.remove());

/** @param {string} path */
const get = (path) => fetch(`${served.url}/access/v1/${path}`, { headers: { authorization: `Bearer ${secret}` } });

test("the answers are those that it shows", async () => {
  const shown = blocks("json").slice(1);
  const paths = ["capabilities", "capabilities?form=bits", "capabilities/numbering"];
  assert.equal(shown.length, paths.length);
  for (const [n, path] of paths.entries()) {
    assert.deepEqual(await (await get(path)).json(), JSON.parse(String(shown[n])), path);
  }
  const tag = (await get("capabilities")).headers.get("etag");
  assert.ok(page.includes(`"capabilities":${JSON.stringify(tag)}`), `the event shows another tag than ${tag}`);
});

test("the events are those that it shows", async () => {
  const watch = await get("watch");
  let text = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const piece of /** @type {any} */ (watch.body)) text += decoder.decode(piece, { stream: true });
  })();
  while (!text.includes("\n\n")) await new Promise((resolve) => setTimeout(resolve, 5));
  await served.run("member", "suspend", "svc-marketing@acme.example");
  await reading;
  await served.run("member", "reactivate", "svc-marketing@acme.example");
  // Which revisions they are differs from run to run.
  const steady = (/** @type {string} */ events) => events.replace(/[0-9a-f]{16}\.\d+/g, "REVISION").trim();
  const shown = blocks("text").filter((block) => block.startsWith("event: "));
  assert.equal(shown.length, 2);
  assert.equal(steady(text), shown.map(steady).join("\n\n"));
});

test("the example runs", async () => {
  const [example] = blocks("js");
  const module = new URL("../portcullis.js", import.meta.url).href;
  const file = join(served.folder, "example.mjs");
  const known = String(example).replace("./portcullis.js", module).replace("https://pdp.acme.example", served.url);
  await writeFile(file, `const sessionKey = ${JSON.stringify(secret)}, render = () => {};\n${known}\nexport { portcullis };\n`);
  const { portcullis } = await import(pathToFileURL(file).href);
  assert.equal(portcullis.state, "closed");
  assert.equal(portcullis.error, null);
});
