package desk

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/risk"
)

// inputs are those of a case that have words of their own in the catalogue.
var inputs = []string{
	"base", "units", "joint", "accepted", "searchable", "success", "timing", "ledger", "chains", "metadata", "editions",
	"place", "role", "day", "medium", "gender", "count",
}

// Input is how risk's name of an input is said: a Said where the catalogue has words for it, the
// name of a detail as the newsroom wrote it otherwise.
func Input(name string) any {
	if slices.Contains(inputs, name) {
		return Said{"desk.input." + name, nil}
	}
	if axis, ok := strings.CutPrefix(name, "fractions "); ok {
		return Said{"desk.input.fractions", []any{Input(axis)}}
	}
	if row, ok := strings.CutPrefix(name, "ledger "); ok {
		return Said{"desk.input.ledger-of", []any{Input(row)}}
	}
	return strings.TrimPrefix(name, detailPrefix)
}

// ReasonArgs are the arguments of the words risk.reason.RULE.
func ReasonArgs(r risk.Reason) []any {
	number := func(v float64) string {
		if v >= 1 {
			v = math.Floor(v) // people
		}
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	about := Input(r.Detail)
	if r.Rule == "edition" {
		about = Said{"desk.language." + r.Detail, nil}
	}
	return []any{number(r.Have), number(r.Want), about}
}
