// Exchanges the token of the link for the session of this one browser, once.
"use strict";
(async () => {
  const token = location.hash.slice(1);
  // The token leaves the address at once, before anything can copy it.
  history.replaceState(null, "", "/");
  if (document.getElementById("over")) return;
  const say = (id) => { for (const e of document.querySelectorAll("[data-say]")) e.hidden = e.id !== id; };
  if (!token) { say("none"); return; }
  try {
    const r = await fetch("/open", { method: "POST", body: token });
    if (r.ok) location.replace("/"); else say("used");
  } catch {
    say("gone");
  }
})();
