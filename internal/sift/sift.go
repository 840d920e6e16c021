// Package sift runs in the newsroom's own rooms, between host and desk. It makes and
// destroys the day keys, opens the outer seal of closed arrival days, throws cover away,
// mixes what is left into one batch of constant size a day, joins the desks' parcels into
// the bulletin, signs the sift note, and forgets.
//
// What enters: cells, parcels and signed notes from the host, and an unlock key from a
// person. What leaves: a bulletin, three notes and an age file to the desks' devices; and a
// Report without the number of letters. What may never be known here: a thread, a story or
// a person. The inner seal is closed to sift; it holds no inbox key and no desk's device.
//
// Everything that survives a crash lies in four folders (spec/06-batch.md): keys, pool,
// outbox and the token. Day keys live in processes of their own (section 9 there), which open
// and do nothing else: to destroy a key is to end its process. Nothing is put at the host before its bytes lie synced in the outbox
// and the state names them; from then on it is those bytes until the host says yes (P13).
package sift

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/store"
)

// Days and sizes of the order of the day (spec/06-batch.md).
const (
	KeyAhead     = 1       // days before its own that a day key is made
	KeyDeath     = 3       // days after its own, at 00:00Z, that a day key is destroyed at the latest
	ParcelStands = 13      // days that a desk's last slots stand when no parcel comes
	ArrivalKept  = 35      // days that a drained arrival day is remembered
	SerialRoom   = 1 << 32 // serials that no note is taken over from: whoever had a key left none above
	ParcelTries  = 8       // newest parcels of a desk that are looked at for a well-formed one
)

// Errors of sift. None carries a key or a byte of a cell.
var (
	ErrExists  = errors.New("sift: the folder already holds keys")
	ErrUnlock  = errors.New("sift: the unlock key does not open the folder")
	ErrLocked  = errors.New("sift: another process holds the folder")
	ErrClock   = errors.New("sift: the clock stands before a day that is already begun")
	ErrState   = errors.New("sift: malformed file")
	ErrConfig  = errors.New("sift: setting out of range")
	ErrNoNotes = errors.New("sift: a note is missing at the host")
)

// Host is what sift asks of the host. *relay.Client satisfies it, with relay's errors.
type Host interface {
	// Days lists closed arrival days that are not acknowledged, ascending.
	Days(ctx context.Context) ([]cell.Day, error)
	// ReadDay yields each cell of a closed day; the cell is valid during the call only.
	ReadDay(ctx context.Context, day cell.Day, yield func(*cell.Cell) error) error
	// AckDay lets the host forget a day. It may be repeated.
	AckDay(ctx context.Context, day cell.Day) error
	// PutObject is durable on return; other bytes under the name: relay.ErrConflict.
	PutObject(ctx context.Context, name string, data []byte) error
	// GetObject fails with relay.ErrNotFound.
	GetObject(ctx context.Context, name string) ([]byte, error)
	// ListObjects gives the names that begin with prefix.
	ListObjects(ctx context.Context, prefix string) ([]string, error)
	// PutNow switches notes and bulletin as a whole; a lower serial: relay.ErrConflict.
	PutNow(ctx context.Context, n *cell.Now) error
	// CurrentNow is what was switched to last: relay.ErrNotFound before the first.
	CurrentNow(ctx context.Context) (*cell.Now, error)
}

// Config is what a sift is told at start.
type Config struct {
	Newsroom   seal.NewsroomID
	Batch      int   // records of a batch while it has not grown; 0: cell.DefaultBatch
	Slots      int   // slots of a bulletin; 0: cell.DefaultSlots
	Desks      int   // desks that share it; 0: 1
	Difficulty uint8 // zero bits of stamps that are always asked for; a flood raises them (Harden)
	Quota      int   // cells that the host keeps of a day; 0: store.DefaultQuota
	Workers    int   // cells opened at once; 0: one a processor

	// Canaries is how many must come on an arrival day for its records to leave at once:
	// CanariesLeast in a newsroom that is watched, 0 (nothing is held) in one that is not.
	Canaries int

	// Isolation says where day keys live; by default each in a sandboxed process of its own.
	Isolation Isolation

	Now  func() time.Time
	Rand io.Reader
	// Connect gives the host for sift's bearer token. It is called once, by the first Day,
	// after expired keys are destroyed.
	Connect func(token string) (Host, error)
}

// Isolation says what keeps day keys apart from the rest of sift.
type Isolation uint8

const (
	// Sandboxed gives each day key a process of its own, which the kernel bars from files
	// and sockets; where the kernel refuses that, sift refuses to work (ErrSandbox). The
	// program must call Child first in main.
	Sandboxed Isolation = iota
	// Unsandboxed does the same but works on with what the kernel grants.
	Unsandboxed
	// InProcess keeps day keys in sift's own process, which cannot be trusted to forget
	// them: only for tests of other things, where starting processes would take too long.
	InProcess
)

