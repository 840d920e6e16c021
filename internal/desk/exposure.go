package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"kkachi/internal/desk/ladder"
	"kkachi/internal/desk/rules"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
	"kkachi/internal/risk/lint"
)

// An Exposure is what a story gives away of each source behind it, as risk judges it from the
// story as it stands, the newsroom's estimates, and what was printed of that source before.
type Exposure struct {
	Verdict Verdict          // the worst, before any answer
	Sources []SourceExposure // the worst first: that one decides
	Names   []string         // details that a sentence may be marked with
	Among   string           // the population in which the sources stand; "": not chosen
	Choices []string         // populations
	Broken  error            // why the estimates can't be read; nil: they can
	Embargo *Embargo         // the day that was drawn; nil: none

	asks string // names what holds now: an answer to it is none to anything else
}

// A SourceExposure is what the story gives away of one source.
type SourceExposure struct {
	Source    ID
	Handle    string
	Level     lang.Level // the finest of all editions, as chosen and as typed
	Chosen    lang.Level // the finest that was chosen
	Details   []string
	Quoted    int // words in direct quotes, in the edition with the most
	Chains    int // the fewest independent ones among its sentences
	Ledger    *Ledger
	Case      *risk.Case
	Judgement *risk.Judgement // nil: see Unusable
	Unusable  error           // which of the numbers can't be used
	Places    [][2]int        // of its sentences

	editions map[Lang]lang.Level
}

// Verdict is risk's.
func (s *SourceExposure) Verdict() Verdict {
	if s.Judgement == nil {
		return Hold
	}
	return map[risk.Verdict]Verdict{risk.Pass: Pass, risk.Hold: Hold}[s.Judgement.Verdict].orBlock()
}

func (v Verdict) orBlock() Verdict {
	if v == "" {
		return Block
	}
	return v
}

// expose judges a story whose paragraphs are told. Briefly leaves out what mends and flips a
// verdict: lists need the verdict alone.
func (d *Desk) expose(ctx context.Context, v *StoryView, b *board, book *ledgerBook, briefly bool) (*Exposure, error) {
	out := &Exposure{Verdict: Pass}
	e, err := d.estimates()
	out.Broken = err
	out.Choices, out.Among = populations(e), v.Story.among(e)
	out.Names = details(e, out.Among)
	if out.Embargo, err = d.embargo(ctx, v.ID); err != nil {
		return nil, err
	}
	for _, s := range d.sourcesOf(v, b) {
		if s.Ledger, err = book.ledger(ctx, s.Source, v.ID); err != nil {
			return nil, err
		}
		s.Case = s.caseOf(e, out.Among, v, d.cfg.Ceiling, d.Today())
		s.Case.Remember(&d.budgets)
		judge := risk.Judge
		if briefly {
			judge = risk.Weigh
		}
		s.Judgement, s.Unusable = judge(s.Case)
		if rankOf(s.Verdict()) > rankOf(out.Verdict) {
			out.Verdict = s.Verdict()
		}
		out.Sources = append(out.Sources, s)
	}
	if (out.Broken != nil || out.Embargo.waits(d.Today())) && out.Verdict == Pass {
		out.Verdict = Hold
	}
	slices.SortStableFunc(out.Sources, func(a, b SourceExposure) int {
		return cmp.Or(rankOf(b.Verdict())-rankOf(a.Verdict()), cmp.Compare(b.blocks(), a.blocks()), cmp.Compare(a.Handle, b.Handle))
	})
	out.asks = out.digest(v)
	return out, nil
}

func rankOf(v Verdict) int { return slices.Index([]Verdict{Pass, Hold, Block}, v) }

func (s *SourceExposure) blocks() (n int) {
	if s.Judgement != nil {
		for _, r := range s.Judgement.Reasons {
			if r.Verdict == risk.Block {
				n++
			}
		}
	}
	return n
}

