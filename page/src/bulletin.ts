// Slots, replies and the bulletin (spec/04-bulletin.md). For each of 224 tags the same work,
// whether it stands in the bulletin or not (P6).
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, compare, concat, equal, fromUTF8, hex, u32, utf8 } from "./bytes.ts";
import { expandTo, step, weekOf } from "./chain.ts";
import { type Notes, Refused } from "./notes.ts";

export const SLOT = 1024, SLOT_PLAIN = 980, SLOT_BODY = 950, MAX_PARTS = 16;
const DAYS = 14, TAGS = 16;

export const slotTag = (key: Bytes, day: number, i: number): Bytes => expandTo(key, concat(utf8("kkachi/1 reply tag"), u32(day), [i]), 16);
export const slotKey = (key: Bytes, day: number, i: number): Bytes => expandTo(key, concat(utf8("kkachi/1 reply key"), u32(day), [i]), 32);

/** Throws Refused unless data is slots with strictly ascending tags, as many as asked for. */
export function checkSlots(data: Bytes, slots: number): void {
  if (slots < 1 || data.length !== slots * SLOT) throw new Refused("wrong size");
  for (let i = 1; i < slots; i++) {
    const order = compare(data.subarray((i - 1) * SLOT, (i - 1) * SLOT + 16), data.subarray(i * SLOT, i * SLOT + 16));
    if (order === 0) throw new Refused("repeated tag");
    if (order > 0) throw new Refused("unsorted");
  }
}

/** A whole bulletin: 16 … 1024 slots. */
export function checkBulletin(data: Bytes, slots: number): void {
  if (slots < 16 || slots > 1024) throw new Refused("wrong size");
  checkSlots(data, slots);
}

/** The day of a fetched bulletin that the notes name; throws Refused. */
export function bulletinDay(n: Notes, data: Bytes): number {
  checkBulletin(data, n.slots);
  const sum = sha256(data), named = n.bulletins.find((b) => equal(b.digest, sum));
  if (!named) throw new Refused("digest");
  return named.day;
}

export interface Part {
  kind: number;
  index: number;
  count: number;
  reply: Bytes; // 8
  ackLetter: Bytes; // 8
  ackBitmap: bigint;
  body: Bytes;
}

/** Opens a slot under the tag and key of (day, i); null if it does not open or is malformed. */
export async function openSlot(key: Bytes, day: number, i: number, slot: Bytes): Promise<Part | null> {
  const tag = slotTag(key, day, i), fits = equal(tag, slot.subarray(0, 16));
  const secret = await crypto.subtle.importKey("raw", slotKey(key, day, i), "AES-GCM", false, ["decrypt"]);
  try {
    const iv = slot.slice(16, 28);
    const plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: tag }, secret, slot.slice(28)));
    return fits ? readPart(plain) : null;
  } catch {
    return null;
  }
}

function readPart(p: Bytes): Part | null {
  const view = new DataView(p.buffer), [kind, index, count, flags] = p, length = view.getUint16(12);
  if (flags !== 0 || count < 1 || count > MAX_PARTS || index >= count || length > SLOT_BODY) return null;
  if ((index < count - 1 && length !== SLOT_BODY) || p.subarray(30 + length).some((b) => b !== 0)) return null;
  return {
    kind, index, count, reply: p.slice(4, 12), ackLetter: p.slice(14, 22), ackBitmap: view.getBigUint64(22), body: p.slice(30, 30 + length),
  };
}

export interface Reply {
  id: Bytes; // 8
  kind: number; // 0 text, 1 receipt; others are skipped by who shows them
  day: number; // the newest under which a part was found
  complete: boolean;
  body: Bytes; // of an incomplete one the unbroken beginning
  ackLetter: Bytes; // first 8 bytes of the letter's id; zero if none
  ackBitmap: bigint; // bit i: fragment i is at the desk
}

/** All replies that a bulletin holds for the conversation of K_0, oldest first. */
export async function findReplies(data: Bytes, day: number, key0: Bytes, w0: number): Promise<Reply[]> {
  const found = new Map<string, { first: Part; day: number; at: number; parts: (Bytes | undefined)[] }>();
  const keys = new Map<number, Bytes>();
  for (let d = day; d > day - DAYS && d >= 0; d--) {
    const week = weekOf(d, w0);
    const key = keys.get(week) ?? step(key0, week);
    keys.set(week, key);
    for (let i = 0; i < TAGS; i++) {
      const part = await openSlot(key, d, i, slotNear(data, slotTag(key, d, i)));
      if (!part) continue;
      const id = hex(part.reply), at = d * TAGS + i;
      const f = found.get(id) ?? { first: part, day: d, at, parts: new Array(part.count) };
      found.set(id, f);
      if (part.count !== f.first.count || part.kind !== f.first.kind || f.parts[part.index]) continue;
      f.parts[part.index] = part.body;
      f.at = Math.min(f.at, at);
    }
  }
  keys.forEach((k) => k.fill(0));
  return [...found.values()]
    .sort((a, b) => a.day - b.day || a.at - b.at || compare(a.first.reply, b.first.reply))
    .map(({ first, day, parts }) => {
      const gap = Array.from(parts).findIndex((p) => !p);
      const whole = parts.slice(0, gap < 0 ? parts.length : gap) as Bytes[];
      return {
        id: first.reply, kind: first.kind, day, complete: gap < 0, body: concat(...whole),
        ackLetter: first.ackLetter, ackBitmap: first.ackBitmap,
      };
    })
    .filter((r) => r.kind !== 0 || !r.complete || fromUTF8(r.body) !== null);
}

/** The slot that stands where the tag would: the first whose tag is not less, else the last. */
function slotNear(data: Bytes, tag: Bytes): Bytes {
  let low = 0, high = data.length / SLOT - 1;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (compare(data.subarray(mid * SLOT, mid * SLOT + 16), tag) < 0) low = mid + 1;
    else high = mid;
  }
  return data.slice(low * SLOT, (low + 1) * SLOT);
}

/** The newest text that was found whole: what a letter names as read. Zero if none. */
export const lastRead = (replies: Reply[]): Bytes =>
  replies.reduce((id, r) => (r.kind === 0 && r.complete ? r.id : id), new Uint8Array(8) as Bytes);

/**
 * How many fragments of a letter are at the desk, as far as receipts say. Those of several are
 * not added up: two desks may each lack what the other has.
 */
export function received(replies: Reply[], letter: Bytes): number {
  const counts = replies.map((r) => (equal(r.ackLetter, letter.subarray(0, 8)) ? r.ackBitmap.toString(2).replace(/0/g, "").length : 0));
  return Math.max(0, ...counts);
}
