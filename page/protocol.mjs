// The protocol in JavaScript, over @hpke and noble: what a page needs of spec/01 to spec/04.
// It knows no storage, no page and no network. It stands here so that the vectors are made
// and run by two implementations that share no code.
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { argon2id } from "@noble/hashes/argon2.js";
import { expand } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { gcm } from "@noble/ciphers/aes.js";
import { inflateRawSync } from "node:zlib";

export const SIZE = 4096, HEADER = 12, ENCAP = 1120, FRAGMENT = 1811, RECORD = 2947, BODY = 1729;
export const SLOT = 1024, SLOT_PLAIN = 980, SLOT_BODY = 950, MAX_FRAGMENTS = 64;
const INFLATED_MAX = 256 * 1024, INFLATE_RATIO = 64;

const text = (s) => new TextEncoder().encode(s);
export const u32 = (n) => new Uint8Array([n >>> 24, n >>> 16, n >>> 8, n]);
export const concat = (...parts) => Uint8Array.from(Buffer.concat(parts.map((p) => Uint8Array.from(p))));
export const equal = (a, b) => a.length === b.length && Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

const kem = new XWing();
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** The public key (1216 bytes) of a 32-byte seed. */
export async function publicKey(seed) {
  const pair = await kem.generateKeyPairDerand(seed);
  return new Uint8Array(await kem.serializePublicKey(pair.publicKey));
}

/**
 * HPKE base mode, single shot: encapsulation ‖ ciphertext. Only who makes vectors gives the
 * 64 bytes of randomness (ekm); everybody else leaves them to the library.
 */
export async function sealTo(pub, info, plain, ekm) {
  const recipientPublicKey = await kem.deserializePublicKey(pub);
  const ctx = await suite.createSenderContext({ recipientPublicKey, info, ekm });
  return concat(new Uint8Array(ctx.enc), new Uint8Array(await ctx.seal(plain)));
}

/** Opens what sealTo made; null whatever fails. */
export async function openWith(seed, info, sealed) {
  try {
    const recipientKey = await kem.generateKeyPairDerand(seed);
    const ctx = await suite.createRecipientContext({ recipientKey, info, enc: sealed.slice(0, ENCAP) });
    return new Uint8Array(await ctx.open(sealed.slice(ENCAP)));
  } catch {
    return null;
  }
}

export const outerInfo = (newsroom, epoch) => concat(text("kkachi/1 outer\0"), newsroom, u32(epoch));
export const innerInfo = (newsroom, inbox) => concat(text("kkachi/1 inner\0"), newsroom, sha256(inbox));

/** A record: a fragment sealed to an inbox key. */
export const sealRecord = (newsroom, inbox, fragment, ekm) => sealTo(inbox, innerInfo(newsroom, inbox), fragment, ekm);

/** A cell: epoch, stamp, and flag ‖ record sealed to the day key. */
export async function sealCell({ newsroom, epoch, dayKey, inboxKey, flag, fragment, stamp, ekm = [] }) {
  const record = await sealRecord(newsroom, inboxKey, fragment, ekm[0]);
  const sealed = await sealTo(dayKey, outerInfo(newsroom, epoch), concat([flag], record), ekm[1]);
  return concat(u32(epoch), stamp, sealed);
}

/** The number of zero bits with which a cell's stamp begins. */
export function stampZeros(cell) {
  const sum = sha256(concat(cell.slice(0, 4), cell.slice(HEADER), cell.slice(4, HEADER)));
  let n = 0;
  for (const b of sum) {
    if (b === 0) { n += 8; continue; }
    return n + Math.clz32(b) - 24;
  }
  return n;
}

export const replayKey = (cell) => sha256(cell.slice(HEADER));

/** Searches a stamp of difficulty d from the one that stands there. */
export function stampCell(cell, d) {
  const view = new DataView(cell.buffer, cell.byteOffset + 4, 8);
  while (stampZeros(cell) < d) view.setBigUint64(0, BigInt.asUintN(64, view.getBigUint64(0) + 1n));
  return cell;
}

/** Lays out the fields of a fragment; filler stands after the body. */
export function fragment(f, filler) {
  const out = Uint8Array.from(filler.slice(0, FRAGMENT));
  const view = new DataView(out.buffer);
  out.set([f.version ?? 1, f.kind, f.topic, f.index, f.count, f.flags]);
  view.setUint16(6, f.body.length);
  view.setUint16(8, f.week);
  out.set(f.thread, 10);
  out.set(f.key, 26);
  out.set(f.letter, 58);
  out.set(f.lastReply, 74);
  out.set(f.body, 82);
  return out;
}

