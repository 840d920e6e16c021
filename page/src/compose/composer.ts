// The composer (spec/09-page.md): one question on a screen. What it holds lives in this
// object, from the gesture that opens it to leaving, and nowhere else. No request follows from
// anything that is done here: letters take the place of cover in later views.
import { type Bytes, equal, fromUTF8, utf8 } from "../bytes.ts";
import { received, type Reply } from "../bulletin.ts";
import { BODY } from "../cell.ts";
import type { Conversation } from "../chain.ts";
import { CELLS, type Engine, forget } from "../engine.ts";
import { deflate, FLAG_FILE, KIND } from "../letter.ts";
import type { Started } from "../start.ts";
import type { LetterState } from "../queue.ts";
import { drawWords, type Lang, list } from "../words.ts";
import { button, el, fill, foot } from "./dom.ts";
import { card, practice } from "./learn.ts";
import { remake } from "./photo.ts";
import { languageChoice, picker } from "./picker.ts";
import { Sheet } from "./sheet.ts";
import { dayText, pageLang, type Text, TEXTS } from "./text.ts";

type Refusal = "untrusted" | "empty" | "long" | "failed";

export class Composer {
  private sheet: Sheet | null = null;
  private t: Text = TEXTS.en;
  private lang: Lang = "en";
  private wordLang: Lang = "en";
  private talk: Conversation | null = null;
  private words: number[] = []; // of a new conversation, until they were entered again
  private unlisten: (() => void) | null = null;
  private onChange: () => void = () => {};

  private readonly engine: Engine;

  constructor(private readonly page: Started) {
    this.engine = page.engine;
    addEventListener("pagehide", () => this.quit()); // a page kept for going back keeps nothing of this
  }

  /** Opens the sheet. */
  open(): void {
    if (this.sheet) return;
    this.lang = this.wordLang = pageLang();
    this.t = TEXTS[this.lang];
    this.sheet = new Sheet(this.page.own, this.t, this.lang, () => this.quit());
    this.unlisten = this.engine.listen(() => this.onChange());
    this.start();
  }

  /** Leaves at once: every letter that has not left, every key and every word is forgotten. */
  quit(): void {
    this.engine.wipe();
    if (this.talk) forget(this.talk);
    this.talk = null;
    this.words.fill(0);
    this.words = [];
    this.close();
  }

  /** Takes the sheet away and lets letters wait: "read on". */
  private close(): void {
    this.unlisten?.();
    this.unlisten = null;
    this.onChange = () => {};
    this.sheet?.remove();
    this.sheet = null;
  }

  private show(title: string, ...nodes: (Node | null | undefined | false)[]): void {
    this.onChange = () => {};
    this.sheet?.show(title, ...nodes);
  }

  private back = (to: () => void): HTMLElement => button(this.t.tBack, to);

  // ---- before anything is written

  private start(): void {
    const { t } = this, crowd = this.engine.notes?.crowd ?? 0;
    const trust = el("p", { role: "status" }), [vetted] = foot(".helpers summary");
    this.show(t.tStartTitle,
      trust,
      contacts().length > 0 && button(vetted.textContent!, () => this.contacts()), // above what is long: who needs it may not read on
      this.engine.letters.length > 0 && button(t.tSendTitle, () => this.sending(), { class: "main" }),
      el("ul", {}, ...[crowd ? fill(t.tCrowd, crowd.toLocaleString(this.lang)) : t.tCrowdNone, ...printed(".limits li")].map((l) => el("li", {}, l))),
      el("div", { class: "actions" },
        ...this.page.apart ? [] : [button(t.tFirst, () => this.newWords(() => this.write()), { class: this.engine.letters.length ? "" : "main" }),
        button(t.tKnown, () => this.knownWords()),
        button(t.tNeedHelp, () => this.contacts(() => this.help()))]));
    this.onChange = () => this.trust(trust);
    this.trust(trust);
  }

  private trust(p: HTMLElement): void {
    const text = this.engine.trust === "good" && !this.page.apart ? "" : this.untrusted();
    if (p.textContent !== text) p.textContent = text;
    p.className = this.engine.trust === "waiting" ? "quiet" : "warn";
    p.hidden = !text;
  }

  // ---- contacts, before any word

