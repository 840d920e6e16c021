package risk

import (
	"fmt"
	"math"
)

// KnownAfter is K(t) = M/(1+(M/K₀−1)e^{−rt}): how many know after so many days what known
// people know today, where at most reach ever will, and the news grows by rate a day. It is the
// curve that HoldDays waits on.
func KnownAfter(known, reach, rate, days float64) (float64, error) {
	switch {
	case !finite(known) || known <= 0:
		return 0, fmt.Errorf("known: %w: above 0", ErrRange)
	case !finite(reach) || reach < known:
		return 0, fmt.Errorf("reach: %w: at least those who know", ErrRange)
	case !finite(rate) || rate <= 0:
		return 0, fmt.Errorf("rate: %w: above 0", ErrRange)
	case !finite(days) || days < 0:
		return 0, fmt.Errorf("days: %w: at least 0", ErrRange)
	}
	return reach / (1 + (reach/known-1)*math.Exp(-rate*days)), nil
}
