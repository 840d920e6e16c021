// Keys, drafts and the bar over selected words. Every page works without this file, save
// entering; it keeps nothing in the browser: drafts go to the desk, which encrypts them.
"use strict";
(() => {
  const $ = (q, e = document) => e.querySelector(q);
  const all = (q, e = document) => [...e.querySelectorAll(q)];
  const typing = (e) => e && (e.isContentEditable || /^(TEXTAREA|SELECT)$/.test(e.tagName) ||
    (e.tagName === "INPUT" && !/^(checkbox|radio|button|submit|file)$/.test(e.type)));

  // A form that was refused holds again what was typed into it, and is open.
  const sent = $("[data-sent]");
  if (sent) {
    const was = all("input", sent).map((i) => [i.name, i.value]);
    const had = (name, value) => was.some(([n, v]) => n === name && v === value);
    const form = all("form").find((f) => f.getAttribute("action") === sent.dataset.sent && all("input[type=hidden]", f).every((i) => had(i.name, i.value)));
    for (const e of form ? form.elements : []) {
      if (!e.name || /^(hidden|password|file|submit|button)$/.test(e.type)) continue;
      const one = was.find(([n]) => n === e.name);
      if (/^(checkbox|radio)$/.test(e.type)) e.checked = had(e.name, e.value);
      else if (one && e.value !== one[1]) e.value = one[1];
    }
    for (let d = form?.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  }

  // A file is chosen in the page's language: a browser's own button speaks the browser's.
  for (const wrap of all("[data-file]")) {
    const field = $("input", wrap), name = $("[data-chosen-file]", wrap);
    const say = () => { name.textContent = field.files[0]?.name || name.dataset.chosenFile; };
    for (const e of all("[hidden]", wrap)) e.hidden = false;
    wrap.classList.add("ours");
    field.addEventListener("change", say);
    say();
  }

  // Drafts: sent a moment after typing stops, and at once when the page is left.
  const waiting = new Map();
  const send = (field, last) => {
    clearTimeout(waiting.get(field));
    waiting.delete(field);
    // A form whose choices matter as much as its words is kept whole.
    const form = field.form, whole = "whole" in field.dataset && all("textarea", form).some((t) => t.value !== "");
    const text = whole ? JSON.stringify(Object.fromEntries(new FormData(form))) : field.value;
    const body = new URLSearchParams({ for: field.dataset.draft, text });
    field.dataset.since = "";
    const state = form && $("[data-saved]", form);
    fetch("/draft", { method: "POST", body, keepalive: last || undefined }).then((r) => {
      if (!state) return;
      state.textContent = r.ok ? state.dataset.saved : state.dataset.unsaved;
      field.dataset.dirty = r.ok ? "" : "1";
    }).catch(() => {
      field.dataset.dirty = "1";
      if (state) state.textContent = state.dataset.unsaved;
    });
  };
  for (const field of all("[data-draft]")) {
    field.addEventListener("input", () => {
      field.dataset.dirty = "1";
      clearTimeout(waiting.get(field));
      // Who never pauses is kept every three seconds all the same.
      const since = Number(field.dataset.since || (field.dataset.since = Date.now()));
      waiting.set(field, setTimeout(() => send(field), Math.min(500, Math.max(0, since + 3000 - Date.now()))));
    });
    // A form that is sent takes its draft with it.
    field.form?.addEventListener("submit", () => {
      clearTimeout(waiting.get(field));
      waiting.delete(field);
      field.dataset.dirty = "";
    });
  }
  const flush = () => { for (const field of [...waiting.keys()]) send(field, true); };
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => { if (document.hidden) flush(); });
  addEventListener("beforeunload", (e) => {
    flush();
    if (all("[data-draft]").some((f) => f.dataset.dirty === "1" && f.dataset.failed)) e.preventDefault();
  });

  // How much of a reply fits.
  for (const out of all("[data-bytes-of]")) {
    const field = document.getElementById(out.dataset.bytesOf), slot = Number(out.dataset.slot);
    const count = () => {
      const n = new TextEncoder().encode(field.value).length;
      out.textContent = n === 0 ? "" : out.dataset.words.replace("%d", Math.max(1, Math.ceil(n / slot)));
    };
    field.addEventListener("input", count);
    count();
  }

  // The list: j k move, o opens.
  const rows = () => all("[data-row]").filter((e) => e.offsetParent !== null);
  const move = (by) => {
    const list = rows();
    if (!list.length) return;
    let i = list.indexOf(document.activeElement);
    if (i < 0) {
      i = list.findIndex((e) => e.hasAttribute("aria-current"));
      i = i < 0 ? (by > 0 ? 0 : list.length - 1) : i + by;
    } else {
      i += by;
    }
    list[Math.min(Math.max(i, 0), list.length - 1)].focus();
  };
  $("[data-row][aria-current]")?.scrollIntoView({ block: "nearest" });
  // The newest letter and the reply are at the end; in a narrow window one begins on top.
  if (innerWidth > 900 && !location.hash) $("[data-end]")?.scrollIntoView({ block: "nearest" });

  // Find within the list: hides rows that lack the words; asks nobody.
  const find = $("[data-find]");
  find?.addEventListener("input", () => {
    const want = find.value.normalize("NFC").toLowerCase().trim();
    let shown = 0;
    for (const li of all("[data-found]")) {
      li.hidden = want !== "" && !li.textContent.normalize("NFC").toLowerCase().includes(want);
      if (!li.hidden) shown++;
    }
    const none = $("[data-none]");
    if (none) none.hidden = shown > 0 || want === "";
  });

  // Selected words → claim.
  const pick = $("#pick"), dialog = $("#claim");
  let picked = null;
  const look = () => {
    if (!pick || dialog?.open) return;
    const sel = getSelection();
    const node = sel && sel.rangeCount && !sel.isCollapsed && sel.getRangeAt(0).commonAncestorContainer;
    const block = node && (node.nodeType === 1 ? node : node.parentElement)?.closest("[data-report]");
    if (!block || !sel.toString().trim()) { pick.hidden = true; picked = null; return; }
    picked = { report: block.dataset.report, words: exact(sel.getRangeAt(0)) };
    const r = sel.getRangeAt(0).getBoundingClientRect();
    const host = pick.parentElement, h = host.getBoundingClientRect();
    pick.hidden = false;
    pick.style.left = Math.max(0, Math.min(r.left - h.left + host.scrollLeft, host.clientWidth - pick.offsetWidth - 8)) + "px";
    pick.style.top = (r.bottom - h.top + host.scrollTop + 6) + "px";
  };
  // The words as they were written: a mark shown for a control gives back the control.
  const exact = (range) => {
    const part = range.cloneContents();
    for (const e of part.querySelectorAll("[data-beside]")) e.remove(); // translations between the lines
    for (const c of part.querySelectorAll(".ctl")) {
      c.textContent = String.fromCodePoint(parseInt(c.textContent.slice(2), 16));
    }
    // Turns of a call are lines; sentences beside their translations go on in one.
    for (const b of [...part.querySelectorAll(".words-block")].slice(0, -1)) {
      b.append(b.closest(".turn") ? "\n" : b.lang.startsWith("zh") ? "" : " ");
    }
    return part.textContent;
  };
  document.addEventListener("selectionchange", () => { clearTimeout(look.timer); look.timer = setTimeout(look, 80); });
  const claim = () => {
    if (!dialog || !picked) return false;
    $("[name=report]", dialog).value = picked.report;
    $("[name=words]", dialog).value = picked.words;
    $("[data-words]", dialog).textContent = picked.words;
    pick.hidden = true;
    dialog.showModal();
    $("[autofocus]", dialog)?.focus();
    return true;
  };
  $("[data-do=claim]", pick || document)?.addEventListener("click", claim);
  document.addEventListener("claim", () => { clearTimeout(look.timer); look(); claim(); }); // pick.js chose the words

  for (const b of all("[data-open]")) b.addEventListener("click", () => document.getElementById(b.dataset.open)?.showModal());
  for (const b of all("[data-close]")) b.addEventListener("click", () => b.closest("dialog").close());

  // Opening a select of claims or stances by change, where a form asks for it.
  for (const s of all("[data-send]")) s.addEventListener("change", () => s.form.requestSubmit());

  // Keys. g waits for a second letter.
  let g = 0;
  const go = { i: "/inbox", c: "/claims", s: "/stories", n: "/newsroom" };
  if ($("[data-key=lesson]")) go.l = "/lesson"; // on a practice desk
  const letters = {
    j: () => move(1), k: () => move(-1),
    o: () => document.activeElement?.matches("[data-row]") ? document.activeElement.click() : move(1),
    c: () => claim() || $("[data-key=c]")?.click(),
    r: () => $("[data-key=r]")?.focus(),
    n: () => $("[data-key=n]")?.click(),
    e: () => { const e = $("[data-key=e]"); if (e) { e.closest("details")?.setAttribute("open", ""); e.focus(); } },
    u: () => $("[data-undo]")?.requestSubmit(),
    "/": () => { find?.focus(); find?.select(); },
    "?": () => $("#keys")?.showModal(),
  };
  document.addEventListener("keydown", (e) => {
    if (e.isComposing) return;
    if ((e.metaKey || e.ctrlKey) && e.key === "Enter" && typing(e.target)) {
      e.preventDefault();
      e.target.form?.requestSubmit();
      return;
    }
    if (e.key === "Escape" && typing(e.target) && !e.target.closest("dialog")) { e.target.blur(); return; }
    if (e.metaKey || e.ctrlKey || e.altKey || typing(e.target) || $("dialog[open]")) return;
    const key = latin(e);
    if (g && Date.now() - g < 1500 && go[key]) { g = 0; e.preventDefault(); location.assign(go[key]); return; }
    g = 0;
    if (key === "g") { g = Date.now(); return; }
    if (letters[key]) { e.preventDefault(); letters[key](); }
  });
  // With a Korean or Chinese keyboard the key stands where it stood.
  const latin = (e) => (/^[\x21-\x7e]$/.test(e.key) ? e.key : /^Key[A-Z]$/.test(e.code) ? e.code[3].toLowerCase() : e.key);

  // Paper and PDF files are taken along: they hold no address of this desk, nor of a thread.
  addEventListener("beforeprint", () => {
    for (const a of all("a[href]")) {
      a.dataset.href = a.getAttribute("href");
      a.removeAttribute("href");
    }
  });
  addEventListener("afterprint", () => {
    for (const a of all("a[data-href]")) {
      a.setAttribute("href", a.dataset.href);
      delete a.dataset.href;
    }
  });

  // What was done stays readable, then leaves; undo stays reachable by key.
  const notice = $(".notice");
  if (notice && !$("[data-undo]", notice)) setTimeout(() => notice.remove(), 8000);
})();
