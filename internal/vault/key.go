package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/google/renameio/v2"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Parameters of keys (spec/07-log.md, section 5).
const (
	Format      = 2         // of the folder; a higher one is refused, a lower one upgraded
	KeySize     = 32        // bytes of every symmetric key
	SaltSize    = 32        // bytes of Argon2id's salt
	ArgonTime   = 3         // passes
	ArgonMemory = 64 * 1024 // KiB
	ArgonLanes  = 1
)

// A Key unlocks a vault: a passphrase, or the 32 bytes of a key file.
type Key struct {
	passphrase []byte
	file       []byte
}

// Passphrase makes a Key of a passphrase, in Unicode form NFC, so that it opens the vault
// whatever keyboard it was typed on. An empty one is refused.
func Passphrase(p []byte) (Key, error) {
	if len(p) == 0 {
		return Key{}, errors.New("vault: the passphrase is empty")
	}
	return Key{passphrase: norm.NFC.Append(nil, p...)}, nil
}

// NewKey draws a key that stands nowhere but in this process: what it seals can be opened by
// nobody once it is wiped, or the process has ended in whatever way.
func NewKey(rand io.Reader) (Key, error) {
	key := make([]byte, KeySize)
	if _, err := io.ReadFull(rand, key); err != nil {
		return Key{}, fmt.Errorf("vault: randomness: %w", err)
	}
	return Key{file: key}, nil
}

