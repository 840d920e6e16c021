// The one bundle: the reader's script in a page, and its workers. Every page of the site
// loads it; without it the site is a plain site.
import { Composer } from "./compose/composer.ts";
import { part, start, type Started } from "./start.ts";
import { serve } from "./worker.ts";

if (typeof document === "undefined") serve(self as unknown as Parameters<typeof serve>[0]);
else {
  const page = start();
  if (page) offer(page, new Composer(page));
}

/** What two links at the foot of each page do in its place. Without the script they lead to a page. */
function offer(page: Started, composer: Composer): void {
  document.addEventListener("click", (e) => {
    if (e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || !(e.target instanceof Element)) return;
    const at = e.target.closest(".write a, .take a"), foot = at?.closest<HTMLElement>(".take");
    if (!at) return;
    e.preventDefault();
    if (!foot) return composer.open();
    part(page);
    foot.tabIndex = -1;
    foot.focus(); // the link is gone
  }, true);
}
