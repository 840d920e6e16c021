// The sheet over the article: a modal dialog in a closed shadow tree, in which forms, session
// restore and spell checking have no part. It leaves no address and no history entry. It is
// blank while the page is hidden; Esc twice, or the button, leaves at once.
import { button, el } from "./dom.ts";
import { style } from "./style.ts";
import type { Text } from "./text.ts";

const TWICE = 1200; // milliseconds between two Esc that leave

export class Sheet {
  private readonly host = document.createElement("div");
  private readonly dialog: HTMLDialogElement;
  private readonly bar = el("div", { class: "bar" });
  private readonly step = el("div", { class: "step" });
  private readonly cover = el("div", { class: "step cover" });
  private escaped = -TWICE;
  private readonly watch = () => document.hidden && this.hide();

  /** own keeps the sheet through soft navigation; quit wipes. */
  constructor(private readonly own: Set<Node>, t: Text, lang: string, private readonly quit: () => void) {
    const root = this.host.attachShadow({ mode: "closed" });
    root.adoptedStyleSheets = [style()];
    this.dialog = el("dialog", {
      "aria-label": t.tWrite, lang, translate: "no",
      on: { keydown: (e: KeyboardEvent) => this.keys(e), cancel: (e: Event) => e.preventDefault(), close: () => this.host.isConnected && this.quit() },
    }, this.bar, this.step, this.cover);
    this.bar.append(el("strong", {}, t.tWrite), button(t.tLeave, this.quit, { class: "leave" }));
    this.bar.lastElementChild!.append(el("kbd", { "aria-hidden": "true" }, "Esc Esc"));
    this.cover.append(el("h2", {}, t.tHiddenTitle), button(t.tHiddenShow, () => this.uncover(), { class: "main" }));
    root.append(this.dialog);
    this.own.add(this.host);
    document.body.append(this.host);
    document.addEventListener("visibilitychange", this.watch);
    this.dialog.showModal();
  }

  private keys(e: KeyboardEvent): void {
    if (e.key !== "Escape") return;
    e.preventDefault();
    if (e.timeStamp - this.escaped < TWICE) this.quit();
    this.escaped = e.timeStamp;
  }

  private hide(): void {
    this.dialog.classList.add("hidden");
    this.cover.querySelector("button")!.focus(); // what had it is gone
  }

  private uncover(): void {
    this.dialog.classList.remove("hidden");
    this.step.querySelector<HTMLElement>("h2")?.focus();
  }

  /** Shows one step: a heading, which takes the focus unless words are picked, and what follows it. */
  show(title: string, ...nodes: (Node | null | undefined | false)[]): void {
    const h = el("h2", { tabindex: "-1" }, title);
    this.step.replaceChildren(h, ...nodes.filter((n) => !!n));
    this.dialog.scrollTop = 0;
    (this.step.querySelector<HTMLElement>(".keys button") ?? h).focus(); // there keys are heard
  }

  /** Takes the sheet away; what it held goes with it. */
  remove(): void {
    document.removeEventListener("visibilitychange", this.watch);
    this.step.replaceChildren();
    this.own.delete(this.host);
    this.dialog.close(); // the focus goes back to where it was
    this.host.remove();
    getSelection()?.removeAllRanges(); // no caret stays in a page in which only sources have one
  }
}
