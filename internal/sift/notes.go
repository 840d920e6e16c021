package sift

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// Which note of state.seen.
const (
	rootNote = iota
	deskNote
	devicesNote
)

// newsroom are the newest verified notes that others signed.
type newsroom struct {
	rootRaw, deskRaw []byte
	root             *seal.RootNote
	desk             *seal.DeskNote
	devices          *seal.DevicesNote
}

// A missing note is what keeps a step from being done, in words for a person.
type missing struct{ what string }

func (m *missing) Error() string   { return "sift: " + m.what }
func (m *missing) Is(t error) bool { return t == ErrNoNotes }

// fetchNotes takes the newest root note, and with it the desk note. They are read once a run.
func (r *run) fetchNotes(ctx context.Context) (*newsroom, error) {
	if r.notes != nil {
		return r.notes, nil
	}
	n := &newsroom{}
	former, err := r.formerRoot()
	if err != nil {
		return nil, err
	}
	n.rootRaw, err = r.newest(ctx, rootNote, "root", func(raw []byte) (uint64, error) {
		note, err := seal.ParseRoot(raw, r.cfg.Newsroom, r.today)
		if err != nil {
			return 0, err
		}
		if former != nil && !note.Continues(former) {
			return 0, errSuccession
		}
		n.root = note
		return note.Serial, nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.release(former, n.root); err != nil {
		return nil, err
	}
	if err := errors.Join(r.keepRoot(former, n.root, n.rootRaw), r.takeUp(n.root)); err != nil {
		return nil, err
	}
	if !slices.Contains(n.root.SiftKeys, r.sign.Public()) {
		return nil, &missing{"the root note does not name this sift's signing key: let the editor in chief sign one that does (kkachi root sign)"}
	}
	n.deskRaw, err = r.newest(ctx, deskNote, "desk", func(raw []byte) (uint64, error) {
		note, err := seal.ParseDesk(raw, n.root, r.today)
		if err != nil {
			return 0, err
		}
		n.desk = note
		return note.Serial, nil
	})
	if err != nil {
		return nil, err
	}
	r.notes = n
	return n, nil
}

// release forgets which desk note was seen last, where the root note drops a desk's key: who
// holds that key could sign the greatest serial of all, and no other desk would ever come
// above it (P9). It is durable before the root note is kept, by which it is found once only.
func (r *run) release(former, root *seal.RootNote) error {
	if former == nil || !slices.ContainsFunc(former.DeskKeys, func(k seal.VerifyKey) bool { return !slices.Contains(root.DeskKeys, k) }) {
		return nil
	}
	r.st.seen[deskNote] = seenNote{}
	return r.save()
}

// fetchDevices takes the newest devices note besides; only a batch needs it.
func (r *run) fetchDevices(ctx context.Context) (*newsroom, error) {
	n, err := r.fetchNotes(ctx)
	if err != nil || n.devices != nil {
		return n, err
	}
	_, err = r.newest(ctx, devicesNote, "devices", func(raw []byte) (uint64, error) {
		note, err := seal.ParseDevices(raw, n.root, r.today)
		if err != nil {
			return 0, err
		}
		n.devices = note
		return note.Serial, nil
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

// newest reads the note of a kind with the highest serial that verifies. One that is older
// than a note seen before is never taken, nor another with the same serial (P10). What does
// not verify is passed over: whoever holds a desk's token can put it there.
func (r *run) newest(ctx context.Context, which int, kind string, parse func([]byte) (uint64, error)) ([]byte, error) {
	prefix := "note/" + kind + "/"
	names, err := r.host.ListObjects(ctx, prefix)
	if err != nil {
		return nil, err
	}
	serials := numbered(names, prefix)
	if len(serials) == 0 {
		return nil, &missing{fmt.Sprintf("no %s note stands at the host: let a desk sync", kind)}
	}
	seen := &r.st.seen[which]
	why := fmt.Errorf("sift: the host shows no %s note of serial %d or above, which was seen before", kind, seen.serial)
	for _, serial := range serials {
		if serial < seen.serial {
			break
		}
		raw, err := r.host.GetObject(ctx, prefix+strconv.FormatUint(serial, 10))
		if errors.Is(err, relay.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		hash := seal.HashNote(raw)
		within, err := parse(raw)
		switch {
		case err != nil:
			why = fmt.Errorf("sift: %s note %d: %w", kind, serial, err)
		case within != serial:
			why = fmt.Errorf("sift: %s note %d holds serial %d", kind, serial, within)
		case serial == seen.serial && hash != seen.hash:
			why = fmt.Errorf("sift: two %s notes have serial %d: somebody signs twice", kind, serial)
		case *seen == seenNote{serial, hash}:
			return raw, nil
		default:
			// Durable before anything is done by it: else a host could hide it from the next
			// start, and show the one before.
			*seen = seenNote{serial, hash}
			return raw, r.save()
		}
	}
	if errors.Is(why, seal.ErrExpired) {
		return nil, &missing{fmt.Sprintf("the newest %s note has expired: let it be signed anew", kind)}
	}
	return nil, why
}

// numbered gives the numbers that stand behind prefix, highest first.
func numbered(names []string, prefix string) []uint64 {
	var out []uint64
	for _, name := range names {
		digits, ok := strings.CutPrefix(name, prefix)
		n, err := strconv.ParseUint(digits, 10, 64)
		if ok && err == nil && strconv.FormatUint(n, 10) == digits {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out
}

// publish builds the bulletin and the notes of today, unless that is done, and puts them.
func (r *run) publish(ctx context.Context) error {
	if r.st.noteDay == r.today {
		return nil // flush puts them until they stand, and again if the host lost them
	}
	n, err := r.fetchNotes(ctx)
	if err != nil {
		return err
	}
	if err := r.adopt(ctx, n.root); err != nil {
		return err
	}
	desks, bulletin, err := r.bulletin(ctx)
	if err != nil {
		return err
	}
	if len(r.stood) == len(bulletin) {
		bulletin = r.stood
	}
	if err := r.over(ctx); err != nil { // no key is made and no note signed for a day that is over
		return err
	}
	r.harden(ctx)
	for d := r.today; d <= r.today+KeyAhead; d++ {
		if err := r.makeKey(d); err != nil {
			return err
		}
	}
	r.takeSize()
	now, note, hash, err := r.buildNow(n, bulletin)
	if err != nil {
		return err
	}
	if err := r.files.write(nowFile, now); err != nil {
		r.stale = true
		return fmt.Errorf("sift: write %s: %w", nowFile, err)
	}
	if err := r.stage(nowPrefix+strconv.FormatUint(note.Serial, 10), now); err != nil {
		return err
	}
	st := r.st
	st.desks, st.serial, st.noteDay, st.previous, st.bulletins = desks, note.Serial, r.today, &hash, note.Bulletins
	if err := r.save(); err != nil {
		return err
	}
	return r.flush(ctx)
}

// buildNow signs the sift note and lays out what the host switches to. It is read back as a
// client would read it: what a client refuses is not published.
func (r *run) buildNow(n *newsroom, b cell.Bulletin) (now []byte, note *seal.SiftNote, hash [32]byte, err error) {
	note = &seal.SiftNote{
		Newsroom: r.cfg.Newsroom, Serial: r.st.serial + 1,
		Issued: r.today, Expires: r.today + seal.SiftLife,
		Previous: r.st.previous,
		Root:     seal.HashNote(n.rootRaw), Desk: seal.HashNote(n.deskRaw),
		Batch: uint32(r.batchSize()), Slots: uint32(r.cfg.Slots),
		Bulletins: []seal.BulletinHash{{Day: r.today, Hash: b.Hash()}},
	}
	if r.st.crowdDay+2 >= r.today { // that of the day before yesterday: yesterday is not drained yet
		note.Crowd = r.st.crowd
	}
	r.report.Crowd = note.Crowd
	for _, former := range r.st.bulletins {
		if former.Day < r.today && len(note.Bulletins) < seal.MaxBulletins {
			note.Bulletins = append(note.Bulletins, former)
		}
	}
	out := cell.Now{Serial: note.Serial, Bulletin: b}
	for d := r.today - 1; d <= r.today+KeyAhead; d++ {
		k := r.keys[d]
		if k == nil {
			continue // yesterday's, on the first day
		}
		// Cells sealed under the former note are good until its epoch ends: yesterday's
		// epoch is accepted on, though the note names its key no more.
		out.Epochs = append(out.Epochs, cell.EpochDifficulty{Epoch: d, D: k.d})
		if d >= r.today {
			note.Days = append(note.Days, seal.DayKey{Day: d, D: k.d, Key: *k.public})
			r.report.Stamp = k.d
		}
	}
	signed, err := seal.SignSift(note, r.sign)
	if err != nil {
		return nil, nil, hash, err
	}
	if out.Notes, err = seal.JoinNotes(n.rootRaw, n.deskRaw, signed); err != nil {
		return nil, nil, hash, err
	}
	if _, err := seal.VerifyNotes(out.Notes, r.cfg.Newsroom, r.today); err != nil {
		return nil, nil, hash, fmt.Errorf("sift: a client would refuse these notes: %w", err)
	}
	now, err = out.Marshal()
	return now, note, seal.HashNote(signed), err
}

// adopt goes on from the sift note that the host shows, if it is verified and its serial
// above ours: this folder is younger than the newsroom, or was restored from an older copy.
// Otherwise serials would not rise, and the host would refuse them.
func (r *run) adopt(ctx context.Context, root *seal.RootNote) error {
	now, err := r.host.CurrentNow(ctx)
	if errors.Is(err, relay.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	note, raw, named, ok := r.ownNote(now, root)
	if !ok {
		return nil // not a note of ours: the host's word alone changes nothing
	}
	hash := seal.HashNote(raw)
	o, waiting := r.waitingNow()
	// At the same serial ours goes on, unless the host refuses it because it has another.
	if note.Serial < r.st.serial || note.Serial == r.st.serial && (!waiting || hash == *r.st.previous) {
		return nil
	}
	r.st.serial, r.st.previous = note.Serial, &hash
	// Which bulletins stood is believed of a key that is named, and once, by a folder that has
	// published none, of one that was: else who stole it would go on choosing them.
	if named || len(r.st.bulletins) == 0 {
		r.st.bulletins = note.Bulletins
		if b := note.Bulletins[0]; b.Day == r.today && now.Bulletin.Hash() == b.Hash {
			r.stood = now.Bulletin // a day has one bulletin, whoever publishes it again (P13)
		}
	}
	if waiting {
		r.st.noteDay = 0 // ours can never stand: build another, above it
		return r.drop(o)
	}
	return nil
}

// ownNote is the sift note that the host shows, if a sift of this newsroom signed it: one that
// the present root note names, or one that the root note beside it named. A key that was stolen
// is named no more, and its notes have stood: the serials after it must be above.
func (r *run) ownNote(now *cell.Now, root *seal.RootNote) (note *seal.SiftNote, raw []byte, named, ok bool) {
	beside, _, raw, err := seal.SplitNotes(now.Notes)
	if err != nil {
		return nil, nil, false, false
	}
	note, err = seal.ParseSift(raw, root, 0)
	if named = err == nil; !named {
		then, rootErr := seal.ParseRoot(beside, r.cfg.Newsroom, 0)
		if rootErr != nil || !root.Continues(then) {
			return nil, nil, false, false
		}
		note, err = seal.ParseSift(raw, then, 0)
	}
	return note, raw, named, err == nil && note.Serial < seal.MaxSerial-SerialRoom
}

// superseded is called when the host refuses our now for good.
func (r *run) superseded(ctx context.Context) error {
	n, err := r.fetchNotes(ctx)
	if err != nil {
		return err
	}
	return r.adopt(ctx, n.root)
}
