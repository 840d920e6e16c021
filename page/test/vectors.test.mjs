// The JavaScript side runs spec/vectors, those that Go made as well as its own.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as korean } from "@scure/bip39/wordlists/korean.js";
import { wordlist as chinese } from "@scure/bip39/wordlists/simplified-chinese.js";
import { wordlist as traditional } from "@scure/bip39/wordlists/traditional-chinese.js";
import * as k from "../protocol.mjs";
import { files } from "../vectors/make.mjs";
import { bytes, hex } from "../vectors/pieces.mjs";

const dir = new URL("../../spec/vectors/", import.meta.url);
const lists = { en: [english], ko: [korean], zh: [chinese, traditional] };

// Each area: takes a vector, gives what came out, or throws the name of the failure. A name
// in the vector may be finer than what a reader can tell: `coarse` lists these.
const areas = {
  stamp(v) {
    const cell = bytes(v.cell);
    if (cell.length !== k.SIZE) throw new Error("wrong size");
    const epoch = new DataView(cell.buffer).getUint32(0);
    const found = v.accepted.find(([e]) => e === epoch);
    if (!found) throw new Error("wrong epoch");
    if (k.stampZeros(cell) < found[1]) throw new Error("bad stamp");
    return { epoch, zeros: k.stampZeros(cell), "replay-key": hex(k.replayKey(cell)) };
  },
  fragment(v) {
    const b = bytes(v.fragment);
    if (b.length !== k.FRAGMENT) throw new Error("wrong size");
    const f = k.parseFragment(b);
    if (f === null) throw new Error("cover");
    if (!f) throw new Error("malformed fragment");
    return {
      kind: f.kind, topic: f.topic, index: f.index, count: f.count, flags: f.flags, week: f.week,
      thread: hex(f.thread), key: hex(f.key), letter: hex(f.letter), "last-reply": hex(f.lastReply), body: hex(f.body),
    };
  },
  async open(v) {
    const cell = bytes(v.cell), newsroom = bytes(v.newsroom), fails = new Error("does not open");
    const daySeed = bytes(v["day-seed"]), inboxSeed = bytes(v["inbox-seed"]);
    const outer = cell.length === k.SIZE && new DataView(cell.buffer).getUint32(0) === v.epoch &&
      await k.openWith(daySeed, k.outerInfo(newsroom, v.epoch), cell.slice(k.HEADER));
    if (!outer || outer[0] > 2) throw Object.assign(fails, { layer: "outer" });
    const inboxKey = await k.publicKey(inboxSeed);
    const fragment = await k.openWith(inboxSeed, k.innerInfo(newsroom, inboxKey), outer.slice(1));
    if (!fragment) throw Object.assign(fails, { layer: "inner" });
    return { flag: outer[0], fragment: hex(fragment), "day-key": hex(await k.publicKey(daySeed)), "inbox-key": hex(inboxKey) };
  },
  words(v) {
    if (!lists[v.lang]) throw new Error("no such language");
    const norm = v.words.normalize("NFKD").toLowerCase();
    const typed = v.lang === "zh" ? [...norm.replace(/\s/gu, "")] : norm.split(/\s+/u).filter(Boolean);
    if (typed.length !== 8) throw new Error("word count");
    const indices = typed.map((w, n) => {
      const i = Math.max(...lists[v.lang].map((l) => l.findIndex((x) => x.normalize("NFKD") === w)));
      if (i < 0) throw Object.assign(new Error("bad word"), { position: n + 1 });
      return i;
    });
    if (v.newsroom === undefined) return { indices };
    const c = k.conversation(indices, bytes(v.newsroom));
    return {
      indices, thread: hex(c.thread), echo: c.echo,
      "echo-word": lists[v.lang][0][c.echo].normalize("NFC"), "key-0": hex(c.key0),
    };
  },
  chain(v) {
    if (v.claimed !== undefined) {
      if (v.claimed > v.present + 1 || v.claimed < v.present - 6) throw new Error("wrong week");
      return {};
    }
    if (v.to < v.from) throw new Error("wrong week");
    const key = bytes(v.key);
    return { "key-to": hex(k.step(key, v.to - v.from)), "letter-key": hex(k.letterKey(key)) };
  },
  letter(v) {
    const parsed = v.fragments.map((f) => k.parseFragment(bytes(f)));
    if (parsed.some((f) => !f)) throw new Error("malformed fragment");
    if (parsed.length === 0) throw new Error("incomplete");
    const { fail, text } = k.joinLetter(parsed, k.letterKey(bytes(v.key)));
    if (fail) throw new Error(fail);
    return { text: hex(text) };
  },
  slot(v) {
    const slot = bytes(v.slot);
    if (slot.length !== k.SLOT) throw new Error("wrong size");
    const plain = k.openSlot(bytes(v.key), v.day, v.i, slot);
    if (!plain) throw new Error("does not open");
    const view = new DataView(plain.buffer, plain.byteOffset);
    const length = view.getUint16(12), [kind, index, count, flags] = plain;
    const wrong = flags !== 0 || count < 1 || count > 16 || index >= count || length > k.SLOT_BODY ||
      (index < count - 1 && length !== k.SLOT_BODY) || plain.slice(30 + length).some((b) => b !== 0);
    if (wrong) throw new Error("malformed slot");
    return {
      tag: hex(slot.slice(0, 16)), kind, index, count, reply: hex(plain.slice(4, 12)),
      "ack-letter": hex(plain.slice(14, 22)), "ack-bitmap": String(view.getBigUint64(22)), body: hex(plain.slice(30, 30 + length)),
    };
  },
};

const coarse = { open: "does not open", slot: "does not open" };
const notYet = new Set(["frame", "replies", "note", "address", "log"]);

for (const name of readdirSync(dir).filter((n) => n.endsWith(".json")).sort()) {
  const file = JSON.parse(readFileSync(new URL(name, dir), "utf8"));
  if (notYet.has(file.area)) continue;
  test(`${name}: ${file.vectors.length} vectors`, async () => {
    const run = areas[file.area];
    assert.ok(run, `no runner for the area ${file.area}`);
    for (const v of file.vectors) {
      let got, failure;
      try { got = await run(v); } catch (e) { failure = e; }
      const where = `${name}: ${v.name}`;
      if (v.expect === "success") {
        assert.ifError(failure && new Error(`${where}: ${failure.message}`));
        for (const [key, value] of Object.entries(got)) {
          if (!(key in v)) continue;
          const want = typeof value === "string" && typeof v[key] === "string" && !["echo-word", "ack-bitmap"].includes(key) ? hex(bytes(v[key])) : v[key];
          assert.deepEqual(value, want, `${where}: ${key}`);
        }
        continue;
      }
      assert.ok(failure, `${where}: went well, want ${v.expect}`);
      if (failure.message !== coarse[file.area]) assert.equal(failure.message, v.expect, where);
      if (v.layer && failure.layer) assert.equal(failure.layer, v.layer, where);
      if (v.position) assert.equal(failure.position, v.position, where);
    }
  });
}

test("making the vectors again changes nothing", async () => {
  for (const [name, content] of Object.entries(await files())) {
    const at = new URL(name, dir);
    assert.ok(existsSync(at), `${name} is missing: npm run vectors`);
    assert.ok(readFileSync(at, "utf8") === content, `${name} differs from what page/vectors/make.mjs makes`);
  }
});
