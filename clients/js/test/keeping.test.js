// What happens when the connection is lost, the server ends it, or what comes makes no sense.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { connect, open, PortcullisError } from "../portcullis.js";
import { Clock, json, KEY, Pretended, settled } from "./pretended.js";

/** @type {Pretended} */
let server;
/** @type {import("../portcullis.js").Portcullis} */
let held;
/** @type {import("node:test").Mock<() => void>} */
let changed;
/** @type {Clock} */
let clock;
beforeEach(() => {
  clock = new Clock();
  server = new Pretended();
});
afterEach(async () => {
  held?.close();
  await settled();
  assert.equal(clock.count, 0, "closed, it leaves no timer");
  clock.end();
  mock.reset();
  assert.deepEqual(leaks, [], "listeners pile up");
});

/** @type {Error[]} */
const leaks = [];
process.on("warning", (warning) => {
  if (warning.name === "MaxListenersExceededWarning") leaks.push(warning);
});

async function connected(more = {}) {
  held?.close();
  held = await connect({ ...server.options, ...more });
  await settled();
  changed = mock.fn();
  held.onChange(changed);
}

const gone = () => Promise.reject(new TypeError("fetch failed"));
const says = () => [held.state, held.can("read", "sync"), held.depends("update", "sync")];

const CURRENT = ["current", true, true];
const STALE = ["stale", false, false];
const CLOSED = ["closed", false, false];

test("a short loss is not noticed, and nothing is asked again", async () => {
  await connected();
  await server.watch.break();
  assert.deepEqual(says(), CURRENT);
  await clock.pass(500);
  assert.equal(server.watches.length, 2);
  assert.deepEqual([server.count("capabilities"), changed.mock.callCount(), held.error], [1, 0, null]);
  await server.watch.end();
  await clock.pass(1000);
  assert.equal(server.watches.length, 3);
  assert.deepEqual([...says(), changed.mock.callCount()], [...CURRENT, 0]);
});

test("what changed during a loss is asked for when it is over", async () => {
  await connected();
  await server.watch.break();
  [server.tag, server.grid.granted] = ['"2"', {}];
  await clock.pass(500);
  assert.deepEqual([server.count("capabilities"), changed.mock.callCount(), held.can("read", "sync")], [2, 1, false]);
});

test("after a minute without the server everything is denied, until it is there again", async () => {
  await connected();
  server.instead.watch = gone;
  await server.watch.break();
  await clock.pass(59_750);
  assert.deepEqual([...says(), changed.mock.callCount()], [...CURRENT, 0]);
  assert.match(String(held.error), /could not be reached: fetch failed/);
  await clock.pass(500);
  assert.deepEqual([...says(), changed.mock.callCount()], [...STALE, 1]);
  await clock.pass(300_000);
  assert.deepEqual([...says(), changed.mock.callCount()], [...STALE, 1]);
  server.instead = {};
  await clock.pass(31_000);
  // What was held is in force still: its tag is told, and nothing more is asked.
  assert.deepEqual([...says(), changed.mock.callCount(), server.count("capabilities")], [...CURRENT, 2, 1]);
  assert.equal(held.error, null);
});

test("the time is a setting", async () => {
  await connected({ staleAfter: 20_000 });
  await server.watch.break();
  server.instead.watch = gone;
  await clock.pass(19_750);
  assert.deepEqual(says(), CURRENT);
  await clock.pass(500);
  assert.deepEqual(says(), STALE);
});

test("beats keep it current, silence does not", async () => {
  await connected();
  for (let n = 0; n < 20; n += 1) {
    await clock.pass(15_000);
    await server.watch.beat();
  }
  assert.deepEqual([...says(), server.watches.length, changed.mock.callCount()], [...CURRENT, 1, 0]);
  const silent = server.watch;
  server.instead.watch = gone;
  await clock.pass(37_250);
  assert.equal(silent.signal.aborted, false);
  await clock.pass(250);
  assert.equal(silent.signal.aborted, true, "the connection is given up");
  assert.match(String(held.error), /did not answer in time/);
  // The minute counts from the last beat.
  await clock.pass(22_250);
  assert.deepEqual(says(), CURRENT);
  await clock.pass(500);
  assert.deepEqual(says(), STALE);
});

