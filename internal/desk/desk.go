package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/custody"
	"kkachi/internal/desk/rules"
	"kkachi/internal/lang"
	"kkachi/internal/release"
	"kkachi/internal/risk"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// A Host is what the desk needs of the host; *relay.Client is one. Errors are relay's:
// ErrNotFound for an object that isn't there, ErrConflict for other bytes under a name.
type Host interface {
	// PutObject is durable at the host when it returns. The same bytes again are no error.
	PutObject(ctx context.Context, name string, data []byte) error
	GetObject(ctx context.Context, name string) ([]byte, error)
	ListObjects(ctx context.Context, prefix string) ([]string, error)
	Notes(ctx context.Context) ([]byte, error)
	Bulletin(ctx context.Context) ([]byte, error)
}

// A Printer writes one page of a release as it would be printed. cmd hands in press's.
type Printer func(w io.Writer, r *release.Release, l Lang) error

// A Config is what a desk takes from the world.
type Config struct {
	Dir      string // the desk's folder: vault, notes/, approvers/, outbox/
	Key      vault.Key
	Newsroom seal.NewsroomID
	Name     string     // of the newsroom
	Address  string     // kkachi:ID@URL
	Number   uint8      // of this desk, 0 to cell.MaxDesks−1
	Desks    int        // how many desks share the bulletin; 0: 1
	Slots    int        // of the bulletin; 0: cell.DefaultSlots
	Ceiling  lang.Level // the finest attribution that needs no override
	Names    lang.Names // words that fill the levels where a story gives none
	Partners []Partner  // who takes over cases
	Host     Host       // nil: works without one
	Preview  Printer    // nil: no preview
	Now      func() time.Time
	// DateIsRight is a person's word that the clock is right though the desk was not open for
	// more than maxAway days. Without it nothing is destroyed until the host shows notes that
	// are valid today.
	DateIsRight bool
	Rand        io.Reader
	Progress    func(done, total int) // may be nil: while projections are rebuilt at Open
}

// A Desk is the newsroom's work over one vault. It may be used by several goroutines.
type Desk struct {
	cfg    Config
	v      *vault.Vault
	relays []byte // keys the tokens of relays

	custody *custody.Store // originals

	mu   sync.Mutex // held while a command looks and then appends
	sync sync.Mutex // one Sync at a time; taken before mu

	doubted bool // the clock may be wrong; guarded by mu

	house   rereadFile[[]rules.Rule]
	live    live
	numbers rereadFile[*risk.Estimates]
	budgets risk.Memory

	lastBoard atomic.Pointer[keptBoard]

	waiting sync.Mutex    // guards index; taken last
	index   *waitingIndex // nil: to be read anew
}

// Folders and files beside the vault's.
const (
	notesDir     = "notes"
	approversDir = "approvers"
	outboxDir    = "outbox"
	// RootNoteFile and DevicesNoteFile stand in the desk's folder notes: signed offline,
	// brought here by hand, put up to the host by the desk.
	RootNoteFile    = "root.note"
	DevicesNoteFile = "devices.note"
	// DeskNoteFile stands there too: made and signed by the desk itself.
	DeskNoteFile = "desk.note"
)

// Open opens the desk in cfg.Dir, steps weekly keys to the present and destroys what has
// ended. Nothing goes over the network until Sync.
func Open(ctx context.Context, cfg Config) (*Desk, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	v, err := vault.Open(cfg.Dir, cfg.Key, Projectors(), cfg.options())
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	d := &Desk{cfg: cfg, v: v}
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return d, nil
}

func (d *Desk) start(ctx context.Context) error {
	var err error
	if d.relays, err = d.v.Secret(secretRelays); err != nil {
		return fmt.Errorf("desk: the newsroom's secret for relays: %w", err)
	}
	if err := d.openCustody(); err != nil {
		return err
	}
	if err := d.doubtClock(); err != nil {
		return err
	}
	_ = d.takeBrought() // what is wrong with them is said at each exchange; the desk works on
	if err := d.tick(ctx); err != nil {
		return err
	}
	if d.cfg.Host == nil && !d.doubted { // nothing can come any more that takes an erasure back
		return d.destroyDue(ctx, d.Today(), false)
	}
	return nil
}

// Close closes the vault.
func (d *Desk) Close() error { return d.v.Close() }

// Vault is the vault under the desk, for verify, rebuild and backup.
func (d *Desk) Vault() *vault.Vault { return d.v }

// Today is the UTC day by the desk's clock.
func (d *Desk) Today() cell.Day { return cell.DayOf(d.cfg.Now()) }

func (c *Config) check() error {
	if c.Desks == 0 {
		c.Desks = 1
	}
	if c.Slots == 0 {
		c.Slots = cell.DefaultSlots
	}
	switch {
	case c.Dir == "" || c.Now == nil || c.Rand == nil:
		return errors.New("desk: a folder, a clock and a source of randomness are needed")
	case c.Desks < 1 || c.Desks > cell.MaxDesks:
		return fmt.Errorf("desk: %d desks, where 1 to %d can share a bulletin", c.Desks, cell.MaxDesks)
	case int(c.Number) >= c.Desks:
		return fmt.Errorf("desk: number %d of %d desks: numbers count from 0", c.Number, c.Desks)
	case !c.Ceiling.Valid():
		return fmt.Errorf("desk: ceiling %s is out of range", c.Ceiling)
	}
	return nil
}

func (c *Config) options() vault.Options {
	return vault.Options{Now: c.Now, Rand: c.Rand, Progress: c.Progress}
}

func (c *Config) path(parts ...string) string {
	return filepath.Join(append([]string{c.Dir}, parts...)...)
}
