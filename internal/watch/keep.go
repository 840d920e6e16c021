package watch

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// keep is the folder of what was seen: KIND/SERIAL.txt, the first note of a serial;
// KIND/SERIAL.other-HASH.txt, others with it; refused/HASH, what no key has signed. Nothing
// in it is ever written over. Without a folder it remembers within the process.
type keep struct {
	dir    string
	memory map[string][]byte // where there is no folder
}

func openKeep(dir string) (*keep, error) {
	if dir == "" {
		return &keep{memory: map[string][]byte{}}, nil
	}
	for _, folder := range []string{"root", "desk", "sift", "site", "refused"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, fmt.Errorf("the folder of what was seen: %w", err)
		}
	}
	return &keep{dir: dir}, nil
}

func name(kind string, serial uint64) string { return fmt.Sprintf("%s/%d.txt", kind, serial) }

// path is where the first note of a serial lies.
func (k *keep) path(kind string, serial uint64) string { return k.at(name(kind, serial)) }

func (k *keep) at(name string) string {
	if k.dir == "" {
		return ""
	}
	return filepath.Join(k.dir, filepath.FromSlash(name))
}

// note gives the first note of a serial, nil if there is none, and the highest serial seen.
func (k *keep) note(kind string, serial uint64) (first []byte, highest uint64, err error) {
	names, err := k.list(kind)
	if err != nil {
		return nil, 0, err
	}
	for _, n := range names {
		digits, ok := strings.CutSuffix(n, ".txt")
		if s, err := strconv.ParseUint(digits, 10, 64); ok && err == nil && s > highest {
			highest = s
		}
	}
	first, err = k.read(name(kind, serial))
	return first, highest, err
}

// put keeps the first note of a serial, and gives what stands there: another watch over the same
// folder may have been first.
func (k *keep) put(kind string, serial uint64, raw []byte) ([]byte, error) {
	if err := k.write(name(kind, serial), raw); err != nil {
		return nil, err
	}
	return k.read(name(kind, serial))
}

// other keeps a note beside the first of its serial, and gives its file; "" if enough are kept.
func (k *keep) other(kind string, serial uint64, raw []byte) (string, error) {
	n := fmt.Sprintf("%s/%d.other-%x.txt", kind, serial, short(raw))
	names, err := k.list(kind)
	if err != nil {
		return "", err
	}
	others := 0
	for _, have := range names {
		if strings.HasPrefix(kind+"/"+have, fmt.Sprintf("%s/%d.other-", kind, serial)) {
			others++
		}
	}
	if others >= OthersKept {
		return "", nil // two are proof; a host that makes up signature lines fills no disk
	}
	return k.at(n), k.write(n, raw)
}

func (k *keep) refused(raw []byte) error {
	names, err := k.list("refused")
	if err != nil || len(names) >= RefusedKept {
		return err
	}
	return k.write(fmt.Sprintf("refused/%x", short(raw)), raw)
}

func (k *keep) list(folder string) (out []string, err error) {
	if k.dir == "" {
		for n := range k.memory {
			if rest, ok := strings.CutPrefix(n, folder+"/"); ok {
				out = append(out, rest)
			}
		}
		return out, nil
	}
	entries, err := os.ReadDir(k.at(folder))
	if err != nil {
		return nil, fmt.Errorf("the folder of what was seen: %w", err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, nil
}

// read gives nil for what is not there.
func (k *keep) read(name string) ([]byte, error) {
	if k.dir == "" {
		return k.memory[name], nil
	}
	b, err := os.ReadFile(k.at(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

func (k *keep) write(name string, raw []byte) error {
	if k.dir == "" {
		k.memory[name] = bytes.Clone(raw)
		return nil
	}
	if err := k.create(k.at(name), raw); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep what was seen: %w", err)
	}
	return nil
}

// create writes a file whole, synced with its folder, or leaves what stands there: a link is never
// made over another file.
func (k *keep) create(path string, raw []byte) error {
	f, err := os.CreateTemp(k.dir, ".half-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func short(raw []byte) []byte {
	sum := sha256.Sum256(raw)
	return sum[:8]
}

// text is the signed part of a note.
func text(raw []byte) string {
	before, _, _ := bytes.Cut(raw, []byte("\n\n"))
	return string(before)
}
