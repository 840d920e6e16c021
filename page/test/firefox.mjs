// Opens a page in Firefox for a test, with settings, and prints what an expression gives:
//   node test/firefox.mjs URL SETTINGS EXPRESSION-FILE…
// SETTINGS is JSON for before.js, or "-" for none. Expressions are run one after another in
// the same document unless it leads elsewhere; each result is one line of JSON.
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const [url, settings, ...files] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true, protocolTimeout: 300000,
  extraPrefsFirefox: settings === "-" ? {} : { "javascript.options.wasm": false },
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 400, height: 300 });
  if (settings !== "-") {
    const before = readFileSync(new URL("before.js", import.meta.url), "utf8").replace(/^\/\/.*\n/gm, "").trim();
    await page.evaluateOnNewDocument(`${before}(${settings})`);
  }
  await page.goto(url);
  for (const file of files) console.log(JSON.stringify(await page.evaluate(readFileSync(file, "utf8"))));
} finally {
  await browser.close();
}
