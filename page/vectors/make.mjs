// Makes spec/vectors/js-*.json with @hpke and noble, so that Go is not only checked against
// itself. The bytes follow from a seed: making them again changes nothing.
import { writeFileSync } from "node:fs";
import { gcm } from "@noble/ciphers/aes.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as korean } from "@scure/bip39/wordlists/korean.js";
import { wordlist as chinese } from "@scure/bip39/wordlists/simplified-chinese.js";
import * as k from "../protocol.mjs";
import { bytes, hex } from "./pieces.mjs";

// draw gives n bytes that follow from a label: a different label for each use.
function draw(label, n) {
  const out = [];
  for (let i = 0; out.length < n; i++) out.push(...sha256(new TextEncoder().encode(`${label} ${i}`)));
  return Uint8Array.from(out.slice(0, n));
}

const flip = (b, at, bit = 0) => { const c = Uint8Array.from(b); c[at] ^= 1 << bit; return c; };
const text = (s) => new TextEncoder().encode(s);
const newsroom = draw("newsroom", 32);
const epoch = 20000;

async function opens() {
  const daySeed = draw("day seed", 32), inboxSeed = draw("inbox seed", 32);
  const otherSeed = draw("another seed", 32);
  const dayKey = await k.publicKey(daySeed), inboxKey = await k.publicKey(inboxSeed);
  const make = async (label, flag, change = {}) => {
    const fragment = k.fragment({
      version: flag === 0 ? 0 : 1, kind: 0, topic: 3, index: 0, count: 1, flags: 0, week: 4,
      thread: draw("thread", 16), key: draw("week key", 32), letter: draw("letter", 16),
      lastReply: new Uint8Array(8), body: text("a body"),
    }, draw(`${label} filler`, k.FRAGMENT));
    const cell = await k.sealCell({
      newsroom, epoch, dayKey, inboxKey, flag, fragment, stamp: draw(`${label} stamp`, 8),
      ekm: [draw(`${label} inner`, 64), draw(`${label} outer`, 64)], ...change,
    });
    return { cell, fragment };
  };
  const row = (name, expect, cell, more = {}) => ({
    name, comment: more.comment ?? "", expect, newsroom: hex(more.newsroom ?? newsroom), epoch: more.epoch ?? epoch,
    "day-seed": hex(more.daySeed ?? daySeed), "inbox-seed": hex(more.inboxSeed ?? inboxSeed), cell: hex(cell),
    ...(more.layer ? { layer: more.layer } : {}), ...(more.out ?? {}),
  });
  const out = [];
  for (const [name, flag] of [["cover", 0], ["letter", 1], ["canary", 2]]) {
    const { cell, fragment } = await make(name, flag);
    out.push(row(`js ${name}`, "success", cell, {
      comment: "sealed by @hpke/core with X-Wing",
      out: { flag, fragment: hex(fragment), "day-key": hex(dayKey), "inbox-key": hex(inboxKey) },
    }));
  }
  const { cell } = await make("letter", 1);
  const outerAt = k.HEADER + k.ENCAP;
  for (const [where, at] of [
    ["ML-KEM half of the encapsulation", k.HEADER], ["end of the ML-KEM half", k.HEADER + 1087],
    ["X25519 half of the encapsulation", k.HEADER + 1088], ["first byte of the ciphertext", outerAt],
    ["last byte of the tag", k.SIZE - 1],
  ]) out.push(row(`js flipped: ${where}`, "flipped bit", flip(cell, at), { layer: "outer" }));
  out.push(row("js wrong epoch", "wrong epoch", cell, { epoch: epoch + 1, layer: "outer" }));
  out.push(row("js wrong newsroom", "wrong newsroom", cell, { newsroom: draw("another newsroom", 32), layer: "outer" }));
  out.push(row("js wrong day key", "wrong key", cell, { daySeed: otherSeed, layer: "outer" }));
  out.push(row("js wrong inbox key", "wrong inbox", cell, { inboxSeed: otherSeed, layer: "inner" }));
  out.push(row("js unknown flag", "unknown flag", (await make("flag", 3)).cell, { layer: "outer" }));
  out.push(row("js sealed twice to the inbox key", "wrong key", (await make("roles", 1, { dayKey: inboxKey })).cell, { layer: "outer" }));
  return out;
}

