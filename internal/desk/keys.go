package desk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// Keys that live in the vault's ring: outside the log and outside undo, each with its end.
const (
	secretInbox   = "inbox/"  // + week, and -N if it was drawn anew: the seed of that week's inbox key
	secretThread  = "thread/" // + source: the chain of weekly keys, at most two weeks back
	secretMark    = "mark/"   // + source: tells the chain of a thread that was moved, whose key is destroyed
	MarkWeeks     = 520       // how far ahead of the present week the key is of which a mark is made
	secretStepped = "stepped" // the week to which all chains were stepped
	InboxDays     = 28        // an inbox key dies so many days after its week
	keptWeeks     = seal.WeeksKept
)

// root is the root note as it was brought here, whatever its age: it gives the newsroom's
// first week.
func (d *Desk) root() (*seal.RootNote, []byte, error) {
	raw, err := os.ReadFile(d.cfg.path(notesDir, RootNoteFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("desk: there is no root note yet: run kkachi root sign and bring %s to the desk's folder %s: %w", RootNoteFile, notesDir, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("desk: the root note: %w", err)
	}
	n, err := seal.ParseRoot(raw, d.cfg.Newsroom, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("desk: %s: %w", RootNoteFile, err)
	}
	return n, raw, nil
}

// tick brings keys to the present: steps weekly keys on, destroys what has ended, makes
// the inbox keys of this and the next week. Before there is a root note there are no weeks,
// and nothing to step.
func (d *Desk) tick(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.doubted {
		return nil
	}
	if err := d.rememberDay(); err != nil {
		return err
	}
	if _, err := d.v.PurgeSecrets(uint32(d.Today())); err != nil {
		return fmt.Errorf("desk: destroying what has ended: %w", err)
	}
	d.waitingChanged()
	root, _, err := d.root()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	week := cell.WeekOf(d.Today(), root.W0)
	if err := d.stepThreads(week); err != nil {
		return err
	}
	if err := d.forgetMoved(ctx); err != nil {
		return err
	}
	for _, w := range []cell.Week{week, week + 1} {
		if err := d.ensureInbox(w, root.W0); err != nil {
			return err
		}
	}
	if err := d.takeUp(root); err != nil {
		return err
	}
	return ctx.Err()
}

// stepThreads forgets weekly keys more than two weeks old (P15). What comes in is stepped
// already, so it is done once a week.
func (d *Desk) stepThreads(week cell.Week) error {
	done, err := d.v.Secret(secretStepped)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return fmt.Errorf("desk: weekly keys: %w", err)
	}
	now := binary.BigEndian.AppendUint16(nil, uint16(week))
	if bytes.Equal(done, now) {
		return nil
	}
	list, err := d.v.ListSecrets(secretThread)
	if err != nil {
		return fmt.Errorf("desk: weekly keys: %w", err)
	}
	for part := range slices.Chunk(list, 1000) {
		var stepped []vault.NamedSecret
		for _, s := range part {
			c, err := d.chainOf(s.Name)
			if err != nil {
				return err
			}
			if int(c.Week) >= int(week)-keptWeeks {
				continue
			}
			c.Advance(week)
			stepped = append(stepped, vault.NamedSecret{Name: s.Name, Value: c.Bytes(), NotAfter: s.NotAfter})
		}
		if err := d.v.PutSecrets(stepped...); err != nil {
			return fmt.Errorf("desk: weekly keys: %w", err)
		}
	}
	return d.v.PutSecret(secretStepped, now, 0)
}

// errChain is a chain of keys that was read and is none.
var errChain = errors.New("desk: weekly keys")

// chainOf reads the chain under a name of the ring.
func (d *Desk) chainOf(name string) (seal.Chain, error) {
	b, err := d.v.Secret(name)
	if err != nil {
		return seal.Chain{}, err
	}
	defer clear(b)
	c, err := seal.ParseChain(b)
	if err != nil {
		return seal.Chain{}, fmt.Errorf("%w: %w", errChain, err)
	}
	return c, nil
}

func (d *Desk) ensureInbox(w cell.Week, w0 uint32) error {
	b, err := d.v.Secret(inboxSecret(w, 0))
	if err == nil {
		clear(b)
		return nil
	}
	if !errors.Is(err, vault.ErrNotFound) {
		return fmt.Errorf("desk: inbox key: %w", err)
	}
	return d.putInbox(w, 0, w0)
}

// inboxSecret names the inbox key of a week: that of its turn, for it may be drawn anew.
func inboxSecret(w cell.Week, turn int) string {
	if turn == 0 {
		return fmt.Sprintf("%s%05d", secretInbox, w)
	}
	return fmt.Sprintf("%s%05d-%03d", secretInbox, w, turn)
}

func (d *Desk) putInbox(w cell.Week, turn int, w0 uint32) error {
	seed, err := seal.NewHPKESeed(d.cfg.Rand)
	if err != nil {
		return fmt.Errorf("desk: inbox key: %w", err)
	}
	defer seed.Wipe()
	return d.v.PutSecret(inboxSecret(w, turn), seed[:], uint32(lastDay(w, w0)+InboxDays))
}

func lastDay(w cell.Week, w0 uint32) cell.Day { return cell.Day((w0+uint32(w))*7 + 6) }

// An inbox is a living inbox key.
type inbox struct {
	week cell.Week
	turn int // how often it was drawn anew within its week
	dies cell.Day
	seed seal.HPKESeed
}

// inboxes gives the living inbox keys, oldest first. The caller wipes them.
func (d *Desk) inboxes() ([]inbox, error) {
	list, err := d.v.ListSecrets(secretInbox)
	if err != nil {
		return nil, fmt.Errorf("desk: inbox keys: %w", err)
	}
	var out []inbox
	for _, s := range list {
		digits, again, _ := strings.Cut(strings.TrimPrefix(s.Name, secretInbox), "-")
		w, err := strconv.ParseUint(digits, 10, 16)
		turn := 0
		if err == nil && again != "" {
			turn, err = strconv.Atoi(again)
		}
		if err != nil {
			return nil, fmt.Errorf("desk: inbox key %q: %w", s.Name, err)
		}
		b, err := d.v.Secret(s.Name)
		if err != nil {
			return nil, fmt.Errorf("desk: inbox keys: %w", err)
		}
		if len(b) != 32 {
			return nil, fmt.Errorf("desk: inbox key of week %d has %d bytes", w, len(b))
		}
		out = append(out, inbox{cell.Week(w), turn, cell.Day(s.NotAfter), seal.HPKESeed(b)})
		clear(b)
	}
	return out, nil
}
