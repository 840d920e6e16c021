// The word lists and the reading of words (spec/03-words.md, section 1). All three lists are
// in the script that every reader loads, so that nothing is fetched when the composer opens.
import { CHINESE, DIFFERS, ENGLISH, JAMO, KOREAN, LETTERS, TRADITIONAL } from "./lists.ts";
import { LIST, WORDS } from "./chain.ts";
import { Refused } from "./notes.ts";

export type Lang = "ko" | "en" | "zh";

function unpack(s: string): string[] {
  let before = "";
  return s.match(/\d[^\d]+/g)!.map((w) => (before = before.slice(0, Number(w[0])) + w.slice(1)));
}

/** Numbers of so many bits each, from base64. */
function numbers(s: string, bits: number, count: number): number[] {
  const raw = Array.from(atob(s.padEnd(Math.ceil(s.length / 4) * 4, "A")), (c) => c.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  return Array.from({ length: count }, (_, i) => parseInt(raw.slice(i * bits, (i + 1) * bits), 2));
}

const characters = (s: string, count: number): string[] => numbers(s, 15, count).map((n) => String.fromCharCode(0x4e00 + n));

/** The traditional characters, in the order of their indices: those that differ, else the simplified ones. */
function traditional(simple: string[]): string[] {
  const differs = numbers(DIFFERS, 1, LIST);
  const other = characters(TRADITIONAL, differs.filter(Boolean).length);
  return simple.map((c, i) => (differs[i] ? other.shift()! : c));
}

const made = new Map<string, string[]>();

/** The 2048 words of a language in NFC; "zh-Hant" are the traditional forms of the same indices. */
export function list(lang: Lang | "zh-Hant"): string[] {
  let words = made.get(lang);
  if (!words) {
    if (lang === "zh") words = characters(CHINESE, LIST);
    else if (lang === "zh-Hant") words = traditional(list("zh"));
    else if (lang === "en") words = unpack(ENGLISH);
    else words = unpack(KOREAN).map((w) => [...w].map((c) => JAMO[LETTERS.indexOf(c)]).join("").normalize("NFC"));
    made.set(lang, words);
  }
  return words;
}

/** A refusal that names the position of a bad word, 1 … 8, and never the word. */
export class BadWord extends Refused {
  constructor(readonly position: number) {
    super("bad word");
  }
}

/** The eight indices of words as they were typed; throws Refused. */
export function readWords(typed: string, lang: Lang): number[] {
  const plain = typed.normalize("NFKD").toLowerCase();
  const words = lang === "zh" ? [...plain.replace(/\s/gu, "")] : plain.split(/\s+/u).filter(Boolean);
  if (words.length !== WORDS) throw new Refused("word count");
  const lists = (lang === "zh" ? ["zh", "zh-Hant"] as const : [lang]).map((l) => list(l).map((w) => w.normalize("NFKD")));
  return words.map((w, i) => {
    const index = Math.max(...lists.map((l) => l.indexOf(w)));
    if (index < 0) throw new BadWord(i + 1);
    return index;
  });
}

/** Eight indices, drawn uniformly: 2048 divides 2^16. */
export const drawWords = (): number[] => Array.from(crypto.getRandomValues(new Uint16Array(WORDS)), (n) => n % LIST);
