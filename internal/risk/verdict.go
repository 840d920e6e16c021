package risk

import (
	"fmt"
	"math"
	"strconv"

	"kkachi/internal/lang"
)

// A Verdict is how a judgement ends. A PASS says that no rule here found a reason against it,
// and nothing about what somebody will do with what is printed.
type Verdict uint8

// Verdicts, from the best to the worst.
const (
	Pass Verdict = iota
	Hold
	Block
)

// String is PASS, HOLD or BLOCK.
func (v Verdict) String() string {
	if int(v) < len(verdicts) {
		return verdicts[v]
	}
	return "BLOCK"
}

var verdicts = [...]string{"PASS", "HOLD", "BLOCK"}

// MarshalText is for JSON.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// A Reason is why a verdict is not PASS: a rule, the number that was found and the one that
// was wanted. It carries no text of a draft.
type Reason struct {
	Verdict Verdict `json:"verdict"`
	Rule    string  `json:"rule"`   // such as "crowd", "units"; a name of the catalogue's risk.reason
	Detail  string  `json:"detail"` // the named detail it is about, or ""
	Have    float64 `json:"have"`
	Want    float64 `json:"want"`
}

// Text says the reason in language t.
func (r Reason) Text(t lang.Tag) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	return lang.T(t, "risk.reason."+r.Rule, number(r.Have), number(r.Want), r.Detail)
}

// worst is the worst verdict of all reasons.
func worst(reasons []Reason) Verdict {
	out := Pass
	for _, r := range reasons {
		out = max(out, r.Verdict)
	}
	return out
}

// KFloor is the least crowd that any story may leave, however weak the apparatus.
const KFloor = 20

// KMin is the least crowd a story must leave: max(20, C·δ/α), rounded up, where searchable is
// how many people the apparatus can search (C), success how often a search of the right
// one succeeds (δ) and accepted the risk that the newsroom accepts (α). δ and α lie in (0, 1].
func KMin(searchable, success, accepted float64) (float64, error) {
	switch {
	case !finite(searchable) || searchable < 0:
		return 0, fmt.Errorf("searchable: %w: a number of people, at least 0", ErrRange)
	case !finite(success) || success <= 0 || success > 1:
		return 0, fmt.Errorf("success: %w: above 0, at most 1", ErrRange)
	case !finite(accepted) || accepted <= 0 || accepted > 1:
		return 0, fmt.Errorf("accepted: %w: above 0, at most 1", ErrRange)
	}
	k := searchable * success / accepted
	if !finite(k) {
		return 0, fmt.Errorf("searchable over accepted: %w: too large", ErrRange)
	}
	return max(KFloor, math.Ceil(k-1e-9)), nil
}
