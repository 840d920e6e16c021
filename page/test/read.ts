// Words as somebody types them (spec/03-words.md, section 1). The page has no field for them:
// words are chosen there. It stands here for the vectors alone.
import { wordlist as traditional } from "@scure/bip39/wordlists/traditional-chinese.js";
import { WORDS } from "../src/chain.ts";
import { Refused } from "../src/notes.ts";
import { type Lang, list } from "../src/words.ts";

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
  const lists = (lang === "zh" ? [list("zh"), traditional] : [list(lang)]).map((l) => l.map((w) => w.normalize("NFKD")));
  return words.map((w, i) => {
    const index = Math.max(...lists.map((l) => l.indexOf(w)));
    if (index < 0) throw new BadWord(i + 1);
    return index;
  });
}
