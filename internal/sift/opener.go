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
	// open takes whole cells, one behind the other, and may return before they are opened.
	// The bytes are the caller's again when it returns.
	open(cells []byte) error
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

// A sieve opens cells on several workers within this process: the heart of the child, and of
// an opener where tests want no child.
type sieve struct {
	key     *seal.DayOpener
	canary  *seal.CanaryDayKey // nil: no canary is known
	workers int
}

// sift opens all cells that next gives. Each worker calls it whenever it wants more, one
// worker at a time, with bytes to put whole cells into; it gives none at the end. So no cell
// passes from one goroutine to another: that costs a sleep of the processor each.
func (s *sieve) sift(next func(room []byte) []byte) *tally {
	var (
		wg     sync.WaitGroup
		mu, at sync.Mutex
		sum    tally
	)
	for range s.workers {
		wg.Go(func() {
			var cells []byte
			for {
				at.Lock()
				cells = next(cells[:0])
				at.Unlock()
				if len(cells) == 0 {
					return
				}
				t := s.openAll(cells)
				mu.Lock()
				sum.recs = append(sum.recs, t.recs...)
				sum.opened += t.opened
				sum.canaries += t.canaries
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.SortFunc(sum.recs, compareRecords)
	return &sum
}

// openAll opens whole cells. Cover and what does not open leave nothing behind and cost the
// same time.
func (s *sieve) openAll(cells []byte) (t tally) {
	for ; len(cells) > 0; cells = cells[cell.Size:] {
		flag, rec, ok := s.key.Open((*cell.Cell)(cells))
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
	return t
}

// An inner opener has its sieve in this process, for tests that want no child.
type inner struct {
	*sieve
	work chan []byte
	sum  chan *tally
}

func (o *inner) begin() error {
	o.abort()
	work, sum := make(chan []byte), make(chan *tally, 1)
	o.work, o.sum = work, sum
	go func() { sum <- o.sift(func(room []byte) []byte { return append(room, <-work...) }) }()
	return nil
}

func (o *inner) open(cells []byte) error {
	if len(cells) > 0 { // none would be the end
		o.work <- bytes.Clone(cells)
	}
	return nil
}

func (o *inner) finish() (*tally, error) {
	close(o.work)
	o.work = nil
	return <-o.sum, nil
}

func (o *inner) abort() {
	if o.work != nil {
		_, _ = o.finish()
	}
}

func (o *inner) end() {
	o.abort()
	o.key = nil
}

func (o *inner) dead() bool { return false }
