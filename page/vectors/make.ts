// Makes spec/vectors/js-*.json with the page's code and its peer, so that Go is not only
// checked against itself: npm run vectors. The bytes follow from a seed: making them again
// changes nothing. The page's code is held to the vectors that Go made.
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, hex, u32, utf8 as text } from "../src/bytes.ts";
import { slotTag } from "../src/bulletin.ts";
import { BODY, ENCAP, FRAGMENT, type FragmentFields, HEADER, innerInfo, layFragment, outerInfo, sealTo, SIZE, stampCell, stampZeros } from "../src/cell.ts";
import { conversation, step } from "../src/chain.ts";
import { letterId, letterKey, stored } from "../src/letter.ts";
import { type Lang, list } from "../src/words.ts";
import { publicKey, sealSlot, slotPlain } from "../test/peer.ts";
import { bytes } from "../test/pieces.ts";

type Row = Record<string, unknown>;

// draw gives n bytes that follow from a label: a different label for each use.
function draw(label: string, n: number): Bytes {
  const out: number[] = [];
  for (let i = 0; out.length < n; i++) out.push(...sha256(text(`${label} ${i}`)));
  return Uint8Array.from(out.slice(0, n));
}

const flip = (b: Bytes, at: number): Bytes => { const c = b.slice(); c[at] ^= 1; return c; };
const newsroom = draw("newsroom", 32);
const epoch = 20000;

async function opens(): Promise<Row[]> {
  const daySeed = draw("day seed", 32), inboxSeed = draw("inbox seed", 32);
  const otherSeed = draw("another seed", 32);
  const dayKey = await publicKey(daySeed), inboxKey = await publicKey(inboxSeed);
  const make = async (label: string, flag: number, to = dayKey) => {
    const fragment = layFragment({
      kind: 0, topic: 3, index: 0, count: 1, flags: 0, week: 4,
      thread: draw("thread", 16), key: draw("week key", 32), letter: draw("letter", 16),
      lastReply: new Uint8Array(8), body: text("a body"),
    }, draw(`${label} filler`, FRAGMENT));
    if (flag === 0) fragment[0] = 0;
    const record = await sealTo(inboxKey, innerInfo(newsroom, inboxKey), fragment, draw(`${label} inner`, 64));
    const sealed = await sealTo(to, outerInfo(newsroom, epoch), concat([flag], record), draw(`${label} outer`, 64));
    return { cell: concat(u32(epoch), draw(`${label} stamp`, 8), sealed), fragment };
  };
  interface More { comment?: string; newsroom?: Bytes; epoch?: number; daySeed?: Bytes; inboxSeed?: Bytes; layer?: string; out?: Row }
  const row = (name: string, expect: string, cell: Bytes, more: More = {}): Row => ({
    name, comment: more.comment ?? "", expect, newsroom: hex(more.newsroom ?? newsroom), epoch: more.epoch ?? epoch,
    "day-seed": hex(more.daySeed ?? daySeed), "inbox-seed": hex(more.inboxSeed ?? inboxSeed), cell: hex(cell),
    ...(more.layer ? { layer: more.layer } : {}), ...(more.out ?? {}),
  });
  const out: Row[] = [];
  for (const [name, flag] of [["cover", 0], ["letter", 1], ["canary", 2]] as const) {
    const { cell, fragment } = await make(name, flag);
    out.push(row(`js ${name}`, "success", cell, {
      comment: "sealed by @hpke/core with X-Wing",
      out: { flag, fragment: hex(fragment), "day-key": hex(dayKey), "inbox-key": hex(inboxKey) },
    }));
  }
  const { cell } = await make("letter", 1);
  const outerAt = HEADER + ENCAP;
  for (const [where, at] of [
    ["ML-KEM half of the encapsulation", HEADER], ["end of the ML-KEM half", HEADER + 1087],
    ["X25519 half of the encapsulation", HEADER + 1088], ["first byte of the ciphertext", outerAt],
    ["last byte of the tag", SIZE - 1],
  ] as const) out.push(row(`js flipped: ${where}`, "flipped bit", flip(cell, at), { layer: "outer" }));
  out.push(row("js wrong epoch", "wrong epoch", cell, { epoch: epoch + 1, layer: "outer" }));
  out.push(row("js wrong newsroom", "wrong newsroom", cell, { newsroom: draw("another newsroom", 32), layer: "outer" }));
  out.push(row("js wrong day key", "wrong key", cell, { daySeed: otherSeed, layer: "outer" }));
  out.push(row("js wrong inbox key", "wrong inbox", cell, { inboxSeed: otherSeed, layer: "inner" }));
  out.push(row("js unknown flag", "unknown flag", (await make("flag", 3)).cell, { layer: "outer" }));
  out.push(row("js sealed twice to the inbox key", "wrong key", (await make("roles", 1, inboxKey)).cell, { layer: "outer" }));
  return out;
}

