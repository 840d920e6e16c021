// The engine by itself, with workers that answer when the test says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./bundle.mjs";

const { Engine } = await load("src/engine.ts");

const talk = () => ({ thread: new Uint8Array(16).fill(1), key0: new Uint8Array(32).fill(2), echo: 3 });
const draft = (kind = 0) => ({ kind, topic: 0, flags: 0, text: new TextEncoder().encode("what I saw") });

/** An engine with notes that hold, and what its second worker was asked. */
function begin() {
  const asked = [];
  const keeper = { ask: (task, args) => new Promise((done) => asked.push({ task, args, done })) };
  const engine = new Engine({ newsroom: new Uint8Array(32), root: "https://site.invalid/" }, { ask: () => Promise.reject(new Error("none")) }, keeper);
  engine.trust = "good";
  engine.notes = { serials: [1, 1, 1], expires: 2 ** 24, w0: 0, days: [{ day: 20690, difficulty: 0, key: null }], inboxes: [] };
  return { engine, asked };
}

const turn = () => new Promise((done) => setTimeout(done));

test("a letter that was being cut when everything was wiped waits for no view", async () => {
  const { engine, asked } = begin();
  const written = engine.write(talk(), draft()).then((r) => r, (e) => e);
  await turn();
  assert.equal(asked[0].task, "cut");
  engine.wipe();
  const fragments = [new Uint8Array([7, 7])];
  asked[0].done({ id: new Uint8Array(16), fragments });
  assert.ok(await written instanceof Error);
  assert.equal(engine.letters.length, 0);
  assert.equal(engine.viewsLeft, 0);
  assert.deepEqual([...fragments[0]], [0, 0]);
});

test("a letter that was cut waits", async () => {
  const { engine, asked } = begin();
  const written = engine.write(talk(), draft());
  await turn();
  asked[0].done({ id: new Uint8Array(16), fragments: [new Uint8Array(2)] });
  assert.equal((await written).left, 1);
  assert.equal(engine.viewsLeft, 1);
});

test("a piece that was wiped before its view was sealed leaves as cover", async () => {
  const { engine, asked } = begin();
  const sealed = [];
  engine.sealer.ask = (task, args) => { sealed.push([task, args]); return new Promise(() => {}); };
  engine.notes.days = [{ day: 20690, difficulty: 0, key: new Uint8Array(1216) }, { day: 20691, difficulty: 0, key: new Uint8Array(1216) }];
  engine.notes.inboxes = [{ week: 0, key: new Uint8Array(1216) }];
  const written = engine.write(talk(), draft());
  await turn();
  asked[0].done({ id: new Uint8Array(16), fragments: [new Uint8Array([1, 7])] });
  const letter = await written;
  const pieces = engine.queue.take(1, 2);
  assert.equal(pieces[0].letter, letter);
  void engine.seal(pieces);
  engine.wipe();
  void engine.seal(pieces);
  await turn();
  assert.deepEqual(sealed.map(([, [, cells]]) => cells.map((c) => c.flag)), [[1, 0], [0, 0]]);
});

test("notes that hold go on holding while the host is away", async () => {
  const { engine } = begin();
  engine.sealer.ask = async () => ({ notes: null, day: null, refused: "unreachable" });
  const real = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new Error("away"));
  await engine.fetch().finally(() => (globalThis.fetch = real));
  assert.equal(engine.trust, "good");
  engine.notes.expires = 0;
  globalThis.fetch = () => Promise.reject(new Error("away"));
  await engine.fetch().finally(() => (globalThis.fetch = real));
  assert.equal(engine.trust, "unreachable");
});
