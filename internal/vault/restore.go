package vault

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"filippo.io/age"
)

// ErrBackup stands before everything that is wrong with a backup.
var ErrBackup = errors.New("vault: the backup is cut, altered, or for another key")

// RestorePrefix begins the name of the folder beside dir in which a vault is restored. One that
// was killed meanwhile leaves it behind.
const RestorePrefix = ".restore-"

// Restore makes a vault in dir from a backup, under key (not the former one's, unless it is
// given again). dir must not exist or be empty. The vault is built beside dir, verified
// whole, and only then moved there; whatever fails, dir stays as it was. The restored vault
// writes under a new identity.
func Restore(ctx context.Context, r io.Reader, id age.Identity, dir string, key Key, opts Options) (Report, error) {
	if err := opts.check(); err != nil {
		return Report{}, err
	}
	if err := emptyDir(dir); err != nil {
		return Report{}, err
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return Report{}, fmt.Errorf("vault: restore: %w", err)
	}
	work, err := os.MkdirTemp(parent, RestorePrefix)
	if err != nil {
		return Report{}, fmt.Errorf("vault: restore: %w", err)
	}
	defer os.RemoveAll(work) // gone already if all went well
	clearText, err := age.Decrypt(r, id)
	if err != nil {
		return Report{}, ErrBackup
	}
	if err := lay(work, key, opts, func(v *Vault) error { return v.fill(ctx, clearText) }); err != nil {
		return Report{}, err
	}
	report, err := VerifyDir(ctx, work, key, opts, opts.Progress)
	if err != nil {
		return report, fmt.Errorf("vault: restore: %w", err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return report, fmt.Errorf("vault: restore: %w", err)
	}
	if err := os.Rename(work, dir); err != nil {
		return report, fmt.Errorf("vault: restore: %w", err)
	}
	return report, syncDir(parent)
}

func emptyDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("vault: restore: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%w or something else: %s is not empty; restore into a new folder", ErrExists, dir)
	}
	return nil
}

// filler puts a backup's members into an empty vault, in their order.
type filler struct {
	v       *Vault
	authors map[DeviceID]ed25519.PublicKey
	heads   map[DeviceID]head
	ends    chains
	last    Position
	blobs   []blobRow
	ops     int
	copied  int
	stage   int
}

// Stages of a backup.
const (
	stageTop = iota
	stageKeys
	stageOps
	stageBlobs
	stageEnd
)

func (v *Vault) fill(ctx context.Context, r io.Reader) error {
	f := &filler{v: v, authors: make(map[DeviceID]ed25519.PublicKey), heads: make(map[DeviceID]head), ends: make(chains)}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return ErrBackup
		}
		if err := f.member(ctx, h, backupReader{tr}); err != nil {
			return err
		}
	}
	// The last chunk of the age file is checked by reading past the archive's end.
	if n, err := io.Copy(io.Discard, r); err != nil || n > 0 || f.stage != stageEnd {
		return ErrBackup
	}
	return nil
}

// backupReader says ErrBackup whenever the backup can't be read on.
type backupReader struct{ r io.Reader }

// Read reads the archive.
func (b backupReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		err = ErrBackup
	}
	return n, err
}

func (f *filler) member(ctx context.Context, h *tar.Header, r io.Reader) error {
	switch {
	case h.Name == backupTop && f.stage == stageTop:
		f.stage = stageKeys
		return nil
	case h.Name == backupKeys && f.stage == stageKeys:
		f.stage = stageOps
		return f.keys(ctx, r)
	case strings.HasPrefix(h.Name, backupOps) && f.stage == stageOps && h.Size <= opsMember:
		return f.operations(ctx, r)
	case strings.HasPrefix(h.Name, backupBlob) && (f.stage == stageOps || f.stage == stageBlobs):
		f.stage = stageBlobs
		return f.blob(h.Name, r)
	case h.Name == backupEnd && (f.stage == stageOps || f.stage == stageBlobs):
		f.stage = stageEnd
		return f.end(r)
	case strings.HasPrefix(h.Name, "kkachi-vault-backup-"):
		return fmt.Errorf("%w: the backup is %s, and this kkachi knows %s", ErrNewer, h.Name, backupTop)
	}
	return fmt.Errorf("%w: unexpected member", ErrBackup)
}

// keys reads the lines of keys.db.
func (f *filler) keys(ctx context.Context, r io.Reader) error {
	return f.v.keys.tx(ctx, func(tx *sql.Tx) error {
		in := bufio.NewReader(r)
		for n := 1; ; n++ {
			line, err := in.ReadBytes('\n')
			if err == io.EOF && len(line) == 0 {
				return nil
			}
			if err == nil {
				err = f.keyLine(tx, string(line[:len(line)-1]))
			}
			clear(line)
			if err != nil {
				return fmt.Errorf("%w: keys, line %d", ErrBackup, n)
			}
		}
	})
}

