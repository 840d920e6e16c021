package custody

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// What can be wrong with an original.
const (
	Missing = "missing" // its file is gone
	Torn    = "torn"    // its file ends too early
	Edited  = "edited"  // a byte of its file differs from what was written
)

// A Fault is one original that is not as it was taken in.
type Fault struct {
	Sum    Sum
	What   string
	Detail string
}

// Error names the original and what is wrong.
func (f *Fault) Error() string {
	return fmt.Sprintf("custody: original %s: %s: %s", f.Sum, f.What, f.Detail)
}

// A Held is an original that an operation says lies here.
type Held struct {
	Sum Sum
	Key Key
}

// A Report says what Verify found.
type Report struct {
	Originals int // that are whole
	Faults    []Fault
	Unnamed   int // files that none of the operations names: of erased things, or of a crash
}

// Verify reads every original to its end. It writes nothing.
func (s *Store) Verify(ctx context.Context, held []Held) (Report, error) {
	var out Report
	named := map[string]bool{}
	for _, h := range held {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		path := s.path(h.Sum, h.Key)
		if named[path] {
			continue
		}
		named[path] = true
		err := s.check(h.Sum, h.Key)
		fault, damaged := errors.AsType[*Fault](err)
		switch {
		case err == nil:
			out.Originals++
		case damaged:
			out.Faults = append(out.Faults, *fault)
		case errors.Is(err, ErrMissing):
			out.Faults = append(out.Faults, Fault{h.Sum, Missing, "its file is gone"})
		default:
			return out, err
		}
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return out, fmt.Errorf("custody: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), temporary) && !named[s.dir+string(os.PathSeparator)+e.Name()] {
			out.Unnamed++
		}
	}
	return out, nil
}
