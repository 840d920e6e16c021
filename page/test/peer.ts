// The other side in JavaScript, for vectors alone: what a host, a sift, a desk and the command
// line do and a page never does. It opens cells, joins letters, seals slots, reads frames.
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, compare, concat, equal, fromHex, fromUTF8 } from "../src/bytes.ts";
import { checkBulletin, checkSlots, SLOT, SLOT_PLAIN, slotKey, slotTag } from "../src/bulletin.ts";
import { BODY, ENCAP, FRAGMENT, kem, MAX_FRAGMENTS, suite } from "../src/cell.ts";
import { INFLATE_RATIO, INFLATED_MAX, letterId } from "../src/letter.ts";
import { checkHead, readText, Refused, rootKeys, type Rows, verifiedText } from "../src/notes.ts";

/** The public key (1216 bytes) of a 32-byte seed. */
export async function publicKey(seed: Bytes): Promise<Bytes> {
  const pair = await kem.generateKeyPairDerand(seed);
  return new Uint8Array(await kem.serializePublicKey(pair.publicKey));
}

/** Opens what sealTo made; null whatever fails. */
export async function openWith(seed: Bytes, info: Bytes, sealed: Bytes): Promise<Bytes | null> {
  try {
    const recipientKey = await kem.generateKeyPairDerand(seed);
    const ctx = await suite.createRecipientContext({ recipientKey, info, enc: sealed.slice(0, ENCAP) });
    return new Uint8Array(await ctx.open(sealed.slice(ENCAP)));
  } catch {
    return null;
  }
}

export interface Fragment {
  kind: number; topic: number; index: number; count: number; flags: number; week: number;
  thread: Bytes; key: Bytes; letter: Bytes; lastReply: Bytes; body: Bytes;
}

/** Reads a fragment; throws Refused. */
export function parseFragment(b: Bytes): Fragment {
  if (b.length !== FRAGMENT) throw new Refused("wrong size");
  if (b[0] === 0) throw new Refused("cover");
  const view = new DataView(b.buffer, b.byteOffset, b.length), [version, kind, topic, index, count, flags] = b;
  const length = view.getUint16(6), last = index === count - 1;
  if (version > 1 || kind > 5 || count < 1 || count > MAX_FRAGMENTS || index >= count || flags > 1 ||
    length > BODY || length < 1 || (!last && length !== BODY)) throw new Refused("malformed fragment");
  return {
    kind, topic, index, count, flags, week: view.getUint16(8), thread: b.slice(10, 26), key: b.slice(26, 58),
    letter: b.slice(58, 74), lastReply: b.slice(74, 82), body: b.slice(82, 82 + length),
  };
}

/** Joins the fragments of one letter; throws Refused with the first thing that is wrong. */
export async function joinLetter(fragments: Fragment[], letterKey: Bytes): Promise<Bytes> {
  const first = fragments[0];
  if (!first) throw new Refused("incomplete");
  const parts: Bytes[] = [];
  for (const f of fragments) {
    const same = (["kind", "topic", "flags", "week", "count"] as const).every((k) => f[k] === first[k]) &&
      equal(f.thread, first.thread) && equal(f.letter, first.letter);
    if (!same || (parts[f.index] && !equal(parts[f.index], f.body))) throw new Refused("mixed letters");
    parts[f.index] = f.body;
  }
  for (let i = 0; i < first.count; i++) if (!parts[i]) throw new Refused("incomplete");
  const deflated = concat(...parts);
  if (!equal(letterId(letterKey, first, deflated), first.letter)) throw new Refused("letter id");
  const text = await inflate(deflated);
  if (first.flags === 0 && fromUTF8(text) === null) throw new Refused("not UTF-8");
  return text;
}

/** Within both bounds. A stream that is whole without its last byte has bytes after its end. */
async function inflate(deflated: Bytes): Promise<Bytes> {
  const out = await inflateSome(deflated), short = await inflateSome(deflated.slice(0, -1)).catch(() => null);
  return short ? refuse("inflate") : out;
}

async function inflateSome(deflated: Bytes): Promise<Bytes> {
  const limit = Math.min(INFLATED_MAX, INFLATE_RATIO * deflated.length), out: Uint8Array[] = [];
  let n = 0;
  try {
    const reader = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let r = await reader.read(); !r.done; r = await reader.read()) {
      if ((n += r.value.length) > limit) throw new Refused("inflate");
      out.push(r.value);
    }
  } catch {
    throw new Refused("inflate");
  }
  return concat(...out);
}

export async function sealSlot(key: Bytes, day: number, i: number, plain: Bytes, nonce: Bytes): Promise<Bytes> {
  const tag = slotTag(key, day, i);
  const secret = await crypto.subtle.importKey("raw", slotKey(key, day, i), "AES-GCM", false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: tag }, secret, plain);
  return concat(tag, nonce, new Uint8Array(sealed));
}

/** Lays out the plaintext of a slot. */
export function slotPlain(p: { kind: number; index: number; count: number; reply: Bytes; ackLetter: Bytes; ackBitmap: bigint; body: Bytes }): Bytes {
  const out = new Uint8Array(SLOT_PLAIN), view = new DataView(out.buffer);
  out.set([p.kind, p.index, p.count, 0]);
  out.set(p.reply, 4);
  view.setUint16(12, p.body.length);
  out.set(p.ackLetter, 14);
  view.setBigUint64(22, p.ackBitmap);
  out.set(p.body, 30);
  return out;
}

