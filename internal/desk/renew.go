package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"
	"github.com/google/renameio/v2"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// Renewing the desk's keys. The next signing key and the next device wait in the ring until
// the notes that the root key signs name them; the former ones live on as long as something
// under them may be on its way.

const (
	secretNextSign  = "device/sign-next"
	secretNextAge   = "device/age-next"
	secretFormerAge = "device/age-former/" // + day on which it was given up
	// DeviceDays is how long a device's former key still opens batches: as long as the host
	// keeps one (spec/05-host.md).
	DeviceDays = 35
)

// SigningKey is the key that signs the desk's notes now.
func (d *Desk) SigningKey() (seal.VerifyKey, error) {
	k, err := d.signingKey()
	if err != nil {
		return seal.VerifyKey{}, err
	}
	defer k.Wipe()
	return k.Public(), nil
}

// RenewSigning draws the desk's next signing key, and gives what the root note must name. The
// desk takes it up as soon as the root note in its folder does. Asked again before that, it
// gives the same key.
func (d *Desk) RenewSigning() (seal.VerifyKey, error) {
	next, err := d.nextSigning()
	if err != nil {
		return seal.VerifyKey{}, err
	}
	if next == nil {
		if next, err = seal.NewSigningKey(seal.RoleDesk, d.cfg.Rand); err != nil {
			return seal.VerifyKey{}, fmt.Errorf("desk: %w", err)
		}
		seed := next.Seed()
		defer clear(seed[:])
		if err := d.v.PutSecret(secretNextSign, seed[:], 0); err != nil {
			return seal.VerifyKey{}, fmt.Errorf("desk: %w", err)
		}
	}
	defer next.Wipe()
	return next.Public(), nil
}

// nextSigning is nil if none waits.
func (d *Desk) nextSigning() (*seal.SigningKey, error) {
	b, err := d.v.Secret(secretNextSign)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("desk: the next signing key: %w", err)
	}
	defer clear(b)
	if len(b) != 32 {
		return nil, fmt.Errorf("desk: the next signing key has %d bytes", len(b))
	}
	return seal.SigningKeyFromSeed(seal.RoleDesk, [32]byte(b)), nil
}

// RenewDevice draws the next age identity of this device, and gives its recipient and the name
// under which the devices note knows the device. Asked again, it gives the same.
func (d *Desk) RenewDevice() (name, recipient string, err error) {
	id, err := d.identity(secretNextAge)
	if errors.Is(err, vault.ErrNotFound) {
		if id, err = age.GenerateHybridIdentity(); err == nil { // draws its own randomness
			err = d.v.PutSecret(secretNextAge, []byte(id.String()), 0)
		}
	}
	if err != nil {
		return "", "", fmt.Errorf("desk: the next device key: %w", err)
	}
	present, err := d.identity(secretAge)
	if err != nil {
		return "", "", fmt.Errorf("desk: the device's age identity: %w", err)
	}
	n, _, err := d.devices(0)
	if err != nil {
		return "", "", err
	}
	for _, dev := range n.Devices {
		if dev.Recipient == present.Recipient().String() {
			return dev.Name, id.Recipient().String(), nil
		}
	}
	return "", "", errors.New("desk: the devices note does not name this device")
}

// GiveUpNext gives up the next keys that wait: somebody else may have them, if they were drawn
// before a seizure. The next device key still opens what was sealed to it, as a former one does.
func (d *Desk) GiveUpNext() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	id, err := d.identity(secretNextAge)
	switch {
	case err == nil:
		day := d.Today()
		name := secretFormerAge + strconv.FormatUint(uint64(day), 10) + "-next"
		err = d.v.PutSecret(name, []byte(id.String()), uint32(day+DeviceDays))
	case errors.Is(err, vault.ErrNotFound):
		err = nil
	}
	if err != nil {
		return fmt.Errorf("desk: the next device key: %w", err)
	}
	if err := d.v.DeleteSecrets(secretNextAge, secretNextSign); err != nil {
		return fmt.Errorf("desk: giving up the next keys: %w", err)
	}
	return nil
}

func (d *Desk) identity(secret string) (*age.HybridIdentity, error) {
	b, err := d.v.Secret(secret)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	id, err := age.ParseHybridIdentity(string(b))
	if err != nil {
		return nil, fmt.Errorf("the secret %s can't be read", secret) // never its words
	}
	return id, nil
}

