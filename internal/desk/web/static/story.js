// The margin of a story: each note beside the sentence that it is about. Without this file
// the notes of a paragraph stand one below the other.
"use strict";
(() => {
  const gap = 8;
  const align = () => {
    for (const margin of document.querySelectorAll(".line > .margin")) {
      const notes = [...margin.querySelectorAll("[data-note]")];
      for (const n of notes) n.style.marginTop = "";
      const beside = margin.previousElementSibling;
      if (!beside || margin.getBoundingClientRect().left < beside.getBoundingClientRect().right) continue; // one column
      let free = margin.getBoundingClientRect().top;
      for (const n of notes) {
        const sentence = document.getElementById(n.dataset.note);
        const first = sentence && !sentence.classList.contains("line") && sentence.getClientRects()[0];
        const now = n.getBoundingClientRect();
        if (first) {
          const by = Math.max(0, first.top + 4 - Math.max(now.top, free));
          if (by > 0) n.style.marginTop = by + "px";
        }
        free = n.getBoundingClientRect().bottom + gap;
      }
    }
  };
  align();
  document.fonts?.ready.then(align);
  let wait = 0;
  addEventListener("resize", () => { cancelAnimationFrame(wait); wait = requestAnimationFrame(align); });
  document.addEventListener("toggle", align, true);

  // What an address leads to is open, and ready to be written in.
  const lead = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const closed = target.matches("details") ? target : target.matches(".writing") ? null : target.querySelector("details");
    if (closed) closed.open = true;
    const field = target.querySelector("[data-first]") || target.querySelector("textarea, input:not([type=hidden]), button.main");
    if (field) keep(field, 30);
  };
  // The browser scrolls there itself and takes the focus away, on a busy machine some frames later.
  const keep = (field, frames) => {
    if (document.activeElement === document.body || frames === 30) field.focus({ preventScroll: true });
    if (frames > 0) requestAnimationFrame(() => keep(field, frames - 1));
  };
  const soon = () => requestAnimationFrame(() => requestAnimationFrame(lead));
  addEventListener("hashchange", soon);
  addEventListener("load", soon);
  document.addEventListener("click", (e) => {
    const link = e.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) soon(); // it leads there again
  });
})();