/** The frames of host, sift and desk (spec/04-bulletin.md, spec/06-batch.md); throws Refused. */
export function readFrame(form: string, data: Bytes, slots: number): Record<string, number> {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const magic = (s: string, header: number) => {
    if (data.length < header || String.fromCharCode(...data.slice(0, 4)) !== s) throw new Refused("wrong format");
  };
  if (form === "bulletin") {
    checkBulletin(data, slots);
    return { count: slots };
  }
  if (form === "batch") {
    magic("KKB1", 12);
    const count = view.getUint32(8);
    if (count < 1 || count > 65536 || data.length !== 12 + count * 2947) throw new Refused("wrong size");
    return { day: view.getUint32(4), count };
  }
  if (form === "parcel") {
    magic("KKP1", 12);
    const desk = data[8], count = view.getUint16(10);
    if (desk > 3 || data[9] !== 0) throw new Refused("wrong format");
    checkSlots(data.slice(12), count);
    return { day: view.getUint32(4), desk, count };
  }
  magic("KKN1", 13);
  const n = data[12];
  let at = 13 + 5 * n;
  if (n < 1 || n > 4 || data.length < at + 4) throw new Refused("wrong format");
  for (let i = 0; i < n; i++) {
    const here = view.getUint32(13 + 5 * i), before = i ? view.getUint32(8 + 5 * i) : -1;
    if (here <= before || data[17 + 5 * i] > 18) throw new Refused("wrong format");
  }
  const notes = view.getUint32(at);
  at += 4 + notes;
  if (notes < 1 || notes > 32768 || data.length < at + 4 || view.getUint32(at) !== data.length - at - 4) throw new Refused("wrong format");
  const bulletin = data.slice(at + 4), count = bulletin.length / SLOT;
  checkBulletin(bulletin, count);
  return { serial: Number(view.getBigUint64(4)), count };
}

const digest = (s: string): Bytes => (s.length === 64 && fromHex(s)) || refuse("malformed note");
const refuse = (name: string): never => { throw new Refused(name); };
const num = (limit: number) => (s: string) => (/^(0|[1-9]\d{0,15})$/.test(s) && Number(s) <= limit ? Number(s) : refuse("malformed note"));
const re = (p: RegExp) => (s: string) => (p.test(s) ? s : refuse("malformed note"));

/** A verified devices note under a root note. */
export async function readDevices(signed: Bytes, root: Rows, today: number): Promise<Rows> {
  const present = (root.successor.at(-1) ?? root["root-key"][0])[0] as Bytes;
  const name = re(/^[a-z0-9][a-z0-9-]{0,31}$/);
  const rows = readText(await verifiedText(signed, "root", [present]), "devices", [
    ["newsroom", [digest]], ["serial", [num(2 ** 53)]], ["issued", [num(2 ** 24)]], ["expires", [num(2 ** 24)]],
    ["device", [name, re(/^age1pq1[02-9ac-hj-np-z]{1,2041}$/)], 1, 8], ["approver", [name, re(/^[A-Za-z0-9+/]{43}=$/)], 0, 32],
  ]);
  for (const word of ["device", "approver"]) {
    const names = rows[word].map((r) => r[0] as string);
    if (names.some((n, i) => i > 0 && n <= names[i - 1])) refuse("malformed note");
  }
  const keys = rows.approver.map((r) => r[1] as string);
  if (new Set(keys).size !== keys.length) refuse("malformed note");
  checkHead(rows, root.newsroom[0][0] as Bytes, 35, today);
  const taken = rootKeys(root).map((k) => btoa(String.fromCharCode(...k)));
  if (keys.some((k) => taken.includes(k))) refuse("wrong role");
  return rows;
}

/** A verified site note with its list. */
export async function readSite(signed: Bytes, root: Rows): Promise<Rows> {
  const all = fromUTF8(signed) ?? refuse("malformed note"), cut = all.lastIndexOf("\n\n");
  const bytes = (s: string) => new TextEncoder().encode(s) as Bytes;
  const text = await verifiedText(bytes(all.slice(0, cut + 1)), "desk", root["desk-key"].map((r) => r[0] as Bytes));
  const lines = text.split("\n"), rows: Rows = {};
  const form: [string, ((s: string) => unknown)[]][] = [
    ["newsroom", [digest]], ["serial", [num(2 ** 53)]], ["day", [num(2 ** 24)]], ["files", [num(200000), digest]],
  ];
  Object.assign(rows, readText(lines.join("\n"), "site", form));
  const list = all.slice(cut + 2), files = list.split("\n").slice(0, -1);
  const [count, sum] = rows.files[0] as [number, Bytes];
  if (!equal(sha256(bytes(list)), sum) || files.length !== count) refuse("digest");
  const path = /^(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)*$/;
  let before = new Uint8Array();
  for (const line of files) {
    const [word, hash, size, name, more] = line.split(" ");
    if (word !== "file" || more !== undefined || !path.test(name ?? "") || name.length > 255) refuse("malformed note");
    digest(hash);
    num(2 ** 40)(size);
    if (compare(before, bytes(name)) >= 0) refuse("malformed note");
    before = bytes(name);
  }
  return rows;
}

/** A newsroom's address (spec/02-notes.md, section 1); throws Refused. */
export function readAddress(address: string): { newsroom: Bytes; url: string } {
  const bad = (): never => refuse("bad address");
  const [, id, url] = /^kkachi:([0-9a-f]{64})@(.+)$/.exec(address) ?? bad();
  let u: URL;
  try {
    u = new URL(url);
  } catch {
    return bad();
  }
  const host = u.hostname, own = host === "localhost" || /\.(localhost|onion)$/.test(host) || /^127\./.test(host) || host === "[::1]";
  const shape = /^https?:\/\/[^/?#@]+(\/[^?#]*[^/?#])?$/.test(url);
  if (!shape || (u.protocol !== "https:" && !own)) return bad();
  return { newsroom: fromHex(id)!, url };
}

