package desk

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"filippo.io/age"
	"github.com/google/renameio/v2"

	"kkachi/internal/seal"
)

// An approver's key is an Ed25519 seed in an age file under the approver's own passphrase:
// DIR/desk/approvers/NAME.age. Whoever runs the desk can't approve without it.

const (
	approverExt = ".age"
	nextExt     = ".next" // before approverExt: a key that waits for its devices note
	seedSize    = ed25519.SeedSize
	maxWork     = 22 // the most that age's scrypt may cost, as a power of two
)

var approverName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// CreateApprover makes the key of an approver in the desk's folder and gives its public
// half, for the devices note. work is the cost of the passphrase as a power of two; 0 is
// age's own. It never overwrites a key.
func CreateApprover(dir, name string, passphrase []byte, work int, random io.Reader) (seal.VerifyKey, error) {
	file, err := approverFile(dir, name, false)
	if err != nil {
		return seal.VerifyKey{}, err
	}
	if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
		return seal.VerifyKey{}, field("approver", "%s has a key here already", name)
	}
	return drawApprover(file, passphrase, work, random)
}

// RenewApprover makes another key for an approver, who may have none here yet. The former one
// approves until the devices note names the new one, and the new one from then on.
func RenewApprover(dir, name string, passphrase []byte, work int, random io.Reader) (seal.VerifyKey, error) {
	file, err := approverFile(dir, name, false)
	if err != nil {
		return seal.VerifyKey{}, err
	}
	if _, err := os.Lstat(file); err == nil {
		if file, err = approverFile(dir, name, true); err != nil {
			return seal.VerifyKey{}, err
		}
	}
	return drawApprover(file, passphrase, work, random)
}

// RekeyApprover puts an approver's keys under another passphrase. It fails with ErrPassphrase
// if old opens none of them.
func RekeyApprover(dir, name string, old, passphrase []byte, work int) error {
	changed := false
	for _, next := range []bool{false, true} {
		file, err := approverFile(dir, name, next)
		if err != nil {
			return err
		}
		key, err := loadApprover(file, name, old)
		if errors.Is(err, ErrPassphrase) || errors.Is(err, errNoApprover) {
			continue
		}
		if err != nil {
			return err
		}
		err = writeApprover(file, key.Seed(), passphrase, work)
		clear(key)
		if err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return ErrPassphrase
	}
	return nil
}

// HasApprover says whether an approver of that name has a key in the desk's folder dir, or a next one.
func HasApprover(dir, name string) bool {
	for _, next := range []bool{false, true} {
		file, err := approverFile(dir, name, next)
		if err == nil {
			if _, err := os.Stat(file); err == nil {
				return true
			}
		}
	}
	return false
}

// approverFile is where an approver's key lies, or the one that waits for its devices note.
func approverFile(dir, name string, next bool) (string, error) {
	if !approverName.MatchString(name) {
		return "", field("approver", "write a to z, 0 to 9 and hyphens, at most 32, beginning with a letter")
	}
	if next {
		name += nextExt
	}
	return filepath.Join(dir, approversDir, name+approverExt), nil
}

func drawApprover(file string, passphrase []byte, work int, random io.Reader) (seal.VerifyKey, error) {
	seed := make([]byte, seedSize)
	defer clear(seed)
	if _, err := io.ReadFull(random, seed); err != nil {
		return seal.VerifyKey{}, fmt.Errorf("desk: randomness: %w", err)
	}
	if err := writeApprover(file, seed, passphrase, work); err != nil {
		return seal.VerifyKey{}, err
	}
	return seal.VerifyKey(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)), nil
}

