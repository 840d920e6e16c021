// Letters: deflated, named and cut into fragments (spec/01-cell.md, section 5).
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, hex, utf8 } from "./bytes.ts";
import { BODY, layFragment, MAX_FRAGMENTS } from "./cell.ts";
import { type Conversation, expandTo, step } from "./chain.ts";

export const KIND = { letter: 0, help: 1, manifest: 2, erase: 3, withdraw: 4, move: 5 } as const;
export const FLAG_FILE = 1, INFLATED_MAX = 256 * 1024, INFLATE_RATIO = 64;

export interface Letter {
  kind: number;
  topic: number;
  flags: number; // 0, or FLAG_FILE
  week: number; // of the epoch chosen
  text: Bytes;
  lastReply: Bytes; // 8; zero if none was read
}

export const letterKey = (weekKey: Bytes): Bytes => expandTo(weekKey, "kkachi/1 letter key", 32);

export const letterId = (key: Bytes, l: { kind: number; topic: number; flags: number }, deflated: Bytes): Bytes =>
  hmac(sha256, key, concat([l.kind, l.topic, l.flags], deflated)).slice(0, 16) as Bytes;

/** The fragments of a letter and its id; null if it is longer than a letter may be. */
export async function cutLetter(c: Conversation, l: Letter): Promise<{ id: Bytes; fragments: Bytes[] } | null> {
  if (l.text.length > INFLATED_MAX) return null;
  const deflated = await deflate(l.text);
  const count = Math.ceil(deflated.length / BODY);
  if (count > MAX_FRAGMENTS) return null;
  const key = step(c.key0, l.week);
  const id = letterId(letterKey(key), l, deflated);
  const fragments = Array.from({ length: count }, (_, index) => layFragment({
    kind: l.kind, topic: l.topic, flags: l.flags, week: l.week, index, count, thread: c.thread, key, letter: id,
    lastReply: l.lastReply, body: deflated.slice(index * BODY, (index + 1) * BODY),
  }));
  key.fill(0);
  return { id, fragments };
}

/** Deflated by the browser; stored blocks for text so repetitive that a reader would refuse it. */
export async function deflate(text: Bytes): Promise<Bytes> {
  const out = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
  return text.length <= INFLATE_RATIO * out.byteLength ? new Uint8Array(out) : stored(text);
}

/** A raw deflate stream of stored blocks (RFC 1951, section 3.2.4). */
export function stored(text: Bytes): Bytes {
  const blocks: ArrayLike<number>[] = [];
  for (let at = 0; at === 0 || at < text.length; at += 0xffff) {
    const b = text.subarray(at, at + 0xffff), n = b.length;
    blocks.push([at + 0xffff >= text.length ? 1 : 0, n & 255, n >> 8, ~n & 255, (~n >> 8) & 255], b);
  }
  return concat(...blocks);
}

/** The text of a move: the thread id of the successor. */
export const moveText = (next: Conversation): Bytes => utf8(hex(next.thread));