function stamps() {
  const base = k.concat(k.u32(epoch), draw("stamp start", 8), draw("sealed", k.SIZE - 12));
  const row = (name, expect, cell, accepted, out = {}) => ({ name, comment: "", expect, cell: hex(cell), accepted, ...out });
  const good = (d) => k.stampCell(Uint8Array.from(base), d);
  const of = (cell) => ({ epoch, zeros: k.stampZeros(cell), "replay-key": hex(k.replayKey(cell)) });
  const ten = good(10);
  let short = Uint8Array.from(base);
  while (k.stampZeros(short) > 3) short = flip(short, 11);
  return [
    row("js no stamp asked", "success", base, [[epoch, 0]], of(base)),
    row("js stamp of ten bits", "success", ten, [[epoch - 1, 0], [epoch, 10]], of(ten)),
    row("js stamp too small", "bad stamp", short, [[epoch, 12]]),
    row("js changed after the stamp", "bad stamp", flip(good(12), 4095), [[epoch, 12]]),
    row("js epoch not accepted", "wrong epoch", base, [[epoch + 1, 0], [epoch + 2, 0]]),
    row("js one byte short", "wrong size", base.slice(0, 4095), [[epoch, 0]]),
  ];
}

function words() {
  const lists = { en: english, ko: korean, zh: chinese };
  const out = [];
  for (const [lang, list] of Object.entries(lists)) {
    const indices = Array.from(draw(`words ${lang}`, 16)).reduce((a, b, i, all) => (i % 2 ? a : [...a, ((b << 8) | all[i + 1]) % 2048]), []);
    const c = k.conversation(indices, newsroom);
    const spelt = indices.map((i) => list[i]);
    out.push({
      name: `js ${lang}`, comment: "noble's Argon2id and HKDF; the list's own Unicode form", expect: "success", lang,
      words: spelt.join(" "), newsroom: hex(newsroom), indices, thread: hex(c.thread), echo: c.echo,
      "echo-word": list[c.echo].normalize("NFC"), "key-0": hex(c.key0),
    });
    out.push({ name: `js ${lang} composed`, comment: "the same in NFC", expect: "success", lang, words: spelt.join(" ").normalize("NFC"), indices });
    out.push({ name: `js ${lang} seven`, comment: "", expect: "word count", lang, words: spelt.slice(1).join(" ") });
    const wrong = [...spelt];
    wrong[2] = lang === "zh" ? "龘" : "kkachi";
    out.push({ name: `js ${lang} not in the list`, comment: "", expect: "bad word", lang, words: wrong.join(" "), position: 3 });
  }
  return out;
}

function chains() {
  return [[0, 0], [0, 1], [3, 12], [0, 520]].map(([from, to]) => {
    const key = draw(`chain ${from} ${to}`, 32);
    return {
      name: `js from ${from} to ${to}`, comment: "", expect: "success", key: hex(key), from, to,
      "key-to": hex(k.step(key, to - from)), "letter-key": hex(k.letterKey(key)),
    };
  }).concat([{ name: "js backwards", comment: "a chain does not step back", expect: "wrong week", key: hex(draw("chain", 32)), from: 5, to: 4 }]);
}

// stored is text as a raw deflate stream of stored blocks (RFC 1951, section 3.2.4): the same
// bytes whichever zlib is at hand. The two streams under it were once written by zlib.
const stored = (b) => k.concat([1, b.length & 255, b.length >> 8, ~b.length & 255, (~b.length >> 8) & 255], b);
const zlibText = "요즘 통제가 심해졌습니다. 요즘 통제가 심해졌습니다. 巡逻增加，巡逻增加。 Patrols, more patrols, more patrols.";
const zlibStream = bytes("7b336bca9b653314deb66d7db360ceab0d0d0a6fbad7bc9dbae5cdc29e375d5b5f7777bcee5ea2a7f08618454fb72f7cd9b0fbe9a2794fbb16bcdfd383cc7ddcd0a410905852949f53aca3909b5f94aa50808da70700");
const zlibBomb = bytes("edc1010d000000c2a0f74f6d0f0714 00*290 fc18"); // 300,000 zero bytes

