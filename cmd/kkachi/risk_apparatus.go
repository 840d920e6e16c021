package main

import (
	"fmt"
	"maps"
	"slices"

	"kkachi/internal/risk"
)

type riskApparatusCmd struct {
	ContactRate     float64 `required:"" help:"Contacts a day."`
	TraceLife       float64 `required:"" help:"Days that a contact's trace lives, on average."`
	SessionInterval float64 `required:"" help:"Days between two inspections."`
	Detect          float64 `required:"" help:"Probability that an inspection finds a living trace."`
	Move            float64 `required:"" help:"Probability that the way to a contact is seen."`
	Informants      int     `help:"How many of the peers inform."`
	Peers           int     `help:"How many peers there are."`
	Confidants      int     `help:"How many of them the source confides in."`
	Slip            float64 `help:"Probability of a slip at a session."`
	Limit           float64 `help:"Exposures a day that are accepted: break-evens say where each number reaches it. 0: a tenth of today's."`
	Simulate        bool    `help:"Draw lives."`
	Runs            int     `help:"How many lives." default:"10000"`
	Seed            uint64  `help:"Where chance begins: the same seed gives the same lives." default:"1"`
	JSON            bool    `help:"Print all of it." name:"json"`
}

// Help is shown by --help.
func (*riskApparatusCmd) Help() string {
	return `Needs nothing and writes nothing. All numbers are guesses: read the break-evens, which say what would have to be true, before the days.

Example:

    kkachi risk apparatus --contact-rate 0.1 --trace-life 1 --session-interval 7 --detect 0.3 --move 0.01 --simulate`
}

// apparatusAnswer is printed as JSON.
type apparatusAnswer struct {
	risk.Exposure
	BreakEvens  []risk.BreakEven   `json:"break_evens"`
	Runs        int                `json:"runs,omitempty"`
	Survival    []risk.Point       `json:"survival,omitempty"`
	Causes      map[string]float64 `json:"causes,omitempty"`
	KS          *float64           `json:"ks,omitempty"`
	P           *float64           `json:"ks_p,omitempty"`
	Sensitivity []risk.Sensitivity `json:"sensitivity,omitempty"`
}

// survivalPoints are the steps of the printed curve.
const survivalPoints = 50

// Run gives closed forms, break-evens and, if asked, simulated lives.
func (c *riskApparatusCmd) Run(w *world) error {
	a := risk.Apparatus{
		Contacts: c.ContactRate, TraceLife: c.TraceLife, Interval: c.SessionInterval, Detect: c.Detect, Move: c.Move,
		Informants: c.Informants, Peers: c.Peers, Confidants: c.Confidants, Slip: c.Slip,
	}
	e, err := a.Exposed()
	if err != nil {
		return given(err)
	}
	answer := apparatusAnswer{Exposure: e}
	limit := c.Limit
	if limit == 0 {
		limit = e.Rate / 10
	}
	if limit > 0 || c.Limit != 0 {
		if answer.BreakEvens, err = a.BreakEvens(limit); err != nil {
			return given(err)
		}
	}
	if c.Simulate {
		if err := answer.simulate(a, c.Runs, c.Seed); err != nil {
			return given(err)
		}
	}
	if c.JSON {
		return w.json(answer)
	}
	return answer.print(w)
}

func (answer *apparatusAnswer) simulate(a risk.Apparatus, runs int, seed uint64) error {
	lives, err := risk.Simulate(a, runs, seed)
	if err != nil {
		return err
	}
	statistic, p := lives.KS(answer.Rate)
	answer.Runs, answer.KS, answer.P, answer.Causes = runs, &statistic, &p, lives.Shares()
	answer.Survival = lives.Survival(4*float64(answer.MeanDays), survivalPoints)
	answer.Sensitivity, err = a.Sensitivity(min(runs, 2000), seed)
	return err
}

func (answer *apparatusAnswer) print(w *world) error {
	pairs := []any{"exposure_per_contact", answer.PerContact, "exposure_rate", answer.Rate, "mean_days", float64(answer.MeanDays), "no_informant", answer.NoInformant}
	for _, b := range answer.BreakEvens {
		value := "never reaches it"
		if b.Found {
			value = fmt.Sprintf("%.4g (now %.4g)", b.Value, b.Now)
		}
		pairs = append(pairs, "break-even of "+b.Field, value)
	}
	if answer.KS != nil {
		for _, cause := range slices.Sorted(maps.Keys(answer.Causes)) {
			pairs = append(pairs, "ended by "+cause, answer.Causes[cause])
		}
		pairs = append(pairs, "ks", *answer.KS, "ks_p", *answer.P)
		for _, s := range answer.Sensitivity {
			pairs = append(pairs, "median days with "+s.Field, fmt.Sprintf("%.4g halved, %.4g as it is, %.4g doubled", s.Halved, s.Now, s.Doubled))
		}
	}
	return rows(w.stdout, pairs...)
}
