package risk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"kkachi/internal/lang"
)

// CaseVersion is the version of the file that the gate reads (spec/10-risk.md).
const CaseVersion = 1

// Words of one source that were quoted so far, over all its stories.
const (
	QuotedWarn  = 1000 // HOLD from here
	QuotedBlock = 2500 // BLOCK from here
)

// A Case is a draft as the gate sees it: numbers, ranges and levels. What is not given is
// missing, and what is missing is never a PASS.
type Case struct {
	Version    int              `json:"version"`
	Searchable *float64         `json:"searchable"` // C: people the apparatus can search
	Success    *float64         `json:"success"`    // δ
	Accepted   *float64         `json:"accepted"`   // α
	Base       *Pair            `json:"base"`
	Units      *int             `json:"units"`
	Joint      *Pair            `json:"joint,omitempty"` // optional
	Fractions  map[Axis][]*Pair `json:"fractions"`       // by axis, from level 1 on
	Weights    map[Axis]float64 `json:"weights,omitempty"`

	Ceiling  *Level        `json:"ceiling,omitempty"` // the finest wording that is proposed; optional
	Editions []CaseEdition `json:"editions"`          // the draft's
	Details  []CaseDetail  `json:"details"`           // what the draft prints besides its attribution
	Ledger   *Ledger       `json:"ledger"`            // what was printed of this source before

	Chains   *int     `json:"chains"`          // independent chains behind what is printed
	Metadata *int     `json:"metadata"`        // findings of metadata in files to be printed
	Timing   *Timing  `json:"timing"`          // the counting adversary
	Hold     *HoldIf  `json:"hold,omitempty"`  // where the story tells what few know yet
	Shown    *float64 `json:"shown,omitempty"` // people who had what a verification request would show
	Override *Consent `json:"override,omitempty"`

	absent  []string // inputs that the file leaves out within others, by name
	stale   []Stale  // estimates that were taken though they are old
	example bool     // estimates were taken that are an example
	memory  *Memory  // of budgets; may be nil
}

// A Pair is a range in JSON: [lo, hi].
type Pair [2]float64

// UnmarshalJSON takes two numbers, no fewer and no more.
func (p *Pair) UnmarshalJSON(data []byte) error {
	var ends []float64
	if err := json.Unmarshal(data, &ends); err != nil {
		return err
	}
	if len(ends) != len(p) {
		return fmt.Errorf("a range is [lo, hi], and here are %d numbers", len(ends))
	}
	*p = Pair(ends)
	return nil
}

// Range is p as a range.
func (p *Pair) Range() Range { return Range{p[0], p[1]} }

// A CaseEdition is the attribution of one edition of the draft.
type CaseEdition struct {
	Lang  string `json:"lang"`
	Level Level  `json:"level"`
}

// A CaseDetail is something the draft tells of its source.
type CaseDetail struct {
	Name     string `json:"name"`
	Fraction *Pair  `json:"fraction"`
}

// A Ledger is what is kept of a handle: levels and sums, no texts.
type Ledger struct {
	Stories int         `json:"stories"`      // printed so far
	Quoted  int         `json:"quoted_words"` // so far, with this draft
	Finest  []LedgerRow `json:"finest"`       // the finest of each hierarchy that stood in print
}

// A LedgerRow is the finest that was printed in one hierarchy.
type LedgerRow struct {
	Hierarchy string `json:"hierarchy"`
	Level     uint8  `json:"level"`
	Fraction  *Pair  `json:"fraction"`
}

// Timing is what the budget of stories is made from.
type Timing struct {
	Candidates int     `json:"candidates"`
	Mean       float64 `json:"mu"`
}

// HoldIf says how knowledge of what a story tells spreads.
type HoldIf struct {
	Known float64 `json:"known"`
	Reach float64 `json:"reach"`
	Rate  float64 `json:"rate"` // a day
}

// A Consent is an override by people who put their names to a reason.
type Consent struct {
	Approvers []string `json:"approvers"`
	Reason    string   `json:"reason"`
}

// A Judgement is the gate's answer.
type Judgement struct {
	Verdict   Verdict  `json:"verdict"`
	Overruled bool     `json:"overruled"` // two people and a reason let it through all the same
	K         float64  `json:"k"`
	Crowd     *Crowd   `json:"crowd,omitempty"`
	Budget    *Budgets `json:"budget,omitempty"`
	HoldDays  float64  `json:"hold_days"`
	Reasons   []Reason `json:"reasons"`
	Fixes     []Fix    `json:"fixes"`
	Flips     []Flip   `json:"flips"`
}

// Budgets are the stories that a source can carry, and those that are left after this one.
type Budgets struct {
	Budget
	TopC int `json:"budget_top_c"`
	Left int `json:"left"`
}

// A Fix is a change after which the crowd's part of the verdict passes.
type Fix struct {
	Kind    string              `json:"kind"` // "wording", "leave-out", "hold"
	Wording *Wording            `json:"wording,omitempty"`
	Says    map[lang.Tag]string `json:"says,omitempty"` // the wording as a lead, by language
	Detail  string              `json:"detail,omitempty"`
	Days    float64             `json:"days,omitempty"`
}

// A Flip is an input at one end of whose range the verdict is another.
type Flip struct {
	Input   string  `json:"input"`
	At      float64 `json:"at"`
	Verdict Verdict `json:"verdict"`
}

// ErrCase is wrapped by each refusal of a file.
var ErrCase = errors.New("not a case for the gate")

// maxCase is the largest file that is read, in bytes.
const maxCase = 1 << 20

// ParseCase reads a case strictly: one JSON value, no unknown or repeated field, version 1.
func ParseCase(r io.Reader) (*Case, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCase+1))
	if err != nil {
		return nil, fmt.Errorf("reading a case: %w", err)
	}
	if len(data) > maxCase {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrCase, maxCase)
	}
	if err := noRepeats(data); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var c Case
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrCase, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the value", ErrCase)
	}
	if c.Version != CaseVersion {
		return nil, fmt.Errorf("%w: version: %d is not %d", ErrCase, c.Version, CaseVersion)
	}
	c.absent, err = absent(data)
	return &c, err
}

// noRepeats refuses an object that names a field twice: encoding/json would take the last.
func noRepeats(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	var open []map[string]bool // nil for an array
	key := false
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrCase, err)
		}
		switch t := tok.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, map[string]bool{})
				key = true
				continue
			case '[':
				open = append(open, nil)
				key = false
				continue
			default:
				open = open[:len(open)-1]
			}
		case string:
			if key {
				if fields := open[len(open)-1]; fields[strings.ToLower(t)] {
					return fmt.Errorf("%w: %s: stands twice", ErrCase, t)
				} else {
					fields[strings.ToLower(t)] = true
				}
				key = false
				continue
			}
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
}

// finestLevel is the finest of all editions: it decides.
func (c *Case) finestLevel() Level {
	var all []Level
	for _, e := range c.Editions {
		all = append(all, e.Level)
	}
	return Finest(all...)
}

// uneven names an edition whose level is not that of the first.
func (c *Case) uneven() (string, bool) {
	i := slices.IndexFunc(c.Editions, func(e CaseEdition) bool { return e.Level != c.Editions[0].Level })
	if i < 0 {
		return "", false
	}
	return c.Editions[i].Lang, true
}
