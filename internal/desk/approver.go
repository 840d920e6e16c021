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
	seedSize    = ed25519.SeedSize
	maxWork     = 22 // the most that age's scrypt may cost, as a power of two
)

var approverName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// CreateApprover makes the key of an approver in the desk's folder and gives its public
// half, for the devices note. work is the cost of the passphrase as a power of two; 0 is
// age's own. It never overwrites a key.
func CreateApprover(dir, name string, passphrase []byte, work int, random io.Reader) (seal.VerifyKey, error) {
	if !approverName.MatchString(name) {
		return seal.VerifyKey{}, field("approver", "write a to z, 0 to 9 and hyphens, at most 32, beginning with a letter")
	}
	if len(passphrase) == 0 {
		return seal.VerifyKey{}, field("passphrase", "empty")
	}
	file := filepath.Join(dir, approversDir, name+approverExt)
	if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
		return seal.VerifyKey{}, field("approver", "%s has a key here already", name)
	}
	seed := make([]byte, seedSize)
	defer clear(seed)
	if _, err := io.ReadFull(random, seed); err != nil {
		return seal.VerifyKey{}, fmt.Errorf("desk: randomness: %w", err)
	}
	r, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return seal.VerifyKey{}, fmt.Errorf("desk: approver: %w", err)
	}
	if work > 0 {
		r.SetWorkFactor(work)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	if err != nil {
		return seal.VerifyKey{}, fmt.Errorf("desk: approver: %w", err)
	}
	if _, err := w.Write(seed); err != nil {
		return seal.VerifyKey{}, fmt.Errorf("desk: approver: %w", err)
	}
	if err := w.Close(); err != nil {
		return seal.VerifyKey{}, fmt.Errorf("desk: approver: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return seal.VerifyKey{}, fmt.Errorf("desk: approver: %w", err)
	}
	if err := renameio.WriteFile(file, out.Bytes(), outboxPerm); err != nil {
		return seal.VerifyKey{}, fmt.Errorf("desk: approver: %w", err)
	}
	return seal.VerifyKey(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)), nil
}

// LoadApprover opens an approver's key. It fails with ErrPassphrase if the passphrase is
// not the key's. The caller wipes the key.
func LoadApprover(dir, name string, passphrase []byte) (ed25519.PrivateKey, error) {
	if !approverName.MatchString(name) {
		return nil, field("approver", "no such approver")
	}
	data, err := os.ReadFile(filepath.Join(dir, approversDir, name+approverExt))
	if errors.Is(err, os.ErrNotExist) {
		return nil, field("approver", "%s has no key at this desk", name)
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
	if err != nil {
		return nil, err
	}
	if !pub.Equal(key.Public()) {
		clear(key)
		return nil, field("approver", "the key of %s is not the one of the devices note", name)
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
