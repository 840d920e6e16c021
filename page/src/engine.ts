// The reader's script (spec/09-page.md): views, their two cells, notes and bulletin; and
// beneath it what a composer asks for. What is sent depends on views and fresh randomness
// only (P2): nothing here looks at whether a letter is being written, and a letter's piece
// takes the place of cover at one point, when a view begins.
import { type Bytes, equal, utf8 } from "./bytes.ts";
import { lastRead, type Reply } from "./bulletin.ts";
import { COVER, coverFragment, LETTER } from "./cell.ts";
import type { Conversation } from "./chain.ts";
import type { Helper } from "./helper.ts";
import { KIND, moveText } from "./letter.ts";
import { dayKey, inboxKey, type Notes, noteWeek } from "./notes.ts";
import { type LetterState, type Piece, Queue } from "./queue.ts";

export const CELLS = 2;
/** Milliseconds: the first cell from the view's beginning, the second from the first. */
export const FIRST_MIN = 1000, FIRST_MAX = 5000, NEXT_MIN = 2000, NEXT_MAX = 8000;

/** What the page knows of its newsroom. wrong: clock or site is wrong, nothing is sent. */
export type Trust = "waiting" | "good" | "unreachable" | "wrong";

export interface Site {
  newsroom: Bytes; // 32
  root: string; // URL of the site's root, with a slash at its end
}

/** What a letter is made of, besides what the engine knows. */
export interface Draft {
  kind: number;
  topic: number;
  flags: number;
  text: Bytes; // may be empty for erase and withdraw
}

/** A whole number of milliseconds, uniform in [lo, hi). */
function uniform(lo: number, hi: number): number {
  const [n] = crypto.getRandomValues(new Uint32Array(1));
  return lo + Math.floor((n / 2 ** 32) * (hi - lo));
}

const today = (): number => Math.floor(Date.now() / 86400000);

export class Engine {
  trust: Trust = "waiting";
  notes: Notes | null = null;
  refused = ""; // why trust is wrong, by the names of spec/02-notes.md
  private bulletin: Bytes | null = null;
  private bulletinDay: number | null = null;
  private fetching: Promise<void> | null = null;
  private views = 0;
  private sitting = 0; // counts what was wiped: a letter that was being cut then is none
  private queue = new Queue();
  private listeners = new Set<() => void>();

  /** sealer seals every view's cells; keeper does what only sources ask for, so that it never waits on it. */
  constructor(readonly site: Site, private readonly sealer: Helper, private readonly keeper: Helper) {}

  // ---- what every reader's page does

  /** Begins a view: its cells are sealed now and leave at their times, whatever comes later. */
  view(): void {
    const view = ++this.views;
    const pieces = this.queue.take(view, CELLS);
    const sealed = this.fresh().then(() => this.seal(pieces)).catch(() => null);
    let at = uniform(FIRST_MIN, FIRST_MAX);
    for (let i = 0; i < CELLS; i++) {
      setTimeout(() => void sealed.then((cells) => this.send(cells?.[i] ?? null, pieces[i])), at);
      at += uniform(NEXT_MIN, NEXT_MAX);
    }
  }

  /** Fetches notes and bulletin if the page has none that hold: once a view at the most. */
  private fresh(): Promise<void> {
    if (!this.fetching && !(this.holding() && this.bulletinDay !== null)) this.fetching = this.fetch().finally(() => (this.fetching = null));
    return this.fetching ?? Promise.resolve();
  }

  private async fetch(): Promise<void> {
    const get = async (name: string): Promise<Bytes | null> => {
      try {
        const r = await fetch(this.site.root + name, { cache: "no-store", credentials: "omit", redirect: "error" });
        return r.ok ? new Uint8Array(await r.arrayBuffer()) : null;
      } catch {
        return null;
      }
    };
    const [raw, bulletin] = await Promise.all([get("d"), get("r")]);
    const before = this.notes;
    const got = await this.sealer.ask("check", [this.site.newsroom, raw, bulletin, today()]);
    const older = before && got.notes && got.notes.serials.some((n, i) => n < before.serials[i]);
    this.refused = older ? "older" : got.refused;
    if (got.notes && !older) {
      this.notes = got.notes;
      this.bulletin = got.day === null ? null : bulletin;
      this.bulletinDay = got.day;
      this.trust = "good";
    } else if (got.refused !== "unreachable" || !this.holding()) { // notes that hold go on holding while the host is away
      this.trust = got.refused === "unreachable" ? "unreachable" : "wrong";
    }
    this.changed();
  }