// identities are all that open batches at this desk: sift seals to the next one as soon as it
// sees the devices note, and sealed to the former one before.
func (d *Desk) identities() ([]age.Identity, error) {
	present, err := d.identity(secretAge)
	if err != nil {
		return nil, fmt.Errorf("desk: the device's age identity: %w", err)
	}
	out := []age.Identity{present}
	former, err := d.v.ListSecrets(secretFormerAge)
	if err != nil {
		return nil, fmt.Errorf("desk: former device keys: %w", err)
	}
	for _, s := range append(former, vault.SecretInfo{Name: secretNextAge}) {
		id, err := d.identity(s.Name)
		if errors.Is(err, vault.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("desk: device keys: %w", err)
		}
		out = append(out, id)
	}
	return out, nil
}

// RenewInbox draws other inbox keys of this and the next week: those before were seen by
// somebody. They stand in the desk note from the next exchange on. The former ones live to
// their end, for letters that are sealed to them.
func (d *Desk) RenewInbox() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	root, _, err := d.root()
	if err != nil {
		return err
	}
	boxes, err := d.inboxes()
	if err != nil {
		return err
	}
	last := map[cell.Week]int{}
	for i := range boxes {
		last[boxes[i].week] = max(last[boxes[i].week], boxes[i].turn)
		boxes[i].seed.Wipe()
	}
	week := cell.WeekOf(d.Today(), root.W0)
	for _, w := range []cell.Week{week, week + 1} {
		if err := d.putInbox(w, last[w]+1, root.W0); err != nil {
			return err
		}
	}
	return nil
}

// takeUp puts the next keys in their places once the notes in the folder name them. d.mu is
// held. Each step may be broken off and is found again.
func (d *Desk) takeUp(root *seal.RootNote) error {
	next, err := d.nextSigning()
	if err != nil {
		return err
	}
	if next != nil {
		defer next.Wipe()
		if slices.Contains(root.DeskKeys, next.Public()) {
			seed := next.Seed()
			defer clear(seed[:])
			if err := errors.Join(d.v.PutSecret(secretSign, seed[:], 0), d.v.DeleteSecret(secretNextSign)); err != nil {
				return fmt.Errorf("desk: taking up the next signing key: %w", err)
			}
		}
	}
	return d.takeUpDevice()
}

