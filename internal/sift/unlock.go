package sift

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"

	"kkachi/internal/seal"
)

// Unlock is what a person brings to open the folder: it lies nowhere in it. Passphrase and
// KeyFile make it.
type Unlock struct {
	identity  age.Identity
	recipient age.Recipient
}

// Passphrase unlocks by a passphrase (scrypt, by age: about a second of work). It fails on
// an empty one.
func Passphrase(p []byte) (Unlock, error) {
	r, err := age.NewScryptRecipient(string(p))
	if err != nil {
		return Unlock{}, errors.New("sift: the passphrase is empty")
	}
	i, err := age.NewScryptIdentity(string(p))
	if err != nil {
		return Unlock{}, errors.New("sift: the passphrase is empty")
	}
	return Unlock{i, r}, nil
}

// KeyFile unlocks by the content of a file that NewKeyFile made. Only a post-quantum
// identity is taken (P3).
func KeyFile(content []byte) (Unlock, error) {
	i, err := age.ParseHybridIdentity(strings.TrimSpace(string(content)))
	if err != nil {
		return Unlock{}, errors.New("sift: the key file holds no post-quantum age identity (AGE-SECRET-KEY-PQ-1…)")
	}
	return Unlock{i, i.Recipient()}, nil
}

// NewKeyFile makes the content of a key file: one line of text, a post-quantum age identity.
// It belongs on another medium than the folder. age draws its own randomness.
func NewKeyFile() ([]byte, error) {
	i, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, fmt.Errorf("sift: make a key file: %w", err)
	}
	return []byte(i.String() + "\n"), nil
}

// CreateOptions is what a new folder is made of.
type CreateOptions struct {
	Token string // sift's bearer token at the host; kept encrypted
	Rand  io.Reader
}

// Create lays out the folder dir: signing key, token, an empty state, and the folder's own
// key under the unlock key, which is written last: without it there is no folder. It returns
// the key that the root note must name. It fails with ErrExists if dir already holds keys.
func Create(dir string, u Unlock, o CreateOptions) (seal.VerifyKey, error) {
	var none seal.VerifyKey
	f := disk{dir}
	for _, folder := range []string{"", keysFolder, poolFolder, outboxFolder} {
		if err := os.MkdirAll(f.path(folder), 0o700); err != nil {
			return none, fmt.Errorf("sift: %w", err)
		}
	}
	lock, err := lockDir(dir)
	if err != nil {
		return none, err
	}
	defer lock.Close()
	if _, err := f.read(unlockFile); err == nil {
		return none, fmt.Errorf("%w: %s", ErrExists, dir)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return none, fmt.Errorf("sift: %w", err)
	}
	own, err := age.GenerateHybridIdentity()
	if err != nil {
		return none, fmt.Errorf("sift: make the folder's key: %w", err)
	}
	sign, err := seal.NewSigningKey(seal.RoleSift, o.Rand)
	if err != nil {
		return none, err
	}
	defer sign.Wipe()
	seed := sign.Seed()
	canary, err := seal.NewCanaryKey(o.Rand)
	if err != nil {
		return none, err
	}
	b := newBox(own)
	for _, file := range []struct {
		name string
		data []byte
	}{
		{tokenFile, []byte(o.Token)},
		{signFile, seed[:]},
		{stateFile, newState().marshal()},
		{canaryFile, canary[:]},
	} {
		if err := b.write(f, file.name, file.data); err != nil {
			return none, err
		}
	}
	sealed, err := encrypt([]byte(own.String()), u.recipient)
	if err != nil {
		return none, err
	}
	err = f.write(unlockFile, sealed)
	if err == nil {
		err = f.sync("")
	}
	if err != nil { // else the next try would find a folder whose key nobody was told
		return none, fmt.Errorf("sift: write %s: %w", unlockFile, errors.Join(err, f.destroy(unlockFile)))
	}
	return sign.Public(), nil
}

// A box encrypts the folder's files to the folder's own key, and opens them.
type box struct {
	own *age.HybridIdentity // as children are handed it
	by  age.Identity        // the same
	to  age.Recipient
}

func newBox(own *age.HybridIdentity) box { return box{own, own, own.Recipient()} }

func openBox(f files, u Unlock) (box, error) {
	sealed, err := f.read(unlockFile)
	if err != nil {
		return box{}, fmt.Errorf("sift: %w", err)
	}
	if u.identity == nil {
		return box{}, fmt.Errorf("%w: none was given", ErrUnlock)
	}
	text, err := decrypt(sealed, u.identity)
	if err != nil {
		return box{}, fmt.Errorf("%w: %s", ErrUnlock, unlockFile)
	}
	own, err := age.ParseHybridIdentity(string(text))
	if err != nil {
		return box{}, fmt.Errorf("%w: %s", ErrState, unlockFile)
	}
	return newBox(own), nil
}

func (b box) write(f files, name string, data []byte) error {
	sealed, err := encrypt(data, b.to)
	if err != nil {
		return err
	}
	if err := f.write(name, sealed); err != nil {
		return fmt.Errorf("sift: write %s: %w", name, err)
	}
	return nil
}

func (b box) read(f files, name string) ([]byte, error) {
	sealed, err := f.read(name)
	if err != nil {
		return nil, fmt.Errorf("sift: read %s: %w", name, err)
	}
	data, err := decrypt(sealed, b.by)
	if err != nil {
		return nil, fmt.Errorf("%w: %s does not decrypt: it is damaged, or of another folder", ErrState, name)
	}
	return data, nil
}

func readSeed(f files, b box, name string) (*seal.SigningKey, error) {
	seed, err := b.read(f, name)
	if err != nil {
		return nil, err
	}
	if len(seed) != 32 {
		return nil, fmt.Errorf("%w: %s", ErrState, name)
	}
	defer clear(seed)
	return seal.SigningKeyFromSeed(seal.RoleSift, [32]byte(seed)), nil
}

func encrypt(data []byte, to ...age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	if err != nil {
		return nil, fmt.Errorf("sift: encrypt: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("sift: encrypt: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("sift: encrypt: %w", err)
	}
	return out.Bytes(), nil
}

func decrypt(sealed []byte, with age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
