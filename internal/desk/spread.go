package desk

import (
	"context"
	"math"
	"regexp"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// Day is a UTC day.
type Day = cell.Day

// A Spread says how knowledge of what a story tells goes round: how many knew it on a day, how
// many ever will, and how fast it grows.
type Spread struct {
	Known float64 `json:"known"`
	Reach float64 `json:"reach"`
	Rate  float64 `json:"rate"` // a day
	Day   Day     `json:"day"`  // on which Known was so
}

// now is the spread as of today. Numbers that can't be used are left to the gate, which says so.
func (s *Spread) now(today Day) *risk.HoldIf {
	out := &risk.HoldIf{Known: s.Known, Reach: s.Reach, Rate: s.Rate}
	if today > s.Day {
		if known, err := risk.KnownAfter(s.Known, s.Reach, s.Rate, float64(today-s.Day)); err == nil {
			out.Known = known
		}
	}
	return out
}

// SetSpread says of how many a story's news is known today; nil takes that back.
func (d *Desk) SetSpread(ctx context.Context, id ID, s *Spread) (OpID, error) {
	if s != nil {
		switch bad := func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || v <= 0 || v > 1e10 }; {
		case bad(s.Known):
			return OpID{}, field("aware", "write a number above 0")
		case bad(s.Reach) || s.Reach < s.Known:
			return OpID{}, field("reach", "write a number, at least as many as know it today")
		case bad(s.Rate) || s.Rate > 100:
			return OpID{}, field("rate", "write a number above 0, such as 0.5")
		}
		s.Day = d.Today()
	}
	return d.editStory(ctx, id, func(st *Story) error { st.Spread = s; return nil })
}

// SetShown says how many people had what a verification request would show; nil says that
// nothing is shown. Fewer than the gate wants block the story, and with it the request.
func (d *Desk) SetShown(ctx context.Context, id ID, people *int) (OpID, error) {
	if people != nil && (*people < 0 || *people > 1e9) {
		return OpID{}, field("shown", "write how many people had it")
	}
	return d.editStory(ctx, id, func(st *Story) error { st.Shown = people; return nil })
}

// SetAmong says in which population of the estimates a story's sources stand.
func (d *Desk) SetAmong(ctx context.Context, id ID, population string) (OpID, error) {
	e, err := d.estimates()
	if err != nil {
		return OpID{}, field("among", "the newsroom's estimates can't be read: %v", err)
	}
	if population != "" && !slices.Contains(populations(e), population) {
		return OpID{}, field("among", "choose a population of the newsroom's estimates")
	}
	return d.editStory(ctx, id, func(st *Story) error { st.Among = population; return nil })
}

// Coarsen lowers each attribution of a story to most, axis by axis, in all editions at once: the
// wording that the gate proposes. It is one change, which undo takes back.
func (d *Desk) Coarsen(ctx context.Context, id ID, most lang.Level) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error {
		for i := range s.Paragraphs {
			for j := range s.Paragraphs[i].Sentences {
				sn := &s.Paragraphs[i].Sentences[j]
				sn.Level = coarser(sn.Level, most)
			}
		}
		return nil
	})
}

func coarser(a, most lang.Level) lang.Level {
	return lang.Level{
		Place: min(a.Place, most.Place), Role: min(a.Role, most.Role), Day: min(a.Day, most.Day), Medium: min(a.Medium, most.Medium),
		Gender: a.Gender && most.Gender, Count: a.Count && most.Count,
	}
}

// detailName is what a detail may be called: a name of the estimates file, no text.
var detailName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,39}$`)

func cutDetail(hierarchy string) (string, bool) { return strings.CutPrefix(hierarchy, detailPrefix) }
