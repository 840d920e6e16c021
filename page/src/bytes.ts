// Bytes, and what is done with them everywhere. Nothing here knows a secret.
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text. */
export const utf8 = (s: string): Bytes => encoder.encode(s) as Bytes;

/** The text of UTF-8 bytes; null if they are none. */
export function fromUTF8(b: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(b);
  } catch {
    return null;
  }
}

/** A number in four bytes, big-endian. */
export const u32 = (n: number): Bytes => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);

export function concat(...parts: ArrayLike<number>[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** Byte order, as sorted slots stand: negative, zero or positive. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export const equal = (a: Uint8Array, b: Uint8Array): boolean => compare(a, b) === 0;

export const hex = (b: Uint8Array): string => Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");

/** The bytes of lower-case hex digits; null if they are none. */
export function fromHex(s: string): Bytes | null {
  if (!/^([0-9a-f]{2})*$/.test(s)) return null;
  return Uint8Array.from(s.match(/../g) ?? [], (x) => parseInt(x, 16));
}

/** The n bytes of strict base64 with padding and zero trailing bits; null for any other form. */
export function fromBase64(s: string, n: number): Bytes | null {
  if (s.length !== 4 * Math.ceil(n / 3) || !/^[A-Za-z0-9+/]*={0,2}$/.test(s)) return null;
  try {
    const raw = atob(s);
    return raw.length === n && btoa(raw) === s ? Uint8Array.from(raw, (c) => c.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

export const random = (n: number): Bytes => crypto.getRandomValues(new Uint8Array(n));
