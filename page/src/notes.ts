// Signed notes (spec/02-notes.md): which keys a client may believe. What enters: the file of
// GET /d, the newsroom id, a day. What leaves: keys, or one of the refusals by name.
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal, fromBase64, fromHex, fromUTF8, hex, utf8 } from "./bytes.ts";
import { weekOf } from "./chain.ts";

const MAX_DAY = 2 ** 24, MAX_SERIAL = 2 ** 53, NOTE_MAX = 32768;

/** A refusal; its message is a name of spec/02-notes.md and nothing that was read. */
export class Refused extends Error {}
const refuse = (name: string): never => { throw new Refused(name); };
const malformed = () => refuse("malformed note");

/** Reads one field, or refuses the note. */
type Field = (s: string) => unknown;
const number = (limit: number): Field => (s) => (/^(0|[1-9]\d{0,15})$/.test(s) && Number(s) <= limit ? Number(s) : malformed());
const day = number(MAX_DAY);
const digest: Field = (s) => (s.length === 64 && fromHex(s)) || malformed();
const maybe = (f: Field): Field => (s) => (s === "-" ? null : f(s));
const base64 = (n: number): Field => (s) => fromBase64(s, n) ?? malformed();
const pattern = (re: RegExp): Field => (s) => (re.test(s) ? s : malformed());
const shortName = pattern(/^[a-z0-9][a-z0-9-]{0,31}$/);

/** A public key whose ML-KEM half is canonical (FIPS 203, section 7.2): each 12 bits are under q. */
function hpkeKey(s: string): Bytes {
  const k = base64(1216)(s) as Bytes;
  for (let i = 0; i < 1152; i += 3) {
    if ((k[i] | ((k[i + 1] & 15) << 8)) >= 3329 || ((k[i + 1] >> 4) | (k[i + 2] << 4)) >= 3329) malformed();
  }
  return k;
}

/** A line: its word, its fields, how many of them may stand. */
type Line = [word: string, fields: Field[], least?: number, most?: number];
export type Rows = Record<string, unknown[][]>;

const head: Line[] = [["newsroom", [digest]], ["serial", [number(MAX_SERIAL)]], ["issued", [day]], ["expires", [day]]];
const title: Field = (s) => (utf8(s).length <= 100 && s !== "-" && /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+( [\p{L}\p{M}\p{N}\p{P}\p{S}]+)*$/u.test(s) ? s : malformed());
const key = base64(32);

const forms: Record<string, Line[]> = {
  root: [
    ...head, ["name", [title]], ["week-zero", [number(Math.floor(MAX_DAY / 7))]], ["root-key", [key]],
    ["successor", [key, base64(64)], 0, 8], ["sift-key", [key], 1, 4], ["desk-key", [key], 1, 4],
    ["engine", [maybe(digest)]], ["contacts", [maybe(digest)]], ["onion", [maybe(pattern(/^[a-z2-7]{56}\.onion$/))]],
  ],
  desk: [...head, ["inbox", [shortName, number(65535), hpkeKey as Field], 1, 8]],
  sift: [
    ...head, ["previous", [maybe(digest)]], ["root", [digest]], ["desk", [digest]], ["day", [day, number(18), hpkeKey as Field], 2, 2],
    ["batch", [number(65536)]], ["slots", [number(1024)]], ["bulletin", [day, digest], 1, 2], ["crowd", [number(2 ** 31)]],
  ],
};

/** Reads a note's text, line by line: each of its one form, or refused. */
export function readText(text: string, kind: string, form: Line[] = forms[kind]): Rows {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.shift() !== `kkachi/1 ${kind} note`) malformed();
  const out: Rows = {};
  for (const [word, fields, least = 1, most = 1] of form) {
    const rows: unknown[][] = (out[word] = []);
    while (lines[0]?.startsWith(word + " ")) {
      const rest = lines.shift()!.slice(word.length + 1);
      const parts = fields.length === 1 ? [rest] : rest.split(" ");
      if (parts.length !== fields.length || rows.length === most) malformed();
      rows.push(parts.map((p, i) => fields[i](p)));
    }
    if (rows.length < least) malformed();
  }
  if (lines.length) malformed();
  return out;
}

