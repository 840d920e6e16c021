package desk

import (
	"fmt"
	"strings"

	"kkachi/internal/desk/ladder"
)

// why explains a claim's rung: which reports are the chains, and why others are not.
func (c *claimState) why() []Reason {
	var chains, open, same, against, barred []*evidenceState
	pulled := map[Pull][]*evidenceState{}
	erased := 0
	for _, e := range c.evidence {
		if e.erased {
			erased++
			continue
		}
		switch {
		case e.pulled != "":
			pulled[e.pulled] = append(pulled[e.pulled], e)
		case e.barred:
			barred = append(barred, e)
		case e.Stance == ladder.Contradicts:
			against = append(against, e)
		case e.standing.Chain:
			chains = append(chains, e)
		case e.standing.Open == ladder.Closed:
			same = append(same, e)
		}
		if e.counts() && e.Stance == ladder.Supports && e.standing.Open != ladder.Closed {
			open = append(open, e)
		}
	}
	var out []Reason
	say := func(key string, args ...any) { out = append(out, Reason{"desk.why." + key, args}) }
	switch c.result.Rung {
	case ladder.Unsupported:
		say("unsupported")
	case ladder.OneChain:
		say("one", numbers(chains))
	case ladder.Unverified:
		say("two", c.result.Chains, numbers(chains))
	case ladder.Independent:
		say("independent", c.result.Independent, numbers(chains))
	}
	for _, e := range open {
		say("open."+e.standing.Open.Key(), numbers([]*evidenceState{e}))
	}
	if len(same) > 0 && c.result.Rung != ladder.Unsupported {
		say("same", numbers(same))
	}
	if len(against) > 0 {
		say("against", numbers(against))
	}
	if len(barred) > 0 {
		say("barred", numbers(barred))
	}
	for _, p := range []Pull{PulledReport, PulledSource} {
		if len(pulled[p]) > 0 {
			say("pulled."+string(p), numbers(pulled[p]))
		}
	}
	if erased > 0 {
		say("erased", erased)
	}
	if !c.result.Exact {
		say("bound")
	}
	return out
}

func numbers(es []*evidenceState) string {
	s := make([]string, len(es))
	for i, e := range es {
		s[i] = fmt.Sprintf("%02d", e.report.Number)
	}
	return strings.Join(s, ", ")
}
