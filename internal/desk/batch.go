package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// batch is the content of having read a batch whole. It counts, and names nobody.
type batch struct {
	Day     cell.Day `json:"day"`
	Records int      `json:"records"`
	Letters int      `json:"letters"` // letters that it completed
	Refused int      `json:"refused"` // fragments and letters that were refused
	Late    int      `json:"late"`    // records that no living inbox key opened
}

const batchPrefix = "batch/"

// inlineText is the size in bytes, written as JSON, up to which a letter's text stands in its
// operation.
const inlineText = 64 << 10

// headText is how much of a longer text stands there.
const headText = 16 << 10

// errRefused marks what is refused and counted; anything else stops the sync.
var errRefused = errors.New("desk: refused")

// unread gives the days of batches at the host that were not read whole yet, oldest first.
func (d *Desk) unread(ctx context.Context) ([]cell.Day, error) {
	names, err := d.cfg.Host.ListObjects(ctx, batchPrefix)
	if err != nil {
		return nil, fmt.Errorf("desk: listing batches: %w", err)
	}
	rows, err := d.v.View().Query(ctx, `SELECT day FROM batch`)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	done, err := collect(rows, func(d *cell.Day) []any { return []any{d} })
	if err != nil {
		return nil, err
	}
	var out []cell.Day
	for _, name := range names {
		n, err := strconv.ParseUint(strings.TrimPrefix(name, batchPrefix), 10, 32)
		if err != nil || slices.Contains(done, cell.Day(n)) {
			continue
		}
		out = append(out, cell.Day(n))
	}
	slices.Sort(out)
	return out, nil
}

// fetchBatch gets and opens the batch of a day.
func (d *Desk) fetchBatch(ctx context.Context, day cell.Day, ids []age.Identity) ([]cell.Record, error) {
	name := batchPrefix + strconv.FormatUint(uint64(day), 10)
	sealed, err := d.cfg.Host.GetObject(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", name, err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), ids...)
	if err != nil {
		return nil, fmt.Errorf("desk: %s is not for this device: %w", name, err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", name, err)
	}
	root, _, err := d.root()
	if err != nil {
		return nil, err
	}
	got, recs, err := seal.OpenBatch(d.cfg.Newsroom, root.SiftKeys, plain)
	if err != nil {
		return nil, fmt.Errorf("desk: %s is not what the sift made: %w", name, err)
	}
	if got != day {
		return nil, fmt.Errorf("desk: %s holds the batch of another day", name)
	}
	return recs, nil
}

// putText keeps a file or a long text beside the log.
func (d *Desk) putText(ctx context.Context, src ID, text []byte) ([]byte, error) {
	sum, _, err := d.v.PutBlob(ctx, vault.Thing(src), bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("desk: a long letter: %w", err)
	}
	return sum[:], nil
}

func kindOf(l *seal.Letter) ReportKind {
	switch l.Kind {
	case cell.KindLetter:
		return KindLetter
	case cell.KindHelp:
		return KindHelp
	case cell.KindManifest:
		return KindDocument
	case cell.KindErase:
		return KindErase
	case cell.KindWithdraw:
		return KindWithdraw
	case cell.KindMove:
		if next, ok := seal.ParseMove(l.Text); ok && next != l.Thread {
			return KindMove
		}
	}
	return KindOther
}
