// Vetted contacts, as each page prints them for everybody at its foot, and practice for
// learning a number by heart: look, hide, enter it by the page's own keys, be told by group,
// again. What is entered lives in this step, and goes with it.
import { button, el } from "./dom.ts";
import type { Text } from "./text.ts";

/** A contact as it is printed, with a button that leads on to learning its number. */
export function card(t: Text, printed: Element, learn: (number: string) => void): Node {
  const li = printed.cloneNode(true) as Element, number = li.querySelector(".number")!.textContent!;
  li.append(button(t.tLearn, () => learn(number), { "aria-label": `${t.tLearn}: ${number}` }));
  return li;
}

/** The step in which a number is entered. When it is full, each group is told right or wrong, and the next key begins anew. */
export function practice(t: Text, number: string, ...more: Node[]): Node {
  const wanted = number.replaceAll(" ", ""), groups = el("ol", { class: "words groups" }), said = el("p", { role: "status" });
  let entered = "";

  function press(key: string): void {
    const full = entered.length === wanted.length;
    entered = key === "Backspace" ? entered.slice(0, -1) : full ? key : entered + key;
    let at = 0;
    const told = (right: boolean, more = ""): string => entered.length < wanted.length ? "" : (right ? t.tRight : t.tWrong) + more;
    groups.replaceChildren(...number.split(" ").map((group) => {
      const part = entered.slice(at, at += group.length);
      return el("li", {}, part.padEnd(group.length, "·"), el("span", { class: part === group ? "good" : "hold" }, told(part === group)));
    }));
    said.textContent = told(entered === wanted, t.tAgain);
  }

  press("");
  return el("div", {
    class: "actions",
    on: {
      keydown: (e: KeyboardEvent) => {
        if (!/^([0-9+]|Backspace)$/.test(e.key) || e.ctrlKey || e.metaKey || e.altKey) return;
        e.preventDefault();
        press(e.key);
      },
    },
  }, groups, said,
    el("div", { class: "keys pad", role: "group", "aria-label": t.tLearn }, ...Array.from("123456789+0", (k) => button(k, () => press(k)))),
    button(t.tPickUndo, () => press("Backspace")), ...more);
}
