// The vectors in a browser, and how long a cell takes to seal in a worker there.
import { random } from "../src/bytes.ts";
import { coverFragment, sealCell } from "../src/cell.ts";
import { notThePages, runFile } from "./areas.ts";
import { publicKey } from "./peer.ts";

/** Milliseconds of each of n seals, the first few left out: they warm up. */
async function seals(n: number): Promise<number[]> {
  const to = { newsroom: random(32), epoch: 20000, dayKey: await publicKey(random(32)), difficulty: 0 };
  const inbox = await publicKey(random(32)), out: number[] = [];
  for (let i = 0; i < n + 10; i++) {
    const from = performance.now();
    await sealCell(to, inbox, 0, coverFragment());
    if (i >= 10) out.push(performance.now() - from);
  }
  return out;
}

async function all(): Promise<object> {
  const names: string[] = await (await fetch("/vectors")).json();
  const wrong: string[] = [];
  let vectors = 0, files = 0;
  for (const name of names) {
    const file = await (await fetch(`/vectors/${name}`)).json();
    if (notThePages.has(file.area)) continue;
    files++;
    wrong.push(...await runFile(name, file));
    vectors += file.vectors.length;
  }
  const worker = new Worker((document.currentScript ?? document.querySelector("script")!).getAttribute("src")!);
  const times: number[] = await new Promise((done, fail) => {
    worker.onmessage = (e) => done(e.data);
    worker.onerror = () => fail(new Error("the worker failed"));
  });
  times.sort((a, b) => a - b);
  return { files, vectors, wrong, p50: times[times.length >> 1], p90: times[Math.floor(times.length * 0.9)] };
}

if (typeof document === "undefined") void seals(200).then((times) => postMessage(times));
else (globalThis as { ran?: Promise<object> }).ran = all();
