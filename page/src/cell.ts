// The cell and its two seals (spec/01-cell.md). What enters: public keys, a fragment. What
// leaves: 4096 bytes. Nothing is opened here.
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, random, u32, utf8 } from "./bytes.ts";

export const SIZE = 4096, HEADER = 12, ENCAP = 1120, FRAGMENT = 1811, BODY = 1729, MAX_FRAGMENTS = 64;
export const COVER = 0, LETTER = 1;

export const kem = new XWing();
export const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export const outerInfo = (newsroom: Bytes, epoch: number) => concat(utf8("kkachi/1 outer\0"), newsroom, u32(epoch));
export const innerInfo = (newsroom: Bytes, inbox: Bytes) => concat(utf8("kkachi/1 inner\0"), newsroom, sha256(inbox));

/**
 * HPKE base mode, single shot: encapsulation ‖ ciphertext. Only who makes vectors gives the
 * 64 bytes of randomness; everybody else leaves them to the library.
 */
export async function sealTo(pub: Bytes, info: Bytes, plain: Bytes, ekm?: Bytes): Promise<Bytes> {
  const recipientPublicKey = await kem.deserializePublicKey(pub);
  const ctx = await suite.createSenderContext({ recipientPublicKey, info, ...(ekm && { ekm }) });
  return concat(new Uint8Array(ctx.enc), new Uint8Array(await ctx.seal(plain)));
}

/** What a cell is sealed under: the keys that the notes name. */
export interface Seals {
  newsroom: Bytes;
  epoch: number;
  dayKey: Bytes;
  difficulty: number;
}

/** A whole cell: fragment, inner seal, outer seal, stamp. Cover and letter take the same way. */
export async function sealCell(to: Seals, inboxKey: Bytes, flag: number, fragment: Bytes, ekm: Bytes[] = []): Promise<Bytes> {
  const record = await sealTo(inboxKey, innerInfo(to.newsroom, inboxKey), fragment, ekm[0]);
  const sealed = await sealTo(to.dayKey, outerInfo(to.newsroom, to.epoch), concat([flag], record), ekm[1]);
  return stampCell(concat(u32(to.epoch), random(8), sealed), to.difficulty);
}

/** A fragment of version 0: the inside of cover. */
export function coverFragment(): Bytes {
  const f = random(FRAGMENT);
  f[0] = 0;
  return f;
}

/** What a stamp is hashed after: the same for every try, so it is hashed once. */
const unstamped = (cell: Bytes) => sha256.create().update(cell.subarray(0, 4)).update(cell.subarray(HEADER));

/** The number of zero bits with which a cell's stamp begins. */
export function stampZeros(cell: Bytes, rest = unstamped(cell)): number {
  let n = 0;
  for (const b of rest.clone().update(cell.subarray(4, HEADER)).digest()) {
    if (b !== 0) return n + Math.clz32(b) - 24;
    n += 8;
  }
  return n;
}

/** Searches a stamp of difficulty d from the one that stands there, in place. */
export function stampCell(cell: Bytes, d: number): Bytes {
  const view = new DataView(cell.buffer, cell.byteOffset + 4, 8), rest = unstamped(cell);
  while (stampZeros(cell, rest) < d) view.setBigUint64(0, BigInt.asUintN(64, view.getBigUint64(0) + 1n));
  return cell;
}

export interface FragmentFields {
  kind: number;
  topic: number;
  index: number;
  count: number;
  flags: number;
  week: number;
  thread: Bytes;
  key: Bytes;
  letter: Bytes;
  lastReply: Bytes;
  body: Bytes;
}

/** Lays out the fields of a fragment of version 1; filler stands after the body. */
export function layFragment(f: FragmentFields, filler: Bytes = random(FRAGMENT)): Bytes {
  const out = filler.slice(0, FRAGMENT), view = new DataView(out.buffer);
  out.set([1, f.kind, f.topic, f.index, f.count, f.flags]);
  view.setUint16(6, f.body.length);
  view.setUint16(8, f.week);
  out.set(f.thread, 10);
  out.set(f.key, 26);
  out.set(f.letter, 58);
  out.set(f.lastReply, 74);
  out.set(f.body, 82);
  return out;
}