// NewKeyFile writes a new key file: 64 hexadecimal digits and a line feed. It never
// overwrites, and leaves no file where it fails.
func NewKeyFile(path string, rand io.Reader) error {
	key := make([]byte, KeySize)
	defer clear(key)
	if _, err := io.ReadFull(rand, key); err != nil {
		return fmt.Errorf("vault: randomness: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		if !errors.Is(err, os.ErrExist) {
			err = errors.Join(err, os.RemoveAll(path)) // it may have been made all the same
		}
		return fmt.Errorf("vault: key file: %w", err)
	}
	line := append(hex.AppendEncode(nil, key), '\n')
	defer clear(line)
	_, err = f.Write(line)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("vault: key file: %w", errors.Join(err, os.Remove(path)))
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// KeyFile reads a key file.
func KeyFile(path string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return Key{}, fmt.Errorf("vault: key file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 4*KeySize))
	if err != nil {
		return Key{}, fmt.Errorf("vault: key file: %w", err)
	}
	defer clear(b)
	digits := bytes.TrimRight(b, "\r\n")
	key := make([]byte, KeySize)
	if len(digits) != 2*KeySize {
		return Key{}, fmt.Errorf("vault: key file %s: not %d hexadecimal digits", path, 2*KeySize)
	}
	if _, err := hex.Decode(key, digits); err != nil {
		clear(key)
		return Key{}, fmt.Errorf("vault: key file %s: not %d hexadecimal digits", path, 2*KeySize)
	}
	return Key{file: key}, nil
}

// Wipe overwrites the key's bytes.
func (k Key) Wipe() {
	clear(k.passphrase)
	clear(k.file)
}

// String hides the key from every format verb.
func (k Key) String() string { return "vault key" }

// GoString hides the key from %#v.
func (k Key) GoString() string { return "vault key" }

// header is vault.toml, in clear: which kind of key opens the vault, and the vault's
// random master key sealed under it.
type header struct {
	Format int    `toml:"format"`
	Key    string `toml:"key"`  // "passphrase" or "file"
	Salt   string `toml:"salt"` // hexadecimal
	Master string `toml:"master"`
}

func (k Key) source() string {
	if k.passphrase != nil {
		return "passphrase"
	}
	return "file"
}

// stretch is the key that seals the master key.
func (k Key) stretch(salt []byte) (*[32]byte, error) {
	var out []byte
	switch {
	case k.passphrase != nil:
		out = argon2.IDKey(k.passphrase, salt, ArgonTime, ArgonMemory, ArgonLanes, KeySize)
	case len(k.file) == KeySize:
		var err error
		if out, err = hkdf.Key(sha256.New, k.file, salt, "kkachi/1 vault key file", KeySize); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("vault: no key given")
	}
	return (*[32]byte)(out), nil
}

// newHeader draws a master key and seals it under key.
func newHeader(key Key, rand io.Reader) (*header, *[32]byte, error) {
	master := new([32]byte)
	if _, err := io.ReadFull(rand, master[:]); err != nil {
		return nil, nil, fmt.Errorf("vault: randomness: %w", err)
	}
	h, err := sealMaster(Format, key, master, rand)
	if err != nil {
		return nil, nil, err
	}
	return h, master, nil
}

func sealMaster(format int, key Key, master *[32]byte, rand io.Reader) (*header, error) {
	salt := make([]byte, SaltSize)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return nil, fmt.Errorf("vault: randomness: %w", err)
	}
	kek, err := key.stretch(salt)
	if err != nil {
		return nil, err
	}
	defer clear(kek[:])
	aead, err := newGCM(kek)
	if err != nil {
		return nil, err
	}
	h := &header{Format: format, Key: key.source(), Salt: hex.EncodeToString(salt)}
	// The key that seals is new with each salt, so the nonce may stand still.
	h.Master = hex.EncodeToString(aead.Seal(nil, make([]byte, nonceSize), master[:], h.aad()))
	return h, nil
}

func (h *header) aad() []byte {
	return fmt.Appendf(nil, "kkachi/1 vault\x00%d\x00%s\x00%s", h.Format, h.Key, h.Salt)
}

// open unseals the master key.
func (h *header) open(key Key) (*[32]byte, error) {
	salt, err := hex.DecodeString(h.Salt)
	if err != nil || len(salt) != SaltSize {
		return nil, fmt.Errorf("vault: %s: salt: not %d hexadecimal digits", headerFile, 2*SaltSize)
	}
	sealed, err := hex.DecodeString(h.Master)
	if err != nil || len(sealed) != KeySize+gcmTag {
		return nil, fmt.Errorf("vault: %s: master: not %d hexadecimal digits", headerFile, 2*(KeySize+gcmTag))
	}
	if key.source() != h.Key {
		return nil, fmt.Errorf("%w (it wants a %s)", ErrWrongKey, map[string]string{"file": "key file", "passphrase": "passphrase"}[h.Key])
	}
	kek, err := key.stretch(salt)
	if err != nil {
		return nil, err
	}
	defer clear(kek[:])
	aead, err := newGCM(kek)
	if err != nil {
		return nil, err
	}
	master, err := aead.Open(nil, make([]byte, nonceSize), sealed, h.aad())
	if err != nil {
		return nil, ErrWrongKey
	}
	return (*[32]byte)(master), nil
}

// readHeader reads a header of any format up to Format.
func readHeader(dir string) (*header, error) {
	path := filepath.Join(dir, headerFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", ErrNoVault, path)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	var version struct{ Format int } // read by itself: a newer header may differ in all else
	if _, err := toml.Decode(string(b), &version); err == nil && version.Format > Format {
		return nil, fmt.Errorf("%w: %s is of format %d, and this kkachi knows %d", ErrNewer, path, version.Format, Format)
	}
	var h header
	meta, err := toml.Decode(string(b), &h)
	switch {
	case err != nil || h.Format < 1:
		return nil, fmt.Errorf("vault: %s: not a header of format 1 to %d", path, Format)
	case len(meta.Undecoded()) > 0:
		return nil, fmt.Errorf("vault: %s: unknown field %q", path, meta.Undecoded()[0].String())
	case h.Key != "passphrase" && h.Key != "file":
		return nil, fmt.Errorf("vault: %s: key: not passphrase or file", path)
	}
	return &h, nil
}

// write puts the header into dir, whole and durable.
func (h *header) write(dir string) error {
	var b bytes.Buffer
	b.WriteString("# What opens this vault. No secret stands here, but without this file the vault is lost.\n")
	if err := toml.NewEncoder(&b).Encode(h); err != nil {
		return fmt.Errorf("vault: %s: %w", headerFile, err)
	}
	if err := renameio.WriteFile(filepath.Join(dir, headerFile), b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("vault: %s: %w", headerFile, err)
	}
	return errors.Join(sweepHeaders(dir), syncDir(dir))
}

// sweepHeaders removes what a write that was broken off left behind: it would yield to the key of
// its time.
func sweepHeaders(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "."+headerFile) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("vault: a %s that was broken off stays: %w", headerFile, err)
	}
	return nil
}

// Rekey lets another passphrase or key file open the vault in dir, which must be closed.
// The old one opens it no longer, but an old copy of vault.toml would still yield to it.
func Rekey(dir string, old, new Key, opts Options) error {
	if err := opts.check(); err != nil {
		return err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	h, err := readHeader(dir)
	if err != nil {
		return err
	}
	if err := current(dir, h.Format); err != nil {
		return err
	}
	master, err := h.open(old)
	if err != nil {
		return err
	}
	defer clear(master[:])
	if h, err = sealMaster(Format, new, master, opts.Rand); err != nil {
		return err
	}
	return h.write(dir)
}

// subkey is the part of the master key for one use.
func subkey(master *[32]byte, use string) ([32]byte, error) {
	k, err := hkdf.Expand(sha256.New, master[:], "kkachi/1 vault "+use, KeySize)
	if err != nil {
		return [32]byte{}, err
	}
	return [32]byte(k), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return nil
}