// sourcesOf finds the sources behind a story's sentences, and what is printed of each.
func (d *Desk) sourcesOf(v *StoryView, b *board) []SourceExposure {
	var out []SourceExposure
	quoted := map[ID]map[Lang]int{}
	begin := func(src ID, handle string, chains int) int {
		s := SourceExposure{Source: src, Handle: handle, Chains: chains, editions: map[Lang]lang.Level{}}
		quoted[src] = map[Lang]int{}
		for _, l := range lang.All() {
			s.editions[l], quoted[src][l] = v.Story.headed(l)
			s.Level = risk.Finest(s.Level, s.editions[l])
		}
		out = append(out, s)
		return len(out) - 1
	}
	for i, p := range v.Paragraphs {
		for j := range p.Sentences {
			sn := &p.Sentences[j]
			for src, handle := range b.behind(&sn.Sentence) {
				k := slices.IndexFunc(out, func(s SourceExposure) bool { return s.Source == src })
				if k < 0 {
					k = begin(src, handle, sn.Independent)
				}
				s := &out[k]
				s.Places = append(s.Places, [2]int{i, j})
				s.Chains = min(s.Chains, sn.Independent)
				for _, name := range sn.Details {
					if !slices.Contains(s.Details, name) {
						s.Details = append(s.Details, name)
					}
				}
				for _, l := range lang.All() {
					level := typedLevel(l, sn.read[l])
					if len(sn.Attribution) > 0 {
						s.Chosen = risk.Finest(s.Chosen, sn.Level)
						level = risk.Finest(level, sn.Level)
					}
					s.editions[l] = risk.Finest(s.editions[l], level)
					s.Level = risk.Finest(s.Level, level)
					quoted[src][l] += lint.QuotedWords(sn.Printed[l])
					s.Quoted = max(s.Quoted, quoted[src][l])
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b SourceExposure) int { return cmp.Compare(a.Handle, b.Handle) })
	for i := range out {
		slices.Sort(out[i].Details)
	}
	return out
}

// behind gives the sources whose tellings carry a sentence, with their handles.
func (b *board) behind(sn *Sentence) map[ID]string {
	out := map[ID]string{}
	for _, id := range sn.Claims {
		c := b.byID[id]
		if c == nil {
			continue
		}
		for _, e := range c.evidence {
			if e.counts() && e.Stance == ladder.Supports && !e.report.Source.IsZero() {
				out[e.report.Source] = e.report.Handle
			}
		}
	}
	return out
}

// aSource stands for an attribution where a text is read for what else it tells of a source.
var aSource = map[Lang]string{lang.English: "a source", lang.Korean: "소식통", lang.Chinese: "消息人士"}

// typedLevel is what a text itself prints of a source, beside the level that was chosen.
func typedLevel(l Lang, text string) lang.Level {
	level, _ := lint.Printed(lint.Draft{Lang: l, Text: placeholder.ReplaceAllString(text, aSource[l])})
	return level
}

// caseOf builds what the gate reads. What nobody estimated stays missing.
func (s *SourceExposure) caseOf(e *risk.Estimates, among string, v *StoryView, ceiling lang.Level, today Day) *risk.Case {
	c := &risk.Case{Version: risk.CaseVersion, Ceiling: &ceiling, Details: []risk.CaseDetail{}, Fractions: map[risk.Axis][]*risk.Pair{}}
	for _, l := range lang.All() {
		c.Editions = append(c.Editions, risk.CaseEdition{Lang: string(l), Level: s.editions[l]})
	}
	for _, name := range s.Details {
		c.Details = append(c.Details, risk.CaseDetail{Name: name})
	}
	c.Example(e)
	if among != "" {
		_ = c.Fill(e, among, today.Time()) // it is a population of these estimates
	}
	if s.Ledger != nil && s.Ledger.Unwritten == 0 {
		c.Ledger = s.rows(e, among, c)
	}
	chains, metadata := s.Chains, 0
	if p := v.Photo; p != nil && !p.Copied {
		metadata = max(1, len(p.Findings))
	}
	c.Chains, c.Metadata = &chains, &metadata
	if n := v.Story.Shown; n != nil {
		shown := float64(*n)
		c.Shown = &shown
	}
	if sp := v.Story.Spread; sp != nil {
		c.Hold = sp.now(today)
	}
	return c
}

// rows is the ledger as the gate reads it, with the fractions of today's estimates.
func (s *SourceExposure) rows(e *risk.Estimates, among string, c *risk.Case) *risk.Ledger {
	out := &risk.Ledger{Stories: s.Ledger.Stories, Quoted: s.Ledger.Quoted + s.Quoted, Finest: []risk.LedgerRow{}}
	draft := spending{Level: s.Level, Details: s.Details}
	tells := draft.hierarchies()
	for _, f := range s.Ledger.Finest {
		again := func(t FinestPrinted) bool { return t.Hierarchy == f.Hierarchy && t.Level >= f.Level }
		if slices.ContainsFunc(tells, again) {
			continue // the draft tells as much itself: it counts once
		}
		row := risk.LedgerRow{Hierarchy: f.Hierarchy, Level: f.Level}
		if name, ok := cutDetail(f.Hierarchy); ok {
			if among == "" {
				// nobody said of whom: missing
			} else if d, err := e.Detail(among, name); err == nil {
				row.Fraction = &risk.Pair{d.Fraction.Lo, d.Fraction.Hi}
			}
		} else if fs := c.Fractions[risk.Axis(f.Hierarchy)]; int(f.Level) <= len(fs) && fs[f.Level-1] != nil {
			p := *fs[f.Level-1] // the gate moves ranges while it looks for what flips them
			row.Fraction = &p
		}
		out.Finest = append(out.Finest, row)
	}
	return out
}

// digest names all that holds, so that a reason is given for that and for nothing else. How
// many know a thing grows by the day; what it grows from is named in its place.
func (x *Exposure) digest(v *StoryView) string {
	var text []byte
	for _, s := range x.Sources {
		text = fmt.Appendf(text, "%s %s %q %v\n", s.Source, s.Level, s.Details, s.Unusable)
		if s.Judgement == nil {
			continue
		}
		for _, r := range s.Judgement.Reasons {
			if r.Rule == "known-to-few" {
				r.Have = 0
			}
			text = fmt.Appendf(text, "%s %s %q %v %v\n", r.Verdict, r.Rule, r.Detail, r.Have, r.Want)
		}
	}
	if v.Story.Spread != nil {
		text = fmt.Appendf(text, "%v\n", *v.Story.Spread)
	}
	if x.Embargo != nil {
		text = fmt.Appendf(text, "%v %v\n", x.Embargo.Day, x.Broken)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// findings are the reasons of all sources, each once. Metadata and uneven editions are mended,
// never overruled.
func (x *Exposure) findings(r *rules.Rule, today Day) []Finding {
	var out []Finding
	add := func(f Finding) {
		f.Rule, f.Paragraph, f.Sentence = housePrefix+r.ID, -1, -1
		if f.Verdict == Hold {
			f.Fix = "desk.fix.answer"
			if r.Weight == rules.Block { // the newsroom asks two people whatever is held
				f.Verdict = Block
			}
		}
		if f.Verdict == Block {
			f.Fix = "desk.fix.two"
		}
		if f.Final {
			f.Fix = "desk.fix.mended"
		}
		same := func(o Finding) bool { return o.Key == f.Key && fmt.Sprint(o.Args...) == fmt.Sprint(f.Args...) }
		if !slices.ContainsFunc(out, same) {
			out = append(out, f)
		}
	}
	if x.Broken != nil {
		add(Finding{Verdict: Hold, Key: "desk.find.estimates", Args: []any{x.Broken.Error()}})
	}
	if x.Embargo.waits(today) {
		add(Finding{Verdict: Hold, Key: "desk.find.embargo", Args: []any{x.Embargo.Day}})
	}
	for _, s := range x.Sources {
		if s.Judgement == nil {
			add(Finding{Verdict: Hold, Key: "desk.find.unusable", Args: []any{s.Unusable.Error()}})
			continue
		}
		for _, reason := range s.Judgement.Reasons {
			f := Finding{Verdict: Hold, Key: "risk.reason." + reason.Rule, Args: ReasonArgs(reason)}
			if reason.Verdict == risk.Block {
				f.Verdict = Block
			}
			f.Final = reason.Rule == "metadata" || reason.Rule == "edition"
			add(f)
		}
	}
	return out
}

// holdDays is the longest time that a source needs until enough know what is told.
func (x *Exposure) holdDays() int {
	days := 0.0
	for _, s := range x.Sources {
		if s.Judgement != nil {
			days = max(days, s.Judgement.HoldDays)
		}
	}
	return int(math.Ceil(days))
}
