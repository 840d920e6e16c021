package sift

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"kkachi/internal/seal"
)

// Renewing what lies in the folder (spec/06-batch.md, section 12). Each of these is durable on
// return, and the former secret works on until its successor may.

// RenewSigning draws the next signing key, and gives what the root note must name. Sift signs
// on with the key that it has, and takes the next as soon as a root note at the host names it:
// there is no day without notes. Asked again before that, it gives the same key.
func (s *Sift) RenewSigning() (seal.VerifyKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		next, err := seal.NewSigningKey(seal.RoleSift, s.cfg.Rand)
		if err != nil {
			return seal.VerifyKey{}, err
		}
		seed := next.Seed()
		defer clear(seed[:])
		if err := s.box.write(s.files, nextFile, seed[:]); err != nil {
			return seal.VerifyKey{}, err
		}
		s.next = next
	}
	return s.next.Public(), nil
}

// RenewCanary draws another canary key. Canaries under the former one count for nothing from
// then on.
func (s *Sift) RenewCanary() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := seal.NewCanaryKey(s.cfg.Rand)
	if err != nil {
		return err
	}
	defer clear(k[:])
	return s.box.write(s.files, canaryFile, k[:])
}

// RenewToken keeps another token for the host, from the next Open on.
func (s *Sift) RenewToken(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.box.write(s.files, tokenFile, []byte(token))
}

// Token is what sift shows to the host.
func (s *Sift) Token() string { return s.token }

// Rekey lets another passphrase or key file open the folder dir, which no process may hold
// open. A copy of the folder that was made before still yields to the former one, and what it
// holds decrypts what is written later: a folder that was stolen is replaced, not rekeyed.
// Errors: ErrLocked, ErrUnlock.
func Rekey(dir string, old, new Unlock) error {
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	f := disk{dir}
	b, err := openBox(f, old)
	if err != nil {
		return err
	}
	sealed, err := encrypt([]byte(b.own.String()), new.recipient)
	if err != nil {
		return err
	}
	if err := f.write(unlockFile, sealed); err != nil {
		return fmt.Errorf("sift: write %s: %w", unlockFile, err)
	}
	return nil
}

// readNext gives nil where no next signing key waits. One that was taken up already, by a run
// which was broken off, is cleared away.
func (s *Sift) readNext() error {
	next, err := readSeed(s.files, s.box, nextFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if next.Public() == s.sign.Public() {
		return s.files.destroy(nextFile)
	}
	s.next = next
	return nil
}

// takeUp begins to sign with the next key, if the root note names it.
func (s *Sift) takeUp(root *seal.RootNote) error {
	if s.next == nil || !slices.Contains(root.SiftKeys, s.next.Public()) {
		return nil
	}
	seed := s.next.Seed()
	defer clear(seed[:])
	if err := s.box.write(s.files, signFile, seed[:]); err != nil {
		return err
	}
	s.sign.Wipe()
	s.sign, s.next = s.next, nil
	return s.files.destroy(nextFile)
}

// formerRoot is the root note that was taken last; nil before the first.
func (s *Sift) formerRoot() (*seal.RootNote, error) {
	raw, err := s.box.read(s.files, rootFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	n, err := seal.ParseRoot(raw, s.cfg.Newsroom, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrState, rootFile)
	}
	return n, nil
}

// errSuccession is a root note that a key signed which was replaced, or that names another
// successor than the one that sift has seen.
var errSuccession = errors.New("its root key does not continue the succession that was seen before")

// keepRoot remembers a root note: from then on only those that continue it are taken.
func (s *Sift) keepRoot(former, root *seal.RootNote, raw []byte) error {
	if former != nil && former.Serial == root.Serial {
		return nil
	}
	return s.box.write(s.files, rootFile, raw)
}
