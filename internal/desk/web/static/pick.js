// Words chosen by keyboard: c on a thread begins, j k move by sentence, J K extend, arrows
// by word, c or Enter makes the claim (desk.js does), Escape leaves. What is chosen is the
// browser's own selection, so that everything else treats it as if a mouse had made it.
"use strict";
(() => {
  const how = document.querySelector("[data-pick-how]"), say = document.querySelector("[data-pick-say]");
  if (!how) return;
  let spots = [], from = 0, to = 0, on = false;

  // Every sentence of every letter: where it begins and ends in the text nodes.
  const cut = () => {
    spots = [];
    for (const report of document.querySelectorAll("[data-report]")) {
      const nodes = [], walk = document.createTreeWalker(report, NodeFilter.SHOW_TEXT, (n) =>
        n.parentElement.closest("[data-beside]") || !n.parentElement.closest(".words-block") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
      let text = "";
      let block = null;
      for (let n = walk.nextNode(); n; n = walk.nextNode()) {
        // A turn of a call ends a sentence, whether or not a full stop does.
        const now = n.parentElement.closest(".words-block");
        if (block && now !== block) text += "\n";
        block = now;
        nodes.push([n, text.length]);
        text += n.data;
      }
      if (!text.trim()) continue;
      const lang = report.querySelector("[lang]")?.lang || document.documentElement.lang;
      for (const s of new Intl.Segmenter(lang, { granularity: "sentence" }).segment(text)) {
        for (const [line, at] of lines(s.segment, s.index)) {
          const a = at + line.search(/\S/), b = at + line.trimEnd().length;
          if (line.trim()) spots.push({ report, a: place(nodes, a), b: place(nodes, b) });
        }
      }
    }
  };
  const lines = (text, at) => {
    const out = [];
    for (const line of text.split("\n")) { out.push([line, at]); at += line.length + 1; }
    return out;
  };
  const place = (nodes, at) => {
    let found = nodes[0];
    for (const n of nodes) if (n[1] <= at) found = n;
    return [found[0], Math.min(at - found[1], found[0].length)];
  };

  const show = () => {
    const lo = spots[Math.min(from, to)], hi = spots[Math.max(from, to)];
    getSelection().setBaseAndExtent(...lo.a, ...hi.b);
    (hi.b[0].parentElement || hi.report).scrollIntoView({ block: "nearest" });
    tell();
  };
  const tell = () => { say.textContent = say.dataset.words.replace("%s", getSelection().toString()); };
  const begin = () => {
    cut();
    if (!spots.length) { say.textContent = say.dataset.none; return; }
    // The first sentence of the newest letter; of a call the first that isn't our own.
    const last = spots[spots.length - 1].report, ours = (s) => s.a[0].parentElement.closest(".turn.us");
    from = to = Math.max(spots.findIndex((s) => s.report === last && !ours(s)), spots.findIndex((s) => s.report === last));
    on = true;
    how.hidden = false;
    document.activeElement?.blur();
    show();
  };
  const end = (clear) => {
    on = false;
    how.hidden = true;
    if (clear) getSelection().removeAllRanges();
  };
  const move = (by, extend) => {
    let next = Math.min(Math.max((extend ? to : Math.max(from, to)) + by, 0), spots.length - 1);
    if (!extend && by < 0) next = Math.max(Math.min(from, to) - 1, 0);
    if (extend && spots[next].report !== spots[from].report) return; // a claim rests on one report
    to = next;
    if (!extend) from = next;
    show();
  };
  const latin = (e) => (/^[\x21-\x7e]$/.test(e.key) ? e.key : /^Key[A-Z]$/.test(e.code) ? e.code[3].toLowerCase() : e.key);

  document.querySelector("[data-pick]")?.addEventListener("click", begin);
  document.addEventListener("keydown", (e) => {
    if (!on || e.isComposing || e.metaKey || e.ctrlKey || e.altKey || document.querySelector("dialog[open]")) return;
    if (/^(TEXTAREA|INPUT|SELECT)$/.test(e.target.tagName)) return end(false);
    const key = latin(e), low = key.toLowerCase(), wide = e.shiftKey || key !== low;
    if (low === "j" || key === "ArrowDown") move(1, wide);
    else if (low === "k" || key === "ArrowUp") move(-1, wide);
    else if (key === "ArrowRight" || key === "ArrowLeft") {
      getSelection().modify("extend", key === "ArrowRight" ? "forward" : "backward", "word");
      tell();
    } else if (key === "Escape") end(true);
    else if (low === "c" || key === "Enter") {
      end(false);
      document.dispatchEvent(new CustomEvent("claim"));
    } else return;
    e.preventDefault();
    e.stopPropagation();
  }, true);
})();
