package ladder

import (
	"maps"
	"slices"
	"strings"
)

// stand finds the tokens and the openness of each item of one claim. Tellers of either
// stance count as tellers on the claim: who denies a thing may still have been the relay
// of somebody who affirms it.
func stand(items []Item, read map[string]Publication) []Standing {
	tellers := map[string][]int{}
	for i, it := range items {
		tellers[it.Teller] = append(tellers[it.Teller], i)
	}
	out := make([]Standing, len(items))
	for i, it := range items {
		tokens := map[string]bool{it.Teller: true}
		st := Standing{Item: it, Open: own(it)}
		follow(it.Relays, tokens, map[string]bool{}, func(relay string) []string {
			p, printed := read[relay]
			if printed && p.Open {
				st.Open = first(st.Open, OpenReading)
			}
			next := slices.Clone(p.Tokens)
			for _, j := range tellers[relay] {
				if own(items[j]) != Closed {
					st.Open = first(st.Open, OpenRelay)
				}
				next = append(next, items[j].Relays...)
			}
			return next
		})
		st.Tokens = slices.Sorted(maps.Keys(tokens))
		out[i] = st
	}
	slices.SortFunc(out, compareStandings)
	return out
}

// follow adds relays and all that stand behind them to tokens, each once, so that people
// who name each other end.
func follow(relays []string, tokens, seen map[string]bool, behind func(string) []string) {
	for _, r := range relays {
		if seen[r] {
			continue
		}
		seen[r], tokens[r] = true, true
		follow(behind(r), tokens, seen, behind)
	}
}

// own is the openness of an item by itself, before its links are looked at. A teller who
// names only himself has named nobody.
func own(it Item) Openness {
	named := slices.ContainsFunc(it.Relays, func(r string) bool { return r != it.Teller })
	switch {
	case it.Path == Rumour:
		return IsRumour
	case it.Unknown:
		return UnknownRelay
	case it.Doubt:
		return DoubtedTeller
	case it.Path == Told && !named:
		return NobodyNamed
	}
	return Closed
}

func first(a, b Openness) Openness {
	if a != Closed {
		return a
	}
	return b
}

// compareStandings is a total order up to items that are equal in everything that is
// derived, so that no result depends on the order of the input.
func compareStandings(a, b Standing) int {
	for _, c := range []int{
		compareNames(a.Report, b.Report), compareNames(a.Teller, b.Teller),
		strings.Compare(string(a.Stance), string(b.Stance)), strings.Compare(string(a.Path), string(b.Path)),
		slices.Compare(a.Tokens, b.Tokens), strings.Compare(string(a.Open), string(b.Open)), a.Grade - b.Grade,
		slices.Compare(a.Relays, b.Relays),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}