function letters() {
  const key = draw("letter week key", 32), lkey = k.letterKey(key);
  // Random bytes as text do not deflate: a letter of several cells.
  const long = Buffer.from(draw("long letter", 3000)).toString("hex");
  const cut = (label, body, change = () => ({})) => {
    const deflated = body instanceof Uint8Array ? body : stored(text(body));
    const count = Math.ceil(deflated.length / k.BODY);
    return Array.from({ length: count }, (_, index) => k.fragment({
      kind: 0, topic: 1, index, count, flags: 0, week: 9, thread: draw("thread", 16), key, letter: k.letterId(lkey, { kind: 0, topic: 1, flags: 0 }, deflated),
      lastReply: draw("reply", 8), body: deflated.slice(index * k.BODY, (index + 1) * k.BODY), ...change(index),
    }, draw(`${label} ${index}`, k.FRAGMENT)));
  };
  const row = (name, expect, fragments, out = {}) => ({ name, comment: "", expect, key: hex(key), fragments: fragments.map(hex), ...out });
  const one = cut("one", "안녕하십니까. 你好。 Hello."), many = cut("many", long);
  if (many.length < 2) throw new Error("the long letter fits one cell");
  const is = (s) => ({ text: hex(text(s)) });
  return [
    row("js one cell, three scripts", "success", one, is("안녕하십니까. 你好。 Hello.")),
    row("js written by zlib", "success", cut("zlib", zlibStream), is(zlibText)),
    row("js several cells", "success", many, is(long)),
    row("js last cell first", "success", [...many].reverse(), is(long)),
    row("js each cell twice", "success", [...many, ...many], is(long)),
    row("js a cell is missing", "incomplete", many.slice(1)),
    row("js two letters mixed", "mixed letters", [many[0], cut("other", long + "!")[1]]),
    row("js id of other bytes", "letter id", cut("id", "a letter", () => ({ letter: draw("other id", 16) }))),
    row("js a stream that is cut", "inflate", cut("cut", zlibStream.slice(0, 30))),
    row("js bytes after the stream", "inflate", cut("tail", k.concat(stored(text("a letter")), [0]))),
    row("js a bomb", "inflate", cut("bomb", zlibBomb)),
  ];
}

function slots() {
  const key = draw("slot week key", 32), day = 20001, i = 5;
  const p = {
    kind: 0, index: 0, count: 1, flags: 0, reply: draw("reply id", 8), ackLetter: draw("ack", 8), ackBitmap: 5n,
    body: text("읽었습니다. 收到。"),
  };
  const seal = (plain, label) => k.sealSlot(key, day, i, plain, draw(`${label} nonce`, 12));
  const slot = seal(k.slotPlain(p, new Uint8Array(k.SLOT_PLAIN)), "slot");
  const row = (name, expect, s, out = {}) => ({ name, comment: "", expect, key: hex(key), day, i, slot: hex(s), ...out });
  return [
    row("js a reply", "success", slot, {
      tag: hex(k.slotTag(key, day, i)), kind: 0, index: 0, count: 1, reply: hex(p.reply),
      "ack-letter": hex(p.ackLetter), "ack-bitmap": "5", body: hex(p.body),
    }),
    { ...row("js key of another week", "wrong key", slot), key: hex(k.step(key, 1)) },
    { ...row("js another day", "wrong day", slot), day: day + 1 },
    { ...row("js another tag", "wrong tag", slot), i: i + 1 },
    row("js flipped: tag", "flipped bit", flip(slot, 0)),
    row("js flipped: nonce", "flipped bit", flip(slot, 16)),
    row("js flipped: ciphertext", "flipped bit", flip(slot, 500)),
    row("js one byte short", "wrong size", slot.slice(0, 1023)),
  ];
}

/** All files, by name: their content. */
export async function files() {
  const areas = { open: await opens(), stamp: stamps(), words: words(), chain: chains(), letter: letters(), slot: slots() };
  return Object.fromEntries(Object.entries(areas).map(([area, vectors]) => [
    `js-${area}.json`,
    JSON.stringify({ "made-by": "page/vectors/make.mjs with @hpke and noble", area, vectors }, null, 1) + "\n",
  ]));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const dir = new URL("../../spec/vectors/", import.meta.url);
  for (const [name, content] of Object.entries(await files())) {
    writeFileSync(new URL(name, dir), content);
    console.log(name);
  }
}
