// A worker as the page sees it: questions and answers. If it dies, what it was asked fails.
// Another is started by the next question only where everybody asks: its script is asked for
// at the host, and a request that only sources cause would name them (P2).
import type { Answer, Tasks } from "./worker.ts";

export class Helper {
  private worker: Worker | null = null;
  private waiting = new Map<number, { done: (r: never) => void; fail: (e: Error) => void; progress?: (share: number) => void }>();
  private asked = 0;

  constructor(private readonly start: () => Worker, private readonly again: boolean) {
    this.worker = this.begin();
  }

  private begin(): Worker | null {
    try {
      const w = this.start();
      w.onmessage = ({ data }: MessageEvent<Answer>) => {
        const q = this.waiting.get(data.n);
        if (!q) return;
        if ("progress" in data) return q.progress?.(data.progress);
        this.waiting.delete(data.n);
        if ("result" in data) q.done(data.result as never);
        else q.fail(new Error("the work failed"));
      };
      w.onerror = w.onmessageerror = () => this.die();
      return w;
    } catch {
      return null;
    }
  }

  private die(): void {
    this.worker?.terminate();
    this.worker = null;
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    lost.forEach((q) => q.fail(new Error("the worker died")));
  }

  /** Asks for one piece of work. It fails without a reason. */
  ask<T extends keyof Tasks>(task: T, args: unknown[], progress?: (share: number) => void): ReturnType<Tasks[T]> {
    return new Promise((done, fail) => {
      if (!this.worker && this.again) this.worker = this.begin();
      if (!this.worker) return fail(new Error("no worker"));
      const n = this.asked++;
      this.waiting.set(n, { done, fail, progress });
      this.worker.postMessage({ n, task, args });
    }) as ReturnType<Tasks[T]>;
  }
}
