package vault

import (
	"archive/tar"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
)

// Names of a backup's members, in their order (spec/07-log.md, section 9).
const (
	backupTop  = "kkachi-vault-backup-1"
	backupKeys = "keys"
	backupOps  = "ops-"
	backupBlob = "blob-"
	backupEnd  = "end"
)

// opsMember bounds one member of operations, in bytes.
const opsMember = 4 << 20

// Backup writes one consistent state of the vault to w as an age file for to: the log, the
// keys of things, the secrets that keep says yes to (nil: those whose day is not over), and
// the blobs. The device's own key is not in it: a restored vault writes under a new
// identity, so that two copies never fork one chain. Appends wait only while the keys are
// read; Erase waits to the end.
//
// What is erased later lives on in the backup until the backup is destroyed.
func (v *Vault) Backup(ctx context.Context, w io.Writer, to age.Recipient, keep func(SecretInfo) bool) error {
	v.life.RLock()
	defer v.life.RUnlock()
	keys, blobs, snapshot, err := v.freeze(ctx, keep)
	if err != nil {
		return err
	}
	defer clear(keys)
	defer snapshot.Rollback()
	enc, err := age.Encrypt(w, to)
	if err != nil {
		return fmt.Errorf("vault: backup: %w", err)
	}
	tw := tar.NewWriter(enc)
	if err := member(tw, backupTop, nil); err != nil {
		return err
	}
	if err := member(tw, backupKeys, keys); err != nil {
		return err
	}
	ops, err := backupLog(ctx, tw, snapshot)
	if err != nil {
		return err
	}
	for _, b := range blobs {
		if err := v.backupBlob(tw, b); err != nil {
			return err
		}
	}
	if err := member(tw, backupEnd, endOf(ops, len(blobs))); err != nil {
		return err
	}
	if err := errors.Join(tw.Close(), enc.Close()); err != nil {
		return fmt.Errorf("vault: backup: %w", err)
	}
	return nil
}

func endOf(ops, blobs int) []byte { return fmt.Appendf(nil, "ops %d\nblobs %d\n", ops, blobs) }

// freeze takes the state of keys.db, and a transaction that sees the log of the same moment.
func (v *Vault) freeze(ctx context.Context, keep func(SecretInfo) bool) (keys []byte, blobs []blobRow, snapshot *sql.Tx, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, nil, nil, ErrClosed
	}
	if v.unfinished != nil { // a blob without a key could never be restored
		return nil, nil, nil, v.unfinished
	}
	if keys, err = v.keys.export(ctx, v.opts.today(), keep); err != nil {
		return nil, nil, nil, err
	}
	if blobs, err = v.keys.blobs(ctx, Thing{}); err != nil {
		return nil, nil, nil, err
	}
	if snapshot, err = v.log.db.BeginTx(ctx, nil); err != nil {
		return nil, nil, nil, dbError(logFile, err)
	}
	var n int // the first read fixes what the transaction sees
	if err := snapshot.QueryRowContext(ctx, `SELECT count(*) FROM ops`).Scan(&n); err != nil {
		snapshot.Rollback()
		return nil, nil, nil, dbError(logFile, err)
	}
	return keys, blobs, snapshot, nil
}

// export is keys.db as lines of text, without the device's and view.db's keys.
func (k *keyStore) export(ctx context.Context, today uint32, keep func(SecretInfo) bool) ([]byte, error) {
	var b bytes.Buffer
	for _, q := range []struct{ line, query string }{
		{"author %x\n", `SELECT public FROM authors ORDER BY author`},
		{"head %x %d %x %d\n", `SELECT author, seq, hash, clock FROM heads ORDER BY author`},
		{"thing %x %x\n", `SELECT thing, key FROM things ORDER BY thing`},
		{"erased %x\n", `SELECT thing FROM erased ORDER BY thing`},
		{"blob %x %x %d\n", `SELECT sum, thing, size FROM blobs ORDER BY sum, thing`},
	} {
		if err := k.lines(ctx, &b, q.line, q.query); err != nil {
			return nil, err
		}
	}
	return k.exportRing(ctx, &b, today, keep)
}

func (k *keyStore) lines(ctx context.Context, b *bytes.Buffer, line, query string) error {
	rows, err := k.db.QueryContext(ctx, query)
	if err != nil {
		return dbError(keysFile, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return dbError(keysFile, err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return dbError(keysFile, err)
		}
		fmt.Fprintf(b, line, values...)
	}
	return dbError(keysFile, rows.Err())
}

func (k *keyStore) exportRing(ctx context.Context, b *bytes.Buffer, today uint32, keep func(SecretInfo) bool) ([]byte, error) {
	rows, err := k.db.QueryContext(ctx, `SELECT name, not_after, value FROM ring ORDER BY name`)
	if err != nil {
		return nil, dbError(keysFile, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s SecretInfo
		var value []byte
		if err := rows.Scan(&s.Name, &s.NotAfter, &value); err != nil {
			return nil, dbError(keysFile, err)
		}
		if (s.NotAfter == 0 || s.NotAfter >= today) && (keep == nil || keep(s)) {
			fmt.Fprintf(b, "secret %s %d x%x\n", s.Name, s.NotAfter, value)
		}
		clear(value)
	}
	return b.Bytes(), dbError(keysFile, rows.Err())
}

// backupLog writes all operations of the snapshot, one after the other.
func backupLog(ctx context.Context, tw *tar.Writer, snapshot *sql.Tx) (ops int, err error) {
	var chunk []byte
	n := 0
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		err := member(tw, fmt.Sprintf("%s%06d", backupOps, n), chunk)
		chunk, n = chunk[:0], n+1
		return err
	}
	for e, err := range walkOn(ctx, snapshot, Position{}) {
		if err != nil {
			return 0, err
		}
		if len(chunk)+len(e.raw) > opsMember {
			if err := flush(); err != nil {
				return 0, err
			}
		}
		chunk = append(chunk, e.raw...)
		ops++
	}
	return ops, flush()
}

// backupBlob copies a blob's file as it stands, sealed.
func (v *Vault) backupBlob(tw *tar.Writer, b blobRow) error {
	f, err := os.Open(v.blobPath(b.thing, b.sum))
	if err != nil {
		return fmt.Errorf("vault: backup: blob %s: %w", b.sum, err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return fmt.Errorf("vault: backup: blob %s: %w", b.sum, err)
	}
	if err := tw.WriteHeader(memberHeader(blobMember(b), fi.Size())); err != nil {
		return fmt.Errorf("vault: backup: %w", err)
	}
	if _, err := io.Copy(tw, f); err != nil {
		return fmt.Errorf("vault: backup: blob %s: %w", b.sum, err)
	}
	return nil
}

func blobMember(b blobRow) string { return backupBlob + b.sum.String() + "-" + b.thing.String() }

// memberHeader says nothing about time, owner or machine.
func memberHeader(name string, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, Format: tar.FormatPAX}
}

func member(tw *tar.Writer, name string, data []byte) error {
	err := tw.WriteHeader(memberHeader(name, int64(len(data))))
	if err == nil {
		_, err = tw.Write(data)
	}
	if err != nil {
		return fmt.Errorf("vault: backup: %w", err)
	}
	return nil
}