function stamps(): Row[] {
  const base = concat(u32(epoch), draw("stamp start", 8), draw("sealed", SIZE - 12));
  const row = (name: string, expect: string, cell: Bytes, accepted: number[][], out: Row = {}): Row => ({ name, comment: "", expect, cell: hex(cell), accepted, ...out });
  const good = (d: number) => stampCell(base.slice(), d);
  const of = (cell: Bytes) => ({ epoch, zeros: stampZeros(cell), "replay-key": hex(sha256(cell.slice(HEADER))) });
  const ten = good(10);
  let short = base.slice();
  while (stampZeros(short) > 3) short = flip(short, 11);
  return [
    row("js no stamp asked", "success", base, [[epoch, 0]], of(base)),
    row("js stamp of ten bits", "success", ten, [[epoch - 1, 0], [epoch, 10]], of(ten)),
    row("js stamp too small", "bad stamp", short, [[epoch, 12]]),
    row("js changed after the stamp", "bad stamp", flip(good(12), 4095), [[epoch, 12]]),
    row("js epoch not accepted", "wrong epoch", base, [[epoch + 1, 0], [epoch + 2, 0]]),
    row("js one byte short", "wrong size", base.slice(0, 4095), [[epoch, 0]]),
  ];
}

async function words(): Promise<Row[]> {
  const out: Row[] = [];
  for (const lang of ["en", "ko", "zh"] as Lang[]) {
    const drawn = new DataView(draw(`words ${lang}`, 16).buffer);
    const indices = Array.from({ length: 8 }, (_, i) => drawn.getUint16(2 * i) % 2048);
    const c = await conversation(indices, newsroom);
    const spelt = indices.map((i) => list(lang)[i].normalize("NFKD")); // the form in which the lists are published
    out.push({
      name: `js ${lang}`, comment: "noble's Argon2id and HKDF; the list's own Unicode form", expect: "success", lang,
      words: spelt.join(" "), newsroom: hex(newsroom), indices, thread: hex(c.thread), echo: c.echo,
      "echo-word": list(lang)[c.echo], "key-0": hex(c.key0),
    });
    out.push({ name: `js ${lang} composed`, comment: "the same in NFC", expect: "success", lang, words: spelt.join(" ").normalize("NFC"), indices });
    out.push({ name: `js ${lang} seven`, comment: "", expect: "word count", lang, words: spelt.slice(1).join(" ") });
    const wrong = [...spelt];
    wrong[2] = lang === "zh" ? "龘" : "kkachi";
    out.push({ name: `js ${lang} not in the list`, comment: "", expect: "bad word", lang, words: wrong.join(" "), position: 3 });
  }
  return out;
}

function chains(): Row[] {
  return [[0, 0], [0, 1], [3, 12], [0, 520]].map(([from, to]): Row => {
    const key = draw(`chain ${from} ${to}`, 32);
    return {
      name: `js from ${from} to ${to}`, comment: "", expect: "success", key: hex(key), from, to,
      "key-to": hex(step(key, to - from)), "letter-key": hex(letterKey(key)),
    };
  }).concat([{ name: "js backwards", comment: "a chain does not step back", expect: "wrong week", key: hex(draw("chain", 32)), from: 5, to: 4 }]);
}

// Stored blocks are the same bytes whichever zlib is at hand. These two were once written by zlib.
const zlibText = "요즘 통제가 심해졌습니다. 요즘 통제가 심해졌습니다. 巡逻增加，巡逻增加。 Patrols, more patrols, more patrols.";
const zlibStream = bytes("7b336bca9b653314deb66d7db360ceab0d0d0a6fbad7bc9dbae5cdc29e375d5b5f7777bcee5ea2a7f08618454fb72f7cd9b0fbe9a2794fbb16bcdfd383cc7ddcd0a410905852949f53aca3909b5f94aa50808da70700");
const zlibBomb = bytes("edc1010d000000c2a0f74f6d0f0714 00*290 fc18"); // 300,000 zero bytes

