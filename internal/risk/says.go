package risk

import "kkachi/internal/lang"

// Says is how the wording reads as the lead of a sentence in language t, with a word in brackets for what the
// newsroom names: "A source in (country) familiar with the matter said recently".
func (w Wording) Says(t lang.Tag) string {
	in := func(key string) lang.Words {
		key = "risk.name." + key
		return lang.Words{KO: lang.T(lang.Korean, key), EN: lang.T(lang.English, key), ZH: lang.T(lang.Chinese, key)}
	}
	a := lang.Attribution{Level: w.Level, Names: lang.Names{
		Country: in("country"), Region: in("region"), Province: in("province"), City: in("city"),
		Sector: in("sector"), Trade: in("trade"), Post: in("post"), App: in("app"), When: in("when"),
	}}
	said, err := lang.Said(t, a)
	if err != nil {
		return w.Level.String()
	}
	if t == lang.Korean {
		said += " " + lang.Verb(t, w.Level)
	}
	return said
}

// In is Says in all languages, for JSON.
func (w Wording) In() map[lang.Tag]string {
	out := map[lang.Tag]string{}
	for _, t := range lang.All() {
		out[t] = w.Says(t)
	}
	return out
}
