// Soft navigation: a link within the site is followed by fetching the page and taking over
// its text, so that the document, and what is in its memory, lives on. Whatever does not go
// well becomes a plain navigation; but where the network fails, the reader stays and is told. It behaves as a reader expects of a page that loads.
import { rebuild } from "./allow.ts";

export interface Soft {
  root: string; // URL of the site's root, with a slash at its end
  html: (text: string) => string; // through the Trusted Types policy, for an inert document
  own: Set<Node>; // children of body that are not the site's and stay
  shown: () => void; // another page stands there: a view begins
}

/** A fragment's name; as it stands where it is not well percent-encoded. */
function fragment(s: string): string {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}

const plain = (url: URL | Location): string => url.href.split("#")[0];

export function soften(o: Soft): void {
  const positions = new Map<number, number>(); // scroll offsets by history entry, in memory
  const label = (): number | undefined => (history.state as { kkachi?: number } | null)?.kkachi;
  if (label() === undefined) history.replaceState({ kkachi: 0 }, "");
  let entry = label() ?? 0, here = plain(location), running: AbortController | null = null;

  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  document.body.append(status);
  o.own.add(status);

  const isPage = (url: URL): boolean => url.href.startsWith(o.root) && /(^|\/|\.html)$/.test(plain(url).slice(o.root.length)) && !url.search;

  document.addEventListener("click", (e) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || !(e.target instanceof Element)) return;
    const a = e.target.closest("a");
    if (!a?.href || (a.target && a.target !== "_self") || a.hasAttribute("download")) return;
    const url = new URL(a.href);
    if (!isPage(url)) return;
    if (plain(url) === here && url.href.includes("#")) {
      positions.set(entry, scrollY); // a place on this page: the browser leads there
      return;
    }
    e.preventDefault();
    void go(url, plain(url) === here ? "replace" : "push");
  });

  addEventListener("popstate", () => {
    const to = label();
    if (to === undefined) { // a place on this page was gone to: the entry is new
      history.replaceState({ kkachi: ++entry }, "");
      return;
    }
    positions.set(entry, scrollY);
    entry = to;
    running?.abort();
    if (plain(location) !== here) void go(new URL(location.href), "pop");
    else if (history.scrollRestoration === "manual") scrollTo(0, positions.get(entry) ?? 0);
  });

  // A document that is loaded anew finds its place by the browser's own means.
  addEventListener("pagehide", () => (history.scrollRestoration = "auto"));

  async function go(url: URL, how: "push" | "replace" | "pop"): Promise<void> {
    running?.abort();
    const mine = (running = new AbortController());
    let page: Document;
    try {
      const r = await fetch(url, { credentials: "omit", redirect: "manual", signal: mine.signal });
      if (!r.ok || !r.headers.get("content-type")?.startsWith("text/html")) throw new Error("no page");
      page = new DOMParser().parseFromString(o.html(await r.text()), "text/html");
      if (!page.querySelector("main")) throw new Error("no page");
    } catch (e) {
      if (mine.signal.aborted) return;
      const unreached = document.querySelector<HTMLElement>(".unreached");
      if (e instanceof TypeError && unreached && how !== "pop") unreached.hidden = false; // no network: a letter in memory stays
      else if (how === "pop") location.reload();
      else location.assign(url);
      return;
    }
    if (mine.signal.aborted) return;
    running = null;
    if (how !== "pop") positions.set(entry, scrollY);
    history.scrollRestoration = "manual";
    if (how === "push") history.pushState({ kkachi: ++entry }, "", url);
    history.scrollRestoration = "manual"; // of the new entry too
    here = plain(url);
    take(page);
    arrive(url, how === "pop" ? positions.get(entry) ?? 0 : 0);
    o.shown();
  }

  /** Takes over a page's text, masthead and foot, title and language. */
  function take(page: Document): void {
    const fresh = Array.from(page.body.children, rebuild).filter((e) => e !== null);
    for (const n of Array.from(document.body.childNodes)) if (!o.own.has(n)) n.remove();
    document.body.prepend(...fresh);
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    const facts = 'meta[name="description"], link[rel="alternate"]';
    document.querySelectorAll(facts).forEach((e) => e.remove());
    page.querySelectorAll(facts).forEach((from) => {
      const to = document.createElement(from.localName);
      for (const attr of ["name", "content", "rel", "hreflang", "type", "href"]) {
        const value = from.getAttribute(attr);
        if (value !== null) to.setAttribute(attr, value);
      }
      document.head.append(to);
    });
  }

  /** Scroll, focus and announcement, as on arriving at a page. */
  function arrive(url: URL, y: number): void {
    const place = url.hash ? document.getElementById(fragment(url.hash.slice(1))) : null;
    if (place && !y) place.scrollIntoView();
    else scrollTo({ top: y, behavior: "instant" });
    const focus = place ?? document.querySelector<HTMLElement>("main h1") ?? document.querySelector("main");
    if (focus && focus.tabIndex < 0) {
      focus.tabIndex = -1;
      focus.addEventListener("blur", () => focus.removeAttribute("tabindex"), { once: true });
    }
    focus?.focus({ preventScroll: true });
    status.textContent = "";
    setTimeout(() => (status.textContent = document.title), 100);
  }
}
