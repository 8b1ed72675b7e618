// The client with the server itself.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { connect } from "../portcullis.js";
import { becomes, Served } from "./served.js";

/** @type {Served} */
let served;
before(async () => {
  served = await Served.start();
});
after(() => served.remove());

/** A `fetch` that notes which paths were asked for. */
function noting() {
  /** @type {string[]} */
  const asked = [];
  /** @type {typeof globalThis.fetch} */
  const noted = (url, init) => {
    asked.push(String(url).replace(/^.*\/access\/v1\//, ""));
    return fetch(url, init);
  };
  return { asked, fetch: noted };
}

test("the grid is the server's, and follows it", async () => {
  const { secret } = await served.join("svc-roles", "viewer");
  const { asked, fetch } = noting();
  const portcullis = await connect({ url: served.url, key: secret, fetch });
  try {
    assert.equal(portcullis.state, "current");
    assert.deepEqual([portcullis.can("read", "sync"), portcullis.can("update", "sync")], [true, false]);
    await served.run("member", "set", "svc-roles", "--role", "editor");
    await becomes(portcullis, () => portcullis.can("update", "sync"));

    // Nothing is asked for the sake of others' roles.
    const before = asked.length;
    let told = 0;
    portcullis.onChange(() => (told += 1));
    await served.role("add", "others", { effect: "allow", actions: "*", resource: "*" });
    await served.run("member", "add", "svc-others", "--type", "service", "--role", "others");
    await served.role("save", "others", { effect: "allow", actions: "read", resource: "*" });
    await served.run("member", "set", "svc-roles", "--role", "viewer");
    await becomes(portcullis, () => !portcullis.can("update", "sync"));
    assert.deepEqual([asked.slice(before), told], [["capabilities"], 1]);
  } finally {
    portcullis.close();
  }
});

test("what depends on conditions is decided by the server", async () => {
  await served.role(
    "add",
    "marketing",
    { effect: "allow", actions: ["update"], resource: ["sync"], conditions: { "labels.team": { equals: "marketing" } } },
    { effect: "allow", actions: ["read"], resource: ["sync"] },
  );
  await served.run("object", "put", "sync", "42", "--properties", '{"labels": {"team": "marketing"}}');
  await served.run("object", "put", "sync", "43", "--properties", '{"labels": {"team": "data"}}');
  const { secret } = await served.join("svc-marketing", "marketing");
  const portcullis = await connect({ url: served.url, key: () => secret, workspace: "acme" });
  try {
    assert.deepEqual([portcullis.can("read", "sync"), portcullis.depends("read", "sync")], [true, false]);
    assert.deepEqual([portcullis.can("update", "sync"), portcullis.depends("update", "sync")], [false, true]);
    const update = (/** @type {string} */ id) => portcullis.check({ action: "update", resource: { type: "sync", id } });
    assert.deepEqual(await Promise.all([update("42"), update("43"), update("44")]), [true, false, false]);
    const about = { action: "read", resource: { type: "sync", id: "42" } };
    await assert.rejects(portcullis.check({ ...about, subject: { type: "user", id: "ann@acme.example" } }), /answers 403/);
    await assert.rejects(portcullis.check(/** @type {any} */ ({ action: "read" })), /answers 400/);
  } finally {
    portcullis.close();
  }
});

test("a key narrows what its member may", async () => {
  const { secret: wide } = await served.join("svc-narrow", "editor");
  const { secret: narrow } = await served.addKey("svc-narrow", { effect: "allow", actions: "*", resource: ["model"] });
  for (const [key, sync] of [
    [wide, true],
    [narrow, false],
  ]) {
    const portcullis = await connect({ url: served.url, key: String(key) });
    assert.deepEqual([portcullis.can("update", "model"), portcullis.can("update", "sync")], [true, sync]);
    portcullis.close();
  }
});

test("a key that is revoked denies everything within a second, another is taken up", async () => {
  const first = await served.join("svc-keys", "viewer");
  const second = await served.addKey("svc-keys");
  let key = first.secret;
  const portcullis = await connect({ url: served.url, key: () => key });
  try {
    key = second.secret;
    let denied = 0;
    portcullis.onChange(() => (denied += portcullis.can("read", "sync") ? 0 : 1));
    await served.run("key", "revoke", first.id);
    const begun = Date.now();
    await becomes(portcullis, () => denied > 0);
    assert.ok(Date.now() - begun < 1000);
    await becomes(portcullis, () => portcullis.can("read", "sync"));
    await served.run("member", "suspend", "svc-keys");
    const suspended = Date.now();
    await becomes(portcullis, () => portcullis.state === "closed");
    assert.ok(Date.now() - suspended < 1000);
    assert.equal(portcullis.can("read", "sync"), false);
    assert.match(String(portcullis.error), /401: it ends the watch, the credential is not valid/);
  } finally {
    portcullis.close();
  }
});

test("what is wrong is said when connecting", async () => {
  const options = { url: served.url, key: served.key };
  await assert.rejects(connect({ ...options, key: "portcullis_key_x" }), /answers 401: the credential is not valid/);
  await assert.rejects(connect({ ...options, workspace: "beta" }), /answers 404: there is no workspace/);
  await assert.rejects(connect({ ...options, url: `${served.url}/pdp` }), /answers 404: there is nothing here/);
  await assert.rejects(connect({ ...options, url: "http://127.0.0.1:1" }), /could not be reached/);
});

// The last, since it stops the server of the others.
test("a server that is replaced is come back to, with what changed meanwhile", async () => {
  const { secret } = await served.join("svc-restart", "viewer");
  const portcullis = await connect({ url: served.url, key: secret });
  try {
    let told = 0;
    portcullis.onChange(() => (told += 1));
    await served.stop();
    assert.equal(portcullis.can("read", "sync"), true);
    await served.run("member", "set", "svc-restart", "--role", "editor");
    assert.deepEqual([portcullis.state, told], ["current", 0]);
    await served.serve(new URL(served.url).host);
    await becomes(portcullis, () => portcullis.can("update", "sync"));
    assert.equal(told, 1);
    // One that dies says nothing, and is missed all the same.
    await served.stop("SIGKILL");
    await served.serve(new URL(served.url).host);
    await served.run("member", "set", "svc-restart", "--role", "viewer");
    await becomes(portcullis, () => !portcullis.can("update", "sync"));
    assert.equal(told, 2);
  } finally {
    portcullis.close();
  }
});
