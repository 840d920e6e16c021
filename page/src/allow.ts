// What a fetched page may bring into this one: a list of elements and attributes. Everything
// else is left behind with all that it holds: a script would run, a meta refresh would act.
const ATTRIBUTES = new Set(["class", "id", "lang", "dir", "title", "role", "hidden"]);
const ELEMENTS: Record<string, string[]> = {
  a: ["href", "hreflang", "rel", "type", "download"], img: ["src", "alt", "width", "height"], time: ["datetime"],
  ol: ["start"], td: ["colspan", "rowspan"], th: ["colspan", "rowspan", "scope"], details: ["open"],
};
for (const name of ("abbr address article aside b bdi bdo blockquote br caption cite code dd div dl dt em figcaption figure footer " +
  "h1 h2 h3 h4 h5 h6 header hr i kbd li main mark nav p pre q rp rt ruby s section small span strong sub summary sup table tbody " +
  "tfoot thead tr ul wbr").split(" ")) ELEMENTS[name] = [];

/** A copy of an element in this document, of allowed parts only; null if it is none of them. */
export function rebuild(from: Element): HTMLElement | null {
  const name = from.localName, own = Object.hasOwn(ELEMENTS, name) ? ELEMENTS[name] : null;
  if (!own || from.namespaceURI !== "http://www.w3.org/1999/xhtml") return null;
  const to = document.createElement(name);
  for (const { name: attr, value } of Array.from(from.attributes)) {
    if (!ATTRIBUTES.has(attr) && !own.includes(attr) && !/^aria-[a-z]+$/.test(attr)) continue;
    if ((attr === "href" || attr === "src") && !harmless(attr, value)) continue;
    to.setAttribute(attr, value);
  }
  for (const child of Array.from(from.childNodes)) {
    if (child.nodeType === Node.TEXT_NODE) to.append(child.textContent ?? "");
    else if (child.nodeType === Node.ELEMENT_NODE) to.append(...[rebuild(child as Element)].filter((e) => e !== null));
  }
  return to;
}

/** Links lead to the web, a mail or a telephone; pictures come from this site alone. */
function harmless(attr: string, value: string): boolean {
  try {
    const url = new URL(value, location.href);
    return attr === "src" ? url.origin === location.origin : /^(https?|mailto|tel):$/.test(url.protocol);
  } catch {
    return false;
  }
}