func (d *Desk) takeUpDevice() error {
	id, err := d.identity(secretNextAge)
	if errors.Is(err, vault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("desk: the next device key: %w", err)
	}
	n, _, err := d.devices(0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(n.Devices, func(x seal.Device) bool { return x.Recipient == id.Recipient().String() }) {
		return nil
	}
	present, err := d.identity(secretAge)
	if err != nil {
		return fmt.Errorf("desk: the device's age identity: %w", err)
	}
	if present.String() != id.String() {
		name := secretFormerAge + strconv.FormatUint(uint64(d.Today()), 10)
		if err := d.v.PutSecret(name, []byte(present.String()), uint32(d.Today()+DeviceDays)); err != nil {
			return fmt.Errorf("desk: keeping the former device key: %w", err)
		}
	}
	if err := errors.Join(d.v.PutSecret(secretAge, []byte(id.String()), 0), d.v.DeleteSecret(secretNextAge)); err != nil {
		return fmt.Errorf("desk: taking up the next device key: %w", err)
	}
	return nil
}

// rootIfAny is the root note of the folder, nil if there is none yet.
func (d *Desk) rootIfAny() (*seal.RootNote, error) {
	n, _, err := d.root()
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return n, err
}

// fetchNotes takes root and devices note from the host if it has later ones than this folder,
// or this folder has none: a desk that was restored begins with nothing else. They are
// believed only as the newsroom's root key signed them, and in the succession that is known.
func (d *Desk) fetchNotes(ctx context.Context) error {
	present, err := d.rootIfAny()
	if err != nil {
		return err
	}
	names, err := d.cfg.Host.ListObjects(ctx, rootPrefix)
	if err != nil {
		return fmt.Errorf("desk: listing %s: %w", rootPrefix, err)
	}
	var serials []uint64
	for _, name := range names {
		n, err := strconv.ParseUint(strings.TrimPrefix(name, rootPrefix), 10, 64)
		if err == nil && (present == nil || n > present.Serial) {
			serials = append(serials, n)
		}
	}
	slices.Sort(serials)
	for _, serial := range slices.Backward(serials) {
		ok, err := d.fetchPair(ctx, serial, present)
		if ok || err != nil {
			return err
		}
	}
	return nil
}

// fetchPair takes the two notes of a serial from the host.
func (d *Desk) fetchPair(ctx context.Context, serial uint64, present *seal.RootNote) (bool, error) {
	number := strconv.FormatUint(serial, 10)
	root, err := d.cfg.Host.GetObject(ctx, rootPrefix+number)
	if err != nil {
		return false, fmt.Errorf("desk: %s%s: %w", rootPrefix, number, err)
	}
	devices, err := d.cfg.Host.GetObject(ctx, devicesPrefix+number)
	if err != nil {
		return false, nil // the other half is on its way, or lost: the next signing brings both
	}
	return d.takePair(root, devices, present)
}

// takeBrought takes the newest pair of notes that was carried into the folder under the names
// that root sign gave them, root-N and devices-N, and clears those away. They are believed as
// those of the host are.
func (d *Desk) takeBrought() error {
	dir := d.cfg.path(notesDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("desk: notes: %w", err)
	}
	present, err := d.rootIfAny()
	if err != nil {
		return err
	}
	var best uint64
	var names []string
	for _, e := range entries {
		kind, digits, _ := strings.Cut(e.Name(), "-")
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || kind != "root" && kind != "devices" {
			continue
		}
		names = append(names, e.Name())
		if kind == "root" {
			best = max(best, n)
		}
	}
	if len(names) == 0 {
		return nil
	}
	if err := d.behind(best, present); err != nil {
		return err
	}
	if present == nil || best > present.Serial {
		number := strconv.FormatUint(best, 10)
		root, err := os.ReadFile(d.cfg.path(notesDir, "root-"+number))
		if err != nil {
			return fmt.Errorf("desk: notes: %w", err)
		}
		devices, err := os.ReadFile(d.cfg.path(notesDir, "devices-"+number))
		if err != nil {
			return fmt.Errorf("desk: notes: bring devices-%s beside root-%s: %w", number, number, err)
		}
		ok, err := d.takePair(root, devices, present)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("desk: notes: root-%s and devices-%s are not this newsroom's, or have ended, or another root key signed them: remove them", number, number)
		}
	}
	for _, name := range names {
		if err := os.Remove(d.cfg.path(notesDir, name)); err != nil {
			return fmt.Errorf("desk: notes: %w", err)
		}
	}
	return nil
}

// behind notices that somebody signed with a stick which did not have the newest notes: there
// would be two with one serial, and watchers would call that proof of a second directory.
func (d *Desk) behind(serial uint64, present *seal.RootNote) error {
	if present == nil || serial > present.Serial {
		return nil
	}
	number := strconv.FormatUint(serial, 10)
	brought, err := os.ReadFile(d.cfg.path(notesDir, "root-"+number))
	if err != nil {
		return fmt.Errorf("desk: notes: %w", err)
	}
	_, own, err := d.root()
	if err != nil || bytes.Equal(brought, own) {
		return err
	}
	return fmt.Errorf("desk: notes: root-%s does not follow the root note %d that stands here: the stick that signed it was behind. Remove it, copy %s and %s from here to that stick's root/notes, and sign again", number, present.Serial, RootNoteFile, DevicesNoteFile)
}

// takePair puts a root note and a devices note into their places, if they are of one serial,
// hold today, and go on from the present ones. Errors are of the disk only.
func (d *Desk) takePair(rootRaw, raw []byte, present *seal.RootNote) (bool, error) {
	root, err := seal.ParseRoot(rootRaw, d.cfg.Newsroom, d.Today())
	if err != nil || present != nil && (root.Serial <= present.Serial || !root.Continues(present)) {
		return false, nil // whoever holds a desk's token can put it at the host
	}
	if n, err := seal.ParseDevices(raw, root, d.Today()); err != nil || n.Serial != root.Serial {
		return false, nil
	}
	// The root note is written last: as long as the former one stands, both are taken anew.
	dir := d.cfg.path(notesDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false, fmt.Errorf("desk: notes: %w", err)
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{DevicesNoteFile, raw}, {RootNoteFile, rootRaw}} {
		if err := renameio.WriteFile(d.cfg.path(notesDir, f.name), f.data, outboxPerm); err != nil {
			return false, fmt.Errorf("desk: %s: %w", f.name, err)
		}
		if err := syncDir(dir); err != nil {
			return false, err
		}
	}
	return true, nil
}
