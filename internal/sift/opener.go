package sift

import (
	"bytes"
	"slices"
	"sync"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// An opener holds one day key and opens cells with it: those of an arrival day, together.
// It says only at the end what was under all of them, and never which cell a record was in:
// who later seizes sift's memory finds no trace of which of the recorded cells were real.
// Its methods are called one after another.
type opener interface {
	// begin forgets what was handed over without a finish.
	begin() error
	// open takes cells, which are the opener's from then on, and may return before they
	// are opened.
	open(cells []cell.Cell) error
	// finish waits for all cells since begin.
	finish() (*tally, error)
	// abort ends what was begun without a finish.
	abort()
	// end is the key's death.
	end()
	// dead says whether the key is lost to this opener, and must be read from disk again.
	dead() bool
}

// A tally is what was under the cells of a day.
type tally struct {
	recs     []cell.Record // of letters, in the order of their bytes
	opened   uint32        // cells whose outer seal opened, whatever their flag
	canaries uint32        // with the MAC of the epoch's key
}

// A sieve opens cells on several workers within this process: the heart of the child, and all
// of an opener where tests want no child.
type sieve struct {
	key     *seal.DayOpener
	canary  *seal.CanaryDayKey // nil: no canary is known
	workers int

	work chan []cell.Cell
	wg   sync.WaitGroup
	mu   sync.Mutex // guards sum
	sum  tally
}

func (s *sieve) begin() error {
	s.abort()
	s.sum = tally{}
	s.work = make(chan []cell.Cell, s.workers)
	for range s.workers {
		s.wg.Go(s.sift)
	}
	return nil
}

func (s *sieve) open(cells []cell.Cell) error {
	s.work <- cells
	return nil
}

func (s *sieve) finish() (*tally, error) {
	s.abort()
	out := s.sum
	s.sum = tally{}
	slices.SortFunc(out.recs, func(a, b cell.Record) int { return bytes.Compare(a[:], b[:]) })
	return &out, nil
}

func (s *sieve) abort() {
	if s.work == nil {
		return
	}
	close(s.work)
	s.wg.Wait()
	s.work = nil
}

func (s *sieve) end() {
	s.abort()
	s.key = nil
}

func (s *sieve) dead() bool { return false }

// sift opens chunks until there are no more. Cover and what does not open leave nothing
// behind and cost the same time.
func (s *sieve) sift() {
	for cells := range s.work {
		var t tally
		for i := range cells {
			flag, rec, ok := s.key.Open(&cells[i])
			switch {
			case !ok:
				continue
			case flag == seal.FlagLetter:
				t.recs = append(t.recs, *rec)
			case flag == seal.FlagCanary && s.canary != nil && s.canary.Marked(rec):
				t.canaries++
			}
			t.opened++
		}
		s.mu.Lock()
		s.sum.recs = append(s.sum.recs, t.recs...)
		s.sum.opened += t.opened
		s.sum.canaries += t.canaries
		s.mu.Unlock()
	}
}
