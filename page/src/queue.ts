// The pieces of letters that have not arrived, in memory and nowhere else.
import type { Bytes } from "./bytes.ts";

/** One fragment on its way. */
export interface Piece {
  letter: LetterState;
  fragment: Bytes;
  from: number; // the first view that may carry it
  away: boolean; // in a cell that is not answered yet
}

/** What has become of a letter, as far as this page knows. Only a receipt says that it was received. */
export interface LetterState {
  id: Bytes; // 16
  kind: number;
  week: number;
  count: number; // fragments
  left: number; // of these, not yet answered 204
}

export class Queue {
  private pieces: Piece[] = [];
  letters: LetterState[] = [];

  /** Takes a letter in: its pieces may go from view `from` on. The same letter again is one. */
  add(id: Bytes, kind: number, week: number, fragments: Bytes[], from: number): LetterState {
    const letter = { id, kind, week, count: fragments.length, left: fragments.length };
    this.letters.push(letter);
    this.pieces.push(...fragments.map((fragment) => ({ letter, fragment, from, away: false })));
    return letter;
  }

  /** The pieces that a view carries, null for cover; they stay until they have arrived. */
  take(view: number, n: number): (Piece | null)[] {
    const free = this.pieces.filter((p) => !p.away && p.from <= view).slice(0, n);
    free.forEach((p) => (p.away = true));
    return Array.from({ length: n }, (_, i) => free[i] ?? null);
  }

  /** A piece came back: with a 204 it is gone, without one it waits for a later view. */
  settle(p: Piece, arrived: boolean): void {
    p.away = false;
    if (!arrived || !this.holds(p)) return;
    this.pieces = this.pieces.filter((q) => q !== p);
    p.fragment.fill(0);
    p.letter.left--;
  }

  /** Whether a piece is still to be sent: it is not, once it has arrived or all was wiped. */
  holds(p: Piece): boolean {
    return this.pieces.includes(p);
  }

  get waiting(): number {
    return this.pieces.length;
  }

  wipe(): void {
    this.pieces.forEach((p) => p.fragment.fill(0));
    this.pieces = [];
    this.letters = [];
  }
}
