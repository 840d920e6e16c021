package desk

import (
	"slices"
	"unicode"

	"kkachi/internal/lang"
)

// A ChangeKind says what happened to a part of a story between two versions.
type ChangeKind string

// Kinds of changes.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
	Moved   ChangeKind = "moved"
)

// A Change is one difference between two versions of a story: of a sentence, or of a part
// that stands outside of sentences.
type Change struct {
	Kind      ChangeKind
	Part      string // "sentence", "headline", "standfirst", "reason", "correction", "retraction"
	Paragraph int    // of a sentence: where it stands, or stood if it was removed
	Sentence  int
	Texts     []TextChange // in the languages that differ
	Level     bool         // the level of its attribution differs
	Claims    bool         // so do the claims that it carries, or whose words it gives
	Disputed  bool         // so does the mark of dispute
}

// A TextChange is a text in one language, in runs that stayed, went and came.
type TextChange struct {
	Lang Lang
	Runs []TextRun
}

// A TextRun is a run of a text.
type TextRun struct {
	Kind ChangeKind // Added, Removed, or "": as it was
	Text string
}

// Compare gives the differences from a to b: first what stands outside of sentences, then
// sentences in the order of b, each removed one where it stood.
func Compare(a, b *Story) []Change {
	var out []Change
	outside := func(part string, of func(*Story, Lang) string) {
		var texts []TextChange
		kind := Changed
		for _, l := range lang.All() {
			if x, y := of(a, l), of(b, l); x != y {
				texts = append(texts, TextChange{l, runs(x, y)})
			}
		}
		if len(texts) > 0 {
			out = append(out, Change{Kind: kind, Part: part, Paragraph: -1, Sentence: -1, Texts: texts})
		}
	}
	outside("headline", func(s *Story, l Lang) string { return s.Editions[l].Headline })
	outside("standfirst", func(s *Story, l Lang) string { return s.Editions[l].Standfirst })
	outside("reason", func(s *Story, l Lang) string { return s.Editions[l].Reason })
	outside("correction", func(s *Story, l Lang) string {
		text := ""
		for _, c := range s.Corrections {
			text += c.Text[l] + "\n"
		}
		return text
	})
	outside("retraction", func(s *Story, l Lang) string {
		if s.Retraction == nil {
			return ""
		}
		return s.Retraction.Text[l]
	})
	return append(out, compareSentences(a.places(), b.places())...)
}

// A place is a sentence and where it stands.
type place struct {
	i, j int
	sn   *Sentence
}

func (s *Story) places() []place {
	var out []place
	for i := range s.Paragraphs {
		for j := range s.Paragraphs[i].Sentences {
			out = append(out, place{i, j, &s.Paragraphs[i].Sentences[j]})
		}
	}
	return out
}

// compareSentences pairs sentences by their names. The longest run of pairs in one order
// stayed; other pairs moved.
func compareSentences(a, b []place) []Change {
	stay := longest(a, b, func(x, y place) bool { return x.sn.ID == y.sn.ID })
	staysA, staysB := map[int]bool{}, map[int]bool{}
	for _, p := range stay {
		staysA[p[0]], staysB[p[1]] = true, true
	}
	former := map[ID]place{}
	for _, p := range a {
		former[p.sn.ID] = p
	}
	var out []Change
	gone := func(upTo int, from *int) {
		for ; *from < upTo; *from++ {
			p := a[*from]
			if !staysA[*from] && !slices.ContainsFunc(b, func(q place) bool { return q.sn.ID == p.sn.ID }) {
				out = append(out, Change{Kind: Removed, Part: "sentence", Paragraph: p.i, Sentence: p.j, Texts: textsOf(p.sn, nil)})
			}
		}
	}
	next, k := 0, 0
	for n, q := range b {
		upTo := len(a)
		if k < len(stay) {
			upTo = stay[k][0]
		}
		gone(upTo, &next)
		if staysB[n] {
			k++
		}
		p, had := former[q.sn.ID]
		switch {
		case !had:
			out = append(out, Change{Kind: Added, Part: "sentence", Paragraph: q.i, Sentence: q.j, Texts: textsOf(nil, q.sn)})
		default:
			c := Change{
				Kind: Changed, Part: "sentence", Paragraph: q.i, Sentence: q.j, Texts: textsOf(p.sn, q.sn), Level: p.sn.Level != q.sn.Level,
				Claims: !slices.Equal(p.sn.Claims, q.sn.Claims) || p.sn.Voice != q.sn.Voice, Disputed: p.sn.Disputed != q.sn.Disputed,
			}
			if !staysB[n] {
				c.Kind = Moved
			}
			if c.Kind == Moved || len(c.Texts) > 0 || c.Level || c.Claims || c.Disputed {
				out = append(out, c)
			}
		}
	}
	gone(len(a), &next)
	return out
}