// A Sift holds the folder open. Its methods may be called at any time; Day runs alone.
type Sift struct {
	cfg   Config
	files files
	lock  *os.File
	sign  *seal.SigningKey
	token string
	box   box
	// canary is what watch and sift share; nil in a folder that has none.
	canary *seal.CanaryKey

	mu     sync.Mutex       // guards all below, and sign
	next   *seal.SigningKey // nil: none waits for its root note
	host   Host
	keys   map[cell.Day]*dayKey
	st     *state
	looked cell.Day // on which it was seen that the host still has what it confirmed
	stale  bool     // the last save failed: memory and disk may differ, disk is read again first
}

// Open unlocks the folder that Create made. Day keys whose time is over are destroyed before
// anything is unlocked. Errors: ErrLocked, ErrUnlock, ErrState, ErrConfig.
func Open(dir string, u Unlock, c Config) (*Sift, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s, err := open(disk{dir}, u, c)
	if err != nil {
		lock.Close()
		return nil, err
	}
	s.lock = lock
	// What stretching a passphrase took, 256 MiB, goes back; else the collector would measure
	// by it what sift may take from now on, day after day.
	debug.FreeOSMemory()
	return s, nil
}

func open(f files, u Unlock, c Config) (*Sift, error) {
	s := &Sift{cfg: c, files: f}
	if _, err := destroyExpired(f, cell.DayOf(c.Now())); err != nil {
		return nil, err
	}
	var err error
	if s.box, err = openBox(f, u); err != nil {
		return nil, err
	}
	if s.sign, err = readSeed(f, s.box, signFile); err != nil {
		return nil, err
	}
	if err := s.readNext(); err != nil {
		return nil, err
	}
	token, err := s.box.read(f, tokenFile)
	if err != nil {
		return nil, err
	}
	s.token = string(token)
	if s.canary, err = readCanaryKey(f, s.box); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		s.endKeys()
		return nil, err
	}
	return s, nil
}

// load takes state and day keys from disk, and clears away what a crash left half-written.
func (s *Sift) load() error {
	for _, folder := range []string{keysFolder, poolFolder, outboxFolder} {
		if err := s.files.sync(folder); err != nil {
			return err
		}
	}
	raw, err := s.box.read(s.files, stateFile)
	if err != nil {
		return err
	}
	st, err := parseState(raw)
	if err != nil {
		return err
	}
	// By the newest day that has begun: the clock may have gone back meanwhile.
	if _, err := destroyExpired(s.files, st.day); err != nil {
		return err
	}
	if _, err := s.retire(st); err != nil { // a crash may have come between drain and death
		return err
	}
	if err := s.loadKeys(); err != nil {
		return err
	}
	s.st = st
	if err := s.sweep(); err != nil {
		return err
	}
	s.stale = false
	return nil
}

// sweep removes what a crash left in pool and outbox and the state does not name. It was
// never put at the host: only what the state names is. Beside the folders, what is half-written.
func (s *Sift) sweep() error {
	named := map[string]bool{stateFile: true}
	for _, o := range s.st.outbox {
		named[o.file()] = true
	}
	for _, folder := range []string{"", poolFolder, outboxFolder} {
		names, err := s.files.list(folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			if named[name] || folder == "" && !halfWritten(name) {
				continue
			}
			if err := s.files.destroy(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// save makes the state durable. After an error nobody knows which state the disk holds:
// nothing more is done before load has read it.
func (s *Sift) save() error {
	if err := s.box.write(s.files, stateFile, s.st.marshal()); err != nil {
		s.stale = true
		return err
	}
	return nil
}

// Public is the key that verifies sift's notes; the root note must name it.
func (s *Sift) Public() seal.VerifyKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sign.Public()
}

// Close ends the processes that hold keys, and frees the folder.
func (s *Sift) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sign.Wipe()
	if s.next != nil {
		s.next.Wipe()
	}
	s.endKeys()
	s.keys, s.st, s.token = nil, nil, ""
	s.stale = true
	if s.lock == nil {
		return nil
	}
	err := s.lock.Close()
	s.lock = nil
	return err
}

func (c *Config) check() error {
	if c.Batch == 0 {
		c.Batch = cell.DefaultBatch
	}
	if c.Slots == 0 {
		c.Slots = cell.DefaultSlots
	}
	if c.Desks == 0 {
		c.Desks = 1
	}
	if c.Quota == 0 {
		c.Quota = store.DefaultQuota
	}
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	for _, f := range []struct {
		name      string
		v, lo, hi int
	}{
		{"batch", c.Batch, 1, cell.MaxBatch},
		{"slots", c.Slots, cell.MinSlots, cell.MaxSlots},
		{"desks", c.Desks, 1, cell.MaxDesks},
		{"difficulty", int(c.Difficulty), 0, cell.MaxDifficulty},
		{"quota", c.Quota, 1, 1 << 24},
		{"workers", c.Workers, 1, 1024},
		{"canaries", c.Canaries, 0, 1 << 16},
		{"isolation", int(c.Isolation), 0, int(InProcess)},
	} {
		if f.v < f.lo || f.v > f.hi {
			return fmt.Errorf("%w: %s is %d, not %d…%d", ErrConfig, f.name, f.v, f.lo, f.hi)
		}
	}
	if c.Now == nil || c.Rand == nil || c.Connect == nil {
		return fmt.Errorf("%w: clock, randomness and Connect must be given", ErrConfig)
	}
	return nil
}
