package risk

import (
	"encoding/json"
	"fmt"
	"slices"
)

// given is the shape of a case as far as a zero in it would say something: a level of 0 is
// "nothing is told", a sum of 0 "nothing was printed". What is left out says neither.
type given struct {
	Editions []struct {
		Lang  string
		Level *struct {
			Place, Role, Day, Medium, Gender, Count *json.RawMessage
		}
	}
	Details *json.RawMessage
	Ledger  *struct {
		Stories *json.RawMessage
		Quoted  *json.RawMessage `json:"quoted_words"`
		Finest  *[]struct {
			Hierarchy string
			Level     *json.RawMessage
		}
	}
}

// absent names what a case leaves out, or says null of, within its inputs, each once.
func absent(data []byte) ([]string, error) {
	var g given
	if err := json.Unmarshal(data, &g); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCase, err)
	}
	var out []string
	need := func(name string, v *json.RawMessage) {
		if v == nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, e := range g.Editions {
		l := e.Level
		if l == nil {
			need("level of edition "+e.Lang, nil)
			continue
		}
		for axis, v := range map[Axis]*json.RawMessage{Place: l.Place, Role: l.Role, Day: l.Day, Medium: l.Medium, Gender: l.Gender, Count: l.Count} {
			need("level of edition "+e.Lang+": "+string(axis), v)
		}
	}
	need("details", g.Details)
	if l := g.Ledger; l != nil {
		need("ledger stories", l.Stories)
		need("ledger quoted_words", l.Quoted)
		if l.Finest == nil {
			need("ledger finest", nil)
		} else {
			for _, row := range *l.Finest {
				need("ledger "+row.Hierarchy+": level", row.Level)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}
