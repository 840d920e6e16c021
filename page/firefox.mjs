// Looks at pages in Firefox for a test: node firefox.mjs LINK URL… opens LINK first (a desk's
// link lets one browser in), then each URL; it runs axe-core on each, listens for errors, and
// fails with what it found. With KKACHI_PICTURES set, a picture of each page is left there.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const axe = readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const [link, ...urls] = process.argv.slice(2);
const pictures = process.env.KKACHI_PICTURES;
const found = [];

const browser = await puppeteer.launch({ browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true });
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  let at = "";
  page.on("pageerror", (e) => found.push(`${at}: ${e.message}`));
  page.on("console", (m) => m.type() === "error" && found.push(`${at}: ${m.text()}`));
  if (link) {
    at = "the desk's link";
    await page.goto(link);
    await page.waitForFunction(() => location.pathname === "/inbox", { timeout: 30000 });
  }
  for (const [i, url] of urls.entries()) {
    at = new URL(url).pathname;
    const answer = await page.goto(url);
    if (!answer?.ok()) found.push(`${at}: status ${answer?.status()}`);
    const violations = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ["violations"] }).then((r) =>
      r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")))`);
    found.push(...violations.map((v) => `${at}: axe: ${v}`));
    if (pictures) await page.screenshot({ path: join(pictures, `firefox-${i}.png`) });
    console.log(`${at}: ${await page.title()}`);
  }
} finally {
  await browser.close();
}
if (found.length) {
  console.error(found.join("\n"));
  process.exit(1);
}