// keyLine puts one line into its table. Its errors are never shown: they might hold a key.
func (f *filler) keyLine(tx *sql.Tx, line string) error {
	w := strings.Split(line, " ")
	var sizes []int
	switch w[0] {
	case "author":
		sizes = []int{ed25519.PublicKeySize}
	case "head":
		sizes = []int{16, 0, 32, 0}
	case "thing":
		sizes = []int{16, KeySize}
	case "erased":
		sizes = []int{16}
	case "blob":
		sizes = []int{32, 16, 0}
	case "secret":
		return secretLine(tx, w)
	}
	if len(sizes) == 0 || len(w) != len(sizes)+1 {
		return ErrBackup
	}
	args := make([]any, len(sizes))
	for i, size := range sizes {
		var err error
		if args[i], err = field(w[i+1], size); err != nil {
			return err
		}
	}
	var err error
	switch w[0] {
	case "author":
		pub := ed25519.PublicKey(args[0].([]byte))
		f.authors[DeviceOf(pub)] = pub
		_, err = tx.Exec(`INSERT OR IGNORE INTO authors VALUES (?, ?)`, DeviceOf(pub), []byte(pub))
	case "head":
		f.heads[DeviceID(args[0].([]byte))] = head{uint64(args[1].(int64)), Hash(args[2].([]byte)), uint64(args[3].(int64))}
		_, err = tx.Exec(`INSERT INTO heads VALUES (?, ?, ?, ?)`, args...)
	case "thing":
		_, err = tx.Exec(`INSERT INTO things VALUES (?, ?)`, args...)
	case "erased":
		_, err = tx.Exec(`INSERT INTO erased VALUES (?)`, args...)
	case "blob":
		f.blobs = append(f.blobs, blobRow{Hash(args[0].([]byte)), Thing(args[1].([]byte)), args[2].(int64)})
		_, err = tx.Exec(`INSERT INTO blobs VALUES (?, ?, ?)`, args...)
	}
	return err
}

// field reads hexadecimal of so many bytes, or (0) a number.
func field(s string, size int) (any, error) {
	if size == 0 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return nil, ErrBackup
		}
		return n, nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != size {
		return nil, ErrBackup
	}
	return b, nil
}

func secretLine(tx *sql.Tx, w []string) error {
	if len(w) != 4 || !secretName(w[1]) || !strings.HasPrefix(w[3], "x") {
		return ErrBackup
	}
	end, err := strconv.ParseUint(w[2], 10, 32)
	if err != nil {
		return ErrBackup
	}
	value, err := hex.DecodeString(w[3][1:])
	if err != nil {
		return ErrBackup
	}
	defer clear(value)
	_, err = tx.Exec(`INSERT INTO ring VALUES (?, ?, ?)`, w[1], value, int64(end))
	return err
}

// operations reads a run of encodings, holding each to its author, its chain and the order.
func (f *filler) operations(ctx context.Context, r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return ErrBackup
	}
	var envs []*envelope
	for len(b) > 0 {
		n, err := opSize(b)
		if err != nil || n > len(b) {
			return fmt.Errorf("%w: operation %d", ErrBackup, f.ops+1)
		}
		e, err := parseOp(b[:n:n])
		if err != nil {
			return fmt.Errorf("%w: operation %d: %w", ErrBackup, f.ops+1, err)
		}
		if err := e.verify(f.authors[e.Author]); err != nil {
			return fmt.Errorf("%w: operation %d: %w", ErrBackup, f.ops+1, err)
		}
		if err := f.ends.next(e); err != nil {
			return fmt.Errorf("%w: operation %d: %w", ErrBackup, f.ops+1, err)
		}
		if !f.last.before(e.Position()) {
			return fmt.Errorf("%w: operation %d: %w", ErrBackup, f.ops+1, errChainOrder)
		}
		f.last = e.Position()
		envs = append(envs, e)
		f.ops++
		b = b[n:]
	}
	return f.v.log.add(ctx, envs)
}

// before says whether p sorts before q.
func (p Position) before(q Position) bool {
	if p.Clock != q.Clock {
		return p.Clock < q.Clock
	}
	if c := bytes.Compare(p.Author[:], q.Author[:]); c != 0 {
		return c < 0
	}
	return p.Seq < q.Seq
}

// blob copies the next of the promised blobs, in their order.
func (f *filler) blob(name string, r io.Reader) error {
	if f.copied >= len(f.blobs) || name != blobMember(f.blobs[f.copied]) {
		return fmt.Errorf("%w: unexpected blob", ErrBackup)
	}
	b := f.blobs[f.copied]
	f.copied++
	out, err := os.OpenFile(f.v.blobPath(b.thing, b.sum), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("vault: restore: %w", err)
	}
	_, err = io.Copy(out, r)
	if err := errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("vault: restore: blob %s: %w", b.sum, err)
	}
	return nil
}

// end compares the counts and the ends of the chains with what was promised.
func (f *filler) end(r io.Reader) error {
	got, err := io.ReadAll(io.LimitReader(r, 1024))
	if err != nil || !bytes.Equal(got, endOf(f.ops, f.copied)) || f.copied != len(f.blobs) {
		return ErrBackup
	}
	if faults := f.ends.against(f.heads); len(faults) > 0 {
		return fmt.Errorf("%w: %w", ErrBackup, damaged(faults...))
	}
	return syncDir(filepath.Join(f.v.dir, blobDir))
}
