package drop

import (
	"fmt"
	"math"
	"math/bits"
	"net/http"

	"kkachi/internal/cell"
)

// SketchSize is the registers of the estimate of distinct prefixes: it is right to about a
// sixteenth, and says of no single prefix whether it was there.
const SketchSize = 256

// A sketch is a HyperLogLog (Flajolet et al. 2007): each register holds the longest run of
// zeros, plus one, among the hashes that fell to it.
type sketch [SketchSize]uint8

func (s *sketch) add(h uint64) {
	h, at := h>>8, h%SketchSize
	run := uint8(bits.LeadingZeros64(h<<8|0xff) + 1)
	s[at] = max(s[at], run)
}

// estimate is how many distinct prefixes there were, rounded down to a power of two; 0 for none.
func (s *sketch) estimate() uint64 {
	sum, empty := 0.0, 0
	for _, r := range s {
		sum += math.Exp2(-float64(r))
		if r == 0 {
			empty++
		}
	}
	const m = SketchSize
	n := 0.7213 / (1 + 1.079/m) * m * m / sum
	if n <= 2.5*m && empty > 0 {
		n = m * math.Log(m/float64(empty)) // few prefixes: registers that stayed empty say more
	}
	if n < 0.5 {
		return 0
	}
	return 1 << (bits.Len64(uint64(math.Round(n))) - 1)
}

// A crowd is what is known of a day's visitors, in memory only.
type crowd struct {
	prefixes uint64 // at most so many, a power of two; 0: not known
	offered  uint64 // cells that were taken or would have been, had there been room
}

// offer counts a cell that was acceptable.
func (h *Host) offer(day cell.Day) {
	h.crowding.Lock()
	defer h.crowding.Unlock()
	c := h.crowds[day]
	c.offered++
	h.crowds[day] = c
}

// count takes the estimates of prefixes, and forgets old days.
func (h *Host) count() {
	var tallies [2]tally
	if h.prefixes != nil {
		tallies = h.prefixes.tallies()
	}
	h.crowding.Lock()
	defer h.crowding.Unlock()
	for _, t := range tallies {
		if c, ok := h.crowds[t.day]; ok {
			c.prefixes = max(c.prefixes, t.n) // the clock may have been put back, and the day begun anew
			h.crowds[t.day] = c
		}
	}
	today := cell.DayOf(h.now())
	for d := range h.crowds {
		if uint64(d)+UnreadDays < uint64(today) {
			delete(h.crowds, d)
		}
	}
}

// getCrowd tells the sift of a day that is closed: what the host doesn't know any more, after
// a restart, it doesn't guess.
func (h *Host) getCrowd(w http.ResponseWriter, r *http.Request, day cell.Day) {
	h.count()
	h.crowding.Lock()
	c, ok := h.crowds[day]
	h.crowding.Unlock()
	if !ok || day >= cell.DayOf(h.now()) {
		notFound(w)
		return
	}
	give(w, r, textPlain, fmt.Appendf(nil, "prefixes %d\noffered %d\n", c.prefixes, c.offered))
}