function letters(): Row[] {
  const key = draw("letter week key", 32), lkey = letterKey(key);
  // Random bytes as text do not deflate: a letter of several cells.
  const long = hex(draw("long letter", 3000));
  const cut = (label: string, body: Bytes | string, change: Partial<FragmentFields> = {}) => {
    const deflated = typeof body === "string" ? stored(text(body)) : body;
    const count = Math.ceil(deflated.length / BODY);
    return Array.from({ length: count }, (_, index) => layFragment({
      kind: 0, topic: 1, index, count, flags: 0, week: 9, thread: draw("thread", 16), key, letter: letterId(lkey, { kind: 0, topic: 1, flags: 0 }, deflated),
      lastReply: draw("reply", 8), body: deflated.slice(index * BODY, (index + 1) * BODY), ...change,
    }, draw(`${label} ${index}`, FRAGMENT)));
  };
  const row = (name: string, expect: string, fragments: Bytes[], out: Row = {}): Row => ({ name, comment: "", expect, key: hex(key), fragments: fragments.map(hex), ...out });
  const one = cut("one", "안녕하십니까. 你好。 Hello."), many = cut("many", long);
  if (many.length < 2) throw new Error("the long letter fits one cell");
  const is = (s: string) => ({ text: hex(text(s)) });
  return [
    row("js one cell, three scripts", "success", one, is("안녕하십니까. 你好。 Hello.")),
    row("js written by zlib", "success", cut("zlib", zlibStream), is(zlibText)),
    row("js several cells", "success", many, is(long)),
    row("js last cell first", "success", [...many].reverse(), is(long)),
    row("js each cell twice", "success", [...many, ...many], is(long)),
    row("js a cell is missing", "incomplete", many.slice(1)),
    row("js two letters mixed", "mixed letters", [many[0], cut("other", long + "!")[1]]),
    row("js id of other bytes", "letter id", cut("id", "a letter", { letter: draw("other id", 16) })),
    row("js a stream that is cut", "inflate", cut("cut", zlibStream.slice(0, 30))),
    row("js bytes after the stream", "inflate", cut("tail", concat(stored(text("a letter")), [0]))),
    row("js a bomb", "inflate", cut("bomb", zlibBomb)),
  ];
}

async function slots(): Promise<Row[]> {
  const key = draw("slot week key", 32), day = 20001, i = 5;
  const p = {
    kind: 0, index: 0, count: 1, reply: draw("reply id", 8), ackLetter: draw("ack", 8), ackBitmap: 5n,
    body: text("읽었습니다. 收到。"),
  };
  const slot = await sealSlot(key, day, i, slotPlain(p), draw("slot nonce", 12));
  const row = (name: string, expect: string, s: Bytes, out: Row = {}): Row => ({ name, comment: "", expect, key: hex(key), day, i, slot: hex(s), ...out });
  return [
    row("js a reply", "success", slot, {
      tag: hex(slotTag(key, day, i)), kind: 0, index: 0, count: 1, reply: hex(p.reply),
      "ack-letter": hex(p.ackLetter), "ack-bitmap": "5", body: hex(p.body),
    }),
    { ...row("js key of another week", "wrong key", slot), key: hex(step(key, 1)) },
    { ...row("js another day", "wrong day", slot), day: day + 1 },
    { ...row("js another tag", "wrong tag", slot), i: i + 1 },
    row("js flipped: tag", "flipped bit", flip(slot, 0)),
    row("js flipped: nonce", "flipped bit", flip(slot, 16)),
    row("js flipped: ciphertext", "flipped bit", flip(slot, 500)),
    row("js one byte short", "wrong size", slot.slice(0, 1023)),
  ];
}

/** All files, by name: their content. */
export async function files(): Promise<Record<string, string>> {
  const areas = { open: await opens(), stamp: stamps(), words: await words(), chain: chains(), letter: letters(), slot: await slots() };
  return Object.fromEntries(Object.entries(areas).map(([area, vectors]) => [
    `js-${area}.json`,
    JSON.stringify({ "made-by": "page/vectors/make.ts with @hpke and noble", area, vectors }, null, 1) + "\n",
  ]));
}
