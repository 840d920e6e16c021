// Runs spec/vectors against the page's code, wherever it stands: node, Chromium, Firefox.
// Each area takes a vector and gives what came out, or throws the name of the failure.
import { type Bytes, hex } from "../src/bytes.ts";
import { checkBulletin, findReplies, openSlot, SLOT } from "../src/bulletin.ts";
import { FRAGMENT, HEADER, innerInfo, outerInfo, SIZE, stampZeros } from "../src/cell.ts";
import { conversation, step } from "../src/chain.ts";
import { letterKey } from "../src/letter.ts";
import { dayKey, readDesk, readRoot, readSift, Refused, verifyNotes } from "../src/notes.ts";
import { type Lang, list } from "../src/words.ts";
import { type BadWord, readWords } from "./read.ts";
import { joinLetter, openWith, parseFragment, publicKey, readAddress, readDevices, readFrame, readSite } from "./peer.ts";
import { bytes } from "./pieces.ts";
import { sha256 } from "@noble/hashes/sha2.js";

// A vector is what a file holds; which keys it has depends on its area.
export type Vector = any;
type Out = Record<string, unknown>;

const utf8 = (s: string) => new TextEncoder().encode(s) as Bytes;
const refuse = (name: string, more: object = {}): never => { throw Object.assign(new Refused(name), more); };

const areas: Record<string, (v: Vector) => Out | Promise<Out>> = {
  stamp(v) {
    const cell = bytes(v.cell);
    if (cell.length !== SIZE) refuse("wrong size");
    const epoch = new DataView(cell.buffer).getUint32(0), zeros = stampZeros(cell);
    const found = v.accepted.find(([e]: number[]) => e === epoch) ?? refuse("wrong epoch");
    if (zeros < found[1]) refuse("bad stamp");
    return { epoch, zeros, "replay-key": hex(sha256(cell.slice(HEADER))) };
  },
  fragment(v) {
    const { thread, key, letter, lastReply, body, ...rest } = parseFragment(bytes(v.fragment));
    return { ...rest, thread: hex(thread), key: hex(key), letter: hex(letter), "last-reply": hex(lastReply), body: hex(body) };
  },
  frame: (v) => readFrame(v.form, bytes(v.data), v.slots),
  async open(v) {
    const cell = bytes(v.cell), newsroom = bytes(v.newsroom), daySeed = bytes(v["day-seed"]), inboxSeed = bytes(v["inbox-seed"]);
    if (cell.length !== SIZE) refuse("wrong size");
    const outer = new DataView(cell.buffer).getUint32(0) === v.epoch ? await openWith(daySeed, outerInfo(newsroom, v.epoch), cell.slice(HEADER)) : null;
    if (!outer || outer[0] > 2) return refuse("does not open", { layer: "outer" });
    const inboxKey = await publicKey(inboxSeed);
    const fragment = await openWith(inboxSeed, innerInfo(newsroom, inboxKey), outer.slice(1));
    if (!fragment || fragment.length !== FRAGMENT) return refuse("does not open", { layer: "inner" });
    return { flag: outer[0], fragment: hex(fragment), "day-key": hex(await publicKey(daySeed)), "inbox-key": hex(inboxKey) };
  },
  async words(v) {
    if (!["en", "ko", "zh"].includes(v.lang)) refuse("no such language");
    const lang: Lang = v.lang, indices = readWords(v.words, lang);
    if (v.newsroom === undefined) return { indices };
    const c = await conversation(indices, bytes(v.newsroom));
    return { indices, thread: hex(c.thread), echo: c.echo, "echo-word": list(lang)[c.echo], "key-0": hex(c.key0) };
  },
  chain(v) {
    if (v.claimed !== undefined) {
      if (v.claimed > v.present + 1 || v.claimed < v.present - 6) refuse("wrong week");
      return {};
    }
    if (v.to < v.from) refuse("wrong week");
    const key = bytes(v.key);
    return { "key-to": hex(step(key, v.to - v.from)), "letter-key": hex(letterKey(key)) };
  },
  async letter(v) {
    const parsed = v.fragments.map((f: string) => {
      try {
        return parseFragment(bytes(f));
      } catch {
        return refuse("malformed fragment");
      }
    });
    return { text: hex(await joinLetter(parsed, letterKey(bytes(v.key)))) };
  },
  async slot(v) {
    const slot = bytes(v.slot);
    if (slot.length !== SLOT) refuse("wrong size");
    const p = await openSlot(bytes(v.key), v.day, v.i, slot) ?? refuse("does not open");
    return {
      tag: hex(slot.slice(0, 16)), kind: p.kind, index: p.index, count: p.count, reply: hex(p.reply),
      "ack-letter": hex(p.ackLetter), "ack-bitmap": String(p.ackBitmap), body: hex(p.body),
    };
  },
  async replies(v) {
    const data = bytes(v.bulletin);
    checkBulletin(data, data.length / SLOT);
    const found = await findReplies(data, v.day, bytes(v["key-0"]), v.w0);
    return { replies: found.map((r) => ({ id: hex(r.id), kind: r.kind, day: r.day, complete: r.complete, body: hex(r.body) })) };
  },
  async note(v) {
    const newsroom = bytes(v.newsroom), signed = utf8(v.signed), serial = (r: Record<string, unknown[][]>) => ({ serial: r.serial[0][0] });
    if (v.form === "notes") {
      const n = await verifyNotes(signed, newsroom, v.today);
      return { serial: n.serials[2], epoch: dayKey(n).day };
    }
    if (v.form === "root") return serial(await readRoot(signed, newsroom, v.today));
    const root = await readRoot(utf8(v.root), newsroom, v.today);
    if (v.form === "desk") return serial(await readDesk(signed, root, v.today));
    if (v.form === "sift") return serial(await readSift(signed, root, v.today));
    return serial(v.form === "devices" ? await readDevices(signed, root, v.today) : await readSite(signed, root));
  },
  address(v) {
    const a = readAddress(v.address);
    return { newsroom: hex(a.newsroom), url: a.url };
  },
};

