// What is held and told: the grid, its changes, and who is told of them.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { connect, open, PortcullisError } from "../portcullis.js";
import { Clock, json, KEY, Pretended, settled } from "./pretended.js";

/** @type {Pretended} */
let server;
/** @type {import("../portcullis.js").Portcullis | undefined} */
let held;
/** @type {Clock} */
let clock;
beforeEach(() => {
  clock = new Clock();
  server = new Pretended();
});
afterEach(() => {
  held?.close();
  clock.end();
  mock.reset();
});

async function connected(more = {}) {
  held = await connect({ ...server.options, ...more });
  await settled();
  return held;
}

test("what is granted is true, what depends is false, what is unknown is false", async () => {
  server.grid.granted = { sync: ["read"], model: ["read", "update"] };
  const portcullis = await connected();
  assert.equal(portcullis.can("read", "sync"), true);
  assert.equal(portcullis.can("update", "sync"), false);
  assert.equal(portcullis.depends("update", "sync"), true);
  assert.equal(portcullis.depends("read", "sync"), false);
  assert.equal(portcullis.can("update", "model"), true);
  for (const name of ["", "reed", "constructor", "__proto__", "toString", "has", "size", undefined, null, 1, {}]) {
    for (const [action, type] of [[name, "sync"], ["read", name], [name, name]]) {
      assert.equal(portcullis.can(/** @type {any} */ (action), /** @type {any} */ (type)), false);
      assert.equal(portcullis.depends(/** @type {any} */ (action), /** @type {any} */ (type)), false);
    }
  }
});

test("a type or an action may have any name", async () => {
  server.grid = JSON.parse(
    '{ "subject": { "type": "user", "id": "ann" }, "granted": { "__proto__": ["constructor"] }, "conditional": {} }',
  );
  const portcullis = await connected();
  assert.equal(portcullis.can("constructor", "__proto__"), true);
  assert.equal(portcullis.can("toString", "__proto__"), false);
  assert.equal(portcullis.can("read", "sync"), false);
});

test("everything is denied before the first answer, which is told", async () => {
  held = open(server.options);
  const changed = mock.fn();
  held.onChange(changed);
  assert.deepEqual([held.state, held.can("read", "sync"), held.depends("update", "sync")], ["stale", false, false]);
  await held.ready;
  assert.deepEqual([held.state, held.can("read", "sync"), held.depends("update", "sync")], ["current", true, true]);
  assert.equal(changed.mock.callCount(), 1);
});

test("a change of the row is asked for once and told, other revisions are neither", async () => {
  const portcullis = await connected();
  const changed = mock.fn(() => portcullis.can("update", "model"));
  portcullis.onChange(changed);
  assert.deepEqual(server.asked.map((one) => one.path), ["capabilities", "watch"]);
  for (let n = 2; n < 20; n += 1) await server.watch.tell("revision", { revision: `e.${n}`, capabilities: server.tag });
  assert.equal(server.count("capabilities"), 1);
  assert.equal(changed.mock.callCount(), 0);

  const before = server.tag;
  await server.become({ model: ["update"] });
  assert.equal(server.count("capabilities"), 2);
  const { headers } = /** @type {any} */ (server.asked.at(-1)).init;
  assert.deepEqual([headers["if-none-match"], headers["portcullis-at-least"]], [before, "e.2"]);
  assert.deepEqual(changed.mock.calls.map((call) => call.result), [true]);
  assert.equal(portcullis.can("read", "sync"), false);

  // A tag that a proxy has weakened is the same.
  server.instead.capabilities = () => json(server.grid, { headers: { etag: `W/${server.tag}` } });
  await server.become({ sync: ["read"] });
  assert.equal(server.count("capabilities"), 3);
  await server.watch.tell("revision", { revision: "e.3", capabilities: server.tag });
  assert.equal(server.count("capabilities"), 3);
  assert.equal(portcullis.can("read", "sync"), true);
});

