// The engine in a page of a test, within reach: what a composer has.
import * as bulletin from "../src/bulletin.ts";
import * as engine from "../src/engine.ts";
import { KIND } from "../src/letter.ts";
import { start } from "../src/start.ts";
import { serve } from "../src/worker.ts";
import * as words from "../src/words.ts";

if (typeof document === "undefined") serve(self as unknown as Parameters<typeof serve>[0]);
else Object.assign(globalThis, { kkachi: { ...start(), ...bulletin, ...words, forget: engine.forget, KIND } });
