package web

import (
	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// said is a stranger's text, cut so that nothing in it can act.
type said struct {
	Lang   string // for fonts and line breaks; "" if unknown
	Pieces []piece
}

func says(tag desk.Lang, text string) said {
	s := said{Pieces: pieces(text)}
	if tag.Valid() {
		s.Lang = tag.HTML()
	}
	return s
}

// mark is a state in words, with a shape beside it.
type mark struct{ Kind, Word string }

// choice is an entry of a select.
type choice struct {
	Value, Word string
	Now         bool
}

// fact is a line of a sheet.
type fact struct{ Name, Word string }

// speaker is one of the languages to choose from.
type speaker struct {
	Tag  lang.Tag
	Name string
	Now  bool
}

func speakers(now lang.Tag) []speaker {
	var out []speaker
	for _, t := range lang.All() {
		out = append(out, speaker{t, t.Name(), t == now})
	}
	return out
}

// tongue writes the words of one language into views.
type tongue lang.Tag

func (t tongue) T(key string, args ...any) string { return lang.T(lang.Tag(t), key, args...) }

func (t tongue) N(key string, n int, args ...any) string {
	return lang.N(lang.Tag(t), key, n, args...)
}

func (t tongue) day(d cell.Day) string   { return lang.Date(lang.Tag(t), uint32(d)) }
func (t tongue) short(d cell.Day) string { return lang.ShortDate(lang.Tag(t), uint32(d)) }

// language names a language in the reader's own, or says that it isn't known.
func (t tongue) language(l desk.Lang) string {
	if !l.Valid() {
		return ""
	}
	return t.T("desk.language." + string(l))
}

var rungs = map[ladder.Rung]string{
	ladder.Unsupported: "none",
	ladder.OneChain:    "one",
	ladder.Unverified:  "unverified",
	ladder.Independent: "two",
}

func (t tongue) rung(r ladder.Rung) mark {
	if r == "" {
		return mark{}
	}
	return mark{rungs[r], t.T("desk.rung." + r.Key())}
}

// reply is how far a reply has come, in words.
func (t tongue) reply(s desk.ReplyState) mark {
	switch s.Progress {
	case desk.InBulletin:
		return mark{"one", t.T("desk.reply.bulletin", t.short(s.Day))}
	case desk.ReadBack:
		return mark{"done", t.T("desk.reply.read", t.short(s.Day))}
	case desk.Withdrawn:
		return mark{"none", t.T("desk.reply.withdrawn")}
	case desk.Expired:
		return mark{"hold", t.T("desk.reply.expired")}
	default:
		return mark{"wait", t.T("desk.reply.waiting")}
	}
}

func (t tongue) kind(k desk.ReportKind) string { return t.T("desk.kind." + string(k)) }

// choices makes a select of the words of a family of keys.
func (t tongue) choices(family string, now string, values ...string) []choice {
	var out []choice
	for _, v := range values {
		out = append(out, choice{v, t.T(family + "." + v), v == now})
	}
	return out
}
