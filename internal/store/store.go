// Package store is the memory of the host: days of arrived cells, objects that are written
// once, and a few values that are switched as a whole. It is the interface which drop uses,
// its errors and its names; disk keeps it in files, storetest is the one suite that every
// implementation passes.
//
// What enters: cells, each under the day of its arrival, and byte strings under names. What
// leaves: the cells of a closed day in an order that says nothing of the order in which they
// came, and the same byte strings. What may never be known here: a key, who sent a cell, and
// any time finer than a day.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"kkachi/internal/cell"
)

// DefaultQuota is how many cells a day has room for: 65,536 cells are 256 MiB.
const DefaultQuota = 65536

// Limits of a name (spec/05-host.md, section 3).
const (
	MaxName     = 200 // bytes of a name
	MaxSegments = 5   // parts of a name between slashes
)

// Errors of a store. What is wrapped around them names a day or an object, never a body.
var (
	ErrFull     = errors.New("store: the day is full, and the cell was not drawn to stay")
	ErrClosed   = errors.New("store: the day is closed")
	ErrOpen     = errors.New("store: the day is still open")
	ErrNotFound = errors.New("store: not found")
	ErrConflict = errors.New("store: other bytes stand under this name")
	ErrSerial   = errors.New("store: a higher serial is in place")
	ErrName     = errors.New("store: not a name")
)

// A Store keeps what the host holds. All methods may be called at once from many goroutines.
// What a method has answered without an error survives a crash.
type Store interface {
	// OpenDay makes room for a day ahead of its first cell, so that neither the moment nor
	// the cost of making room tells of a visitor. Again: nil. ErrClosed.
	OpenDay(ctx context.Context, day cell.Day) error
	// PutCell keeps a copy of c under a day, in a place drawn uniformly from all free ones
	// of that day, and opens the day if need be, unless that has failed: then OpenDay tries it
	// again. Durable on return. A cell made of zeros
	// only is refused with ErrConflict: it can't be told from free room. In a full day the
	// n-th cell takes the place of another, drawn uniformly, with probability quota/n, and is
	// refused with ErrFull otherwise: so each stays with the same chance. ErrClosed.
	PutCell(ctx context.Context, day cell.Day, c *cell.Cell) error
	// CloseDay waits for cells under way; afterwards no cell goes into the day, for ever.
	// A day that was never opened is closed with no cells. Again: nil.
	CloseDay(ctx context.Context, day cell.Day) error
	// OpenDays lists the days that are open, ascending.
	OpenDays(ctx context.Context) ([]cell.Day, error)
	// ClosedDays lists the days that are closed and not acknowledged, ascending.
	ClosedDays(ctx context.Context) ([]cell.Day, error)
	// ReadDay yields each cell of a closed day, in the same order whenever it is called; the
	// cell is valid during the call of yield only. An error of yield ends it and is returned.
	// ErrNotFound (never closed, or acknowledged), ErrOpen.
	ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error
	// AckDay lets go of the cells of a closed day; it stays closed. Again: nil.
	// ErrNotFound (never closed), ErrOpen.
	AckDay(ctx context.Context, day cell.Day) error

	// PutObject writes data under a name, whole and durable, or not at all. The same bytes
	// again: nil. Other bytes: ErrConflict. ErrName.
	PutObject(ctx context.Context, name string, data []byte) error
	// GetObject reads what stands under a name. ErrNotFound, ErrName.
	GetObject(ctx context.Context, name string) ([]byte, error)
	// OpenObject is GetObject for those who send it on and shouldn't hold it in memory. It
	// goes on reading the same bytes even if the object is deleted meanwhile.
	OpenObject(ctx context.Context, name string) (io.ReadSeekCloser, error)
	// ListObjects lists the names that begin with prefix, sorted. Any prefix is allowed.
	ListObjects(ctx context.Context, prefix string) ([]string, error)
	// DeleteObject removes a name. One that isn't there: nil. ErrName.
	DeleteObject(ctx context.Context, name string) error

	// Switch replaces the value of a name whole: whoever reads sees the old or the new one.
	// The same serial and bytes again: nil. The same serial with other bytes: ErrConflict.
	// A lower serial: ErrSerial. ErrName.
	Switch(ctx context.Context, name string, serial uint64, data []byte) error
	// Current is the value of a name, and its serial. ErrNotFound, ErrName.
	Current(ctx context.Context, name string) (serial uint64, data []byte, err error)
}

// CheckName says whether a name may stand in a store: 1 to MaxSegments parts, joined by "/",
// each of a–z, 0–9, "-", "_" and "." and not beginning with "."; at most MaxName bytes. So
// no name means another place in any file system. It fails with ErrName, which doesn't repeat
// the name.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("%w: %d bytes, not 1…%d", ErrName, len(name), MaxName)
	}
	parts, begin := 1, true
	for i := 0; i < len(name); i++ {
		switch b := name[i]; {
		case b == '/':
			if begin {
				return fmt.Errorf("%w: an empty part", ErrName)
			}
			parts++
			begin = true
			continue
		case b == '.' && begin:
			return fmt.Errorf("%w: a part that begins with a dot", ErrName)
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '-', b == '_', b == '.':
		default:
			return fmt.Errorf("%w: byte %d may not stand there", ErrName, i)
		}
		begin = false
	}
	if begin {
		return fmt.Errorf("%w: an empty part", ErrName)
	}
	if parts > MaxSegments {
		return fmt.Errorf("%w: %d parts, more than %d", ErrName, parts, MaxSegments)
	}
	return nil
}