test("a machine that slept trusts nothing when it wakes", async () => {
  await connected();
  clock.jump(3_600_000);
  assert.deepEqual(says(), STALE);
  await server.watch.beat();
  assert.deepEqual([...says(), changed.mock.callCount()], [...CURRENT, 1]);
});

test("tries come less and less often, at different times, and never stop", async () => {
  for (const [random, least, most] of [
    [0, 0.5, 0.5],
    [0.999999, 1, 1],
  ]) {
    mock.method(Math, "random", () => random);
    server = new Pretended();
    await connected();
    server.instead.watch = gone;
    await server.watch.break();
    await clock.pass(400_000, 50);
    const times = server.asked.filter((one) => one.path === "watch").map((one) => one.at);
    const pauses = times.slice(1).map((time, n) => time - Number(times[n]));
    const expected = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000];
    expected.forEach((full, n) => {
      const pause = Number(pauses[n]);
      assert.ok(pause >= full * Number(least) - 50 && pause <= full * Number(most) + 50, `${n}: ${pause} of ${full}`);
    });
    // A good connection begins anew.
    server.instead = {};
    const lost = server.watches.length;
    while (server.watches.length === lost) await clock.pass(250);
    assert.equal(held.state, "current");
    await clock.pass(14_000);
    await server.watch.beat();
    const [before, at] = [server.watches.length, Date.now()];
    await server.watch.break();
    await clock.pass(600, 50);
    assert.equal(server.watches.length, before + 1);
    assert.ok(Number(server.asked.at(-1)?.at) - at <= 550);
    held.close();
  }
});

test("a server that accepts and ends at once is not asked in a circle", async () => {
  await connected();
  const tells = `event: revision\ndata: {"revision":"e.1","capabilities":"\\"1\\""}\n\n`;
  server.instead.watch = () => new Response(tells, { headers: { "content-type": "text/event-stream" } });
  await server.watch.end();
  await clock.pass(120_000);
  assert.ok(server.count("watch") < 16, String(server.count("watch")));
  assert.equal(held.state, "current");
});

test("how long a server asks to wait is heeded, within bounds", async () => {
  for (const [asked, least, most] of [
    ["20", 20_000, 21_000],
    ["100000", 60_000, 61_000],
    ["soon", 250, 750],
  ]) {
    server = new Pretended();
    await connected({ staleAfter: 600_000 });
    const busy = () => json("there are too many watches", { status: 503, headers: { "retry-after": String(asked) } });
    server.instead.watch = busy;
    await server.watch.break();
    await clock.pass(500);
    assert.match(String(held.error), /answers 503: there are too many watches/);
    const times = () => server.asked.filter((one) => one.path === "watch").map((one) => one.at);
    const first = Number(times()[1]);
    await clock.pass(62_000);
    const pause = Number(times()[2]) - first;
    assert.ok(pause >= Number(least) && pause <= Number(most) + 500, `${asked}: ${pause}`);
    held.close();
  }
});

test("when the key opens nothing any more, everything is denied at once and for good", async () => {
  for (const lose of [
    () => server.watch.tell("end", { status: 401, why: "the credential is not valid" }),
    () => server.watch.tell("end", { why: "whatever" }),
    async () => {
      server.instead.watch = () => json("the credential is not valid", { status: 401 });
      await server.watch.break();
      await clock.pass(500);
    },
    async () => {
      // Between two events: what is asked for then is refused.
      server.instead.capabilities = () => new Response("<html>", { status: 401 });
      await server.become({});
    },
  ]) {
    server = new Pretended();
    await connected();
    await lose();
    assert.deepEqual(says(), CLOSED);
    assert.ok(changed.mock.callCount() >= 1);
    assert.match(String(held.error), /401/);
    const asked = server.asked.length;
    await clock.pass(120_000, 5000);
    assert.equal(server.asked.length, asked, "a key that was refused is not shown again");
    await assert.rejects(held.check({ action: "read", resource: { type: "sync", id: "1" } }), (error) => {
      assert.match(String(/** @type {Error} */ (error).cause), /401/);
      return true;
    });
  }
});

