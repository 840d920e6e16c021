// Makes src/lists.ts: the BIP-39 lists, each word after the number of letters that it shares
// with the one before. Korean in its jamo, one letter of ASCII each; Chinese as 15 bits a
// character from U+4E00 on, in base64. A
// test holds it to the lists themselves.
import { writeFileSync } from "node:fs";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as korean } from "@scure/bip39/wordlists/korean.js";
import { wordlist as chinese } from "@scure/bip39/wordlists/simplified-chinese.js";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%&*+,-.:;<=>?@^_~";
const jamo = [...new Set(korean.join("").normalize("NFD"))].sort();

function packed(words) {
  let before = "";
  return words.map((w) => {
    let shared = 0;
    while (shared < 9 && shared < w.length - 1 && w[shared] === before[shared]) shared++;
    before = w;
    return shared + w.slice(shared);
  }).join("");
}

const inAscii = (w) => [...w.normalize("NFD")].map((c) => letters[jamo.indexOf(c)]).join("");
const simple = chinese.map((c) => c.normalize("NFC"));

// Bits, most significant first, in base64 without padding.
function base64(bits) {
  const padded = bits + "0".repeat((6 - (bits.length % 6)) % 6);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return padded.match(/.{6}/g).map((b) => alphabet[parseInt(b, 2)]).join("");
}

const bits = (chars) => chars.map((c) => {
  const n = c.codePointAt(0) - 0x4e00;
  if (c.length !== 1 || n < 0 || n >= 1 << 15) throw new Error("not a character of the block");
  return n.toString(2).padStart(15, "0");
}).join("");

writeFileSync(new URL("../src/lists.ts", import.meta.url), `// Made by vectors/lists.mjs; words.ts reads it.
export const ENGLISH = ${JSON.stringify(packed(english))};
export const LETTERS = ${JSON.stringify(letters)};
export const JAMO = ${JSON.stringify(jamo.join(""))};
export const KOREAN = ${JSON.stringify(packed(korean.map(inAscii)))};
export const CHINESE = "${base64(bits(simple))}";
`);
