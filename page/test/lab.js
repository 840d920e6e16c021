// Stands in a page before its own script, beside before.js, in the visits that an observer is tried on:
// how long sealing takes and how long frames are meanwhile, for reader and source alike; and
// what a source does in the composer, with a pause after each key as a person makes. `leak` plants one.
((leak) => {
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function () { return attach.call(this, { mode: "open" }); };
  const lab = (window.lab = { seals: [], wrong: [], argon: 0 });

  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (m, ...more) {
    if (m?.task === "seal") {
      const began = performance.now(), letters = m.args[1].filter((c) => c.flag !== 0).length;
      let last = began, frame = 0, on = true;
      const tick = (now) => {
        frame = Math.max(frame, now - last);
        last = now;
        if (on) requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
      const answer = ({ data }) => {
        if (data.n !== m.n) return;
        this.removeEventListener("message", answer);
        on = false;
        lab.seals.push({ Letters: letters, Took: performance.now() - began, Frame: frame });
      };
      this.addEventListener("message", answer);
    }
    return post.call(this, m, ...more);
  };

  // Leaks that a test plants in the page.
  if (leak === "late") { // each send late by a tenth of its window: 4 and 6 seconds wide
    const later = window.setTimeout;
    let n = 0;
    window.setTimeout = (f, ms, ...more) => (ms < 1000 ? later(f, ms, ...more) : later(f, ms + (n++ % 2 ? 600 : 400), ...more));
  }
  if (leak === "request" || leak === "byte") {
    const real = window.fetch;
    let n = 0;
    window.fetch = (u, init, ...more) => {
      if (init?.method !== "POST") return real(u, init, ...more);
      if (leak === "byte") init = { ...init, body: new Uint8Array([...init.body, 0]) };
      else if (n++ === 3) void real(String(u).replace(/c$/, "d"), { credentials: "omit", cache: "no-store" });
      return real(u, init, ...more);
    };
  }

  const pause = (ms) => new Promise((f) => setTimeout(f, ms));
  lab.follow = (path) => {
    const a = document.createElement("a");
    a.href = new URL("../", document.querySelector("script[data-newsroom]").src) + path;
    document.querySelector("main").append(a);
    a.click();
  };
  lab.write = (words, text, key) => void (async () => {
    const root = () => [...document.body.children].map((e) => e.shadowRoot).find(Boolean) ?? null;
    const until = async (f, what) => {
      for (let i = 0; i < 20000; i++, await pause(5)) {
        const got = f();
        if (got) return got;
      }
      throw new Error(`no ${what}`);
    };
    const button = (label, where = "") => [...(root()?.querySelectorAll(`${where} button`) ?? [])].find((b) => b.getClientRects().length && !b.disabled && b.textContent === label);
    const press = async (label) => (await until(() => button(label), label)).click();
    document.querySelector(".write a").click();
    await press("I have eight words");
    await until(() => root()?.querySelector(".keys"), "picker");
    for (const w of words) {
      for (let i = 0; i < 4 && !button(w, ".choices"); i++, await pause(key)) button(w[i], ".keys")?.click();
      (await until(() => button(w, ".choices"), w)).click();
      await pause(key);
    }
    const began = performance.now();
    await until(() => root()?.querySelector(".echo"), "echo word");
    lab.argon = (performance.now() - began) / 1000;
    await press("Go on");
    await press("Write a letter");
    const box = await until(() => root()?.querySelector("[role=textbox]"), "letter");
    box.focus();
    document.execCommand("insertText", false, text);
    await pause(5);
    await press("Send with the next articles");
    await press("Read on");
  })().catch((e) => lab.wrong.push(String(e)));
})
