package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// PutBlob keeps all that r gives under the key of thing (made if thing is new), and returns
// its SHA-256 and its size. It is durable when it returns, and dies with the thing. The
// same bytes under the same thing are kept once. Nothing is written in clear.
func (v *Vault) PutBlob(ctx context.Context, thing Thing, r io.Reader) (Hash, int64, error) {
	if thing.IsZero() {
		return Hash{}, 0, fmt.Errorf("%w: a blob has no thing", ErrBadDraft)
	}
	key, err := v.blobThing(ctx, thing)
	if err != nil {
		return Hash{}, 0, err
	}
	defer clear(key[:])
	f, err := os.CreateTemp(filepath.Join(v.dir, blobDir), "new-*")
	if err != nil {
		return Hash{}, 0, fmt.Errorf("vault: blob: %w", err)
	}
	defer os.Remove(f.Name()) // gone already if all went well
	defer f.Close()
	sum, n, err := sealBlob(f, r, key, v.opts.Rand)
	if err != nil {
		return Hash{}, 0, fmt.Errorf("vault: blob: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return Hash{}, 0, fmt.Errorf("vault: blob: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return Hash{}, 0, ErrClosed
	}
	k, err := v.keys.thing(ctx, thing) // it may have been erased meanwhile
	if err != nil {
		return Hash{}, 0, err
	}
	clear(k[:])
	// The file first: a row without a file would be a loss, a file without a row is nothing.
	if err := os.Rename(f.Name(), v.blobPath(thing, sum)); err != nil {
		return Hash{}, 0, fmt.Errorf("vault: blob: %w", err)
	}
	if err := syncDir(filepath.Join(v.dir, blobDir)); err != nil {
		return Hash{}, 0, err
	}
	return sum, n, v.keys.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT OR IGNORE INTO blobs VALUES (?, ?, ?)`, sum, thing, n)
		return err
	})
}

// blobThing is the key of thing, made durable if it is new.
func (v *Vault) blobThing(ctx context.Context, thing Thing) (*[32]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, ErrClosed
	}
	keys, fresh, err := v.keysFor(ctx, []Draft{{KeyOf: thing}})
	if err != nil {
		return nil, err
	}
	if len(fresh) > 0 {
		if err := v.keys.addThings(ctx, fresh); err != nil {
			return nil, err
		}
	}
	return keys[thing], nil
}

// Blob reads the blob with this SHA-256; ErrNotFound if there is none, or it was erased.
// The reader compares the digest at the end, and fails there if it differs.
func (v *Vault) Blob(ctx context.Context, sum Hash) (io.ReadCloser, error) {
	var thing Thing
	err := v.keys.db.QueryRowContext(ctx, `SELECT thing FROM blobs WHERE sum = ? ORDER BY thing LIMIT 1`, sum).Scan(&thing)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("blob %s: %w", sum, ErrNotFound)
	}
	if err != nil {
		return nil, dbError(keysFile, err)
	}
	return v.openBlob(ctx, thing, sum)
}

func (v *Vault) openBlob(ctx context.Context, thing Thing, sum Hash) (io.ReadCloser, error) {
	key, err := v.keys.thing(ctx, thing)
	if errors.Is(err, ErrErased) {
		return nil, fmt.Errorf("blob %s: %w", sum, ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(v.blobPath(thing, sum))
	if err != nil {
		clear(key[:])
		return nil, fmt.Errorf("vault: blob %s: %w", sum, err)
	}
	id := thingKey{key: key}
	r, err := age.Decrypt(f, id)
	clear(key[:])
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("vault: blob %s: its file does not open under the key of its thing", sum)
	}
	return &blobReader{f: f, r: r, h: sha256.New(), want: sum}, nil
}

// blobPath names a file by what only this vault can compute.
func (v *Vault) blobPath(thing Thing, sum Hash) string {
	m := hmac.New(sha256.New, v.names[:])
	m.Write(thing[:])
	m.Write(sum[:])
	return filepath.Join(v.dir, blobDir, hex.EncodeToString(m.Sum(nil)))
}

// sealBlob encrypts r to w as an age file, and returns the SHA-256 and size of the clear.
func sealBlob(w io.Writer, r io.Reader, key *[32]byte, rand io.Reader) (Hash, int64, error) {
	enc, err := age.Encrypt(w, thingKey{key: key, rand: rand})
	if err != nil {
		return Hash{}, 0, err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(enc, h), r)
	if err := errors.Join(err, enc.Close()); err != nil {
		return Hash{}, 0, err
	}
	return Hash(h.Sum(nil)), n, nil
}

type blobReader struct {
	f    *os.File
	r    io.Reader
	h    hash.Hash
	want Hash
}

// Read decrypts; at the end it compares the digest.
func (b *blobReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.h.Write(p[:n])
	switch {
	case err == io.EOF && Hash(b.h.Sum(nil)) != b.want:
		return n, fmt.Errorf("vault: blob %s: its bytes have another digest", b.want)
	case err != nil && err != io.EOF:
		return n, fmt.Errorf("vault: blob %s: its file is cut or altered", b.want)
	}
	return n, err
}

// Close closes the file.
func (b *blobReader) Close() error { return b.f.Close() }

// thingKey wraps age's file key under the key of a thing: the whole of the file format,
// chunks and all, stays age's. It is a Recipient and an Identity.
type thingKey struct {
	key  *[32]byte
	rand io.Reader
}

const blobStanza = "kkachi-thing"

func (t thingKey) wrapping() (*[32]byte, error) {
	k, err := hkdf.Expand(sha256.New, t.key[:], "kkachi/1 vault blob", KeySize)
	if err != nil {
		return nil, err
	}
	return (*[32]byte)(k), nil
}

// Wrap seals the file key.
func (t thingKey) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	k, err := t.wrapping()
	if err != nil {
		return nil, err
	}
	defer clear(k[:])
	aead, err := newGCM(k)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, nonceSize)
	if _, err := io.ReadFull(t.rand, nonce); err != nil {
		return nil, err
	}
	return []*age.Stanza{{Type: blobStanza, Body: aead.Seal(nonce, nonce, fileKey, []byte(blobStanza))}}, nil
}

// Unwrap opens the file key.
func (t thingKey) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != blobStanza || len(stanzas[0].Body) < nonceSize {
		return nil, age.ErrIncorrectIdentity
	}
	k, err := t.wrapping()
	if err != nil {
		return nil, err
	}
	defer clear(k[:])
	aead, err := newGCM(k)
	if err != nil {
		return nil, err
	}
	body := stanzas[0].Body
	fileKey, err := aead.Open(nil, body[:nonceSize], body[nonceSize:], []byte(blobStanza))
	if err != nil {
		return nil, age.ErrIncorrectIdentity
	}
	return fileKey, nil
}

type blobRow struct {
	sum   Hash
	thing Thing
	size  int64
}

// blobs lists the blobs of one thing, or (zero) of all.
func (k *keyStore) blobs(ctx context.Context, of Thing) (_ []blobRow, err error) {
	rows, err := k.db.QueryContext(ctx, `SELECT sum, thing, size FROM blobs WHERE ?1 = x'00000000000000000000000000000000' OR thing = ?1 ORDER BY sum, thing`, of)
	if err != nil {
		return nil, dbError(keysFile, err)
	}
	defer rowsClose(rows, &err)
	var list []blobRow
	for rows.Next() {
		var b blobRow
		if err := rows.Scan(&b.sum, &b.thing, &b.size); err != nil {
			return nil, dbError(keysFile, err)
		}
		list = append(list, b)
	}
	return list, dbError(keysFile, rows.Err())
}

// dropBlobs removes the files and rows of erased things' blobs.
func (v *Vault) dropBlobs(ctx context.Context, things []Thing) error {
	var gone []blobRow
	for _, t := range things {
		list, err := v.keys.blobs(ctx, t)
		if err != nil {
			return err
		}
		gone = append(gone, list...)
	}
	if len(gone) == 0 {
		return nil
	}
	for _, b := range gone {
		if err := os.Remove(v.blobPath(b.thing, b.sum)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("vault: blob: %w", err)
		}
	}
	if err := syncDir(filepath.Join(v.dir, blobDir)); err != nil {
		return err
	}
	return v.keys.wipingTx(ctx, func(tx *sql.Tx) error {
		for _, b := range gone {
			if _, err := tx.Exec(`DELETE FROM blobs WHERE sum = ? AND thing = ?`, b.sum, b.thing); err != nil {
				return err
			}
		}
		return nil
	})
}

// sweepBlobs removes what a crash left half written.
func (v *Vault) sweepBlobs() error {
	dir := filepath.Join(v.dir, blobDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("vault: blobs: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "new-*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return fmt.Errorf("vault: blobs: %w", err)
	}
	return nil
}
