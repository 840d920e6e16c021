package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"kkachi/internal/custody"
	"kkachi/internal/vault"
)

// CustodyDir is the folder of originals in the desk's own.
const CustodyDir = "custody"

// secretOriginals is what the names of files in custody are made of.
const secretOriginals = "desk/originals"

// openCustody opens the folder of originals. A desk that was made before there was one draws
// the key of its names now.
func (d *Desk) openCustody() error {
	names, err := d.v.Secret(secretOriginals)
	if errors.Is(err, vault.ErrNotFound) {
		names = make([]byte, custody.KeySize)
		if _, err := io.ReadFull(d.cfg.Rand, names); err != nil {
			return fmt.Errorf("desk: randomness: %w", err)
		}
		err = d.v.PutSecret(secretOriginals, names, 0)
	}
	if err != nil {
		return fmt.Errorf("desk: originals: %w", err)
	}
	if len(names) != custody.KeySize {
		return fmt.Errorf("desk: originals: a key of %d bytes", len(names))
	}
	d.custody, err = custody.Open(d.cfg.path(CustodyDir), custody.Key(names), d.cfg.Rand)
	return err
}

// keepOriginal takes a file in under a key of its own, which is to stand in an operation.
func (d *Desk) keepOriginal(file []byte) (sum, key []byte, err error) {
	key = make([]byte, custody.KeySize)
	if _, err := io.ReadFull(d.cfg.Rand, key); err != nil {
		return nil, nil, fmt.Errorf("desk: randomness: %w", err)
	}
	s, _, err := d.custody.Put(custody.Key(key), bytes.NewReader(file))
	if err != nil {
		return nil, nil, fmt.Errorf("desk: original: %w", err)
	}
	return s[:], key, nil
}

// original reads a photograph as it came, to make its copy. No page ever gets it.
func (d *Desk) original(ctx context.Context, f photoFile) ([]byte, error) {
	if f.Key == nil {
		return d.blob(ctx, f.Original)
	}
	h, err := f.held()
	if err != nil {
		return nil, err
	}
	b, err := d.custody.Get(h.Sum, h.Key)
	if err != nil {
		return nil, fmt.Errorf("desk: original: %w", err)
	}
	return b, nil
}

func (f *photoFile) held() (custody.Held, error) {
	if len(f.Original) != len(custody.Sum{}) || len(f.Key) != custody.KeySize {
		return custody.Held{}, errors.New("desk: original: its operation is malformed")
	}
	return custody.Held{Sum: custody.Sum(f.Original), Key: custody.Key(f.Key)}, nil
}

// VerifyOriginals reads every original that an operation names, those of former versions too.
func (d *Desk) VerifyOriginals(ctx context.Context) (custody.Report, error) {
	rows, err := d.v.View().Query(ctx, `SELECT doc FROM version WHERE noun = ? ORDER BY n`, nounPhoto)
	if err != nil {
		return custody.Report{}, fmt.Errorf("desk: originals: %w", err)
	}
	docs, err := collect(rows, func(s *string) []any { return []any{s} })
	if err != nil {
		return custody.Report{}, err
	}
	var held []custody.Held
	for _, doc := range docs {
		f, err := unmarshal[photoFile](doc)
		if err != nil {
			return custody.Report{}, err
		}
		if f.Key == nil {
			continue // a blob: vault verify reads it
		}
		h, err := f.held()
		if err != nil {
			return custody.Report{}, err
		}
		held = append(held, h)
	}
	return d.custody.Verify(ctx, held)
}