test("events may come in any pieces", async () => {
  const portcullis = await connected();
  server.tag = '"ü"';
  server.grid.granted = { sync: ["ü"] };
  const event = `: a beat\r\n\r\nevent: revision\r\nid: 1\r\ndata: {"revision":"e.9",\r\ndata:"capabilities":"\\"ü\\""}\r\n\r\n`;
  server.instead.capabilities = () => json(server.grid, { headers: { etag: "\"\u00fc\"" } });
  for (const byte of new TextEncoder().encode(event)) {
    assert.equal(portcullis.can("ü", "sync"), false);
    await server.watch.send(Uint8Array.of(byte));
  }
  assert.equal(portcullis.can("ü", "sync"), true);
  assert.equal(server.count("capabilities"), 2);
  assert.equal(server.watches.length, 1);
});

test("listeners are told until they end it, each call by itself, whatever others throw", async () => {
  /** @type {unknown[]} */
  const reported = [];
  const queue = globalThis.queueMicrotask;
  mock.method(globalThis, "queueMicrotask", (/** @type {() => void} */ work) => {
    queue(() => {
      try {
        work();
      } catch (error) {
        reported.push(error);
      }
    });
  });
  const portcullis = await connected();
  const [first, second] = [mock.fn(), mock.fn()];
  portcullis.onChange(() => {
    throw new Error("mine");
  });
  const end = portcullis.onChange(first);
  portcullis.onChange(first);
  portcullis.onChange(second);
  await server.become({});
  assert.deepEqual([first.mock.callCount(), second.mock.callCount()], [2, 1]);
  assert.match(String(reported), /^Error: mine$/);
  end();
  end();
  await server.become({ sync: ["read"] });
  assert.deepEqual([first.mock.callCount(), second.mock.callCount()], [3, 2]);
  assert.equal(portcullis.state, "current");
});

test("closed, it denies everything, says so once and asks nothing", async () => {
  const portcullis = await connected();
  const changed = mock.fn();
  portcullis.onChange(changed);
  portcullis.close();
  portcullis.close();
  await settled();
  assert.deepEqual([portcullis.state, portcullis.can("read", "sync"), portcullis.depends("update", "sync")], ["closed", false, false]);
  assert.equal(changed.mock.callCount(), 1);
  assert.equal(server.watch.signal.aborted, true);
  const asked = server.asked.length;
  assert.equal(clock.count, 0);
  await clock.pass(600_000, 60_000);
  assert.equal(server.asked.length, asked);
  await assert.rejects(portcullis.check({ action: "read", resource: { type: "sync", id: "1" } }), /it is closed/);
});

test("a check is decided by the server, about oneself unless it says", async () => {
  const portcullis = await connected({ workspace: "café/a" });
  let decision = /** @type {unknown} */ (true);
  server.instead.evaluation = () => json({ decision });
  const question = { action: "update", resource: { type: "sync", id: "42" } };
  assert.equal(await portcullis.check(question), true);
  const { url, init } = /** @type {any} */ (server.asked.at(-1));
  assert.equal(url, "https://pdp.acme.example/workspaces/caf%C3%A9%2Fa/access/v1/evaluation");
  assert.deepEqual([init.method, init.headers["content-type"], init.redirect], ["POST", "application/json", "error"]);
  assert.deepEqual(JSON.parse(init.body), { subject: server.grid.subject, action: { name: "update" }, resource: question.resource });

  decision = false;
  const full = {
    subject: { type: "user", id: "bob", properties: { team: "a" } },
    action: { name: "delete", properties: { soft: true } },
    resource: { type: "sync", id: "42", properties: { rows: 1 } },
    context: { ip: "::1" },
  };
  assert.equal(await portcullis.check(full), false);
  assert.deepEqual(JSON.parse(/** @type {any} */ (server.asked.at(-1)).init.body), full);

  for (decision of [undefined, null, 1, "true", {}]) {
    await assert.rejects(portcullis.check(question), /neither true nor false/);
  }
  server.instead.evaluation = () => json("this needs `read` on `workspace_membership`", { status: 403 });
  await assert.rejects(portcullis.check(full), (error) => {
    assert.ok(error instanceof PortcullisError);
    assert.equal(error.status, 403);
    assert.match(error.message, /answers 403: this needs `read`/);
    return true;
  });
  server.instead.evaluation = () => Promise.reject(new TypeError("fetch failed", { cause: new Error("refused") }));
  await assert.rejects(portcullis.check(question), /could not be reached: fetch failed \(refused\)/);
  assert.equal(portcullis.can("read", "sync"), true, "a check that fails says nothing of what is held");
});

