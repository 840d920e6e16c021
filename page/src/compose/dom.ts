// Elements made by hand: no markup is ever parsed, so nothing that somebody wrote can become
// markup.
type Props = { class?: string; on?: Record<string, (e: never) => void>; [attribute: string]: unknown };
type Kid = Node | string | null | undefined | false;

/** An element with attributes (true: present, false or null: absent), listeners and children. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...kids: Kid[]): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") for (const [event, f] of Object.entries(value as object)) e.addEventListener(event, f as EventListener);
    else if (value === true) e.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) e.setAttribute(name, String(value));
  }
  e.append(...kids.filter((k) => k || k === "") as (Node | string)[]);
  return e;
}

export const button = (label: string, press: () => void, props: Props = {}): HTMLButtonElement =>
  el("button", { type: "button", ...props, on: { click: press } }, label);

/** What each page prints at its foot for everybody. */
export const foot = (part: string): Element[] => Array.from(document.querySelectorAll("body > footer " + part));

/** Text with {0}, {1} … filled in. */
export const fill = (text: string, ...args: (string | number)[]): string => text.replace(/\{(\d)\}/g, (_, i) => String(args[i]));
