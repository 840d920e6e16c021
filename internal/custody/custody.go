// Package custody keeps originals: files as they came, untouched, encrypted, named by their
// SHA-256, written once and never over.
//
// What enters: an original and the key that its operation holds. What leaves: the same bytes,
// to whoever has that key; and a report that names each original that is missing or of which a
// single byte differs. What may never be known here: a story, a source, the name that a file
// came under. Nothing here is opened as a picture or a document: that is for clean.
package custody

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// KeySize is the length of the key of an original, and of the one that names files.
const KeySize = 32

// MaxOriginal is the size of the largest original, in bytes.
const MaxOriginal = 1 << 30

// A Sum is the SHA-256 of an original.
type Sum [sha256.Size]byte

// String is the sum in hex.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// A Key opens one original. It stands in the operation that took the original in, and dies
// with it; what lies here then is noise.
type Key [KeySize]byte

var (
	// ErrMissing is an original that does not lie here.
	ErrMissing = errors.New("custody: the original is not here")
	// ErrSize is an original that is empty or too large.
	ErrSize = errors.New("custody: an original has 1 byte to 1 GiB")
)

// temporary begins the names of files that are being written.
const temporary = "new-"

// A Store is one folder of originals. It may be used by several goroutines, of one process.
type Store struct {
	dir   string
	names Key
	rand  io.Reader

	mu sync.Mutex // held while a file gets its name
}

// Open opens the folder, and makes it if it isn't there. names is what file names are made of:
// who has the folder and an original, but not it, can't tell whether that original lies here.
// What a crash left half written is taken away.
func Open(dir string, names Key, random io.Reader) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("custody: %w", err)
	}
	s := &Store{dir: dir, names: names, rand: random}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("custody: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), temporary) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, fmt.Errorf("custody: %w", err)
			}
		}
	}
	return s, nil
}

// Put keeps all that r gives under key. The original is durable when Put returns. The same
// original under the same key again is read back and compared, never written again. After an
// error nothing half is seen: the original is there whole, or not at all.
func (s *Store) Put(key Key, r io.Reader) (sum Sum, size int64, err error) {
	f, err := os.CreateTemp(s.dir, temporary+"*")
	if err != nil {
		return Sum{}, 0, fmt.Errorf("custody: %w", err)
	}
	defer func() {
		if e := os.Remove(f.Name()); e != nil && !errors.Is(e, os.ErrNotExist) && err == nil {
			err = fmt.Errorf("custody: %w", e)
		}
	}()
	defer f.Close()
	hash := sha256.New()
	size, err = encrypt(f, io.TeeReader(io.LimitReader(r, MaxOriginal+1), hash), key, s.rand)
	if err != nil {
		return Sum{}, 0, fmt.Errorf("custody: %w", err)
	}
	if size == 0 || size > MaxOriginal {
		return Sum{}, 0, ErrSize
	}
	sum = Sum(hash.Sum(nil))
	if err := errors.Join(f.Chmod(0o400), f.Sync(), f.Close()); err != nil {
		return Sum{}, 0, fmt.Errorf("custody: %w", err)
	}
	return sum, size, s.settle(f.Name(), sum, key)
}

// settle gives a file that is whole its name, unless the name is taken: then what lies there
// must be the same.
func (s *Store) settle(file string, sum Sum, key Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.path(sum, key)
	switch _, err := os.Lstat(path); {
	case err == nil:
		if err := s.check(sum, key); err != nil {
			return err
		}
	case errors.Is(err, os.ErrNotExist):
		if err := os.Rename(file, path); err != nil {
			return fmt.Errorf("custody: %w", err)
		}
	default:
		return fmt.Errorf("custody: %w", err)
	}
	d, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("custody: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("custody: %w", err)
	}
	return nil
}

// Get gives an original back, whole: ErrMissing if it isn't here, a *Fault if it is damaged.
func (s *Store) Get(sum Sum, key Key) ([]byte, error) {
	var out bytes.Buffer
	if err := s.read(sum, key, &out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (s *Store) check(sum Sum, key Key) error { return s.read(sum, key, io.Discard) }

// read writes an original to w. What was written before an error is not to be used.
func (s *Store) read(sum Sum, key Key, w io.Writer) error {
	f, err := os.Open(s.path(sum, key))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrMissing, sum)
	}
	if err != nil {
		return fmt.Errorf("custody: %w", err)
	}
	defer f.Close()
	hash := sha256.New()
	if err := decrypt(io.MultiWriter(w, hash), f, key); err != nil {
		if fault, ok := errors.AsType[*Fault](err); ok {
			fault.Sum = sum
		}
		return err
	}
	if Sum(hash.Sum(nil)) != sum {
		return &Fault{Sum: sum, What: Edited, Detail: "it is another original"}
	}
	return nil
}

// path names a file by what only the holder of the names' key and of the original's can make.
func (s *Store) path(sum Sum, key Key) string {
	m := hmac.New(sha256.New, s.names[:])
	m.Write(key[:])
	m.Write(sum[:])
	return filepath.Join(s.dir, hex.EncodeToString(m.Sum(nil)))
}