const one = <T>(rows: Rows, word: string): T => rows[word][0][0] as T;
const column = <T>(rows: Rows, word: string): T[] => rows[word].map((r) => r[0] as T);

/** Checks newsroom and life. */
export function checkHead(rows: Rows, newsroom: Bytes, limit: number, today: number): void {
  if (!equal(one(rows, "newsroom"), newsroom)) refuse("wrong newsroom");
  const issued = one<number>(rows, "issued"), expires = one<number>(rows, "expires");
  if (one<number>(rows, "serial") < 1 || expires <= issued || expires - issued > limit) malformed();
  if (today >= expires) refuse("expired");
}

async function signs(pub: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  try {
    const k = await crypto.subtle.importKey("raw", pub, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", k, signature, message);
  } catch {
    return false;
  }
}

/** The text of a note that one of keys has signed, and none of them wrongly. */
export async function verifiedText(signed: Bytes, role: string, keys: Bytes[]): Promise<string> {
  const all = fromUTF8(signed);
  const split = all === null ? -1 : all.lastIndexOf("\n\n");
  if (all === null || signed.length > NOTE_MAX || split < 0 || !all.endsWith("\n") || /[\0-\x09\x0b-\x1f]/.test(all)) return malformed();
  const text = all.slice(0, split + 1), lines = all.slice(split + 2, -1).split("\n");
  if (lines.length > 100) malformed();
  const name = `kkachi-${role}`;
  const known = new Map(keys.map((k) => [hex(sha256(concat(utf8(`${name}\n\x01`), k)).subarray(0, 4)), k]));
  let good = 0;
  for (const line of lines) {
    const [, who, sig] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? malformed();
    let raw: Bytes;
    try {
      raw = Uint8Array.from(atob(sig), (c) => c.charCodeAt(0));
    } catch {
      return malformed();
    }
    if (raw.length < 5) malformed();
    const k = who === name ? known.get(hex(raw.subarray(0, 4))) : undefined;
    if (!k) continue;
    if (!await signs(k, utf8(text), raw.slice(4))) refuse("bad signature");
    good++;
  }
  return good ? text : refuse("bad signature");
}

/** A verified root note. */
export async function readRoot(signed: Bytes, newsroom: Bytes, today: number): Promise<Rows> {
  const text = (fromUTF8(signed) ?? malformed()).split("\n\n")[0] + "\n";
  const rows = readText(text, "root");
  const first = one<Bytes>(rows, "root-key");
  if (!equal(sha256(first), one(rows, "newsroom"))) refuse("wrong newsroom");
  let present = first;
  for (const [i, [next, sig]] of (rows.successor as [Bytes, Bytes][]).entries()) {
    const message = concat(utf8("kkachi/1 root succession\0"), one<Bytes>(rows, "newsroom"), [i], present, next);
    if (!await signs(present, message, sig)) refuse("bad signature");
    present = next;
  }
  const keys = rootKeys(rows).map(hex);
  if (new Set(keys).size !== keys.length) refuse("wrong role");
  checkHead(rows, newsroom, 35, today);
  if (await verifiedText(signed, "root", [present]) !== text) malformed();
  return rows;
}

/** Every key that stands in a root note, the present root key last but for sift's and desks'. */
export const rootKeys = (rows: Rows): Bytes[] =>
  [...column<Bytes>(rows, "root-key"), ...column<Bytes>(rows, "successor"), ...column<Bytes>(rows, "sift-key"), ...column<Bytes>(rows, "desk-key")];

/** A verified desk note under a root note. */
export async function readDesk(signed: Bytes, root: Rows, today: number): Promise<Rows> {
  const rows = readText(await verifiedText(signed, "desk", column(root, "desk-key")), "desk");
  const lines = rows.inbox as [string, number, Bytes][], keys = lines.map((l) => hex(l[2]));
  const names = lines.map((l) => l[0]).filter((n, i, all) => n !== all[i - 1]);
  const ordered = lines.every(([n, w], i) => i === 0 || n !== lines[i - 1][0] || w > lines[i - 1][1]);
  if (!ordered || new Set(names).size !== names.length || names.length > 4 || new Set(keys).size !== keys.length) malformed();
  checkHead(rows, one(root, "newsroom"), 16, today);
  return rows;
}

/** A verified sift note under a root note. */
export async function readSift(signed: Bytes, root: Rows, today: number): Promise<Rows> {
  const rows = readText(await verifiedText(signed, "sift", column(root, "sift-key")), "sift");
  const issued = one<number>(rows, "issued"), [a, b] = rows.day as [number, number, Bytes][];
  const bulletins = column<number>(rows, "bulletin"), crowd = one<number>(rows, "crowd");
  if (a[0] !== issued || b[0] !== issued + 1 || equal(a[2], b[2]) || one<number>(rows, "batch") < 1 || one<number>(rows, "slots") < 16 ||
    bulletins[0] > issued || (bulletins.length > 1 && bulletins[1] >= bulletins[0]) || !Number.isInteger(Math.log2(crowd || 1))) malformed();
  checkHead(rows, one(root, "newsroom"), 2, today);
  return rows;
}

/** What a client needs of the three notes. */
export interface Notes {
  serials: number[]; // root, desk, sift
  expires: number; // the first day on which one of them has expired
  name: string;
  w0: number;
  days: { day: number; difficulty: number; key: Bytes }[];
  inboxes: { name: string; week: number; key: Bytes }[];
  slots: number;
  bulletins: { day: number; digest: Bytes }[];
  crowd: number; // at most, worldwide
  engine: Bytes | null;
  contacts: Bytes | null;
}

/** Reads the file of GET /d and checks everything; throws Refused. */
export async function verifyNotes(raw: Bytes, newsroom: Bytes, today: number): Promise<Notes> {
  const parts = (fromUTF8(raw) ?? malformed()).split("\n\n");
  if (raw.length > NOTE_MAX || parts.length !== 6 || !parts[5].endsWith("\n")) malformed();
  const signed = [0, 2, 4].map((i) => utf8(`${parts[i]}\n\n${parts[i + 1]}${i < 4 ? "\n" : ""}`));
  const root = await readRoot(signed[0], newsroom, today);
  const desk = await readDesk(signed[1], root, today);
  const sift = await readSift(signed[2], root, today);
  if (!equal(one(sift, "root"), sha256(signed[0])) || !equal(one(sift, "desk"), sha256(signed[1]))) refuse("digest");
  return {
    serials: [root, desk, sift].map((r) => one<number>(r, "serial")),
    expires: Math.min(...[root, desk, sift].map((r) => one<number>(r, "expires"))),
    name: one(root, "name"), w0: one(root, "week-zero"),
    days: (sift.day as [number, number, Bytes][]).map(([day, difficulty, key]) => ({ day, difficulty, key })),
    inboxes: (desk.inbox as [string, number, Bytes][]).map(([name, week, key]) => ({ name, week, key })),
    slots: one(sift, "slots"),
    bulletins: (sift.bulletin as [number, Bytes][]).map(([day, digest]) => ({ day, digest })),
    crowd: one(sift, "crowd"), engine: one(root, "engine"), contacts: one(root, "contacts"),
  };
}

/** The day key that a client seals to: the first that stands. No clock has a part in it. */
export const dayKey = (n: Notes) => n.days[0];

/** The inbox key of a cell's week in the first inbox, else the last listed for it. */
export function inboxKey(n: Notes, week: number): Bytes {
  const mine = n.inboxes.filter((i) => i.name === n.inboxes[0].name);
  return (mine.find((i) => i.week === week) ?? mine[mine.length - 1]).key;
}

/** The newsroom's week of a day. */
export const noteWeek = (n: Notes, day: number): number => weekOf(day, n.w0);
