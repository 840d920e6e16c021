package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"filippo.io/age"

	"kkachi/internal/desk/rules"
	"kkachi/internal/risk"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// Names of secrets in the vault's ring.
const (
	secretAge    = "device/age"  // the identity that batches are sealed to
	secretSign   = "device/sign" // seed of the desk's signing key
	secretRelays = "desk/relays" // keys the tokens of relays; one a newsroom
	relaysSize   = 32
)

// Public is what others need to know of a new desk: it goes into the devices note and the
// root note.
type Public struct {
	Recipient string // age1pq…
	Sign      seal.VerifyKey
}

// Create makes a new desk in cfg.Dir and closes it again: its vault, the device's age
// identity, its signing key and the secret of relays, and the files that a newsroom then edits:
// the house rules that it begins with, and an example of estimates, which lets nothing pass. Of
// cfg only Dir, Key, Now and Rand are used.
func Create(ctx context.Context, cfg Config) (Public, error) {
	v, err := vault.Create(cfg.Dir, cfg.Key, Projectors(), cfg.options())
	if err != nil {
		return Public{}, fmt.Errorf("desk: %w", err)
	}
	pub, err := furnish(v, cfg.Rand)
	if err := errors.Join(err, v.Close()); err != nil {
		return Public{}, err
	}
	for _, dir := range []string{notesDir, approversDir, outboxDir} {
		if err := os.MkdirAll(cfg.path(dir), 0o700); err != nil {
			return Public{}, fmt.Errorf("desk: %w", err)
		}
	}
	return pub, errors.Join(lay(cfg.path(RulesFile), rules.Default()), lay(cfg.path(EstimatesFile), []byte(risk.ExampleEstimates)))
}

// lay writes a file that is mended by hand from then on. One that somebody laid there before is his.
func lay(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, outboxPerm)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("desk: %w", err)
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("desk: %w", err)
	}
	return nil
}

func furnish(v *vault.Vault, random io.Reader) (Public, error) {
	id, err := age.GenerateHybridIdentity() // draws its own randomness
	if err != nil {
		return Public{}, fmt.Errorf("desk: %w", err)
	}
	sign, err := seal.NewSigningKey(seal.RoleDesk, random)
	if err != nil {
		return Public{}, fmt.Errorf("desk: %w", err)
	}
	defer sign.Wipe()
	relays := make([]byte, relaysSize)
	if _, err := io.ReadFull(random, relays); err != nil {
		return Public{}, fmt.Errorf("desk: randomness: %w", err)
	}
	seed := sign.Seed()
	for name, value := range map[string][]byte{
		secretAge: []byte(id.String()), secretSign: seed[:], secretRelays: relays,
	} {
		if err := v.PutSecret(name, value, 0); err != nil {
			return Public{}, fmt.Errorf("desk: %w", err)
		}
	}
	return Public{Recipient: id.Recipient().String(), Sign: sign.Public()}, nil
}

func (d *Desk) signingKey() (*seal.SigningKey, error) {
	b, err := d.v.Secret(secretSign)
	if err != nil {
		return nil, fmt.Errorf("desk: signing key: %w", err)
	}
	if len(b) != 32 {
		return nil, fmt.Errorf("desk: signing key of %d bytes", len(b))
	}
	return seal.SigningKeyFromSeed(seal.RoleDesk, [32]byte(b)), nil
}

// SignSite signs the manifest of a site with the desk's signing key, for press.
func (d *Desk) SignSite(n *seal.SiteNote) ([]byte, error) {
	key, err := d.signingKey()
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	raw, err := seal.SignSite(n, key)
	if err != nil {
		return nil, fmt.Errorf("desk: signing the site: %w", err)
	}
	return raw, nil
}
