package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
)

// A Translation stands beside an original, which stays as it came, and says who made it and
// how far it is. No machine makes one.
type Translation struct {
	Lang      Lang             `json:"lang"`
	Text      string           `json:"text"` // whole
	By        string           `json:"by"`
	State     TranslationState `json:"state,omitempty"`
	Checked   string           `json:"checked,omitempty"`   // by whom, never its maker
	Sentences []Rendered       `json:"sentences,omitempty"` // none: it was written in one piece
}

// A TranslationState says how far a translation is.
type TranslationState string

// States of a translation.
const (
	TranslationDraft   TranslationState = "draft"
	TranslationDone    TranslationState = "done"
	TranslationChecked TranslationState = "checked" // by another person, as it stands
)

// Rendered is one sentence of an original and its translation. The sentence is kept as it
// was, so that a note that was mended later shows what its translation was made of.
type Rendered struct {
	Of   string `json:"of"`
	Text string `json:"text,omitempty"` // "": not translated yet
}

// translations is the content of the translations of a report.
type translations struct {
	All []Translation `json:"all"`
}

// Ends of sentences: those of the first kind need a blank behind them.
const (
	endsLatin = ".?!…"
	endsWide  = "。？！"
	closers   = "\"'”’」』）)》〉"
)

// Cut cuts a text into sentences, line by line. It is the same for everybody who translates,
// and loses nothing but blanks.
func Cut(text string) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
			n := sentenceEnd(line)
			out = append(out, strings.TrimSpace(line[:n]))
			line = line[n:]
		}
	}
	return out
}

// sentenceEnd gives the length of the first sentence of a line.
func sentenceEnd(line string) int {
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		i += size
		latin, wide := strings.ContainsRune(endsLatin, r), strings.ContainsRune(endsWide, r)
		if !latin && !wide {
			continue
		}
		end := i
		for end < len(line) { // further ends and what closes stay with it
			r, size := utf8.DecodeRuneInString(line[end:])
			if !strings.ContainsRune(endsLatin+endsWide+closers, r) {
				break
			}
			wide = wide || strings.ContainsRune(endsWide, r)
			end += size
		}
		next, _ := utf8.DecodeRuneInString(line[end:])
		if end == len(line) || wide || unicode.IsSpace(next) {
			return end
		}
		i = end
	}
	return len(line)
}

// Original is a report as it is translated: a note without its marks.
func (r *ReportView) Original() string {
	if r.Kind == KindCall || r.Kind == KindMeeting {
		return spoken(r.Text)
	}
	return r.Text
}

// Pair puts a translation beside the sentences of its original. former are translations of
// sentences that the original does not hold any more.
func (r *ReportView) Pair(t Translation) (rows, former []Rendered) {
	left := slices.Clone(t.Sentences)
	for _, of := range Cut(r.Original()) {
		row := Rendered{Of: of}
		if i := slices.IndexFunc(left, func(s Rendered) bool { return s.Of == of }); i >= 0 {
			row.Text = left[i].Text
			left = slices.Delete(left, i, i+1)
		}
		rows = append(rows, row)
	}
	return rows, slices.DeleteFunc(left, func(s Rendered) bool { return s.Text == "" })
}

// whole is a translation in one piece, with the lines of its original.
func (t *Translation) whole(original string) string {
	gap := " "
	if t.Lang == lang.Chinese {
		gap = ""
	}
	var b strings.Builder
	n := 0
	for _, line := range strings.Split(original, "\n") {
		var parts []string
		for range Cut(line) {
			if n < len(t.Sentences) && t.Sentences[n].Text != "" {
				parts = append(parts, t.Sentences[n].Text)
			}
			n++
		}
		if len(parts) > 0 {
			b.WriteString(strings.Join(parts, gap) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Translate writes a translation sentence by sentence, in the order of Cut, in the place of
// one by the same person into the same language. What another had checked is unchecked.
func (d *Desk) Translate(ctx context.Context, report ID, to Lang, by string, sentences []string, state TranslationState) (OpID, error) {
	if state != TranslationDraft && state != TranslationDone {
		return OpID{}, field("state", "write draft or done")
	}
	r, err := d.Report(ctx, report)
	if err != nil {
		return OpID{}, err
	}
	original := r.Original()
	cut := Cut(original)
	if len(cut) != len(sentences) {
		return OpID{}, field("sentences", "the original changed since: it has %d sentences now", len(cut))
	}
	t := Translation{Lang: to, By: by, State: state}
	for i, of := range cut {
		text := strings.TrimSpace(sentences[i])
		if text == "" && state == TranslationDone {
			return OpID{}, field("missing", "sentence %d is not translated", i+1)
		}
		t.Sentences = append(t.Sentences, Rendered{of, text})
	}
	if to == r.Lang {
		return OpID{}, field("lang", "that is the language of the original")
	}
	t.Text = t.whole(original)
	return d.AddTranslation(ctx, report, t)
}

// AddTranslation puts a translation beside the original, in place of one by the same person
// in the same language.
func (d *Desk) AddTranslation(ctx context.Context, report ID, t Translation) (OpID, error) {
	if !t.Lang.Valid() {
		return OpID{}, field("lang", "choose ko, en or zh")
	}
	if t.By == "" {
		return OpID{}, field("by", "say who made it")
	}
	if err := checkText("text", t.Text); err != nil {
		return OpID{}, err
	}
	t.Checked = ""
	return d.changeTranslations(ctx, report, func(all []Translation) ([]Translation, error) {
		kept := slices.DeleteFunc(all, func(o Translation) bool { return o.Lang == t.Lang && o.By == t.By })
		return append(kept, t), nil
	})
}

// CheckTranslation is another person's word that a translation says what the original says.
func (d *Desk) CheckTranslation(ctx context.Context, report ID, to Lang, author, by string) (OpID, error) {
	if strings.TrimSpace(by) == "" || by == author {
		return OpID{}, field("checker", "another person than its maker must check it")
	}
	return d.changeTranslations(ctx, report, func(all []Translation) ([]Translation, error) {
		for i := range all {
			if t := &all[i]; t.Lang == to && t.By == author {
				if t.State == TranslationDraft {
					return nil, field("checker", "it is a draft still")
				}
				t.State, t.Checked = TranslationChecked, by
				return all, nil
			}
		}
		return nil, ErrNotFound
	})
}

func (d *Desk) changeTranslations(ctx context.Context, report ID, change func([]Translation) ([]Translation, error)) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	owner, err := d.ownerOf(ctx, "report", report)
	if err != nil {
		return OpID{}, err
	}
	if day, err := d.eraseDay(ctx, owner); err != nil || day != cell.Day(0) {
		return OpID{}, errors.Join(err, field("report", "its source asked for erasure"))
	}
	var all translations
	switch st, err := d.state(ctx, nounTranslation, report); {
	case err == nil:
		if all, err = unmarshal[translations](st.doc); err != nil {
			return OpID{}, err
		}
	case !errors.Is(err, ErrNotFound):
		return OpID{}, err
	}
	next, err := change(all.All)
	if err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opTranslate, report, owner, translations{next})
}
