// The word lists (spec/03-words.md, section 1). All three lists are
// in the script that every reader loads, so that nothing is fetched when the composer opens.
import { CHINESE, ENGLISH, JAMO, KOREAN, LETTERS } from "./lists.ts";
import { LIST, WORDS } from "./chain.ts";

export type Lang = "ko" | "en" | "zh";

function unpack(s: string): string[] {
  let before = "";
  return s.match(/\d[^\d]+/g)!.map((w) => (before = before.slice(0, Number(w[0])) + w.slice(1)));
}

/** Characters of 15 bits each, from base64. */
function characters(s: string): string[] {
  const raw = Array.from(atob(s.padEnd(Math.ceil(s.length / 4) * 4, "A")), (c) => c.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  return Array.from({ length: LIST }, (_, i) => String.fromCharCode(0x4e00 + parseInt(raw.slice(i * 15, (i + 1) * 15), 2)));
}

const made = new Map<Lang, string[]>();

/** The 2048 words of a language in NFC, in the order of their indices. */
export function list(lang: Lang): string[] {
  let words = made.get(lang);
  if (!words) {
    if (lang === "zh") words = characters(CHINESE);
    else if (lang === "en") words = unpack(ENGLISH);
    else words = unpack(KOREAN).map((w) => [...w].map((c) => JAMO[LETTERS.indexOf(c)]).join("").normalize("NFC"));
    made.set(lang, words);
  }
  return words;
}

/** Eight indices, drawn uniformly: 2048 divides 2^16. */
export const drawWords = (): number[] => Array.from(crypto.getRandomValues(new Uint16Array(WORDS)), (n) => n % LIST);
