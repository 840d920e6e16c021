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
    (target.querySelector("[data-first]") || target.querySelector("textarea, input:not([type=hidden]), button.main"))?.focus({ preventScroll: true });
  };
  // After the browser has scrolled there itself, which takes the focus away.
  const soon = () => requestAnimationFrame(() => requestAnimationFrame(lead));
  addEventListener("hashchange", soon);
  addEventListener("load", soon);
  document.addEventListener("click", (e) => {
    const link = e.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) soon(); // it leads there again
  });
})();
