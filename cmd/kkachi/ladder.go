package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"kkachi/internal/desk/ladder"
)

type ladderCmd struct {
	File string `arg:"" help:"The table of evidence; - is standard input."`
	JSON bool   `help:"Print a list of claim, chains, independent, rung, disputed, exact." name:"json"`
}

// Help is shown by --help.
func (*ladderCmd) Help() string {
	return `Reads FILE, writes nothing, needs no newsroom and no network.

FILE has one item of evidence a line: claim, report, teller, stance (supports, contradicts), path (direct, told, rumour), relays (- none, ? unknown, or names with commas), grade (1 to 6), separated by tabs, under a first line with these names.

A bad table ends with exit code 2, naming line and column.

Example:

    kkachi ladder evidence.tsv --json`
}

// Run derives and prints the ladder.
func (c *ladderCmd) Run(w *world) error {
	in, name, err := w.open(c.File, "a table of evidence")
	if err != nil {
		return err
	}
	defer in.Close()
	items, err := ladder.ParseTable(in)
	if err != nil {
		var at *ladder.TableError
		hint := ""
		if errors.As(err, &at) {
			hint = "mend that line; kkachi ladder --help shows the shape of the table"
		}
		return bad(fmt.Errorf("%s: %w", name, err), hint)
	}
	results := ladder.Derive(items, nil)
	if c.JSON {
		return w.json(results)
	}
	t := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "claim\tchains\tindependent\trung\tdisputed")
	for _, r := range results {
		disputed, least := "no", ""
		if r.Disputed {
			disputed = "yes"
		}
		if !r.Exact {
			least = "at least "
		}
		fmt.Fprintf(t, "%s\t%s%d\t%s%d\t%s\t%s\n", r.Claim, least, r.Chains, least, r.Independent, r.Rung, disputed)
	}
	return t.Flush()
}
