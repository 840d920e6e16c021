// Makes visits by the reader's script without a browser around it, many at once, for the small version of the lab: the page's
// engine, queue, cutting and sealing as they are, its workers as threads, a connection pool for each visit. Told by lines of JSON on standard input, one
// answer a line in the order of ending: {"id", "root", "views": [{"path", "stay"}], "second", "write", "text", "planted"},
// times in milliseconds; text is null for a reader. Its argument is {"now", "scale", "reserve", "newsroom"}, as before.js has them.
import { AsyncLocalStorage } from "node:async_hooks";
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { load } from "./bundle.mjs";

const { Engine, Helper, KIND, serve } = await load("test/visits.ts");
if (isMainThread) await main(JSON.parse(process.argv[2]));
else parentPort.on("message", (port) => serve(port)); // a port is a page's worker

async function main({ now, scale, reserve, newsroom }) {
  const later = globalThis.setTimeout, real = Date.now, skew = now - real();
  const pause = (ms) => new Promise((done) => later(done, ms));
  const of = new AsyncLocalStorage(); // the visit that something is done in

  // What the script finds around it.
  Date.now = () => real() + skew;
  globalThis.setTimeout = (f, ms, ...more) => {
    const visit = of.getStore(), over = visit.begin();
    return later(() => { f(...more); over(); }, ms < 1000 ? ms : reserve + (ms + visit.later() - 1000) / scale);
  };
  globalThis.fetch = (url, init) => of.getStore().fetch(url, init);
  const thread = () => new Worker(fileURLToPath(import.meta.url));
  const sealers = thread(), keepers = thread();

  class Visit {
    agent = new Agent({ keepAlive: true, maxSockets: 6, rejectUnauthorized: false }); // six, as browsers have for a host
    seals = [];
    wrong = [];
    ports = [];
    slow = 0; // milliseconds: the longest time from a view's beginning until its cells were sealed
    viewed = 0; // when the last view began
    going = 0; // timers that run, questions and requests without an answer
    idle = null;
    later = () => 0; // milliseconds of a reader: what a leak adds to a pause

    /** Something goes on until what it gives is called. */
    begin() {
      this.going++;
      return () => {
        this.going--;
        setImmediate(() => this.going || this.idle?.()); // what follows at once has begun by then
      };
    }

    hold(promise) {
      return promise.finally(this.begin());
    }

    /** Until nothing goes on: every cell has left and is answered. */
    ended() {
      return new Promise((done) => (this.idle = done, this.begin()()));
    }

    fetch(url, { method = "GET", body = null } = {}) {
      return this.hold(new Promise((done, fail) => {
        const headers = { accept: "*/*", ...(body && { "content-length": body.length }) };
        const q = request(url, { method, agent: this.agent, headers }, async (r) => {
          const parts = [];
          try {
            for await (const part of r) parts.push(part);
          } catch (e) {
            return fail(new TypeError(e.message));
          }
          done(new Response(r.statusCode === 204 ? null : Buffer.concat(parts), { status: r.statusCode }));
        });
        q.on("error", (e) => fail(new TypeError(e.message)));
        q.end(body);
      }));
    }

    async page(url) {
      const r = await this.fetch(url);
      if (!r.ok) throw new Error(`${url}: ${r.status}`);
      return r.text();
    }

    /** A worker of a page: a port to a thread that all pages share. */
    helper(to, again) {
      const h = new Helper(() => {
        const { port1, port2 } = new MessageChannel();
        to.postMessage(port2, [port2]);
        this.ports.push(port1);
        return port1;
      }, again);
      const ask = h.ask.bind(h);
      h.ask = (task, args, progress) => {
        const answer = this.hold(ask(task, args, progress)), began = performance.now();
        if (task === "seal") {
          const seal = { Letters: args[1].filter((c) => c.flag !== 0).length, Took: 0 };
          this.seals.push(seal);
          const view = this.viewed;
          answer.then(() => {
            seal.Took = performance.now() - began;
            this.slow = Math.max(this.slow, performance.now() - view);
          }, () => {});
        }
        return answer;
      };
      return h;
    }

    engine(site) {
      return new Engine(site, this.helper(sealers, true), this.helper(keepers, false));
    }

    close() {
      this.agent.destroy();
      this.ports.forEach((p) => p.close());
    }
  }

  // Leaks that are planted in the script of some sources, as somebody might have written them.
  const leaks = {
    // Each send is late by 0.4 of its window: 4 and 6 seconds wide.
    late(engine, visit) {
      let n = 0;
      visit.later = () => (n++ % 2 ? 2400 : 1600);
    },
    // When a piece has left, its receipt is looked for.
    asks(engine, visit) {
      const send = engine.send.bind(engine);
      engine.send = async (cell, piece) => {
        await send(cell, piece);
        if (piece) await visit.fetch(engine.site.root + "r");
      };
    },
  };

  async function make({ root, views, second, write, text, planted }, visit) {
    const first = await visit.page(root + views[0].path);
    const parts = [...first.matchAll(/<link rel="stylesheet" href="([^"]+)"|<script[^>]* src="([^"]+)"/g)];
    await Promise.all(parts.map(([, sheet, script]) => visit.page(new URL(sheet ?? script, root + views[0].path))));
    const engine = visit.engine({ newsroom: Buffer.from(newsroom, "hex"), root });
    if (planted) leaks[planted](engine, visit);
    const put = async () => {
      if (engine.trust !== "good") await new Promise((done) => engine.listen(() => engine.trust === "good" && done()));
      const got = await engine.write(talk, { kind: KIND.letter, topic: 0, flags: 0, text: new TextEncoder().encode(text) });
      if (typeof got === "string") throw new Error(got);
    };
    let next = performance.now();
    for (const [i, { path, stay }] of views.entries()) {
      if (i > 0) await visit.page(root + path);
      visit.viewed = performance.now();
      engine.view();
      await pause(second);
      if (i === write && text !== null) put().catch((e) => visit.wrong.push(String(e))); // the visit goes on meanwhile, as a reader's
      next += stay;
      await pause(next - performance.now());
    }
    await visit.ended();
  }

  // One conversation for all, opened before they begin: what Argon2id costs a device is not seen here.
  const before = new Visit();
  const talk = await of.run(before, () => before.engine({ newsroom: Buffer.from(newsroom, "hex"), root: "" }).open(Array.from(crypto.getRandomValues(new Uint16Array(8)), (n) => n % 2048)));
  before.close();
  console.log(JSON.stringify({ id: -1 }));

  for await (const line of createInterface({ input: process.stdin })) {
    const told = JSON.parse(line), visit = new Visit();
    void of.run(visit, () => make(told, visit)).then(() => "", String).then((failed) => {
      visit.close();
      console.log(JSON.stringify({ id: told.id, failed, slow: visit.slow, Seals: visit.seals, Wrong: visit.wrong.join("; ") }));
    });
  }
  process.exit(0); // threads too
}
