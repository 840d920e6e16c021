// Soft navigation as a reader expects it, tried within a page of the site: gives what is wrong.
// It stands in Chromium and Firefox alike. The document must be en/index.html of a site.
(async () => {
  const wrong = [];
  const is = (what, got, want) => JSON.stringify(got) === JSON.stringify(want) || wrong.push(`${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  const pause = (ms) => new Promise((done) => { const c = new MessageChannel(), at = performance.now() + ms; const tick = () => (performance.now() > at ? done() : c.port2.postMessage(0)); c.port1.onmessage = () => setTimeout(tick, 5); tick(); });
  const until = async (what, f) => {
    for (let i = 0; i < 4000; i++) {
      if (f()) return;
      await pause(10);
    }
    wrong.push(`${what} never came`);
  };
  const root = new URL("../", location.href).href, path = () => location.href.slice(root.length);
  // A link of the text, as any story's: those of the foot may do something else.
  const follow = (p) => {
    const a = document.createElement("a");
    a.href = root + p;
    document.querySelector("main").append(a);
    a.click();
  };
  const views = () => window.pauses.length / 2;
  const near = (y) => Math.abs(scrollY - y) < 1; // Firefox keeps fractions of pixels
  const tall = () => document.documentElement.scrollHeight - innerHeight;
  window.mark = true; // the document lives on
  await until("the first view", () => views() === 1);

  // A link: title, text, address, scroll, focus, announcement; one view more.
  scrollTo(0, 50);
  follow("en/about.html");
  await until("about", () => path() === "en/about.html");
  is("views", views(), 2);
  is("document", window.mark, true);
  is("focus", document.activeElement.localName, "h1");
  is("heading", document.activeElement === document.querySelector("main h1"), true);
  is("title", document.title.startsWith(document.querySelector("main h1").textContent), true);
  is("scroll", scrollY, 0);
  const status = document.querySelector("body > [role=status]");
  await until("the announcement", () => status.textContent === document.title);
  if (tall() < 100) wrong.push("the page is not tall enough to try scrolling");

  // Back and forward find their places.
  scrollTo(0, 80);
  follow("en/contact.html");
  await until("contact", () => path() === "en/contact.html");
  is("scroll at contact", scrollY, 0);
  scrollTo(0, 60);
  history.back();
  await until("back", () => document.querySelector("main h1").textContent === document.title.split(" · ")[0] && path() === "en/about.html");
  await until("the place at about", () => near(80));
  is("focus after going back", document.activeElement.localName, "h1");
  history.forward();
  await until("forward", () => path() === "en/contact.html" && near(60));
  is("views", views(), 5);

  // A place on the page is no view, and going back leads back to where one was.
  const before = history.length;
  document.querySelector('a[href="#text"]').click();
  await until("the place on the page", () => location.hash === "#text");
  is("the entry is new", history.length, before + 1);
  history.back();
  await until("back on the page", () => location.hash === "" && near(60));
  is("views", views(), 5);
  is("document", window.mark, true);

  // Another language: masthead and foot too.
  const foot = document.querySelector("footer").textContent;
  document.querySelector('nav.languages a[href$="ko/contact.html"]').click();
  await until("Korean", () => path() === "ko/contact.html");
  is("language", document.documentElement.lang, "ko");
  is("foot", document.querySelector("footer").textContent !== foot, true);
  is("alternates", document.querySelectorAll('link[rel="alternate"][hreflang]').length, 3);

  // A link to a place on another page.
  follow("en/about.html#text");
  await until("a place on another page", () => path() === "en/about.html#text");
  is("focus at the place", document.activeElement.id, "text");

  // What is not ours to follow: the browser does it.
  const left = (change, init = {}) => {
    const a = document.createElement("a");
    a.href = root + "en/contact.html";
    Object.assign(a, change);
    document.querySelector("main").append(a);
    let prevented;
    const last = (e) => { prevented = e.defaultPrevented; e.preventDefault(); };
    addEventListener("click", last, { once: true });
    a.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, button: 0, ...init }));
    a.remove();
    return !prevented;
  };
  for (const [name, change, init] of [
    ["ctrl", {}, { ctrlKey: true }], ["meta", {}, { metaKey: true }], ["shift", {}, { shiftKey: true }], ["alt", {}, { altKey: true }],
    ["middle button", {}, { button: 1 }], ["new tab", { target: "_blank" }], ["download", { download: "" }],
    ["another site", { href: "https://other.example/" }], ["another scheme", { href: "mailto:a@b.example" }],
    ["a feed", { href: root + "en/feed.atom" }], ["a picture", { href: root + "photos/x.jpg" }], ["a query", { href: root + "en/about.html?x" }],
  ]) is(`left to the browser: ${name}`, left(change, init), true);
  is("followed softly", left({}), false);
  await until("contact again", () => path() === "en/contact.html");

  // A fragment that is not well encoded names no place, and is a view like any other.
  const cells = window.pauses.length;
  follow("ko/about.html#100%");
  await until("a page with a bad fragment", () => path() === "ko/about.html#100%" && window.pauses.length === cells + 2);
  follow("en/contact.html");
  await until("contact once more", () => path() === "en/contact.html");

  // Every page is what it is when it is loaded.
  const seen = new Set(["en/contact.html"]), queue = ["index.html", "ko/index.html", "en/index.html", "zh/index.html"];
  const loaded = (p) => new Promise((f) => { // parsed by the browser: the policy lets a page parse by the script's own rule alone
    const x = new XMLHttpRequest();
    x.open("GET", root + p);
    x.responseType = "document";
    x.onload = () => f(x.response);
    x.send();
  });
  const text = (doc) => Array.from(doc.body.children).filter((e) => e.getAttribute("role") !== "status").map((e) => e.outerHTML.replaceAll(' tabindex="-1"', "")).join("\n").replace(/\s*\n\s*/g, "\n");
  while (queue.length) {
    const p = queue.shift();
    if (seen.has(p)) continue;
    seen.add(p);
    follow(p);
    await until(p, () => path() === p);
    const doc = await loaded(p);
    is(`the text of ${p}`, text(document), text(doc));
    is(`the title of ${p}`, document.title, doc.title);
    for (const l of doc.querySelectorAll("a[href]")) {
      const url = new URL(l.getAttribute("href"), root + p).href.split("#")[0];
      if (url.startsWith(root) && url.endsWith(".html")) queue.push(url.slice(root.length));
    }
  }
  if (seen.size < 10) wrong.push(`only ${seen.size} pages seen`);

  let other = "refused";
  try {
    other = window.trustedTypes?.createPolicy("test", { createHTML: (s) => s }) ? "made" : "none";
  } catch { /* as it should be */ }
  is("another Trusted Types policy", other === "made", false);
  window.broken = window.broken.filter((b) => !b.startsWith("trusted-types"));
  is("broken", window.broken, []); // the policy may well complain of what comes now

  // Markup that would act is left behind; its neighbours stay.
  const real = window.fetch;
  const evil = `<!DOCTYPE html><html lang="en"><head><title>Evil</title><meta http-equiv="refresh" content="0;url=/x"><base href="https://evil.example/">
    <link rel="stylesheet" href="https://evil.example/x.css"></head><body onload="window.ran=1"><script>window.ran=1</${"script"}>
    <main id="text"><h1 onclick="window.ran=1" style="color:red">Evil</h1><p>before<iframe src="/x"></iframe><img src="https://evil.example/x.png" onerror="window.ran=1">
    <a href="javascript:window.ran=1">a</a><a href="data:text/html,x">b</a><svg><script>window.ran=1</${"script"}></svg><form action="/c"><input name="x" autofocus></form>
    <object data="/x"></object><template><p>t</p></template><math><mi>x</mi></math><video src="/x"></video>after</p><div contenteditable="true" autofocus popover>plain</div></main></body></html>`;
  window.fetch = async (u, ...more) => {
    if (!String(u).endsWith("evil.html")) return real(u, ...more);
    const r = new Response(evil, { headers: { "content-type": "text/html; charset=utf-8" } });
    Object.defineProperty(r, "url", { value: String(u) });
    return r;
  };
  follow("en/evil.html");
  await until("the evil page", () => document.title === "Evil");
  await pause(200);
  window.fetch = real;
  is("nothing ran", window.ran, undefined);
  is("elements", document.querySelectorAll("body script, iframe, svg, form, input, object, template, math, video, meta[http-equiv], base, body style").length, 0);
  is("links", Array.from(document.querySelectorAll("main a"), (l) => l.getAttribute("href")), [null, null]);
  is("pictures", document.querySelector("main img").getAttribute("src"), null);
  is("attributes", Array.from(document.querySelectorAll("main *")).flatMap((e) => e.getAttributeNames()).filter((n) => /^on|style|contenteditable|autofocus|popover/.test(n)), []);
  is("neighbours", /before\s*ab\s*after\s*plain/.test(document.querySelector("main").textContent), true);
  return wrong;
})()