  /** Whom to turn to; then leads on to writing, and is called at once where there are no contacts. */
  private contacts(then?: () => void): void {
    const { t } = this, [title, lead] = foot(".helpers > :is(summary, p)"), list = contacts();
    if (!list.length) return then?.();
    this.show(title.textContent!, el("p", {}, lead.textContent!),
      el("ul", { class: "contacts" }, ...list.map((li) => card(t, li, (number) => this.learn(number, then)))),
      el("div", { class: "actions" }, then && button(t.tWrite, then, { class: "main" }), this.back(() => this.start())));
  }

  private learn(number: string, then?: () => void): void {
    const { t } = this, back = this.back(() => this.contacts(then));
    const hide = () => this.show(t.tLearn, practice(t, number, button(t.tLook, () => this.learn(number, then)), back));
    this.show(t.tLearn, el("p", { class: "echo number" }, number), el("div", { class: "actions" }, button(t.tHide, hide, { class: "main" }), back));
  }

  // ---- words

  private newWords(next: () => void): void {
    const { t } = this;
    this.words = drawWords();
    const shown = el("ol", { class: "words" });
    const draw = () => shown.replaceChildren(...this.words.map((w, i) => el("li", { lang: this.wordLang }, el("span", {}, String(i + 1)), list(this.wordLang)[w])));
    const languages = languageChoice(t, this.wordLang, (l) => { this.wordLang = l; draw(); });
    draw();
    this.show(t.tWordsTitle, el("p", {}, t.tWordsLead), shown,
      languages,
      el("div", { class: "actions" },
        button(t.tWordsKnow, () => this.checkWords(next), { class: "main" }),
        button(t.tWordsOther, () => this.newWords(next)), this.back(() => this.start())));
  }

  private checkWords(next: () => void, differed = false): void {
    const { t } = this;
    this.show(t.tCheckTitle, differed && alarm(t.tDiffer),
      picker(t, this.wordLang, (indices) => {
        const same = indices.every((n, i) => n === this.words[i]);
        indices.fill(0);
        if (same) void this.openWith([...this.words], t.tEchoNew, next);
        else this.checkWords(next, true);
      }),
      button(t.tWordsOther, () => this.newWords(next)));
  }

  private knownWords(): void {
    const { t } = this;
    this.show(t.tWordsTitle, picker(t, this.wordLang, (indices, lang) => {
      this.wordLang = lang;
      void this.openWith(indices, t.tEchoKnown, () => void this.conversation());
    }), this.back(() => this.start()));
  }

  private async openWith(indices: number[], explain: string, next: () => void): Promise<void> {
    const { t, sheet } = this;
    const bar = el("progress", { max: 1, value: 0, "aria-label": t.tOpenTitle });
    this.show(t.tOpenTitle, el("p", {}, t.tWorking), bar);
    const opened = await this.engine.open(indices, (share) => (bar.value = share)).catch(() => null);
    indices.fill(0);
    if (!sheet || this.sheet !== sheet) return void (opened && forget(opened));
    if (!opened) return this.show(t.tOpenTitle, alarm(t.tFailed), this.back(() => this.start()));
    const before = this.talk;
    this.talk = opened;
    const fresh = explain === t.tEchoNew;
    this.show(t.tEchoTitle, el("p", { class: "echo", lang: this.wordLang }, list(this.wordLang)[opened.echo]), el("p", {}, explain),
      el("div", { class: "actions" },
        button(t.tEchoYes, () => {
          this.words.fill(0);
          this.words = [];
          next();
          if (before && before !== this.talk) forget(before);
        }, { class: "main" }),
        !fresh && button(t.tEchoNo, () => this.knownWords())));
  }

  // ---- the conversation

  private async conversation(): Promise<void> {
    const { t, lang, sheet } = this, c = this.talk;
    if (!c) return this.start();
    const found = await this.engine.replies(c).catch(() => null);
    if (this.sheet !== sheet) return;
    const replies = found?.list.filter((r) => r.kind === 0) ?? [];
    this.show(t.tTalkTitle,
      ...replies.map((r) => this.reply(r)),
      ...this.receipts(found?.list ?? []).map((r) => el("p", { class: "good" }, r)),
      !found && el("p", { class: "hold" }, t.tTalkMissing),
      found && !replies.length && el("p", {}, fill(t.tTalkNone, dayText(found.day, lang))),
      el("div", { class: "actions" },
        button(t.tWrite, () => this.write(), { class: "main" }),
        this.engine.letters.length > 0 && button(t.tSendTitle, () => this.sending()),
        button(t.tMore, () => this.moreWays())));
  }