/** The desk's log, its tokens and its ladder (spec/07-log.md, spec/11-claims.md): a page holds none. Contacts are read by the press: a page shows what it prints. */
export const notThePages = new Set(["log", "token", "ladder", "contacts"]);
// Notes between sift, desk and editors; no client ever sees one.
const notThePagesNotes = new Set(["hold", "free"]);

// What a reader can't tell further apart, by area.
const coarse: Record<string, string[]> = { open: ["does not open"], slot: ["does not open"], note: ["bad signature"] };
// Keys that are not outputs, and outputs that this side does not give.
const inputs: Record<string, string> = {
  stamp: "cell accepted", fragment: "fragment", frame: "form slots data", open: "newsroom epoch day-seed inbox-seed cell layer",
  words: "lang words newsroom position", chain: "key from to claimed present", letter: "key fragments partial", slot: "key day i slot",
  replies: "key-0 w0 day bulletin", note: "form newsroom root signed today", address: "address",
};
const plainText = new Set(["echo-word", "ack-bitmap", "url"]);

/** Runs the vectors of a file; gives what is wrong, an empty list if nothing is. */
export async function runFile(name: string, file: { area: string; vectors: Vector[] }): Promise<string[]> {
  const wrong: string[] = [], run = areas[file.area];
  if (!run) return [`${name}: no runner for the area ${file.area}`];
  for (const v of file.vectors) {
    if (file.area === "note" && notThePagesNotes.has(v.form)) continue;
    const where = `${name}: ${v.name}`;
    let got: Out | null = null, failure: (Error & { layer?: string; position?: number }) | null = null;
    try {
      got = await run(v);
    } catch (e) {
      failure = e as Error;
    }
    if (v.expect !== "success") {
      if (!failure) wrong.push(`${where}: went well, want ${v.expect}`);
      else if (!(failure instanceof Refused)) wrong.push(`${where}: ${failure.message}`);
      else if (failure.message !== v.expect && !coarse[file.area]?.includes(failure.message)) wrong.push(`${where}: ${failure.message}, want ${v.expect}`);
      if (failure?.layer && v.layer && failure.layer !== v.layer) wrong.push(`${where}: layer ${failure.layer}`);
      if (v.position && (failure as BadWord | null)?.position !== v.position) wrong.push(`${where}: position`);
      continue;
    }
    if (!got) {
      wrong.push(`${where}: ${failure?.message}`);
      continue;
    }
    const known = new Set(["name", "comment", "expect", ...inputs[file.area].split(" "), ...Object.keys(got)]);
    for (const [key, want] of Object.entries(v)) {
      if (!known.has(key)) wrong.push(`${where}: unknown key ${key}`);
      if (!(key in got)) continue;
      const asBytes = typeof want === "string" && !plainText.has(key);
      if (JSON.stringify(got[key]) !== JSON.stringify(asBytes ? hex(bytes(want)) : want, order)) wrong.push(`${where}: ${key}`);
    }
  }
  return wrong;
}

// Objects in vectors have their keys in another order.
function order(this: unknown, _: string, x: unknown): unknown {
  if (!x || typeof x !== "object" || Array.isArray(x)) return x;
  const o = x as Record<string, unknown>;
  return "id" in o ? { id: o.id, kind: o.kind ?? 0, day: o.day, complete: o.complete, body: o.body } : x;
}
