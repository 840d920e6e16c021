// Every word of every list can be entered with the picker, with few presses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./bundle.mjs";

const { choices } = await load("src/compose/picker.ts");
const { list } = await load("src/words.ts");

const MOST = { ko: 3, en: 5, zh: 2 }; // presses for one word, the word itself among them
const SHOWN = { ko: 40, en: 60, zh: 300 }; // words to look through at the last press

for (const lang of ["ko", "en", "zh"]) {
  test(`${lang}: each of 2048 words`, () => {
    const reached = new Map();
    let longest = 0;
    const walk = (begun) => {
      const { keys, words } = choices(lang, begun);
      assert.ok(keys.length === 0 || words.length === 0, "either a beginning or a word is chosen");
      assert.equal(new Set(keys).size, keys.length);
      longest = Math.max(longest, words.length);
      for (const w of words) {
        assert.ok(!reached.has(w), `${list(lang)[w]} stands in two places`);
        reached.set(w, begun.length + 1);
      }
      for (const k of keys) walk([...begun, k]);
    };
    walk([]);
    assert.equal(reached.size, 2048);
    assert.deepEqual([...reached.keys()].sort((a, b) => a - b), Array.from({ length: 2048 }, (_, i) => i));
    assert.ok(Math.max(...reached.values()) <= MOST[lang], `${Math.max(...reached.values())} presses`);
    assert.ok(longest <= SHOWN[lang], `${longest} words at once`);
  });
}
