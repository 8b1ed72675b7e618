// Events, put together from pieces.
import assert from "node:assert/strict";
import { test } from "node:test";

import { EventReader } from "../events.js";

/** @param {string[]} pieces */
function read(...pieces) {
  const reader = new EventReader();
  return pieces.flatMap((piece) => [...reader.take(piece)]);
}

test("an event has a name and data", () => {
  assert.deepEqual(read("event: a\nid: 7\nretry: 1\ndata: x\n\n"), [{ event: "a", data: "x" }]);
  assert.deepEqual(read("data: x\ndata:y\ndata\ndata:  z\n\n"), [{ event: "message", data: "x\ny\n\n z" }]);
  assert.deepEqual(read(":\n\n: a comment\nevent: none\n\ndata: x\n\n"), [{ event: "message", data: "x" }]);
  assert.deepEqual(read("data: not yet complete\n"), []);
});

test("lines end in any of three ways, wherever the pieces end", () => {
  const expected = [
    { event: "a", data: "1\n2" },
    { event: "b", data: "3" },
  ];
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = "event: a|data: 1|data: 2||event: b|data: 3||".replaceAll("|", end);
    // The last carriage return may be half an ending: what comes next tells.
    const whole = end === "\r" ? `${text}:` : text;
    assert.deepEqual(read(whole), expected, JSON.stringify(end));
    assert.deepEqual(read(...whole), expected, JSON.stringify(end));
    for (let at = 0; at < whole.length; at += 1) assert.deepEqual(read(whole.slice(0, at), whole.slice(at)), expected);
  }
});

test("an event that is too long is refused, whichever way it is", () => {
  const long = "x".repeat(64 * 1024 + 1);
  for (const pieces of [[long], [`data: ${long}\n\n`], [`event: ${long}`], Array(100).fill(`data: ${"x".repeat(1000)}\n`)]) {
    assert.throws(() => read(...pieces), /more than the 65536 characters allowed/);
  }
  // Many that are not are fine.
  assert.equal(read(...Array(1000).fill(`data: ${"x".repeat(1000)}\n\n`)).length, 1000);
});
