package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"

	"kkachi/internal/seal"
)

// rootKeyFile holds the seed of the root key, as an age file under a passphrase (scrypt).
const rootKeyFile = "root.age"

// rootKeyHead begins what is inside, so that another age file is not taken for it; before its
// number stands what each version begins with.
const (
	rootKeyAny  = "kkachi root key "
	rootKeyHead = rootKeyAny + "1 "
)

var errRootKey = errors.New("not a root key")

// sealRootKey encrypts the root key under a passphrase. work is its cost as a power of
// two; 0 is age's own.
func sealRootKey(key *seal.SigningKey, passphrase []byte, work int) ([]byte, error) {
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, err
	}
	if work > 0 {
		to.SetWorkFactor(work)
	}
	var out bytes.Buffer
	in, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	seed := key.Seed()
	if _, err := io.WriteString(in, rootKeyHead+base64.StdEncoding.EncodeToString(seed[:])+"\n"); err != nil {
		return nil, err
	}
	if err := in.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// openRootKey reads the root key from a file.
func openRootKey(path string, passphrase []byte) (*seal.SigningKey, error) {
	sealed, err := os.ReadFile(path)
	if err != nil {
		return nil, bad(err, "bring the stick with root/ to this machine")
	}
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, bad(err, "")
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		var no *age.NoIdentityMatchError
		if errors.As(err, &no) {
			return nil, bad(fmt.Errorf("%s: wrong passphrase", path), "the passphrase is the root key's: from init, succeed or renew, whichever was last")
		}
		return nil, bad(fmt.Errorf("%s: %w", path, err), "the file is damaged: take it from its copy")
	}
	text, err := io.ReadAll(io.LimitReader(r, 256))
	if err != nil {
		return nil, bad(fmt.Errorf("%s: %w", path, err), "the file is damaged: take it from its copy")
	}
	defer clear(text)
	rest, ok := bytes.CutPrefix(bytes.TrimSuffix(text, []byte("\n")), []byte(rootKeyHead))
	seed, err := base64.StdEncoding.Strict().DecodeString(string(rest))
	if !ok && bytes.HasPrefix(text, []byte(rootKeyAny)) {
		number, _, _ := bytes.Cut(text[len(rootKeyAny):], []byte(" "))
		return nil, bad(fmt.Errorf("%s: it is of format %.4s, and this kkachi knows 1", path, number), "use the kkachi that wrote it")
	}
	if !ok || err != nil || len(seed) != 32 {
		return nil, bad(fmt.Errorf("%s: %w", path, errRootKey), "")
	}
	return seal.SigningKeyFromSeed(seal.RoleRoot, [32]byte(seed)), nil
}