/** Reads a fragment: null for cover, undefined for what is malformed. */
export function parseFragment(b) {
  if (b.length !== FRAGMENT || b[0] > 1) return undefined;
  if (b[0] === 0) return null;
  const view = new DataView(b.buffer, b.byteOffset, b.length);
  const [kind, topic, index, count, flags] = b.slice(1, 6);
  const length = view.getUint16(6);
  const last = index === count - 1;
  if (kind > 5 || count < 1 || count > MAX_FRAGMENTS || index >= count || flags > 1) return undefined;
  if (length > BODY || length < 1 || (!last && length !== BODY)) return undefined;
  return {
    kind, topic, index, count, flags, week: view.getUint16(8),
    thread: b.slice(10, 26), key: b.slice(26, 58), letter: b.slice(58, 74), lastReply: b.slice(74, 82),
    body: b.slice(82, 82 + length),
  };
}

/** What eight indices open: thread, echo index and K_0. */
export function conversation(indices, newsroom) {
  const packed = new Uint8Array(11);
  indices.forEach((n, i) => {
    for (let bit = 0; bit < 11; bit++) {
      const at = i * 11 + bit;
      if ((n >> (10 - bit)) & 1) packed[at >> 3] |= 0x80 >> (at & 7);
    }
  });
  const m = argon2id(packed, newsroom, { t: 3, m: 64 * 1024, p: 1, dkLen: 32 });
  const echo = expandTo(m, "kkachi/1 echo", 2);
  return {
    thread: expandTo(m, "kkachi/1 thread", 16),
    echo: ((echo[0] << 8) | echo[1]) % 2048,
    key0: expandTo(m, "kkachi/1 chain", 32),
  };
}

export const expandTo = (key, label, n) => expand(sha256, key, typeof label === "string" ? text(label) : label, n);

/** The key `weeks` further on the chain. */
export function step(key, weeks) {
  for (let i = 0; i < weeks; i++) key = expandTo(key, "kkachi/1 next", 32);
  return key;
}

export const letterKey = (key) => expandTo(key, "kkachi/1 letter key", 32);
export const letterId = (lkey, { kind, topic, flags }, deflated) =>
  hmac(sha256, lkey, concat([kind, topic, flags], deflated)).slice(0, 16);

/** Joins the fragments of one letter; the answer names the first thing that is wrong. */
export function joinLetter(fragments, lkey) {
  const first = fragments[0];
  const parts = new Array(first.count);
  for (const f of fragments) {
    const same = ["kind", "topic", "flags", "week", "count"].every((k) => f[k] === first[k]) &&
      ["thread", "letter"].every((k) => equal(f[k], first[k]));
    if (!same || (parts[f.index] && !equal(parts[f.index], f.body))) return { fail: "mixed letters" };
    parts[f.index] = f.body;
  }
  for (let i = 0; i < first.count; i++) if (!parts[i]) return { fail: "incomplete" };
  const deflated = concat(...parts);
  if (!equal(letterId(lkey, first, deflated), first.letter)) return { fail: "letter id" };
  const inflated = inflate(deflated);
  if (!inflated) return { fail: "inflate" };
  if (first.flags === 0) {
    try { new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(inflated); } catch { return { fail: "not UTF-8" }; }
  }
  return { text: inflated };
}

function inflate(deflated) {
  const limit = Math.min(INFLATED_MAX, INFLATE_RATIO * deflated.length);
  try {
    const { buffer, engine } = inflateRawSync(deflated, { maxOutputLength: limit, info: true });
    return engine.bytesWritten === deflated.length ? Uint8Array.from(buffer) : null;
  } catch {
    return null;
  }
}

/** The tag of slot i of a day, under the key of that day's week. */
export const slotTag = (key, day, i) => expandTo(key, concat(text("kkachi/1 reply tag"), u32(day), [i]), 16);
const slotKey = (key, day, i) => expandTo(key, concat(text("kkachi/1 reply key"), u32(day), [i]), 32);

export function sealSlot(key, day, i, plain, nonce) {
  const tag = slotTag(key, day, i);
  return concat(tag, nonce, gcm(slotKey(key, day, i), nonce, tag).encrypt(plain));
}

export function openSlot(key, day, i, slot) {
  const tag = slotTag(key, day, i);
  if (slot.length !== SLOT || !equal(slot.slice(0, 16), tag)) return null;
  try {
    return gcm(slotKey(key, day, i), slot.slice(16, 28), tag).decrypt(slot.slice(28));
  } catch {
    return null;
  }
}

/** Lays out the plaintext of a slot. */
export function slotPlain(p, filler) {
  const out = Uint8Array.from(filler.slice(0, SLOT_PLAIN));
  const view = new DataView(out.buffer);
  out.set([p.kind, p.index, p.count, p.flags]);
  out.set(p.reply, 4);
  view.setUint16(12, p.body.length);
  out.set(p.ackLetter, 14);
  view.setBigUint64(22, BigInt(p.ackBitmap));
  out.set(p.body, 30);
  return out;
}
