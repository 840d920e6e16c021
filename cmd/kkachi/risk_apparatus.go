package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kkachi/internal/chart"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

type riskApparatusCmd struct {
	ContactRate     float64  `required:"" help:"Contacts a day."`
	TraceLife       float64  `required:"" help:"Days that a contact's trace lives, on average."`
	SessionInterval float64  `required:"" help:"Days between two inspections."`
	Detect          float64  `required:"" help:"Probability that an inspection finds a living trace."`
	Move            float64  `required:"" help:"Probability that the way to a contact is seen."`
	Informants      int      `help:"How many of the peers inform."`
	Peers           int      `help:"How many peers there are."`
	Confidants      int      `help:"How many of them the source confides in."`
	Slip            float64  `help:"Probability of a slip at a session."`
	Limit           float64  `help:"Exposures a day that are accepted: break-evens say where each number reaches it. 0: a tenth of today's."`
	Simulate        bool     `help:"Draw lives."`
	Sweep           bool     `help:"With --simulate: draw the numbers from their ranges, 200 times, for bands of 5 to 95 %."`
	Prior           []string `help:"With --sweep: a range of one number, such as detect=0.1-0.5. May be repeated; numbers without one go from half to double, or, if any is given, stay." placeholder:"NAME=LO-HI" sep:"none"`
	Runs            int      `help:"How many lives." default:"10000"`
	Seed            uint64   `help:"Where chance begins: the same seed gives the same lives." default:"1"`
	plotFlags       `embed:""`
	JSON            bool `help:"Print all of it." name:"json"`
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
	Sweep       *risk.Sweep        `json:"sweep,omitempty"`
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
	if err := c.checkFlags(); err != nil {
		return err
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
		if err := c.simulate(w, &answer, a, limit); err != nil {
			return given(err)
		}
		if err := c.write(c.drawing(&answer)); err != nil {
			return err
		}
	}
	if c.JSON {
		return w.json(answer)
	}
	return answer.print(w)
}

func (c *riskApparatusCmd) checkFlags() error {
	switch {
	case (c.Sweep || len(c.Prior) > 0 || c.Plot != "") && !c.Simulate:
		return badf("--sweep, --prior and --plot need --simulate")
	case len(c.Prior) > 0 && !c.Sweep:
		return badf("--prior needs --sweep")
	}
	return c.check()
}

func (c *riskApparatusCmd) simulate(w *world, answer *apparatusAnswer, a risk.Apparatus, limit float64) error {
	step, end := w.progress("lives")
	defer end()
	lives, err := risk.SimulateWatched(a, c.Runs, c.Seed, func(done int) { step(done, c.Runs) })
	if err != nil {
		return err
	}
	statistic, p := lives.KS(answer.Rate)
	answer.Runs, answer.KS, answer.P, answer.Causes = c.Runs, &statistic, &p, lives.Shares()
	last := 4 * float64(answer.MeanDays)
	answer.Survival = lives.Survival(last, survivalPoints)
	if answer.Sensitivity, err = a.Sensitivity(min(c.Runs, 2000), c.Seed); err != nil || !c.Sweep {
		return err
	}
	priors := a.Priors()
	if len(c.Prior) > 0 {
		priors = nil
	}
	for _, s := range c.Prior {
		name, r, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("--prior %q: write NAME=LO-HI", s)
		}
		parsed, err := risk.ParseRange(r)
		if err != nil {
			return fmt.Errorf("--prior %s: %w", name, err)
		}
		priors = append(priors, risk.Prior{Field: name, Range: parsed})
	}
	draws, over := w.progress("draws")
	defer over()
	answer.Sweep, err = a.Sweep(priors, risk.Draws, min(c.Runs, 1000), c.Seed, last, limit, survivalPoints, func(done int) { draws(done, risk.Draws) })
	return err
}

func (c *riskApparatusCmd) drawing(answer *apparatusAnswer) chart.Chart {
	t := c.lang()
	curve, tornado := risk.SurvivalPlot(t, answer.Survival, answer.Runs, answer.Sweep), risk.TornadoPlot(t, answer.Sensitivity)
	return &chart.Stack{Head: chart.Head{Lang: t, Title: lang.T(t, "risk.plot.apparatus"), Desc: chart.Describe(curve, tornado)}, Charts: []chart.Chart{curve, tornado}}
}

func (answer *apparatusAnswer) print(w *world) error {
	pairs := []any{"exposure_per_contact", answer.PerContact, "exposure_rate", answer.Rate, "mean_days", float64(answer.MeanDays), "no_informant", answer.NoInformant}
	for _, b := range answer.BreakEvens {
		pairs = append(pairs, "break-even of "+b.Field, b.Text(lang.English))
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
	if s := answer.Sweep; s != nil {
		pairs = append(pairs, "mean_days, swept", fmt.Sprintf("%.4g (5–95 %%: %.4g–%.4g)", s.MeanDays.Median, s.MeanDays.Low, s.MeanDays.High),
			fmt.Sprintf("draws within %.4g a day", s.Passing.Limit), fmt.Sprintf("%.0f of %d", s.Passing.Share*float64(s.Draws), s.Draws))
	}
	return rows(w.stdout, pairs...)
}