test("a new key is taken up where the old one ended", async () => {
  let [key, trouble] = ["first", false];
  const give = async () => {
    if (trouble) throw new Error("offline");
    return key;
  };
  await connected({ key: give });
  key = "second";
  await server.watch.tell("end", { status: 401, why: "the credential is not valid" });
  assert.deepEqual([...says(), changed.mock.callCount()], [...STALE, 1]);
  await clock.pass(500);
  assert.deepEqual([...says(), changed.mock.callCount()], [...CURRENT, 2]);
  assert.deepEqual(
    server.asked.map((one) => `${one.path} ${one.init.headers.authorization}`),
    ["capabilities Bearer first", "watch Bearer first", "capabilities Bearer second", "watch Bearer second"],
  );
  assert.equal(server.asked[2]?.init.headers["if-none-match"], undefined, "nothing is left of what the old key held");
  // What gives it may be in trouble itself for a while.
  key = "";
  trouble = true;
  await server.watch.tell("end", { status: 401, why: "the credential is not valid" });
  await clock.pass(5000);
  assert.deepEqual(says(), STALE);
  assert.match(String(held.error), /the key could not be had/);
  [key, trouble] = ["third", false];
  await clock.pass(10_000);
  assert.deepEqual([...says(), held.error], [...CURRENT, null]);
  // Somebody who has logged out has none.
  key = "";
  await server.watch.tell("end", { status: 401, why: "the credential is not valid" });
  assert.deepEqual(says(), CLOSED);
});

test("other refusals of the server close it too, those of a proxy do not", async () => {
  for (const status of [400, 403, 404]) {
    server = new Pretended();
    await connected();
    await server.watch.tell("end", { status, why: "this needs a key with the scope `decide`" });
    assert.deepEqual(says(), CLOSED, String(status));
    assert.match(String(held.error), /this needs a key with the scope/);
  }
  server = new Pretended();
  await connected();
  server.instead.watch = () => new Response("<html>no such service</html>", { status: 404 });
  await server.watch.break();
  await clock.pass(10_000);
  assert.deepEqual(says(), CURRENT);
  assert.match(String(held.error), /something before the server answers 404/);
  server.instead = {};
  await clock.pass(20_000);
  assert.deepEqual([...says(), held.error, changed.mock.callCount()], [...CURRENT, null, 0]);
});

test("a server that stops is come back to", async () => {
  await connected();
  await server.watch.tell("end", { status: 503, why: "the server stops" });
  assert.deepEqual(says(), CURRENT);
  assert.match(String(held.error), /503: it ends the watch, the server stops/);
  await clock.pass(500);
  assert.deepEqual([server.watches.length, ...says(), changed.mock.callCount()], [2, ...CURRENT, 0]);
});