test("a check before anything is known needs a subject", async () => {
  server.instead.capabilities = () => new Promise(() => {});
  held = open(server.options);
  const question = { action: "read", resource: { type: "sync", id: "1" } };
  await assert.rejects(held.check(question), /it is not known yet who asks/);
  server.instead.evaluation = () => json({ decision: true });
  assert.equal(await held.check({ ...question, subject: { type: "user", id: "ann" } }), true);
});

test("the key is in a header and nowhere else, and is asked for anew", async () => {
  let given = 0;
  const portcullis = await connected({ key: async () => `${KEY}${(given += 1)}` });
  server.instead.evaluation = () => json({ decision: true });
  await portcullis.check({ action: "read", resource: { type: "sync", id: "1" } });
  assert.deepEqual(
    server.asked.map((one) => one.init.headers.authorization),
    [1, 1, 2].map((n) => `Bearer ${KEY}${n}`),
  );
  for (const { url, init } of server.asked) assert.ok(!url.includes(KEY) && !String(init.body).includes(KEY));
});

test("options that cannot be are refused in words", async () => {
  const refused = [
    [{ url: "pdp" }, /expected an address in `url`/],
    [{ url: undefined }, /expected an address in `url`/],
    [{ url: "http://pdp.acme.example" }, /not https: the key would be sent in the clear/],
    [{ url: "ftp://pdp.acme.example" }, /not https/],
    [{ url: "http://localhost.evil.example" }, /not https/],
    [{ url: "https://ann:pw@pdp.acme.example" }, /a query, a fragment or a user/],
    [{ url: "https://pdp.acme.example/?key=x" }, /a query, a fragment or a user/],
    [{ workspace: "" }, /expected the name of a workspace/],
    [{ workspace: ".." }, /expected the name of a workspace/],
    [{ key: undefined }, /expected a key in `key`/],
    [{ staleAfter: 15_000 }, /expected more than 15000 milliseconds in `staleAfter`/],
    [{ staleAfter: Number.NaN }, /expected more than/],
    [{ fetch: null }, /there is no `fetch` here/],
  ];
  for (const [option, words] of refused) {
    await assert.rejects(connect({ ...server.options, .../** @type {object} */ (option) }), (error) => {
      assert.ok(error instanceof TypeError, String(error));
      assert.match(error.message, /** @type {RegExp} */ (words));
      return true;
    });
  }
  assert.equal(server.asked.length, 0);
  for (const url of ["http://localhost:8080", "http://127.0.0.1:1/", "http://[::1]:1/a//", "https://x.example/pdp/"]) {
    (await connect({ ...server.options, url })).close();
    const { url: asked } = /** @type {any} */ (server.asked.at(-1));
    assert.ok(asked.startsWith(url.replace(/\/+$/, "/access/v1/")) || asked.startsWith(`${url}/access/v1/`), asked);
  }
});

test("a path is of the page's own site, which may be what it is", async () => {
  /** @type {any} */ (globalThis).location = { href: "http://app.acme.example/syncs?x=1#y" };
  try {
    (await connect({ ...server.options, url: "/pdp" })).close();
    assert.equal(server.asked[0]?.url, "http://app.acme.example/pdp/access/v1/capabilities");
    await assert.rejects(connect({ ...server.options, url: "http://other.acme.example" }), /not https/);
  } finally {
    delete (/** @type {any} */ (globalThis).location);
  }
});
