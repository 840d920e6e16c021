// Sits at the keyboard of one Firefox for a test, told by lines of JSON as told.mjs reads them:
// {"open": URL, "settings", "width"} begins in a context of its own, with before.js,
// {"run": EXPRESSION} gives what it comes to, as JSON, {"keys": WHAT} presses keys, a JSON array of WebDriver's values, where "shift " stands before what
// is pressed with it, {"tree": …} gives what Firefox hands to a screen reader, {"picture": FILE} keeps how it looks, {"end": …} closes the context.
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { told } from "./told.mjs";

const browser = await puppeteer.launch({
  browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true, protocolTimeout: 300000,
  args: ["--remote-allow-system-access"], // the tree of all that is shown is the browser's, not the page's
  extraPrefsFirefox: {
    "javascript.options.wasm": false, "accessibility.force_disabled": -1, "ui.prefersReducedMotion": 1,
    "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,
  },
});
const before = readFileSync(new URL("before.js", import.meta.url), "utf8").replace(/^\/\/.*\n/gm, "").trim();
const send = async (method, params) => (await browser.connection.send(method, params)).result;
const chrome = (await send("browsingContext.getTree", { "moz:scope": "chrome" })).contexts[0].context;
const see = async (f, ...args) => (await send("script.evaluate", {
  target: { context: chrome }, awaitPromise: false, expression: `(${f})(${args.map((a) => JSON.stringify(a))})`,
})).result.value;
let context, page;

// What stands in the dialogs of a page and beneath them, from the accessibility service, which sees closed shadow trees too.
const tree = (origin) => {
  const tab = gBrowser.browsers.find((b) => b.currentURI.spec.startsWith(origin)), all = [];
  const walk = (a, inside) => {
    const state = {}, more = {}, role = a.computedARIARole;
    a.getState(state, more);
    inside ||= role === "dialog";
    if (a.role === Ci.nsIAccessibleRole.ROLE_COMBOBOX_LIST) return; // the list of a choice that is closed: what has a name is the choice
    if (role) all.push({ role, name: a.name ?? "", inside, focused: !!(state.value & Ci.nsIAccessibleStates.STATE_FOCUSED), modal: !!(more.value & Ci.nsIAccessibleStates.EXT_STATE_MODAL) });
    for (let kid = a.firstChild; kid; kid = kid.nextSibling) walk(kid, inside);
  };
  const top = globalThis.reader.getAccessibleFor(tab); // null until the service has seen the page
  if (top) walk(top, false);
  return JSON.stringify(all);
};

try {
  // The service begins when it is first asked for, knows of no focus from before, and ends when nobody holds it.
  await see(() => void (globalThis.reader = Cc["@mozilla.org/accessibilityService;1"].getService(Ci.nsIAccessibilityService)));
  await told({
    async open({ open, settings, width }) {
      await context?.close();
      context = await browser.createBrowserContext();
      page = await context.newPage();
      await page.setViewport({ width: Number(width), height: 800 });
      await page.evaluateOnNewDocument(`${before}(${settings})`);
      await page.goto(open);
      await page.bringToFront();
    },
    run: async ({ run }) => JSON.stringify((await page.evaluate(run)) ?? null),
    async keys({ keys }) {
      const down = (value) => ({ type: "keyDown", value }), up = (value) => ({ type: "keyUp", value }), shift = "\uE008";
      const actions = JSON.parse(keys).flatMap((k) => {
        const key = k.replace(/^shift /, "");
        return k === key ? [down(k), up(k)] : [down(shift), down(key), up(key), up(shift)];
      });
      await send("input.performActions", { context: page.mainFrame()._id, actions: [{ type: "key", id: "keyboard", actions }] });
    },
    tree: () => see(tree, new URL(page.url()).origin),
    picture: ({ picture }) => page.screenshot({ path: picture }).then(() => ""),
    async end() {
      await context.close();
      context = undefined;
    },
  });
} finally {
  await browser.close();
}
