// Drives the composer as a person would, through its tree of elements: a test opens the
// closed shadow root by patching attachShadow before the page's script runs.
window.compose = (() => {
  const root = () => [...document.body.children].map((e) => e.shadowRoot).find(Boolean) ?? null;
  const seen = (e) => e.getClientRects().length > 0;
  const pause = (ms) => new Promise((f) => requestAnimationFrame(() => queueMicrotask(() => setTimeout(f, ms))));
  const until = async (f, what) => {
    for (const end = performance.now() + 30000; performance.now() < end; await pause(10)) {
      const got = f();
      if (got) return got;
    }
    throw new Error(`${what}: not in ${root()?.querySelector(".step")?.innerText ?? "a closed composer"}`);
  };
  const buttons = () => [...(root()?.querySelectorAll("button") ?? [])].filter((b) => seen(b) && !b.disabled);
  const press = async (label) => (await until(() => buttons().find((b) => b.textContent.startsWith(label)), label)).click();
  const title = () => root()?.querySelector(".step h2")?.textContent ?? "";
  const step = async (name) => void (await until(() => title() === name, name));

  async function pick(words) {
    const keys = () => [...root().querySelectorAll(".keys button")].filter(seen);
    const word = (w) => [...root().querySelectorAll(".choices button")].find((b) => seen(b) && b.textContent === w);
    const search = (w, depth) => { // by trying each beginning, as somebody who does not know the order
      if (word(w)) return word(w).click(), true;
      if (depth > 4) return false;
      for (const label of keys().map((k) => k.textContent)) {
        if (/[a-z]/.test(w) && w[depth] !== label) continue;
        keys().find((k) => k.textContent === label)?.click();
        if (search(w, depth + 1)) return true;
        root().querySelector(".row button").click(); // back
      }
      return false;
    };
    for (const w of words) if (!search(w, 0)) throw new Error(`${w} is not in the picker`);
  }

  return {
    root, press, title, step, pick, until,
    open: () => document.querySelector(".write a").click(),
    words: () => [...root().querySelectorAll(".words li")].map((li) => li.lastChild.textContent),
    echo: () => root().querySelector(".echo").textContent,
    text: () => root().querySelector(".step").innerText,
    // How the word begins that is being picked, how many were, how many buttons of the picker stand in a row, and how many Tabs lead to one; 999: none does.
    begun: () => /^(.*) …$/.exec(root().querySelector(".step p.quiet").textContent)?.[1] ?? "",
    picked: () => [...root().querySelectorAll(".words.small li")].filter((li) => li.lastChild.textContent).length,
    choices: () => [...root().querySelectorAll(".choices button")].filter(seen).map((b) => b.textContent),
    row: () => {
      const all = [...root().querySelectorAll(".keys button, .choices button")].filter(seen);
      return all.filter((b) => b.offsetTop === all[0].offsetTop).length;
    },
    way: (label) => {
      const all = [...root().querySelectorAll(".keys button, .choices button")].filter(seen), to = all.findIndex((b) => b.textContent === label);
      return to < 0 ? 999 : to - all.indexOf(root().activeElement);
    },
    type: (text, n = 0) => {
      const box = [...root().querySelectorAll("[role=textbox]")][n];
      box.focus();
      document.execCommand("insertText", false, text);
    },
  };
})();
0;
