// The work that would hold up a page, in a worker: the same script, started twice when a
// document begins, by everybody. It keeps nothing from one request to the next.
import type { Bytes } from "./bytes.ts";
import { bulletinDay, findReplies, type Reply } from "./bulletin.ts";
import { sealCell, type Seals } from "./cell.ts";
import { conversation, type Conversation } from "./chain.ts";
import { cutLetter, type Letter } from "./letter.ts";
import { type Notes, Refused, verifyNotes } from "./notes.ts";

/** What is asked of a worker. */
export const tasks = {
  /** Checks notes and bulletin: what they say, or the name of the refusal. */
  async check(newsroom: Bytes, notes: Bytes | null, bulletin: Bytes | null, today: number): Promise<Checked> {
    const out: Checked = { notes: null, day: null, refused: "" };
    try {
      if (!notes) throw new Refused("unreachable");
      out.notes = await verifyNotes(notes, newsroom, today);
      if (bulletin) out.day = bulletinDay(out.notes, bulletin);
    } catch (e) {
      out.refused = e instanceof Refused ? e.message : "failed";
    }
    return out;
  },

  /** Seals the cells of a view, cover and letter in one way. */
  async seal(to: Seals, cells: { flag: number; inbox: Bytes; fragment: Bytes }[]): Promise<Bytes[]> {
    const out: Bytes[] = [];
    for (const c of cells) out.push(await sealCell(to, c.inbox, c.flag, c.fragment));
    return out;
  },

  /** Opens a conversation: about a second of Argon2id, and 64 MiB. */
  open: (indices: number[], newsroom: Bytes, progress: (share: number) => void): Promise<Conversation> =>
    conversation(indices, newsroom, progress),

  cut: (c: Conversation, l: Letter) => cutLetter(c, l),

  replies: (bulletin: Bytes, day: number, key0: Bytes, w0: number): Promise<Reply[]> => findReplies(bulletin, day, key0, w0),
};

export interface Checked {
  notes: Notes | null;
  day: number | null; // of the bulletin, if it is one that the notes name
  refused: string; // the name of a refusal, or ""
}

export type Tasks = typeof tasks;

interface Request {
  n: number;
  task: keyof Tasks;
  args: unknown[];
}

/** What a worker answers; progress comes any number of times before the one result or failure. */
export type Answer = { n: number } & ({ result: unknown } | { failed: true } | { progress: number });

/** Serves requests in a worker. */
export function serve(scope: { onmessage: ((e: MessageEvent) => void) | null; postMessage(a: Answer): void }): void {
  scope.onmessage = async ({ data }: MessageEvent<Request>) => {
    const { n, task, args } = data;
    try {
      const progress = (share: number) => scope.postMessage({ n, progress: share });
      const run = tasks[task] as (...args: unknown[]) => Promise<unknown>;
      scope.postMessage({ n, result: await run(...args, progress) });
    } catch {
      scope.postMessage({ n, failed: true }); // why could carry what was written: it stays here
    }
  };
}