test("what makes no sense is no answer", async () => {
  const event = (/** @type {string} */ data) => server.watch.send(`event: revision\ndata: ${data}\n\n`);
  for (const [lose, words] of [
    [() => event("no json"), /an event is no JSON object/],
    [() => event("[1]"), /an event is no JSON object/],
    [() => server.watch.send(`data: ${"x".repeat(70_000)}`), /an event has more than/],
  ]) {
    server = new Pretended();
    await connected();
    const first = server.watch;
    await /** @type {() => Promise<void>} */ (lose)();
    assert.match(String(held.error), /** @type {RegExp} */ (words));
    assert.equal(first.signal.aborted, true);
    await clock.pass(500);
    assert.deepEqual([server.watches.length, ...says(), changed.mock.callCount()], [2, ...CURRENT, 0]);
    held.close();
  }
  // What is not known of an event is not needed.
  await connected();
  await server.watch.send("event: news\ndata: {}\n\n");
  assert.equal(held.error, null);

  const { grid } = server;
  const tagged = { headers: { etag: '"9"' } };
  for (const [answer, words] of [
    [() => new Response("<html>", tagged), /the capabilities is no JSON object|the capabilities .* no JSON object/],
    [() => json({ ...grid, granted: undefined }, tagged), /not lists of actions by type/],
    [() => json({ ...grid, granted: { sync: "read" } }, tagged), /not lists of actions by type/],
    [() => json({ ...grid, granted: { sync: [1] } }, tagged), /not lists of actions by type/],
    [() => json({ ...grid, conditional: [] }, tagged), /not lists of actions by type/],
    [() => json({ ...grid, subject: "ann" }, tagged), /lack a subject or a tag/],
    [() => json(grid), /lack a subject or a tag/],
    [() => new Response("x".repeat(9_000_000), tagged), /more than the 8388608 bytes allowed/],
  ]) {
    server = new Pretended();
    server.instead.capabilities = /** @type {any} */ (answer);
    await assert.rejects(connect(server.options), (error) => {
      assert.ok(error instanceof PortcullisError);
      assert.match(error.message, /** @type {RegExp} */ (words));
      return true;
    });
  }
  server = new Pretended();
  await connected();
  server.instead.watch = () => json({});
  await server.watch.break();
  await clock.pass(500);
  assert.match(String(held.error), /expected events at `watch`/);
});

test("what is known to be outdated is not confirmed by trying", async () => {
  await connected();
  server.instead.capabilities = () => json("not yet", { status: 409 });
  await server.become({});
  assert.match(String(held.error), /409/);
  // Each try finds a server that is there, and none tells what is in force.
  await clock.pass(59_500);
  assert.deepEqual(says(), CURRENT);
  await clock.pass(1000);
  assert.deepEqual(says(), STALE);
  server.instead = {};
  await clock.pass(31_000);
  assert.deepEqual([held.state, held.can("read", "sync")], ["current", false]);
});

test("an answer that does not come is waited for ten seconds", async () => {
  server.instead.capabilities = (init) =>
    new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)));
  const connecting = assert.rejects(connect(server.options), /the server did not answer in time/);
  await settled();
  await clock.pass(10_000);
  await connecting;
  assert.equal(server.asked.length, 1);
});

test("connecting fails in words, and with nothing left behind", async () => {
  for (const [answer, words, status] of [
    [() => json("the credential is not valid", { status: 401 }), /answers 401: the credential is not valid/, 401],
    [() => json("there is no workspace `x`", { status: 404 }), /answers 404: there is no workspace `x`/, 404],
    [() => new Response("bad gateway", { status: 502 }), /something before the server answers 502/, 502],
    [gone, /could not be reached/, null],
  ]) {
    server = new Pretended();
    server.instead.capabilities = /** @type {any} */ (answer);
    await assert.rejects(connect(server.options), (error) => {
      assert.ok(error instanceof PortcullisError);
      assert.match(error.message, /** @type {RegExp} */ (words));
      assert.equal(error.status, status);
      assert.ok(!error.message.includes(KEY));
      return true;
    });
    await clock.pass(60_000, 5000);
    assert.equal(server.asked.length, 1);
  }
  for (const key of [() => "", () => null, () => "a b", () => "secret\n", () => "sécret"]) {
    await assert.rejects(connect({ ...server.options, key: /** @type {any} */ (key) }), (error) => {
      assert.match(String(error), /there is no key, or it is not one/);
      assert.doesNotMatch(String(error), /cret/);
      return true;
    });
  }
  await assert.rejects(connect({ ...server.options, key: () => Promise.reject(new Error("offline")) }), (error) => {
    assert.match(String(error), /the key could not be had/);
    assert.match(String(/** @type {Error} */ (error).cause), /offline/);
    return true;
  });
  assert.equal(server.asked.length, 1, "without a key nothing is asked");
});

test("opened, it is tried until there is an answer", async () => {
  server.instead.capabilities = gone;
  held = open(server.options);
  await assert.rejects(held.ready, /could not be reached/);
  await clock.pass(5000);
  assert.deepEqual(says(), STALE);
  server.instead = {};
  await clock.pass(10_000);
  assert.deepEqual(says(), CURRENT);
});
