// The page's code runs spec/vectors in node, those that Go made as well as its own. The same
// runner stands in Chromium and Firefox: cmd/kkachi, TestVectorsInBrowsers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as korean } from "@scure/bip39/wordlists/korean.js";
import { wordlist as chinese } from "@scure/bip39/wordlists/simplified-chinese.js";
import { load } from "./bundle.mjs";

const dir = new URL("../../spec/vectors/", import.meta.url);
const { runFile, notThePages } = await load("test/areas.ts");

for (const name of readdirSync(dir).filter((n) => n.endsWith(".json")).sort()) {
  const file = JSON.parse(readFileSync(new URL(name, dir), "utf8"));
  if (notThePages.has(file.area)) continue;
  test(`${name}: ${file.vectors.length} vectors`, async () => {
    assert.deepEqual(await runFile(name, file), []);
  });
}

test("a vector that is wrong is found", async () => {
  for (const name of readdirSync(dir).filter((n) => n.endsWith(".json"))) {
    const file = JSON.parse(readFileSync(new URL(name, dir), "utf8"));
    if (notThePages.has(file.area)) continue;
    const good = file.vectors.find((v) => v.expect === "success"), bad = file.vectors.find((v) => v.expect !== "success");
    for (const v of [good && { ...good, expect: "another failure" }, good && { ...good, surplus: 1 }, bad && { ...bad, expect: "success" }]) {
      if (v) assert.equal((await runFile(name, { ...file, vectors: [v] })).length, 1, `${name}: ${v.name}`);
    }
  }
});

test("making the vectors again changes nothing", async () => {
  const { files } = await load("vectors/make.ts");
  for (const [name, content] of Object.entries(await files())) {
    const at = new URL(name, dir);
    assert.ok(existsSync(at), `${name} is missing: npm run vectors`);
    assert.ok(readFileSync(at, "utf8") === content, `${name} differs from what page/vectors/make.ts makes`);
  }
});

test("the lists are BIP-39's", async () => {
  const { list } = await load("src/words.ts");
  for (const [lang, words] of Object.entries({ en: english, ko: korean, zh: chinese })) {
    assert.deepEqual(list(lang), words.map((w) => w.normalize("NFC")), lang);
  }
});

test("the types hold", () => {
  const page = fileURLToPath(new URL("..", import.meta.url));
  execFileSync(`${page}/node_modules/.bin/tsc`, ["-p", page], { stdio: "pipe", encoding: "utf8" });
});