  private reply(r: Reply): HTMLElement {
    const { t } = this, text = fromUTF8(r.body) ?? "";
    return el("article", { class: "reply" },
      el("h3", {}, fill(t.tReply, dayText(r.day, this.lang))),
      el("div", { dir: "auto", lang: /[가-힣]/.test(text) && "ko" }, text), // Korean breaks between words
      !r.complete && el("p", { class: "quiet" }, t.tPartial));
  }

  /** One sentence for each letter that the desk says it has. */
  private receipts(list: Reply[]): string[] {
    const seen: Bytes[] = [];
    for (const r of list) {
      if (r.ackBitmap && !seen.some((s) => equal(s, r.ackLetter))) seen.push(r.ackLetter);
    }
    return seen.map((letter) => fill(this.t.tReceipt, received(list, letter)));
  }

  private moreWays(): void {
    const { t } = this;
    this.show(t.tMore,
      el("p", {}, t.tEraseLead), button(t.tErase, () => void this.queue(KIND.erase)), button(t.tWithdraw, () => void this.queue(KIND.withdraw)),
      el("p", {}, t.tMoveLead), button(t.tMove, () => this.moveTo()),
      this.back(() => void this.conversation()));
  }

  private moveTo(): void {
    const old = this.talk;
    if (!old) return this.start();
    // The old keys are kept until the letter that names the new ones is cut.
    const copy: Conversation = { thread: old.thread.slice(), echo: old.echo, key0: old.key0.slice() };
    this.newWords(() => void this.engine.move(copy, this.talk!).then((r) => {
      forget(copy);
      this.queued(r);
    }).catch(() => this.queued("failed")));
  }

  // ---- writing

  private field(label: string, lines: boolean, changed: () => void = () => {}): { box: HTMLElement; text: HTMLElement } {
    const text = el("div", {
      class: lines ? "text" : "text line", role: "textbox", "aria-multiline": lines, "aria-label": label, tabindex: "0", dir: "auto",
      spellcheck: "false", autocapitalize: "off",
      on: { input: changed, drop: (e: DragEvent) => e.preventDefault() },
    });
    text.setAttribute("contenteditable", "plaintext-only"); // the property throws where the value is unknown
    if (text.contentEditable !== "plaintext-only") { // an older browser: what is pasted there could bring markup
      text.contentEditable = "true";
      text.addEventListener("paste", (e) => e.preventDefault());
    }
    return { box: el("div", { class: "actions" }, el("h3", { "aria-hidden": "true" }, label), text), text };
  }

  private write(): void {
    const { t } = this;
    let photo: Bytes | null = null;
    const size = el("p", { class: "quiet", role: "status" }), note = alarm();
    const say = (text: string) => void (note.textContent = text);
    const measure = settle(async () => {
      const bytes = utf8(plain(text)), pieces = bytes.length ? Math.ceil((await deflate(bytes)).length / BODY) : 0;
      const all = pieces + (photo ? Math.ceil(photo.length / BODY) : 0);
      size.textContent = all ? fill(t.tSize, all, Math.ceil(all / CELLS)) : "";
    });
    const { box, text } = this.field(t.tWriteLabel, true, () => { say(""); measure(); });
    const file = el("input", { type: "file", accept: "image/*", hidden: true, on: { change: () => void add() } });
    const choose = button(t.tPhoto, () => file.click()), leaveOut = button(t.tPhotoRemove, () => set(null), { hidden: true });
    const set = (bytes: Bytes | null) => {
      photo = bytes;
      leaveOut.hidden = !bytes;
      choose.hidden = !!bytes;
      measure();
    };
    const add = async () => {
      send.disabled = true; // a letter that left meanwhile would leave without the picture
      const made = file.files?.[0] ? await remake(file.files[0]) : null;
      send.disabled = false;
      file.value = "";
      say(made ? "" : t.tPhotoBad);
      set(made);
    };
    const send = button(t.tSend, async () => {
      send.disabled = true;
      const written = plain(text);
      let result: LetterState | Refusal = written || !photo ? await this.put(KIND.letter, 0, utf8(written)) : "empty";
      if (photo && (typeof result === "object" || !written)) result = await this.put(KIND.letter, FLAG_FILE, photo);
      send.disabled = false;
      if (typeof result === "string") return say(this.refusal(result));
      text.textContent = "";
      photo?.fill(0);
      this.sending();
    }, { class: "main" });
    this.show(t.tWriteTitle, el("p", {}, t.tWriteLead), box, size,
      el("div", { class: "row" }, choose, leaveOut, file), el("p", { class: "quiet" }, t.tPhotoLead), note,
      el("div", { class: "actions" }, send, this.back(() => void this.conversation())));
    text.focus();
  }

