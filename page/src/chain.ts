// Eight words and the weekly chain (spec/03-words.md). All of it is secret: it stays in
// memory, and is wiped by who holds it.
import { argon2idAsync } from "@noble/hashes/argon2.js";
import { expand } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, utf8 } from "./bytes.ts";

export const WORDS = 8, LIST = 2048;

/** HKDF-Expand with SHA-256. */
export const expandTo = (key: Bytes, label: string | Bytes, n: number): Bytes =>
  expand(sha256, key, typeof label === "string" ? utf8(label) : label, n) as Bytes;

export interface Conversation {
  thread: Bytes; // 16
  echo: number; // index of the echo word
  key0: Bytes; // K_0, 32
}

/** Eight indices as 11 bytes, most significant bit first. */
export function packWords(indices: number[]): Bytes {
  const out = new Uint8Array(11);
  indices.forEach((n, i) => {
    for (let bit = 0; bit < 11; bit++) {
      const at = i * 11 + bit;
      if ((n >> (10 - bit)) & 1) out[at >> 3] |= 0x80 >> (at & 7);
    }
  });
  return out;
}

/** What eight indices open; progress is told a share from 0 to 1. Takes 64 MiB and about a second. */
export async function conversation(indices: number[], newsroom: Bytes, progress?: (share: number) => void): Promise<Conversation> {
  const packed = packWords(indices);
  const m = await argon2idAsync(packed, newsroom, { t: 3, m: 64 * 1024, p: 1, dkLen: 32, ...(progress && { onProgress: progress }) }) as Bytes;
  packed.fill(0);
  const echo = expandTo(m, "kkachi/1 echo", 2);
  const out = { thread: expandTo(m, "kkachi/1 thread", 16), echo: ((echo[0] << 8) | echo[1]) % LIST, key0: expandTo(m, "kkachi/1 chain", 32) };
  m.fill(0);
  return out;
}

/** The key `weeks` further on the chain. */
export function step(key: Bytes, weeks: number): Bytes {
  let k = key.slice();
  for (let i = 0; i < weeks; i++) {
    const next = expandTo(k, "kkachi/1 next", 32);
    k.fill(0);
    k = next;
  }
  return k;
}

/** The newsroom's week of a day. */
export const weekOf = (day: number, w0: number): number => Math.min(65535, Math.max(0, Math.floor(day / 7) - w0));
