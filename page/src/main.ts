// The one bundle: the reader's script in a page, and its workers. Every page of the site
// loads it; without it the site is a plain site.
import { start } from "./start.ts";
import { serve } from "./worker.ts";

if (typeof document === "undefined") serve(self as unknown as Parameters<typeof serve>[0]);
else start();
