// What a visit without a browser is made of (visits.mjs): the page's engine, and its workers' side.
export { Engine } from "../src/engine.ts";
export { Helper } from "../src/helper.ts";
export { KIND } from "../src/letter.ts";
export { serve } from "../src/worker.ts";