func textsOf(a, b *Sentence) []TextChange {
	var out []TextChange
	for _, l := range lang.All() {
		x, y := "", ""
		if a != nil {
			x = a.Text[l]
		}
		if b != nil {
			y = b.Text[l]
		}
		if x != y {
			out = append(out, TextChange{l, runs(x, y)})
		}
	}
	return out
}

// runs compares two texts word by word; of scripts without blanks, character by character.
func runs(a, b string) []TextRun {
	x, y := tokens(a), tokens(b)
	var out []TextRun
	put := func(kind ChangeKind, words []string) {
		for _, w := range words {
			if n := len(out); n > 0 && out[n-1].Kind == kind {
				out[n-1].Text += w
			} else {
				out = append(out, TextRun{kind, w})
			}
		}
	}
	i, j := 0, 0
	for _, p := range longest(x, y, func(s, t string) bool { return s == t }) {
		put(Removed, x[i:p[0]])
		put(Added, y[j:p[1]])
		put("", x[p[0]:p[0]+1])
		i, j = p[0]+1, p[1]+1
	}
	put(Removed, x[i:])
	put(Added, y[j:])
	return out
}

// tokens cuts a text into words of letters that are written together, and single characters.
func tokens(s string) []string {
	var out []string
	word := false
	for _, r := range s {
		joins := unicode.In(r, unicode.Latin, unicode.Digit, unicode.Hangul) || unicode.IsMark(r)
		if joins && word {
			out[len(out)-1] += string(r)
		} else {
			out = append(out, string(r))
		}
		word = joins
	}
	return out
}

// longest gives the longest common subsequence as pairs of indices. What is equal at both
// ends is paired first, so that a small change in a long text costs little.
func longest[T any](a, b []T, same func(T, T) bool) [][2]int {
	var out, tail [][2]int
	i, n, m := 0, len(a), len(b)
	for ; i < n && i < m && same(a[i], b[i]); i++ {
		out = append(out, [2]int{i, i})
	}
	for n > i && m > i && same(a[n-1], b[m-1]) {
		n, m = n-1, m-1
		tail = append(tail, [2]int{n, m})
	}
	slices.Reverse(tail)
	x, y := a[i:n], b[i:m]
	if len(x)*len(y) > maxCompared {
		return append(out, tail...) // wholly different is a true answer too
	}
	best := make([][]int, len(x)+1)
	for r := range best {
		best[r] = make([]int, len(y)+1)
	}
	for r := len(x) - 1; r >= 0; r-- {
		for c := len(y) - 1; c >= 0; c-- {
			if same(x[r], y[c]) {
				best[r][c] = best[r+1][c+1] + 1
			} else {
				best[r][c] = max(best[r+1][c], best[r][c+1])
			}
		}
	}
	for r, c := 0, 0; r < len(x) && c < len(y); {
		switch {
		case same(x[r], y[c]):
			out = append(out, [2]int{i + r, i + c})
			r, c = r+1, c+1
		case best[r+1][c] >= best[r][c+1]:
			r++
		default:
			c++
		}
	}
	return append(out, tail...)
}

// maxCompared bounds the table of a comparison; a sentence is 1500 characters at most.
const maxCompared = 1 << 22
