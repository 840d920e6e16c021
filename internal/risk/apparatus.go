package risk

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"kkachi/internal/lang"
)

// An Apparatus is what a source lives under, in days and probabilities. The values are
// guesses with wide ranges: outcomes say what would have to be true, not what will happen.
type Apparatus struct {
	Contacts  float64 // c: contacts a day, Poisson
	TraceLife float64 // τ: days that a contact's trace lives, exponential
	Interval  float64 // T: days between two inspections
	Detect    float64 // δ: probability that an inspection finds a living trace
	Move      float64 // w: probability that going to a contact is seen

	Informants int // K of the peers
	Peers      int // M
	Confidants int // g: drawn from the peers

	Slip float64 // ρ: probability of a slip at a session, one each interval
}

// Exposure is what the closed forms say.
type Exposure struct {
	PerContact  float64 `json:"exposure_per_contact"` // q = 1−(1−P)(1−w)
	Rate        float64 `json:"exposure_rate"`        // c·q a day
	MeanDays    Days    `json:"mean_days"`            // 1/(c·q)
	NoInformant float64 `json:"no_informant"`         // C(M−K,g)/C(M,g): that no confidant informs
}

// Days is a number of days; infinity is null in JSON.
type Days float64

// MarshalJSON writes a number, or null for never.
func (d Days) MarshalJSON() ([]byte, error) {
	if !finite(float64(d)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(d))
}

// Check names the first field that can't be used.
func (a Apparatus) Check() error {
	for _, f := range []struct {
		name     string
		v        float64
		from, to float64
	}{
		{"contact-rate", a.Contacts, 1e-9, 1e4},
		{"trace-life", a.TraceLife, 1e-9, 1e6},
		{"session-interval", a.Interval, 1e-6, 1e6},
		{"detect", a.Detect, 0, 1},
		{"move", a.Move, 0, 1},
		{"slip", a.Slip, 0, 1},
	} {
		if !finite(f.v) || f.v < f.from || f.v > f.to {
			return fmt.Errorf("%s: %w: %v to %v", f.name, ErrRange, f.from, f.to)
		}
	}
	switch {
	case a.Peers < 0 || a.Peers > 1e6:
		return fmt.Errorf("peers: %w: 0 to a million", ErrRange)
	case a.Informants < 0 || a.Informants > a.Peers:
		return fmt.Errorf("informants: %w: 0 to the number of peers", ErrRange)
	case a.Confidants < 0 || a.Confidants > a.Peers:
		return fmt.Errorf("confidants: %w: 0 to the number of peers", ErrRange)
	}
	return nil
}

// Exposed gives the closed forms: P = δ(τ/T)(1−e^{−T/τ}) / (1−(1−δ)e^{−T/τ}) is the probability
// that some inspection finds a contact's trace, q that the contact is seen in either way.
//
// Source: contacts that are seen are thinned from a Poisson process, Kingman, Poisson Processes (1993);
// P is summed over the inspections by hand, and held to a simulation.
func (a Apparatus) Exposed() (Exposure, error) {
	if err := a.Check(); err != nil {
		return Exposure{}, err
	}
	q := 1 - (1-a.traced())*(1-a.Move)
	e := Exposure{PerContact: q, Rate: a.Contacts * q, NoInformant: a.noInformant()}
	if e.MeanDays = Days(math.Inf(1)); e.Rate > 0 {
		e.MeanDays = Days(1 / e.Rate)
	}
	return e, nil
}

func (a Apparatus) traced() float64 {
	decay := math.Exp(-a.Interval / a.TraceLife)
	if a.Detect == 0 {
		return 0
	}
	return a.Detect * (a.TraceLife / a.Interval) * -math.Expm1(-a.Interval/a.TraceLife) / (1 - (1-a.Detect)*decay)
}

// noInformant is C(M−K,g)/C(M,g).
func (a Apparatus) noInformant() float64 {
	p := 1.0
	for i := range a.Confidants {
		p *= max(0, float64(a.Peers-a.Informants-i)) / float64(a.Peers-i)
	}
	return p
}

// A BreakEven is the value of one field at which the exposure rate reaches a limit, all
// others being as they are: "this holds only while detect is at most 0.12".
type BreakEven struct {
	Field string  `json:"field"`
	Now   float64 `json:"now"`
	Value float64 `json:"value"`
	Found bool    `json:"found"`   // false: no value of the field reaches the limit
	Most  bool    `json:"at_most"` // the limit is kept up to the value; else from it on
}

// Text says in language t what would have to be true: "this passes only while detect is at most 0.12".
func (b BreakEven) Text(t lang.Tag) string {
	key := "risk.even.least"
	switch {
	case !b.Found:
		key = "risk.even.never"
	case b.Most:
		key = "risk.even.most"
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
	return lang.T(t, key, lang.T(t, "risk.field."+b.Field), number(b.Value), number(b.Now))
}

// breakFields are the fields a break-even is looked for, each with its bounds. The rate
// grows or falls with each throughout.
func (a *Apparatus) breakFields() []struct {
	name     string
	at       *float64
	from, to float64
} {
	return []struct {
		name     string
		at       *float64
		from, to float64
	}{
		{"contact-rate", &a.Contacts, 1e-9, 1e4},
		{"trace-life", &a.TraceLife, 1e-6, 1e6},
		{"session-interval", &a.Interval, 1e-6, 1e6},
		{"detect", &a.Detect, 0, 1},
		{"move", &a.Move, 0, 1},
	}
}

// BreakEvens finds for each field where the exposure rate is limit a day.
func (a Apparatus) BreakEvens(limit float64) ([]BreakEven, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if !finite(limit) || limit <= 0 {
		return nil, fmt.Errorf("limit: %w: above 0, a day", ErrRange)
	}
	var out []BreakEven
	for i, f := range a.breakFields() {
		over := func(v float64) float64 {
			b := a
			*b.breakFields()[i].at = v
			return b.Contacts*(1-(1-b.traced())*(1-b.Move)) - limit
		}
		v, found := bisect(over, f.from, f.to)
		out = append(out, BreakEven{f.name, *f.at, v, found, f.name != "session-interval"})
	}
	return out, nil
}

// bisect finds a zero of a monotone function; by logarithms where the bounds allow it, since
// they lie far apart.
func bisect(f func(float64) float64, from, to float64) (float64, bool) {
	lo, hi := f(from), f(to)
	if math.IsNaN(lo) || math.IsNaN(hi) || (lo > 0) == (hi > 0) {
		return 0, false
	}
	for range 200 {
		mid := (from + to) / 2
		if from > 0 {
			mid = math.Sqrt(from) * math.Sqrt(to)
		}
		if (f(mid) > 0) == (lo > 0) {
			from = mid
		} else {
			to = mid
		}
	}
	return to, true
}
