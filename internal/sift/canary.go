package sift

import (
	"errors"
	"fmt"
	"io/fs"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// readCanaryKey gives nil for a folder that was laid out without one.
func readCanaryKey(f files, b box) (*seal.CanaryKey, error) {
	raw, err := b.read(f, canaryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(raw) != seal.CanaryKeySize {
		return nil, fmt.Errorf("%w: %s", ErrState, canaryFile)
	}
	k := seal.CanaryKey(raw)
	return &k, nil
}

// CanaryKey is what kkachi watch needs for its canaries; ok is false for a folder without one.
func (s *Sift) CanaryKey() (k seal.CanaryKey, ok bool) {
	if s.canary == nil {
		return k, false
	}
	return *s.canary, true
}

func (s *Sift) canaryKey(epoch cell.Day) *seal.CanaryDayKey {
	if s.canary == nil {
		return nil
	}
	k := s.canary.Day(epoch)
	return &k
}
