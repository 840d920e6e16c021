//go:build !linux

package disk

import (
	"errors"
	"os"
)

// reserve leaves it to the zeros that are written next to take the room.
func reserve(*os.File, int64) error { return nil }

// syncData makes the contents of f durable.
func syncData(f *os.File) error { return f.Sync() }

// quietly is nothing here: reading may leave a time of access.
const quietly = 0

// smallPages leaves it to the system how it holds the file in memory.
func smallPages(*os.File) {}

// A direct is what other systems don't offer.
type direct struct{}

func openDirect(string) (*direct, error) { return nil, errors.ErrUnsupported }

func (*direct) start([]*write) int { return 0 }

func (*direct) done() ([]*write, error) { return nil, errors.ErrUnsupported }

func (*direct) Close() error { return nil }
