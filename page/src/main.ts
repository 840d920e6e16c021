// The one bundle: the reader's script in a page, and its workers. Every page of the site
// loads it; without it the site is a plain site.
import { Composer } from "./compose/composer.ts";
import { start } from "./start.ts";
import { serve } from "./worker.ts";

if (typeof document === "undefined") serve(self as unknown as Parameters<typeof serve>[0]);
else {
  const page = start();
  if (page) offer(new Composer(page.engine, page.own));
}

/** The link at the foot of each page opens the composer in its place. Without the script it leads to a page. */
function offer(composer: Composer): void {
  document.addEventListener("click", (e) => {
    if (e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || !(e.target instanceof Element) || !e.target.closest(".write a")) return;
    e.preventDefault();
    composer.open();
  }, true);
}
