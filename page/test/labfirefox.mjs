// Makes the lab's visits in Firefox, told by lines of JSON on standard input, one answer a line:
// {"open": URL, "prelude": SCRIPT} begins one in a context of its own, so without a cache,
// {"run": EXPRESSION} gives what it is as text, {"touch": …} is a click where nothing is and a turn of the wheel,
// {"end": …} closes the context. It ends with its input.
import puppeteer from "puppeteer-core";
import { told } from "./told.mjs";

const browser = await puppeteer.launch({
  browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true, protocolTimeout: 60000, acceptInsecureCerts: true,
  extraPrefsFirefox: { "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false },
});
let context, page;
const work = {
  async open({ open, prelude }) {
    await context?.close();
    context = await browser.createBrowserContext();
    page = await context.newPage();
    await page.setViewport({ width: 400, height: 300 });
    await page.evaluateOnNewDocument(prelude);
    await page.goto(open);
  },
  run: ({ run }) => page.evaluate(`String(${run})`),
  async touch() {
    await page.mouse.click(3, 150);
    await page.mouse.wheel({ deltaY: 60 });
  },
  async end() {
    await context.close();
    context = undefined;
  },
};
try {
  await told(work);
} finally {
  await browser.close();
}