func writeApprover(file string, seed, passphrase []byte, work int) error {
	if len(passphrase) == 0 {
		return field("passphrase", "empty")
	}
	r, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return fmt.Errorf("desk: approver: %w", err)
	}
	if work > 0 {
		r.SetWorkFactor(work)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	if err != nil {
		return fmt.Errorf("desk: approver: %w", err)
	}
	if _, err := w.Write(seed); err != nil {
		return fmt.Errorf("desk: approver: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("desk: approver: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("desk: approver: %w", err)
	}
	if err := renameio.WriteFile(file, out.Bytes(), outboxPerm); err != nil {
		return fmt.Errorf("desk: approver: %w", err)
	}
	return nil
}

// errNoApprover is a key that does not lie here.
var errNoApprover = errors.New("no key")

// LoadApprover opens an approver's key. It fails with ErrPassphrase if the passphrase is
// not the key's. The caller wipes the key.
func LoadApprover(dir, name string, passphrase []byte) (ed25519.PrivateKey, error) {
	if !approverName.MatchString(name) {
		return nil, field("approver", "no such approver")
	}
	file, err := approverFile(dir, name, false)
	if err != nil {
		return nil, err
	}
	key, err := loadApprover(file, name, passphrase)
	if errors.Is(err, errNoApprover) {
		return nil, field("approver", "%s has no key at this desk", name)
	}
	return key, err
}

func loadApprover(file, name string, passphrase []byte) (ed25519.PrivateKey, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errNoApprover
	}
	if err != nil {
		return nil, fmt.Errorf("desk: approver: %w", err)
	}
	if len(passphrase) == 0 {
		return nil, ErrPassphrase
	}
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("desk: approver: %w", err)
	}
	id.SetMaxWorkFactor(maxWork)
	r, err := age.Decrypt(bytes.NewReader(data), id)
	if _, wrong := errors.AsType[*age.NoIdentityMatchError](err); wrong {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, fmt.Errorf("desk: the key of approver %s: %w", name, err)
	}
	seed, err := io.ReadAll(io.LimitReader(r, seedSize+1))
	defer clear(seed)
	if err != nil || len(seed) != seedSize {
		return nil, fmt.Errorf("desk: the key of approver %s is damaged", name)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// approver opens an approver's key and checks that it is the one of the devices note.
func (d *Desk) approver(name string, passphrase []byte) (ed25519.PrivateKey, error) {
	pubs, err := d.approvers()
	if err != nil {
		return nil, err
	}
	pub, ok := pubs[name]
	if !ok {
		return nil, field("approver", "%s is not in the devices note", name)
	}
	key, err := LoadApprover(d.cfg.Dir, name, passphrase)
	if err == nil && pub.Equal(key.Public()) {
		return key, nil
	}
	clear(key)
	next, nextErr := d.takeUpApprover(name, passphrase, pub)
	switch {
	case nextErr == nil:
		return next, nil
	case err != nil && errors.Is(nextErr, errNoApprover):
		return nil, err
	case errors.Is(nextErr, ErrPassphrase): // of the former it may be: the one that counts is the new one's
		return nil, ErrPassphrase
	}
	return nil, field("approver", "the key of %s is not the one of the devices note", name)
}

// takeUpApprover opens the key that waits for its devices note. If that names it now, it takes
// the former one's place.
func (d *Desk) takeUpApprover(name string, passphrase []byte, pub ed25519.PublicKey) (ed25519.PrivateKey, error) {
	file, err := approverFile(d.cfg.Dir, name, false)
	if err != nil {
		return nil, err
	}
	waits, err := approverFile(d.cfg.Dir, name, true)
	if err != nil {
		return nil, err
	}
	key, err := loadApprover(waits, name, passphrase)
	if err != nil {
		return nil, err
	}
	if !pub.Equal(key.Public()) {
		clear(key)
		return nil, errNoApprover
	}
	if err := errors.Join(os.Rename(waits, file), syncDir(filepath.Dir(file))); err != nil {
		clear(key)
		return nil, fmt.Errorf("desk: approver: %w", err)
	}
	return key, nil
}

// approvers gives the keys of those who may approve, from the devices note of today.
func (d *Desk) approvers() (map[string]ed25519.PublicKey, error) {
	n, _, err := d.devices(d.Today())
	if err != nil {
		return nil, err
	}
	out := make(map[string]ed25519.PublicKey, len(n.Approvers))
	for _, a := range n.Approvers {
		out[a.Name] = ed25519.PublicKey(a.Key[:])
	}
	return out, nil
}