  private put(kind: number, flags: number, text: Bytes): Promise<LetterState | Refusal> {
    return this.engine.write(this.talk!, { kind, topic: 0, flags, text }).catch(() => "failed" as const);
  }

  private async queue(kind: number): Promise<void> {
    this.queued(await this.put(kind, 0, utf8("")));
  }

  private queued(result: LetterState | Refusal): void {
    if (typeof result === "object") return this.sending();
    this.show(this.t.tWriteTitle, alarm(this.refusal(result)), this.back(() => void this.conversation()));
  }

  private refusal(r: Refusal): string {
    const { t } = this;
    if (r === "empty") return t.tEmpty;
    if (r === "long") return t.tLong;
    if (r === "failed") return t.tFailed;
    return this.untrusted();
  }

  /** Why nothing leaves. */
  private untrusted(): string {
    const { t } = this;
    if (this.page.apart) return printed(".take .apart")[0] ?? "";
    return { waiting: t.tTrustWaiting, unreachable: t.tTrustUnreachable, wrong: t.tTrustWrong, good: t.tTrustUnreachable }[this.engine.trust];
  }

  private help(): void {
    const { t } = this;
    if (!this.talk) return this.newWords(() => this.help());
    const line = (label: string, lines: boolean) => {
      const f = this.field(label, lines);
      return { label, box: f.box, value: () => plain(f.text) };
    };
    const note = alarm(), parts = [t.tHelpNeed, t.tHelpDanger, t.tHelpDeadline, t.tHelpReach, t.tHelpText].map((label) => line(label, label === t.tHelpText));
    this.show(t.tHelpTitle, el("p", {}, t.tHelpLead), ...parts.map((p) => p.box),
      el("div", { class: "actions" },
        note,
        button(t.tSend, async () => { // a refusal leaves what was written where it stands
          const result = await this.put(KIND.help, 0, utf8(parts.filter((p) => p.value()).map((p) => `${p.label}: ${p.value()}`).join("\n")));
          if (typeof result === "object") this.sending();
          else note.textContent = this.refusal(result);
        }, { class: "main" }),
        this.back(() => this.start())));
  }

  // ---- sending

  private sending(): void {
    const { t } = this;
    const lead = el("p", { role: "status" }), bars = el("div", { class: "actions" });
    const draw = () => {
      const waits = this.engine.letters.some((l) => l.left > 0);
      const text = !waits ? t.tSendDone : this.page.apart ? this.untrusted() : fill(t.tSendLead, this.engine.viewsLeft);
      if (lead.textContent !== text) lead.textContent = text;
      bars.replaceChildren(...this.engine.letters.map((l) => {
        const label = fill(t.tSendLeft, l.count - l.left, l.count);
        return el("div", {}, el("p", { class: "quiet" }, label), el("progress", { max: l.count, value: l.count - l.left, "aria-label": label }));
      }));
    };
    draw();
    this.show(t.tSendTitle, lead, bars,
      el("div", { class: "actions" },
        button(t.tReadOn, () => this.close(), { class: "main" }),
        ...!this.page.apart && this.talk ? [button(t.tWrite, () => this.write()), button(t.tTalkTitle, () => void this.conversation())] : [],
        ));
    this.onChange = draw;
  }
}

/** A place for one sentence that is said at once; it is not seen while it is empty. */
const alarm = (text = ""): HTMLElement => el("p", { class: "hold", role: "alert" }, text);

/** What stands in a field, without blanks at its ends. */
const plain = (e: HTMLElement): string => e.innerText.replace(/\u00a0/g, " ").trim();

/** Calls f once things have been quiet for a moment. */
function settle(f: () => Promise<void>): () => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void f().catch(() => {}), 300);
  };
}

/** The contacts at the foot: the list that watch compares with what is signed, and no other. */
const contacts = (): Element[] => foot(".helpers > .contacts li");

/** What each page prints at its foot for everybody. */
const printed = (where: string): string[] => foot(where).map((e) => e.textContent!);
