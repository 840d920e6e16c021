package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/lang"
	"kkachi/internal/seal"
)

// A ring is one run of the demo.
type ring struct {
	o        Options
	dir      string
	first    cell.Day
	clock    *clock
	parts    Parts
	address  seal.Address
	desk     *desk.Desk
	stopHost func() error
	speaks   lang.Tag // what the case's journalist writes at a practice desk; none: the case's own words
	stops    []func() error

	people  map[string]*person // by the letter of the case's page
	reports map[string]desk.ID // by number in the case
	claims  map[string]desk.ID
	story   desk.ID

	mu           sync.Mutex // guards the two counts
	cells, cover int        // sent
	replyRead    time.Time
	readBack     cell.Day
	dumped       int // bytes of the projections' dump that came out the same
	released     *desk.ReleaseView
	planted      map[string]string
	checked      checks
}

// Twice a day so many readers come, each for so many views: 48 cells of cover a day.
const (
	readers = 4
	views   = 3
)

// turn is the demo's ten days.
func (r *ring) turn(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return fmt.Errorf("demo: begin: %w", err)
	}
	for d := range lastDay + 1 {
		r.step(d, "day "+(r.first+cell.Day(d)).String())
		if err := r.day(ctx, d); err != nil {
			return fmt.Errorf("demo: day %d: %w", d, err)
		}
	}
	r.step(lastDay+1, "check what is printed and stored")
	if err := r.check(ctx); err != nil {
		return fmt.Errorf("demo: check: %w", err)
	}
	return nil
}

func (r *ring) step(done int, what string) {
	if r.o.Step != nil {
		r.o.Step(done, lastDay+2, what)
	}
}

func (r *ring) begin(ctx context.Context) error {
	var err error
	if r.address, err = r.parts.Init(ctx); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if r.stopHost, err = r.parts.Host(ctx); err != nil {
		return fmt.Errorf("host: %w", err)
	}
	if r.desk, err = r.parts.Desk(ctx); err != nil {
		return fmt.Errorf("desk: %w", err)
	}
	// The desk brings the notes that were signed offline; only then can sift publish.
	return r.sync(ctx)
}

// day is one day of everybody: sift at midnight, the desk in the morning, readers and sources at
// noon, the desk's work in the afternoon, and its last parcel in the evening.
func (r *ring) day(ctx context.Context, d int) error {
	day := r.first + cell.Day(d)
	if err := r.morning(ctx, day); err != nil {
		return err
	}
	r.clock.set(day, 12)
	if err := r.noon(ctx, d); err != nil {
		return err
	}
	r.clock.set(day, 15)
	if err := r.work(ctx, d); err != nil {
		return err
	}
	r.clock.set(day, 22)
	return r.sync(ctx)
}

// morning is what passes by itself each day: sift at midnight, the desk's sync at six.
func (r *ring) morning(ctx context.Context, day cell.Day) error {
	r.clock.set(day, 0)
	if err := r.parts.Sift(ctx); err != nil {
		return fmt.Errorf("sift: %w", err)
	}
	r.clock.set(day, 6)
	return r.sync(ctx)
}

func (r *ring) sync(ctx context.Context) error {
	if _, err := r.desk.Sync(ctx); err != nil {
		return fmt.Errorf("the desk's sync: %w", err)
	}
	return nil
}

// noon: readers read, and among them the sources of the day write.
func (r *ring) noon(ctx context.Context, d int) error {
	if err := r.readers(ctx); err != nil {
		return fmt.Errorf("a reader: %w", err)
	}
	if d == readDay {
		if err := r.readReply(ctx); err != nil {
			return fmt.Errorf("source A: %w", err)
		}
	}
	for _, t := range tellings {
		if t.day != d || t.way == "call" {
			continue
		}
		if err := r.write(ctx, t); err != nil {
			return fmt.Errorf("source %s, report %s: %w", t.teller, t.report, err)
		}
	}
	if err := r.readers(ctx); err != nil {
		return fmt.Errorf("a reader: %w", err)
	}
	return nil
}

// work is what the journalist does on a day.
func (r *ring) work(ctx context.Context, d int) error {
	if err := r.meet(ctx); err != nil {
		return err
	}
	for _, t := range tellings {
		if t.day == d && t.way == "call" {
			if err := r.takeCall(ctx, t); err != nil {
				return fmt.Errorf("call note: %w", err)
			}
		}
	}
	switch d {
	case replyDay:
		if _, _, err := r.desk.Reply(ctx, r.people["A"].id, replyText, "demo"); err != nil {
			return fmt.Errorf("reply: %w", err)
		}
	case claimsDay:
		if err := r.enterEvidence(ctx); err != nil {
			return err
		}
		if err := r.rebuild(ctx); err != nil {
			return err
		}
	case releaseDay:
		if err := r.print(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rebuild closes the desk, deletes its projections, and opens it again: the same tables come
// out of the log.
func (r *ring) rebuild(ctx context.Context) error {
	var before, after bytes.Buffer
	if err := r.desk.Vault().Dump(ctx, &before); err != nil {
		return err
	}
	err := r.desk.Close()
	r.desk = nil
	if err != nil {
		return err
	}
	views, err := filepath.Glob(filepath.Join(r.dir, "desk", "view.db*"))
	if err != nil {
		return err
	}
	if len(views) == 0 {
		return errors.New("no view.db to delete")
	}
	for _, v := range views {
		if err := os.Remove(v); err != nil {
			return err
		}
	}
	if r.desk, err = r.parts.Desk(ctx); err != nil {
		return err
	}
	if err := r.desk.Vault().Dump(ctx, &after); err != nil {
		return err
	}
	if !bytes.Equal(before.Bytes(), after.Bytes()) {
		return errors.New("the projections differ after view.db was deleted and rebuilt")
	}
	r.dumped = before.Len()
	return nil
}
