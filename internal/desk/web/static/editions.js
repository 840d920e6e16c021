// Editions side by side become tabs where the window is too narrow for columns. Without this
// file they stand one below the other, as they do on paper.
"use strict";
(() => {
  const sheet = document.querySelector(".sheet.side"), nav = document.querySelector("nav.tabs");
  if (!sheet) return;
  const heads = [...sheet.querySelectorAll(".heads .texts > [data-name]")];
  const narrow = matchMedia("(max-width: 560px)");
  let now = Math.max(0, heads.findIndex((h) => h.lang === document.documentElement.lang)), bar = null;

  const choose = (i, focus) => {
    now = (i + heads.length) % heads.length;
    sheet.dataset.edition = now + 1;
    sheet.setAttribute("aria-labelledby", "edition-" + now);
    [...bar.children].forEach((tab, n) => {
      tab.setAttribute("aria-selected", n === now);
      tab.tabIndex = n === now ? 0 : -1;
      if (n === now && focus) tab.focus();
    });
  };
  const step = { ArrowRight: () => now + 1, ArrowLeft: () => now - 1, Home: () => 0, End: () => heads.length - 1 };
  const make = () => {
    bar = document.createElement("div");
    bar.className = "edition-tabs";
    bar.setAttribute("role", "tablist");
    bar.setAttribute("aria-label", nav.getAttribute("aria-label"));
    heads.forEach((h, n) => {
      const tab = document.createElement("button");
      tab.type = "button";
      tab.id = "edition-" + n;
      tab.lang = h.lang;
      tab.textContent = h.dataset.name;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", "editions");
      tab.addEventListener("click", () => choose(n));
      bar.append(tab);
    });
    bar.addEventListener("keydown", (e) => {
      if (!step[e.key] || e.ctrlKey || e.altKey || e.metaKey) return;
      e.preventDefault();
      choose(step[e.key](), true);
    });
    sheet.before(bar);
    sheet.setAttribute("role", "tabpanel");
    choose(now);
  };
  const drop = () => {
    bar?.remove();
    bar = null;
    delete sheet.dataset.edition;
    for (const name of ["role", "aria-labelledby"]) sheet.removeAttribute(name);
  };
  const fit = () => (narrow.matches ? bar || make() : drop());
  narrow.addEventListener("change", fit);
  fit();
})();
