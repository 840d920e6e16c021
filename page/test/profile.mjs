// A sitting in a browser with a profile on disk, ended by closing or by SIGKILL, for a test
// that searches the profile afterwards:
//   node test/profile.mjs firefox|chromium PROFILE close|kill URL SETTINGS FILE…
// FILEs are expressions, run one after another as in firefox.mjs; each result is one line of
// JSON. Session restore is on, and has time to write before the end.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

const [name, userDataDir, end, url, settings, ...files] = process.argv.slice(2);
const firefox = name === "firefox";
const browser = await puppeteer.launch({
  browser: firefox ? "firefox" : "chrome", executablePath: firefox ? "/usr/bin/firefox-esr" : "/usr/bin/chromium",
  headless: true, userDataDir, protocolTimeout: 300000,
  args: firefox ? [] : ["--no-sandbox", "--disable-gpu", "--restore-last-session", "--disable-background-networking", "--disable-component-update"],
  extraPrefsFirefox: {
    "browser.startup.page": 3, "browser.sessionstore.resume_from_crash": true, "browser.sessionstore.interval": 1000,
    "browser.sessionstore.privacy_level": 0, "browser.sessionstore.max_resumed_crashes": 3,
  },
});
const page = await browser.newPage();
await page.setViewport({ width: 400, height: 700 });
const before = readFileSync(new URL("before.js", import.meta.url), "utf8").replace(/^\/\/.*\n/gm, "").trim();
await page.evaluateOnNewDocument(`${before}(${settings})`);
await page.goto(url);
for (const file of files) console.log(JSON.stringify(await page.evaluate(readFileSync(file, "utf8"))));
await new Promise((f) => setTimeout(f, 8000)); // both browsers write their session every few seconds

/** A process and all that it started. */
function family(pid) {
  let kids = "";
  try {
    kids = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  } catch {
    // it started none
  }
  return [pid, ...kids.split("\n").filter(Boolean).flatMap((k) => family(Number(k)))];
}

if (end === "close") await browser.close();
else {
  for (const pid of family(browser.process().pid)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it ended with another
    }
  }
  process.exit(0);
}
