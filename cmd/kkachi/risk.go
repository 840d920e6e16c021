package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// riskCmd judges numbers and levels. None of its verbs needs a newsroom, a key or a network,
// and none takes a name of a person.
type riskCmd struct {
	Crowd     riskCrowdCmd     `cmd:"" help:"How many people fit all that is printed."`
	Timing    riskTimingCmd    `cmd:"" help:"How many stories a source can carry."`
	Hold      riskHoldCmd      `cmd:"" help:"How long to hold a story until enough people know what it tells."`
	Apparatus riskApparatusCmd `cmd:"" help:"What an apparatus finds over time, by closed forms and by simulation."`
	Lint      riskLintCmd      `cmd:"" help:"Read drafts for words, numbers, characters and files that give a source away."`
	Lattice   riskLatticeCmd   `cmd:"" help:"The attributions under which a draft passes, cheapest first."`
	Gate      riskGateCmd      `cmd:"" help:"Judge a draft: ends 0 for PASS, 3 for HOLD, 4 for BLOCK."`
}

// given marks numbers that can't be used as bad input; everything else stays as it is.
func given(err error) error {
	if err == nil {
		return nil
	}
	return bad(err, "numbers are plain decimals, and ranges LO-HI; see kkachi risk --help")
}

// rows prints names and values in two columns.
func rows(w io.Writer, pairs ...any) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for pair := range slices.Chunk(pairs, 2) {
		switch v := pair[1].(type) {
		case float64:
			fmt.Fprintf(t, "%s\t%.4g\n", pair[0], v)
		default:
			fmt.Fprintf(t, "%s\t%v\n", pair[0], v)
		}
	}
	return t.Flush()
}

// reasons prints why a verdict is not PASS, a line each.
func reasons(w io.Writer, all []risk.Reason) {
	for _, r := range all {
		fmt.Fprintf(w, "%s: %s\n", r.Verdict, r.Text(lang.English))
	}
}

type riskCrowdCmd struct {
	Base          string `help:"People among whom the source stands, LO-HI, a 90 % range." placeholder:"LO-HI"`
	estimateFlags `embed:""`
	Use           []string `help:"A fraction of the estimates, by name. May be repeated." placeholder:"NAME" sep:"none"`
	Fraction      []string `help:"Fraction of them that something printed fits. May be repeated." placeholder:"LO-HI" sep:"none"`
	Detail        []string `help:"The same with a name. May be repeated." placeholder:"NAME=LO-HI" sep:"none"`
	K             float64  `required:"" help:"The least crowd that is wanted." name:"k"`
	Units         int      `help:"Missions, offices or households that the crowd spans; 0: not known."`
	Joint         string   `help:"How many fit all together, where somebody could say so." placeholder:"LO-HI"`
	plotFlags     `embed:""`
	JSON          bool `help:"Print median, q05, q95, p_below, frechet_low, frechet_high, details, verdict, reasons." name:"json"`
}

// Help is shown by --help.
func (*riskCrowdCmd) Help() string {
	return `Needs nothing and writes nothing. Ranges are 90 % ranges of numbers that nobody knows exactly: one in twenty lies below, one in twenty above.

The gate goes by q05: one in twenty crowds is smaller. The Fréchet bounds beside it hold whatever depends on what.

Example:

    kkachi risk crowd --base 400-2500 --fraction 0.1-0.3 --fraction 0.2-0.6 --k 20`
}

// Run counts the crowd.
func (c *riskCrowdCmd) Run(w *world) error {
	q := risk.CrowdQuestion{K: c.K, Units: c.Units}
	err := c.check()
	if err != nil {
		return err
	}
	if err := c.estimated(w, &q); err != nil {
		return err
	}
	for i, s := range c.Fraction {
		if err := c.add(&q, fmt.Sprintf("fraction %d", i+1), "--fraction", s); err != nil {
			return err
		}
	}
	for _, s := range c.Detail {
		name, r, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return badf("--detail %q: write NAME=LO-HI", s)
		}
		if err := c.add(&q, name, "--detail "+name, r); err != nil {
			return err
		}
	}
	if c.Joint != "" {
		r, err := risk.ParseRange(c.Joint)
		if err != nil {
			return given(fmt.Errorf("--joint: %w", err))
		}
		q.Joint = &r
	}
	got, err := risk.Fits(q)
	if err != nil {
		return given(err)
	}
	if err := c.write(risk.BitsPlot(c.lang(), got, q.Base, q.K)); err != nil {
		return err
	}
	if c.JSON {
		return w.json(got)
	}
	fmt.Fprintln(w.stdout, got.Verdict)
	reasons(w.stdout, got.Reasons)
	if err := rows(w.stdout, "median", got.Median, "q05", got.Q05, "q95", got.Q95, "p_below", got.PBelow,
		"frechet_low", got.FrechetLow, "frechet_high", got.FrechetHigh); err != nil {
		return err
	}
	for _, b := range got.Bits {
		fmt.Fprintf(w.stdout, "%5.2f bits  %s\n", b.Bits, b.Name)
	}
	return nil
}

// estimated takes the base from the flag, or from the estimates with what else they say.
func (c *riskCrowdCmd) estimated(w *world, q *risk.CrowdQuestion) (err error) {
	e, err := w.estimates(&c.estimateFlags)
	switch {
	case err != nil:
		return err
	case e == nil && len(c.Use) > 0:
		return badf("--use needs --estimates")
	case e == nil && c.Base == "":
		return badf("give --base, or --estimates and --population")
	case c.Base != "":
		if q.Base, err = risk.ParseRange(c.Base); err != nil {
			return given(fmt.Errorf("--base: %w", err))
		}
	}
	if e == nil {
		return nil
	}
	p, err := e.Population(c.Population)
	if err != nil {
		return given(fmt.Errorf("--population: %w", err))
	}
	if c.Base == "" {
		q.Base = p.People.Range
	}
	if q.Units == 0 {
		q.Units = p.Units
	}
	for _, name := range c.Use {
		d, err := e.Detail(c.Population, name)
		if err != nil {
			return given(fmt.Errorf("--use: %w", err))
		}
		q.Details = append(q.Details, d)
	}
	return nil
}

