package sift

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"math/bits"

	"kkachi/internal/cell"
)

// QuietDays is how many quiet days in a row halve the batch again.
const QuietDays = 7

// sizing is how many records a batch holds, and whether that is about to change. It follows
// the pool in powers of two and with a random margin, so that it says little of the pool.
type sizing struct {
	size    uint32   // as the newest sift note says; 0: none yet
	next    uint32   // for the next note; 0: none yet
	quiet   uint8    // quiet days in a row
	decided cell.Day // the newest day on which next was decided
}

// batchSize is what a batch holds today.
func (s *Sift) batchSize() int { return max(int(s.st.sizing.size), s.cfg.Batch) }

// takeSize is called with each new note: what was decided holds from then on.
func (s *Sift) takeSize() {
	s.st.sizing.size = uint32(max(int(s.st.sizing.next), s.cfg.Batch))
}

// decideSize sets the size of the next day's batch, once a day, from the records that are there to
// be drawn before any is.
func (r *run) decideSize(pool int) error {
	z := &r.st.sizing
	if z.decided == r.today {
		return nil
	}
	size := r.batchSize()
	margin := 0
	if half := size / 2; half > 0 {
		n, err := rand.Int(r.cfg.Rand, big.NewInt(int64(half)))
		if err != nil {
			return fmt.Errorf("draw randomness: %w", err)
		}
		margin = int(n.Int64())
	}
	next, quiet := Resize(size, r.cfg.Batch, pool, margin, int(z.quiet))
	z.next, z.quiet, z.decided = uint32(next), uint8(quiet), r.today
	return nil
}

// Resize is the rule of B (spec/06-batch.md, section 3): from the size of today's batch, the
// configured size, the records that may be drawn, a margin drawn from [0, size/2) and the quiet days
// before today it gives the size of the next day's, in records, and the quiet days so far.
func Resize(size, base, pool, margin, quiet int) (next, nowQuiet int) {
	switch {
	case pool+margin > size:
		return min(2*size, cell.MaxBatch), 0
	case size == base || 2*pool+margin > size: // half of it would not have been enough
		return size, 0
	case quiet+1 < QuietDays:
		return size, quiet + 1
	}
	return max(size/2, base), 0
}

// CrowdOf is the figure of a day: at most so many people were there. 0 is: not measured.
func CrowdOf(opened uint32, prefixes uint64) uint32 {
	n := min(uint64(opened/2), prefixes)
	if n == 0 {
		return 0
	}
	return 1 << (bits.Len64(n) - 1)
}

// crowdHost is a host that estimates distinct prefixes of a closed day; 0: it didn't look.
// *relay.Client is one.
type crowdHost interface {
	Crowd(ctx context.Context, day cell.Day) (prefixes, offered uint64, err error)
}