  /** The notes, unless they are over or were refused: the clock decides nothing else. */
  private holding(): Notes | null {
    return this.notes && this.trust === "good" && today() < this.notes.expires ? this.notes : null;
  }

  private async seal(pieces: (Piece | null)[]): Promise<Bytes[] | null> {
    const notes = this.holding();
    if (!notes) return null;
    const { day, difficulty, key } = dayKey(notes);
    const to = { newsroom: this.site.newsroom, epoch: day, dayKey: key, difficulty };
    const live = pieces.map((p) => p && this.queue.holds(p) ? p : null); // wiped meanwhile: cover
    return this.sealer.ask("seal", [to, live.map((p) => ({
      flag: p ? LETTER : COVER,
      inbox: inboxKey(notes, p ? p.letter.week : noteWeek(notes, day)),
      fragment: p ? p.fragment : coverFragment(),
    }))]);
  }

  /** Sends a cell once. Its answer matters to the queue alone. */
  private async send(cell: Bytes | null, piece: Piece | null): Promise<void> {
    let arrived = false;
    if (cell) {
      try {
        const r = await fetch(this.site.root + "c", {
          method: "POST", body: cell, cache: "no-store", credentials: "omit", redirect: "error",
        });
        arrived = r.status === 204;
      } catch {
        arrived = false;
      }
    }
    if (!piece) return;
    this.queue.settle(piece, arrived);
    this.changed();
  }

  // ---- what a composer asks for: no request follows from any of it

  /** Calls f after each change of trust or letters, until the function that it gives is called. */
  listen(f: () => void): () => void {
    this.listeners.add(f);
    return () => void this.listeners.delete(f);
  }

  private changed(): void {
    this.listeners.forEach((f) => f());
  }

  /** What eight indices open; the same work whichever they are. */
  open(indices: number[], progress?: (share: number) => void): Promise<Conversation> {
    return this.keeper.ask("open", [indices, this.site.newsroom], progress);
  }

  /** The replies of a conversation in the bulletin that every reader has fetched; null without one. */
  async replies(c: Conversation): Promise<{ day: number; list: Reply[] } | null> {
    if (!this.notes || !this.bulletin || this.bulletinDay === null) return null;
    return { day: this.bulletinDay, list: await this.keeper.ask("replies", [this.bulletin, this.bulletinDay, c.key0, this.notes.w0]) };
  }

  /**
   * Cuts a letter and lets its pieces take the place of cover from the next view on. "untrusted"
   * without notes that hold, "empty", or "long" over what a letter may be. It fails if everything
   * was wiped meanwhile: nothing of it waits then.
   */
  async write(c: Conversation, draft: Draft): Promise<LetterState | "untrusted" | "empty" | "long"> {
    const notes = this.holding(), sitting = this.sitting;
    if (!notes) return "untrusted";
    const epoch = dayKey(notes).day, wish = draft.kind === KIND.erase || draft.kind === KIND.withdraw;
    if (draft.text.length === 0 && !wish) return "empty";
    // A wish of another day is another letter.
    const text = draft.text.length ? draft.text : utf8(new Date(epoch * 86400000).toISOString().slice(0, 10));
    const seen = await this.replies(c);
    const week = noteWeek(notes, epoch);
    const cut = await this.keeper.ask("cut", [c, { ...draft, text, week, lastReply: lastRead(seen?.list ?? []) }]);
    if (!cut) return "long";
    if (sitting !== this.sitting) {
      cut.fragments.forEach((f) => f.fill(0));
      throw new Error("left meanwhile");
    }
    const same = this.queue.letters.find((l) => equal(l.id, cut.id) && l.left > 0);
    const letter = same ?? this.queue.add(cut.id, draft.kind, week, cut.fragments, this.views + 1);
    this.changed();
    return letter;
  }

  /** Says by the old words that the conversation goes on under the new ones. */
  move(old: Conversation, next: Conversation) {
    return this.write(old, { kind: KIND.move, topic: 0, flags: 0, text: moveText(next) });
  }

  /** The letters of this sitting, as far as they have left. */
  get letters(): readonly LetterState[] {
    return this.queue.letters;
  }

  /** How many more views it takes until every piece has left, if each arrives. */
  get viewsLeft(): number {
    return Math.ceil(this.queue.waiting / CELLS);
  }

  /** Forgets every letter, sent or not. Keys of conversations are wiped by who holds them. */
  wipe(): void {
    this.sitting++;
    this.queue.wipe();
    this.changed();
  }
}

/** Overwrites the keys of a conversation. */
export function forget(c: Conversation): void {
  c.thread.fill(0);
  c.key0.fill(0);
  c.echo = 0;
}
