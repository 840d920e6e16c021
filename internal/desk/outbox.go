package desk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/renameio/v2"

	"kkachi/internal/relay"
	"kkachi/internal/vault"
)

// The outbox holds what is to be put at the host, built once: the bytes are durable on disk
// before the first try, and only those are put until the host has acknowledged them (P13).
// They are sealed or signed already, so they lie in files.

const (
	secretCounter = "counter/"
	outboxPerm    = 0o600
	// numberJump is how far a number that the host lists may lie beyond the last that the desk
	// knows: a backup can have forgotten some, and a host that lists more would wear them out.
	numberJump = 1 << 20
)

// enqueue makes data durable under name.
func (d *Desk) enqueue(name string, data []byte) error {
	dir := d.cfg.path(outboxDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("desk: outbox: %w", err)
	}
	file := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
	if err := renameio.WriteFile(file, data, outboxPerm); err != nil {
		return fmt.Errorf("desk: outbox: %w", err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("desk: outbox: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("desk: outbox: %w", err)
	}
	return nil
}

// flush puts everything in the outbox, in the order of names with numbers counted, and
// takes out what the host acknowledged. Other bytes under a name at the host are reported
// and given up: a higher number must be made.
func (d *Desk) flush(ctx context.Context) (put []string, err error) {
	dir := d.cfg.path(outboxDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("desk: outbox: %w", err)
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int {
		return slices.CompareFunc(strings.Split(a.Name(), "_"), strings.Split(b.Name(), "_"), compareNumbers)
	})
	var conflicts []error
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue // a file that renameio did not finish
		}
		file := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(file)
		if err != nil {
			return put, fmt.Errorf("desk: outbox: %w", err)
		}
		name := strings.ReplaceAll(e.Name(), "_", "/")
		err = d.cfg.Host.PutObject(ctx, name, data)
		switch {
		case errors.Is(err, relay.ErrConflict):
			conflicts = append(conflicts, fmt.Errorf("desk: the host holds other bytes under %s", name))
		case err != nil:
			return put, errors.Join(append(conflicts, fmt.Errorf("desk: putting %s: %w", name, err))...)
		default:
			put = append(put, name)
		}
		if err := os.Remove(file); err != nil {
			return put, fmt.Errorf("desk: outbox: %w", err)
		}
	}
	return put, errors.Join(conflicts...)
}

func compareNumbers(a, b string) int {
	m, err1 := strconv.ParseUint(a, 10, 64)
	n, err2 := strconv.ParseUint(b, 10, 64)
	if err1 != nil || err2 != nil {
		return strings.Compare(a, b)
	}
	switch {
	case m < n:
		return -1
	case m > n:
		return 1
	}
	return 0
}

// number gives the next number under a prefix of names: higher than any the desk remembers
// and than any the host holds (a desk restored from a backup remembers too few). It is
// durable before it is used, so that no number is used twice.
func (d *Desk) number(ctx context.Context, counter, prefix string) (uint64, error) {
	var last uint64
	b, err := d.v.Secret(secretCounter + counter)
	switch {
	case err == nil && len(b) == 8:
		last = binary.BigEndian.Uint64(b)
	case err != nil && !errors.Is(err, vault.ErrNotFound):
		return 0, fmt.Errorf("desk: %w", err)
	}
	known := last
	names, err := d.cfg.Host.ListObjects(ctx, prefix)
	if err != nil {
		return 0, fmt.Errorf("desk: listing %s: %w", prefix, err)
	}
	for _, name := range names {
		n, err := strconv.ParseUint(strings.TrimPrefix(name, prefix), 10, 64)
		if err == nil && n > last && n-known <= numberJump {
			last = n
		}
	}
	last++
	if err := d.v.PutSecret(secretCounter+counter, binary.BigEndian.AppendUint64(nil, last), 0); err != nil {
		return 0, fmt.Errorf("desk: %w", err)
	}
	return last, nil
}
