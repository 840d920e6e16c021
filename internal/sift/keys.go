package sift

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A key file, before it is encrypted: magic, u32 day, u8 difficulty, seed
// (spec/06-batch.md, section 2).
const (
	DayKeyMagic = "KKD1"
	DayKeySize  = 4 + 4 + 1 + seal.HPKESeedSize
)

// A dayKey opens the outer seal of one epoch, until it is destroyed.
type dayKey struct {
	d      uint8 // zero bits of its stamps, fixed for its life
	public *seal.HPKEPublic
	opener *seal.DayOpener
}

// keyExpired says whether day key d may not exist any more on a day (P4).
func keyExpired(d, today cell.Day) bool { return today >= d+KeyDeath }

func dayKeyFile(d cell.Day) string { return dayPrefix + strconv.FormatUint(uint64(d), 10) }

// parseDayKeyFile gives the day of a key file's name.
func parseDayKeyFile(name string) (cell.Day, bool) {
	digits, ok := strings.CutPrefix(name, dayPrefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	return cell.Day(n), ok && err == nil && dayKeyFile(cell.Day(n)) == name
}

// destroyExpired destroys each day key whose time is over, and each file in the folder of
// keys that a crash left half-written. It needs no unlock key: it runs first of all.
func destroyExpired(f files, today cell.Day) ([]cell.Day, error) {
	names, err := f.list(keysFolder)
	if err != nil {
		return nil, fmt.Errorf("sift: %w", err)
	}
	var gone []cell.Day
	for _, name := range names {
		day, isKey := parseDayKeyFile(name)
		if !halfWritten(name) && (!isKey || !keyExpired(day, today)) {
			continue
		}
		if err := f.destroy(name); err != nil {
			return gone, fmt.Errorf("sift: destroy %s, whose time is over: %w", name, err)
		}
		if isKey {
			gone = append(gone, day)
		}
	}
	slices.Sort(gone)
	// An unlink of a former run that was not synced is not listed any more: sync anyway.
	if err := f.sync(keysFolder); err != nil {
		return gone, fmt.Errorf("sift: %w", err)
	}
	return gone, nil
}

// readKeys takes each day key from disk. A key file is "KKD1" ‖ u32 day ‖ u8 d ‖ seed.
func readKeys(f files, b box, id seal.NewsroomID) (map[cell.Day]*dayKey, error) {
	names, err := f.list(keysFolder)
	if err != nil {
		return nil, fmt.Errorf("sift: %w", err)
	}
	keys := map[cell.Day]*dayKey{}
	for _, name := range names {
		day, ok := parseDayKeyFile(name)
		if !ok {
			continue
		}
		raw, err := b.read(f, name)
		if err != nil {
			return nil, err
		}
		if len(raw) != DayKeySize || string(raw[:4]) != DayKeyMagic ||
			cell.Day(binary.BigEndian.Uint32(raw[4:8])) != day || raw[8] > cell.MaxDifficulty {
			return nil, fmt.Errorf("%w: %s", ErrState, name)
		}
		seed := seal.HPKESeed(raw[9:])
		keys[day] = newDayKey(id, day, raw[8], &seed)
		seed.Wipe()
		clear(raw)
	}
	return keys, nil
}

func newDayKey(id seal.NewsroomID, day cell.Day, d uint8, seed *seal.HPKESeed) *dayKey {
	return &dayKey{d: d, public: seed.Public(), opener: seal.NewDayOpener(id, day, seed)}
}

// makeKey makes the key of a day, durable on return, unless it exists. A key is never
// published before it is on disk.
func (s *Sift) makeKey(day cell.Day) error {
	if s.keys[day] != nil {
		return nil
	}
	seed, err := seal.NewHPKESeed(s.cfg.Rand)
	if err != nil {
		return err
	}
	defer seed.Wipe()
	raw := binary.BigEndian.AppendUint32([]byte(DayKeyMagic), uint32(day))
	raw = append(raw, s.cfg.Difficulty)
	raw = append(raw, seed[:]...)
	defer clear(raw)
	if err := s.box.write(s.files, dayKeyFile(day), raw); err != nil {
		return err
	}
	s.keys[day] = newDayKey(s.cfg.Newsroom, day, s.cfg.Difficulty, &seed)
	return nil
}

// expire destroys the keys whose time is over by the calendar, on disk and in memory, and
// then the replay keys of their cells: never the other way round, or a cell could come in
// twice between the two.
func (s *Sift) expire(today cell.Day) ([]cell.Day, error) {
	for day := range s.keys {
		if keyExpired(day, today) {
			delete(s.keys, day)
		}
	}
	gone, err := destroyExpired(s.files, today)
	if err != nil {
		return gone, err
	}
	return gone, s.forgetReplays()
}

// retire destroys the keys whose cells can come no more: those whose last arrival day, the
// day after their own, is drained and durable.
func (s *Sift) retire() ([]cell.Day, error) {
	var gone []cell.Day
	for day := range s.keys {
		if s.st.arrivals[day+1] < drained {
			continue
		}
		delete(s.keys, day)
		if err := s.files.destroy(dayKeyFile(day)); err != nil {
			// Memory and disk differ now: the disk is read again, and tried again.
			s.stale = true
			return gone, fmt.Errorf("sift: destroy the key of %s: %w", day, err)
		}
		gone = append(gone, day)
	}
	slices.Sort(gone)
	return gone, s.forgetReplays()
}

// forgetReplays drops the replay keys of epochs that nothing can open any more.
func (s *Sift) forgetReplays() error {
	changed := false
	for epoch := range s.st.replays {
		if s.keys[epoch] == nil {
			delete(s.st.replays, epoch)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return s.save()
}

// living lists the days whose keys exist.
func (s *Sift) living() []cell.Day {
	var days []cell.Day
	for d := range s.keys {
		days = append(days, d)
	}
	slices.Sort(days)
	return days
}
