package sift

import (
	"encoding/binary"
	"errors"
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
	opener opener
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

// loadKeys starts an opener for each day key on disk. Those that were there before end.
func (s *Sift) loadKeys() error {
	s.endKeys()
	names, err := s.files.list(keysFolder)
	if err != nil {
		return fmt.Errorf("sift: %w", err)
	}
	s.keys = map[cell.Day]*dayKey{}
	for _, name := range names {
		day, ok := parseDayKeyFile(name)
		if !ok {
			continue
		}
		if s.keys[day], err = s.startKey(day); err != nil {
			delete(s.keys, day)
			s.endKeys()
			return err
		}
	}
	return nil
}

// startKey gives the key of a day, which is on disk, to an opener.
func (s *Sift) startKey(day cell.Day) (*dayKey, error) {
	name := dayKeyFile(day)
	if s.cfg.Isolation != InProcess {
		sealed, err := s.files.read(name)
		if err != nil {
			return nil, fmt.Errorf("sift: read %s: %w", name, err)
		}
		k, err := s.startChild(day, sealed)
		if errors.Is(err, ErrState) {
			return nil, fmt.Errorf("%w: %s is damaged, or of another folder", ErrState, name)
		}
		return k, err
	}
	raw, err := s.box.read(s.files, name)
	if err != nil {
		return nil, err
	}
	defer clear(raw)
	d, seed, err := parseDayKey(raw, day)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, name)
	}
	defer seed.Wipe()
	o := &inner{sieve: &sieve{key: seal.NewDayOpener(s.cfg.Newsroom, day, &seed), canary: s.canaryKey(day), workers: s.cfg.Workers}}
	return &dayKey{d: d, public: seed.Public(), opener: o}, nil
}

// revive starts a new opener for each key whose process was lost while the key lives.
func (s *Sift) revive() error {
	for day, k := range s.keys {
		if !k.opener.dead() {
			continue
		}
		fresh, err := s.startKey(day)
		if err != nil {
			return err
		}
		if *fresh.public != *k.public {
			fresh.opener.end()
			return fmt.Errorf("%w: %s holds another key than before", ErrState, dayKeyFile(day))
		}
		s.keys[day] = fresh
	}
	return nil
}

// endKey ends the opener of a day, and with it all that this computer's memory holds of its key.
func (s *Sift) endKey(day cell.Day) {
	if k := s.keys[day]; k != nil {
		k.opener.end()
	}
	delete(s.keys, day)
}

func (s *Sift) endKeys() {
	for day := range s.keys {
		s.endKey(day)
	}
}

func marshalDayKey(day cell.Day, d uint8, seed *seal.HPKESeed) []byte {
	raw := binary.BigEndian.AppendUint32([]byte(DayKeyMagic), uint32(day))
	return append(append(raw, d), seed[:]...)
}

func parseDayKey(raw []byte, day cell.Day) (d uint8, seed seal.HPKESeed, err error) {
	if len(raw) != DayKeySize || string(raw[:4]) != DayKeyMagic ||
		cell.Day(binary.BigEndian.Uint32(raw[4:8])) != day || raw[8] > cell.MaxDifficulty {
		return 0, seed, ErrState
	}
	return raw[8], seal.HPKESeed(raw[9:]), nil
}

// makeKey makes the key of a day, durable on return, unless it exists. A key is never
// published before it is on disk.
func (s *Sift) makeKey(day cell.Day) error {
	if s.keys[day] != nil {
		return nil
	}
	var sealed []byte
	var err error
	if s.cfg.Isolation == InProcess {
		sealed, err = s.makeKeyHere(day)
	} else {
		sealed, err = s.makeKeyFile(day)
	}
	if err != nil {
		return err
	}
	if err := s.files.write(dayKeyFile(day), sealed); err != nil {
		s.stale = true // it may stand all the same, and a key is made once
		return fmt.Errorf("sift: write %s: %w", dayKeyFile(day), err)
	}
	k, err := s.startKey(day)
	if err != nil {
		s.stale = true // the file stands: it is found when the disk is read again
		return err
	}
	s.keys[day] = k
	return nil
}

func (s *Sift) makeKeyHere(day cell.Day) ([]byte, error) {
	seed, err := seal.NewHPKESeed(s.cfg.Rand)
	if err != nil {
		return nil, err
	}
	defer seed.Wipe()
	raw := marshalDayKey(day, s.st.hard.d, &seed)
	defer clear(raw)
	return encrypt(raw, s.box.to)
}

// expire destroys the keys whose time is over by the calendar, on disk and in memory, and
// then the replay keys of their cells: never the other way round, or a cell could come in
// twice between the two.
func (s *Sift) expire(today cell.Day) ([]cell.Day, error) {
	gone, err := s.destroyKeys(today)
	if err != nil {
		return gone, err
	}
	return gone, s.forgetReplays()
}

// destroyKeys destroys the keys whose time is over, in memory and on disk. It needs nothing
// else of the folder.
func (s *Sift) destroyKeys(today cell.Day) ([]cell.Day, error) {
	for day := range s.keys {
		if keyExpired(day, today) {
			s.endKey(day)
		}
	}
	return destroyExpired(s.files, today)
}

// retire destroys the keys whose cells can come no more: those whose last arrival day, the
// day after their own, is drained in a durable state. It goes by the files: one that a crash
// left overwritten and not unlinked opens nothing, and must not keep the others from opening.
func (s *Sift) retire(st *state) ([]cell.Day, error) {
	for day := range s.keys {
		if st.arrivals[day+1] >= drained {
			s.endKey(day)
		}
	}
	names, err := s.files.list(keysFolder)
	if err != nil {
		s.stale = true // so that it is tried again
		return nil, fmt.Errorf("sift: %w", err)
	}
	var gone []cell.Day
	for _, name := range names {
		day, ok := parseDayKeyFile(name)
		if !ok || st.arrivals[day+1] < drained {
			continue
		}
		if err := s.files.destroy(name); err != nil {
			// Memory and disk differ now: the disk is read again, and tried again.
			s.stale = true
			return gone, fmt.Errorf("sift: destroy the key of %s: %w", day, err)
		}
		gone = append(gone, day)
	}
	slices.Sort(gone)
	return gone, nil
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
