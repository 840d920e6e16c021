// Puts the parts together in a page.
import { fromHex } from "./bytes.ts";
import { Engine } from "./engine.ts";
import { Helper } from "./helper.ts";
import { soften } from "./soft.ts";

interface Policy {
  createHTML(text: string): string;
  createScriptURL(url: string): string;
}

/** The one Trusted Types policy: markup for inert documents, and this script as a worker. */
function policy(script: string): Policy {
  const rules: Policy = {
    createHTML: (text) => text, // DOMParser's document runs nothing; what is taken out of it is rebuilt from a list
    createScriptURL(url) {
      if (url !== script) throw new TypeError("not the page's script");
      return url;
    },
  };
  const types = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } }).trustedTypes;
  return types ? types.createPolicy("kkachi", rules) : rules;
}

/** What a page starts with; null where it stays a plain page. */
export interface Started {
  engine: Engine;
  own: Set<Node>; // children of body that soft navigation leaves alone
  apart: boolean; // the reader takes no part: no view begins in this document any more
}

/** Takes no part from now on; the site's style shows the sentence that says so. There is no way back: who took it would be a source. */
export function part(page: Started): void {
  page.apart = true;
  document.documentElement.classList.add("apart");
}

export function start(): Started | null {
  const script = document.currentScript as HTMLScriptElement | null;
  const newsroom = fromHex(script?.dataset.newsroom ?? "");
  if (!script || newsroom?.length !== 32 || !crypto.subtle) return null;
  const rules = policy(script.src);
  const saves = !!(navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
  const worker = () => {
    if (saves) throw new Error("none");
    return new Worker(rules.createScriptURL(script.src));
  };
  const root = new URL("../", script.src).href;
  const engine = new Engine({ newsroom, root }, new Helper(worker, true), new Helper(worker, false));
  const page: Started = { engine, own: new Set(), apart: false };
  const view = () => page.apart || engine.view();
  if (saves) part(page);
  soften({ root, html: (text) => rules.createHTML(text), own: page.own, shown: view });
  addEventListener("pageshow", (e) => e.persisted && view());
  // A page that a browser makes ready ahead of time is no view until it is looked at.
  if ((document as { prerendering?: boolean }).prerendering) document.addEventListener("prerenderingchange", view, { once: true });
  else view();
  return page;
}
