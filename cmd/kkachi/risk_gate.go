package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

type riskGateCmd struct {
	File          string `arg:"" help:"The case (spec/10-risk.md); - is standard input."`
	Lang          string `help:"The language of the reasons: ko, en or zh." default:"en" enum:"ko,en,zh"`
	estimateFlags `embed:""`
	plotFlags     `embed:""`
	JSON          bool `help:"Print verdict, reasons, fixes, flips and the numbers behind them." name:"json"`
}

// Help is shown by --help.
func (*riskGateCmd) Help() string {
	return `Reads FILE, writes nothing. Ends 0 for PASS, 3 for HOLD, 4 for BLOCK, and 2 for a file that is no case. What the file does not give is missing, and what is missing is never a PASS.

A PASS says that no rule here spoke against it, and no more.

Example:

    kkachi risk gate case.json --json`
}

// Run judges a case.
func (c *riskGateCmd) Run(w *world) error {
	if err := c.check(); err != nil {
		return err
	}
	cs, j, err := w.judgeCase(c.File, &c.estimateFlags)
	if err != nil {
		return err
	}
	if err := c.draw(cs, j); err != nil {
		return err
	}
	if c.JSON {
		if err := w.json(j); err != nil {
			return err
		}
	} else {
		printJudgement(w.stdout, j, lang.Tag(c.Lang))
	}
	switch {
	case j.Verdict == risk.Block && !j.Overruled:
		return &failure{exitBlock, fmt.Errorf("blocked"), "mend what is named, or let two people overrule it with a reason"}
	case j.Verdict == risk.Hold && !j.Overruled:
		return &failure{exitHold, fmt.Errorf("held"), "give what is missing, or mend what is named"}
	}
	return nil
}

// draw shows what each detail of the draft costs.
func (c *riskGateCmd) draw(cs *risk.Case, j *risk.Judgement) error {
	switch {
	case c.Plot == "":
		return nil
	case j.Crowd == nil:
		return badf("--plot: inputs are missing, so there is no crowd to draw")
	}
	return c.write(risk.BitsPlot(c.lang(), j.Crowd, cs.Base.Range(), j.K))
}

// estimatedCase reads a case, and takes what it does not give from the estimates that are named.
func (w *world) estimatedCase(file string, flags *estimateFlags) (*risk.Case, string, error) {
	c, name, err := w.readCase(file)
	if err != nil {
		return nil, "", err
	}
	e, err := w.estimates(flags)
	if err != nil {
		return nil, "", err
	}
	if e != nil {
		if err := c.Fill(e, flags.Population, w.now()); err != nil {
			return nil, "", given(fmt.Errorf("--population: %w", err))
		}
	}
	return c, name, nil
}

func (w *world) judgeCase(file string, flags *estimateFlags) (*risk.Case, *risk.Judgement, error) {
	c, name, err := w.estimatedCase(file, flags)
	if err != nil {
		return nil, nil, err
	}
	j, err := risk.Judge(c)
	if err != nil {
		return nil, nil, bad(fmt.Errorf("%s: %w", name, err), "spec/10-risk.md shows what each field may be")
	}
	return c, j, nil
}

func (w *world) readCase(file string) (*risk.Case, string, error) {
	in, name, err := w.open(file, "a case for the gate")
	if err != nil {
		return nil, "", err
	}
	defer in.Close()
	c, err := risk.ParseCase(in)
	if err != nil {
		return nil, "", bad(fmt.Errorf("%s: %w", name, err), "spec/10-risk.md shows what each field may be")
	}
	return c, name, nil
}

func printJudgement(w io.Writer, j *risk.Judgement, t lang.Tag) {
	fmt.Fprintln(w, j.Verdict)
	for _, r := range j.Reasons {
		fmt.Fprintf(w, "%s: %s\n", r.Verdict, r.Text(t))
	}
	if j.Crowd != nil {
		fmt.Fprintf(w, "crowd: %.4g, one in twenty below %.4g; wanted %.4g\n", j.Crowd.Median, j.Crowd.Q05, j.K)
	}
	for _, f := range j.Fixes {
		switch f.Kind {
		case "wording":
			fmt.Fprintf(w, "%s: %s: %s\n", lang.T(t, "risk.passes.with"), strings.ReplaceAll(f.Wording.Level.String(), " ", " · "), f.Wording.Says(t))
		case "leave-out":
			fmt.Fprintf(w, "%s: %s\n", lang.T(t, "risk.passes.without"), f.Detail)
		case "hold":
			fmt.Fprintf(w, "hold: %.1f days\n", f.Days)
		}
	}
	for _, f := range j.Flips {
		fmt.Fprintf(w, "turns to %s if %s is %.4g\n", f.Verdict, f.Input, f.At)
	}
}

type riskLatticeCmd struct {
	Context       string `required:"" help:"The case (spec/10-risk.md) whose attribution is looked for; - is standard input." placeholder:"FILE"`
	estimateFlags `embed:""`
	JSON          bool `help:"Print a list of level, cost, q05, bits." name:"json"`
}

// Help is shown by --help.
func (*riskLatticeCmd) Help() string {
	return `Reads FILE, writes nothing. Of all 3600 attributions prints each under which the case's crowd passes, and with any axis a step finer does not: cheapest first.

Example:

    kkachi risk lattice --context case.json --estimates estimates.toml --population officials`
}

// Run lists the wordings.
func (c *riskLatticeCmd) Run(w *world) error {
	cs, name, err := w.estimatedCase(c.Context, &c.estimateFlags)
	if err != nil {
		return err
	}
	found, err := risk.Wordings(cs)
	if err != nil {
		return bad(fmt.Errorf("%s: %w", name, err), "spec/10-risk.md shows what each field may be")
	}
	if c.JSON {
		return w.json(found)
	}
	if len(found) == 0 {
		fmt.Fprintln(w.stdout, "no attribution passes: leave something out, or don't print it")
		return nil
	}
	t := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "attribution\tcost\tone in twenty below\tbits")
	for _, f := range found {
		fmt.Fprintf(t, "%s\t%.4g\t%.4g\t%.2f\n", f.Level, f.Cost, f.Q05, f.Bits)
	}
	return t.Flush()
}