func (c *riskCrowdCmd) add(q *risk.CrowdQuestion, name, flag, s string) error {
	r, err := risk.ParseRange(s)
	if err != nil {
		return given(fmt.Errorf("%s: %w", flag, err))
	}
	q.Details = append(q.Details, risk.Detail{Name: name, Fraction: r})
	return nil
}

type riskTimingCmd struct {
	Candidates int      `required:"" help:"How many people could be the source."`
	P          *float64 `help:"Probability that one of them had an opportunity for a story." name:"p" xor:"how"`
	Mu         *float64 `help:"Opportunities that one of them has within the days that are possible, on average." name:"mu" xor:"how"`
	K          float64  `help:"The crowd that must be left." name:"k" default:"20"`
	Searchable int      `help:"How many people the apparatus can search."`
	Alpha      float64  `help:"The risk that is accepted." default:"0.05"`
	plotFlags  `embed:""`
	JSON       bool `help:"Print expected_stories with --p; bits_per_story, budget_5pct, median_stories with --mu; budget_top_c with --searchable." name:"json"`
}

// Help is shown by --help.
func (*riskTimingCmd) Help() string {
	return `Needs nothing and writes nothing. With --p: the stories until only the source had an opportunity for all of them. With --mu: the budget under an adversary who counts, which is far smaller. With --searchable: the stories until the source stands among the first whom the apparatus would search; gate on the smaller.

Example:

    kkachi risk timing --candidates 3000 --mu 5 --k 20 --searchable 20`
}

// timingAnswer holds what was asked for; the rest is left out.
type timingAnswer struct {
	Expected *float64 `json:"expected_stories,omitempty"`
	Bits     *float64 `json:"bits_per_story,omitempty"`
	Five     *int     `json:"budget_5pct,omitempty"`
	Median   *float64 `json:"median_stories,omitempty"`
	TopC     *int     `json:"budget_top_c,omitempty"`
	Why      string   `json:"why,omitempty"`
}

// Run makes the budget.
func (c *riskTimingCmd) Run(w *world) error {
	var a timingAnswer
	if err := c.check(); err != nil {
		return err
	}
	switch {
	case c.P == nil && c.Mu == nil:
		return badf("give --p or --mu")
	case c.P != nil:
		n, err := risk.ExpectedStories(c.Candidates, *c.P)
		if err != nil {
			return given(err)
		}
		a.Expected = &n
	default:
		b, err := risk.CountingBudget(c.Candidates, *c.Mu, c.K)
		if err != nil {
			return given(err)
		}
		a.Bits, a.Five, a.Median = &b.BitsPerStory, &b.Five, &b.Median
	}
	if c.Searchable != 0 {
		if c.Mu == nil {
			return badf("--searchable needs --mu: it is about an adversary who counts")
		}
		t, err := risk.TopCBudget(c.Candidates, *c.Mu, c.Searchable, c.Alpha)
		if err != nil {
			return given(err)
		}
		a.TopC, a.Why = &t.Stories, t.Why
	}
	if c.Plot != "" {
		if c.Mu == nil {
			return badf("--plot needs --mu: it draws the budget under an adversary who counts")
		}
		m, err := risk.BudgetPlot(c.lang(), c.Candidates, *c.Mu, c.K, c.Searchable, c.Alpha)
		if err != nil {
			return given(err)
		}
		if err := c.write(m); err != nil {
			return err
		}
	}
	if c.JSON {
		return w.json(a)
	}
	var pairs []any
	switch {
	case a.Expected != nil:
		pairs = append(pairs, "expected_stories", *a.Expected)
	default:
		pairs = append(pairs, "bits_per_story", *a.Bits, "budget_5pct", *a.Five, "median_stories", *a.Median)
	}
	if a.TopC != nil {
		pairs = append(pairs, "budget_top_c", *a.TopC)
	}
	if a.Why != "" {
		pairs = append(pairs, "why", a.Why)
	}
	return rows(w.stdout, pairs...)
}

type riskHoldCmd struct {
	Known     float64 `required:"" help:"People who know it today."`
	Reach     float64 `required:"" help:"People who will ever know it."`
	Rate      float64 `required:"" help:"How fast it spreads, a day."`
	K         float64 `required:"" help:"People who must know it first." name:"k"`
	plotFlags `embed:""`
	JSON      bool `help:"Print days." name:"json"`
}

// Help is shown by --help.
func (*riskHoldCmd) Help() string {
	return `Needs nothing and writes nothing. A fixed, known delay buys nothing by itself: what helps is that more people know.

Example:

    kkachi risk hold --known 5 --reach 400 --rate 0.5 --k 50`
}

// Run gives the days.
func (c *riskHoldCmd) Run(w *world) error {
	if err := c.check(); err != nil {
		return err
	}
	days, err := risk.HoldDays(c.Known, c.Reach, c.Rate, c.K)
	if err != nil {
		return given(err)
	}
	if err := c.write(risk.SpreadPlot(c.lang(), c.Known, c.Reach, c.Rate, c.K, days)); err != nil {
		return err
	}
	if c.JSON {
		return w.json(map[string]float64{"days": days})
	}
	return rows(w.stdout, "days", days)
}
