// A call note: a claim of the line on which the caret stands, by Ctrl Shift Enter. The note
// is saved first, so that the claim has something to rest on; then the page comes back with
// the claim open, and with the caret where it was.
"use strict";
(() => {
  const form = document.querySelector("[data-call]"), text = form?.querySelector("textarea");
  if (!form) return;
  const claimLine = () => {
    const at = document.activeElement === text || text.selectionEnd ? text.selectionEnd : text.value.length;
    form.querySelector("[data-line]").value = text.value.slice(0, at).split("\n").length - 1;
    form.requestSubmit();
  };
  form.querySelector("[data-claim-line]").addEventListener("click", claimLine);
  text.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.shiftKey && e.key === "Enter" && !e.isComposing) {
      e.preventDefault();
      e.stopPropagation();
      claimLine();
    }
  });
  // Lines break as the language spoken has it.
  const spoken = form.querySelector("#lang");
  spoken.addEventListener("change", () => { text.lang = spoken.value; });
  // What is chosen is kept with what is typed.
  form.addEventListener("change", (e) => { if (e.target !== text) text.dispatchEvent(new Event("input")); });

  const caret = (line) => {
    const lines = text.value.split("\n"), end = line === undefined ? lines.length : Math.min(line + 1, lines.length);
    const at = lines.slice(0, end).join("\n").length;
    text.focus();
    text.setSelectionRange(at, at);
  };
  const dialog = document.querySelector("dialog[data-now]");
  if (dialog) {
    dialog.showModal();
    dialog.querySelector("textarea").select();
    dialog.addEventListener("close", () => caret(Number(dialog.dataset.at)));
  } else if (text.value && (document.activeElement === text || (text.autofocus && document.activeElement === document.body))) {
    caret(); // the browser may be about to focus it, with the caret before the first word
  }
})();
