// Words are chosen, not typed into a field: a field would be remembered by the browser, by
// the keyboard's own dictionary, or by a restored session (P5). A word is found by how it
// begins: English by letters, Korean by its first consonant and syllable, Chinese by the
// first letter of its reading.
import { WORDS } from "../chain.ts";
import { type Lang, list } from "../words.ts";
import { button, el, fill } from "./dom.ts";
import { NAMES, type Text } from "./text.ts";

const CONSONANTS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const DUBEOLSIK: Record<string, string> = {
  KeyR: "ㄱ", KeyS: "ㄴ", KeyE: "ㄷ", KeyF: "ㄹ", KeyA: "ㅁ", KeyQ: "ㅂ", KeyT: "ㅅ", KeyD: "ㅇ", KeyW: "ㅈ", KeyC: "ㅊ", KeyZ: "ㅋ", KeyX: "ㅌ", KeyV: "ㅍ", KeyG: "ㅎ",
};
const DOUBLED: Record<string, string> = { ㄱ: "ㄲ", ㄷ: "ㄸ", ㅂ: "ㅃ", ㅅ: "ㅆ", ㅈ: "ㅉ" };

// The first character of each letter in the order of pinyin, for letters that begin a reading.
const READINGS = "abcdefghjklmnopqrstwxyz", FIRST = "阿八嚓哒妸发旮哈讥咔垃妈拿噢趴七呥扨它穵夕丫帀";
const ENOUGH = 24; // words that are shown at once

const collator = new Intl.Collator("zh-u-co-pinyin");

function reading(c: string): string {
  let at = READINGS.length - 1;
  while (at > 0 && collator.compare(FIRST[at], c) > 0) at--;
  return READINGS[at];
}

/** How a word begins, step by step. */
function path(lang: Lang, word: string): string[] {
  if (lang === "zh") return [reading(word)];
  if (lang === "ko") return [CONSONANTS[Math.floor((word.charCodeAt(0) - 0xac00) / 588)], word[0]];
  return [...word.slice(0, 4)];
}

const paths = new Map<Lang, string[][]>();
const pathsOf = (lang: Lang): string[][] => paths.get(lang) ?? paths.set(lang, list(lang).map((w) => path(lang, w))).get(lang)!;

/** What can be chosen next after a beginning: more of the beginning, or words, by index. */
export function choices(lang: Lang, begun: string[]): { keys: string[]; words: number[] } {
  const all = pathsOf(lang), fit: number[] = [];
  all.forEach((p, i) => begun.every((key, at) => p[at] === key) && fit.push(i));
  const keys = [...new Set(fit.map((i) => all[i][begun.length]).filter(Boolean))].sort((a, b) => a.localeCompare(b, lang));
  const words = begun.length && (fit.length <= ENOUGH || !keys.length || lang === "zh") ? fit : [];
  if (lang === "zh") words.sort((a, b) => collator.compare(list("zh")[a], list("zh")[b]));
  return { keys: words.length ? [] : keys, words };
}

/** The choice of the list in which words stand. */
export function languageChoice(t: Text, lang: Lang, chosen: (lang: Lang) => void): HTMLElement {
  const select = el("select", { on: { change: () => chosen(select.value as Lang) } },
    ...(Object.keys(NAMES) as Lang[]).map((l) => el("option", { value: l, selected: l === lang, lang: l }, NAMES[l])));
  return el("label", { class: "row quiet" }, t.tWordsList, select);
}

/** A picker of eight words; done is called with their indices when the last is chosen. */
export function picker(t: Text, lang: Lang, done: (indices: number[], lang: Lang) => void): HTMLElement {
  const chosen: number[] = [];
  let begun: string[] = [];
  const label = el("p", { role: "status" });
  const words = el("ol", { class: "words small" });
  const hint = el("p", { class: "quiet" });
  const keys = el("div", { class: "keys", role: "group" });
  const box = el("div", { class: "choices", role: "group" });
  const undo = button(t.tPickUndo, back);

  function change(to: Lang): void {
    lang = to; // the words are the same in each list: their indices stay
    begun = [];
    draw();
  }

  function back(): void {
    if (begun.length) begun.pop();
    else chosen.pop();
    draw(true);
  }

  function begin(key: string): void {
    begun.push(key);
    const { keys: next, words } = choices(lang, begun);
    if (next.length === 1 && !words.length) return begin(next[0]);
    draw(true);
  }

  function choose(index: number): void {
    chosen.push(index);
    begun = [];
    if (chosen.length < WORDS) return draw(true);
    const all = chosen.splice(0);
    draw();
    done(all, lang);
  }

  function draw(focus = false): void {
    const { keys: next, words: fit } = choices(lang, begun);
    label.textContent = fill(t.tPickWord, Math.min(WORDS, chosen.length + 1));
    hint.textContent = begun.length ? `${begun.join(lang === "en" ? "" : " ")} …` : t.tPickNone;
    words.replaceChildren(...Array.from({ length: WORDS }, (_, i) => el("li", { lang }, el("span", {}, String(i + 1)), i < chosen.length ? list(lang)[chosen[i]] : "")));
    keys.replaceChildren(...next.map((k) => button(k, () => begin(k), { lang })));
    keys.setAttribute("aria-label", t.tPickLetters);
    box.replaceChildren(...fit.map((i) => button(list(lang)[i], () => choose(i), { lang })));
    box.setAttribute("aria-label", t.tPickWords);
    box.className = lang === "zh" ? "choices short" : "choices";
    keys.hidden = !next.length;
    box.hidden = !fit.length;
    undo.disabled = !chosen.length && !begun.length;
    if (focus) (box.querySelector("button") ?? keys.querySelector("button"))?.focus();
  }

  /** Where an arrow leads among what can be chosen: some letters begin more words than anybody wants to tab through. */
  function beside(key: string, from: Element): HTMLElement | undefined {
    const all = [...(box.hidden ? keys : box).querySelectorAll("button")], at = all.indexOf(from as HTMLButtonElement);
    if (at < 0) return;
    const left = all[at].offsetLeft, top = all[at].offsetTop, last = all.length - 1;
    return {
      ArrowLeft: all[at - 1], ArrowRight: all[at + 1], Home: all[0], End: all[last],
      ArrowUp: all.filter((b) => b.offsetTop < top && b.offsetLeft <= left).at(-1),
      ArrowDown: all.find((b) => b.offsetTop > top && b.offsetLeft + b.offsetWidth > left) ?? all[last],
    }[key];
  }

  function typed(e: KeyboardEvent): void {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target instanceof HTMLSelectElement) return;
    const jamo = DUBEOLSIK[e.code] ?? "";
    const key = lang === "ko" ? (e.shiftKey && DOUBLED[jamo]) || jamo : e.key.toLowerCase();
    if (e.key === "Backspace") {
      e.preventDefault();
      back();
    } else if (choices(lang, begun).keys.includes(key)) {
      e.preventDefault();
      begin(key);
    } else {
      const to = beside(e.key, e.target as Element);
      if (!to) return;
      e.preventDefault();
      to.focus();
    }
  }

  draw();
  return el("div", { class: "actions", on: { keydown: typed } }, label, words, hint, keys, box,
    el("div", { class: "row" }, undo, languageChoice(t, lang, change)));
}
