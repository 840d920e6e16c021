// Makes files.json from spec/13-custody.md alone, by node's own cryptography:
//     node make.mjs > files.json
import { createCipheriv, createHash, hkdfSync } from "node:crypto";

const chunk = 65536;
const seal = (key, salt, original) => {
  const head = Buffer.concat([Buffer.from("KKC1"), salt]);
  const k = Buffer.from(hkdfSync("sha256", key, salt, "kkachi/1 custody", 32));
  const out = [head];
  for (let at = 0, n = 0; at < original.length; at += chunk, n++) {
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64BE(BigInt(n), 3);
    if (at + chunk >= original.length) nonce[11] = 1;
    const c = createCipheriv("aes-256-gcm", k, nonce);
    c.setAAD(head);
    out.push(c.update(original.subarray(at, at + chunk)), c.final(), c.getAuthTag());
  }
  return Buffer.concat(out);
};
const hex = (b) => b.toString("hex");
const key = Buffer.alloc(32, 0x4b), salt = Buffer.alloc(16, 0x53);
const short = Buffer.from("an original of few bytes");
const of = (Name, original, Expect, change = (f) => f, k = key) =>
  ({ Name, Key: hex(k), Salt: hex(salt), Original: hex(original), File: hex(change(seal(key, salt, original))), Expect });
// Of a long file only the SHA-256 stands here; its original is one byte many times.
const big = (Name, byte, size) => ({ Name, Key: hex(key), Salt: hex(salt), Byte: byte, Size: size, Expect: "success",
  FileSum: createHash("sha256").update(seal(key, salt, Buffer.alloc(size, byte))).digest("hex") });
const flip = (at) => (f) => { f = Buffer.from(f); f[at < 0 ? f.length + at : at] ^= 1; return f; };
console.log(JSON.stringify([
  of("one chunk", short, "success"),
  big("one whole chunk", 0x41, chunk),
  big("two chunks and a little", 0x42, 2 * chunk + 3),
  of("another magic", short, "edited", flip(0)),
  of("salt flipped", short, "edited", flip(6)),
  of("content flipped", short, "edited", flip(22)),
  of("tag flipped", short, "edited", flip(-1)),
  of("another key", short, "edited", (f) => f, Buffer.alloc(32, 0x4c)),
  of("cut in the header", short, "torn", (f) => f.subarray(0, 19)),
  of("nothing after the header", short, "torn", (f) => f.subarray(0, 20)),
  of("a tag alone", short, "torn", (f) => f.subarray(0, 36)),
  of("a byte more", short, "edited", (f) => Buffer.concat([f, Buffer.from([0])])),
], null, 1));
