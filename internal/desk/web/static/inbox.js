// The inbox: choosing rows, canned replies, news, and a list that stays where it is. Every
// page works without this file.
"use strict";
(() => {
  const $ = (q, e = document) => e.querySelector(q);
  const all = (q, e = document) => [...e.querySelectorAll(q)];

  // The list stays where it was: on its own page where one had scrolled to; beside what is
  // open, where only a part of it may stand, the open row at the height at which it was
  // opened. What is kept are numbers of pixels for this tab, nothing else.
  const list = $("[data-list]"), page = "list " + location.pathname.split("/")[1], kind = page.replace(/cases?$/, "case").replace(/inbox$/, "thread");
  if (list) {
    const height = (e) => Math.round(e.getBoundingClientRect().top - list.getBoundingClientRect().top);
    const now = $("[data-row][aria-current]", list), at = $("[data-at]", list);
    const kept = Number(sessionStorage.getItem(now ? kind + " row" : page) ?? NaN);
    let opened = null;
    list.addEventListener("click", (e) => { opened = e.target.closest("[data-row]:not([data-part])") || opened; });
    addEventListener("pagehide", () => {
      sessionStorage.setItem(page, String(Math.round(list.scrollTop)));
      if (opened || now) sessionStorage.setItem(kind + " row", String(height(opened || now)));
    });
    if (at) { // one went to another part of the list: on from there
      at.focus({ preventScroll: true });
      at.scrollIntoView({ block: "center" });
    } else if (innerWidth > 900) {
      if (!Number.isNaN(kept)) list.scrollTop = now ? list.scrollTop + height(now) - kept : kept;
      now?.scrollIntoView({ block: "nearest" });
    }
  }

  // Choosing: the words above the list say how many.
  const chosen = () => all("[data-choose]:checked");
  const count = $("[data-chosen]");
  const say = () => { if (count) count.textContent = count.dataset.words.replace("%d", chosen().length); };
  document.addEventListener("change", (e) => { if (e.target.matches?.("[data-choose]")) say(); });
  $("#bulk")?.addEventListener("reset", () => setTimeout(say));
  $("[data-choose-all]")?.addEventListener("click", () => {
    for (const c of all("[data-choose]")) if (!c.closest("[hidden]")) c.checked = true;
    say();
  });

  // A canned reply goes where the cursor is, or to the end.
  const insert = (e) => {
    const field = $("#reply"), a = e.currentTarget;
    if (!field || e.type === "keydown" && e.key !== "Enter") return;
    e.preventDefault(); // of the key as well: else it would be typed into the reply
    const lead = field.value && !field.value.endsWith("\n") && field.selectionStart === field.value.length ? "\n\n" : "";
    field.setRangeText(lead + a.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    a.closest("details").open = false;
    field.focus();
  };
  for (const a of all("[data-insert]")) for (const type of ["click", "keydown"]) a.addEventListener(type, insert);

  // News: asked of the desk on this computer; a count in the title, and a line above the
  // list. The list itself does not move, and nothing pops up.
  const newest = $("[data-newest]")?.dataset.newest, title = document.title;
  const ask = () => fetch("/news?since=" + newest).then((r) => r.ok ? r.json() : null).then((n) => {
    if (!n || !n.came) return;
    document.title = "(" + n.came + ") " + title;
    const line = $("[data-news]");
    if (!line || !line.hidden) { if (line) $("[data-news-word]").textContent = n.word; return; }
    $("[data-news-word]").textContent = n.word;
    line.hidden = false;
  }).catch(() => {});
  if (newest !== undefined) {
    setInterval(ask, 20000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
    document.addEventListener("kkachi:news", ask);
  }

  // Keys beyond those of every page.
  const open = (q) => {
    const e = $(q);
    if (!e) return false;
    for (let d = e.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    const into = e.matches("summary") ? $("input:not([type=hidden]), select, a", e.parentElement.querySelector("form, ul") || e.parentElement) || e : e;
    into.focus();
    return true;
  };
  const keys = {
    x: () => {
      const row = document.activeElement?.closest(".row") || $("[data-row][aria-current]")?.closest(".row");
      const box = row && $("[data-choose]", row);
      if (box) { box.checked = !box.checked; say(); }
    },
    f: () => open('[data-key="f"]'), l: () => open('[data-key="l"]'), s: () => open('[data-key="s"]'),
    t: () => open('[data-key="t"]'), m: () => open('[data-key="m"]'),
    a: () => $('[data-key="a"]')?.click(), v: () => { if (!$("[data-news]")?.hidden) $('[data-key="v"]')?.click(); },
    d: () => $('[data-key="d"]')?.click(),
    "/": () => { const e = $("#find") || $("#q"); if (e) { e.focus(); e.select(); } else location.assign("/search"); },
  };
  const go = { h: "/cases", f: "/search" };
  let g = 0;
  document.addEventListener("keydown", (e) => {
    const el = e.target;
    if (e.isComposing || e.defaultPrevented && e.key !== "/" || e.metaKey || e.ctrlKey || e.altKey || $("dialog[open]")) return;
    if (el.isContentEditable || /^(TEXTAREA|SELECT)$/.test(el.tagName) || el.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(el.type)) return;
    const key = /^[\x21-\x7e]$/.test(e.key) ? e.key : /^Key[A-Z]$/.test(e.code) ? (e.shiftKey ? e.code[3] : e.code[3].toLowerCase()) : e.key;
    if (g && Date.now() - g < 1500 && go[key]) { g = 0; e.preventDefault(); location.assign(go[key]); return; }
    if (key === "g") { g = Date.now(); return; }
    const after = g && Date.now() - g < 1500;
    g = 0;
    if (!after && keys[key]) { e.preventDefault(); keys[key](); }
  });
})();
