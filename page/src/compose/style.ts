// The composer's style stands in the site's stylesheet, in a group that matches nothing there:
// it is copied into the shadow tree, as a constructed sheet, which a policy without inline
// styles lets stand. Colours and sizes are the site's custom properties; they reach in.
export function style(): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  for (const { cssRules } of Array.from(document.styleSheets)) {
    for (const rule of Array.from(cssRules)) {
      if (rule instanceof CSSMediaRule && rule.conditionText === "not all") sheet.replaceSync(Array.from(rule.cssRules, (r) => r.cssText).join("\n"));
    }
  }
  return sheet;
}
