package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// SecretInfo names a secret of the ring and the last UTC day of its life; 0 is no end.
type SecretInfo struct {
	Name     string
	NotAfter uint32
}

// maxSecretName bounds the name of a secret.
const maxSecretName = 128

// PutSecret keeps value under name, in place of what stood there, outside the log and its
// undo. Names are 1 to 128 of a–z, 0–9, '.', '/', '_' and '-'. After the UTC day notAfter
// the secret is not given out any more, and PurgeSecrets destroys it; 0 means no end.
// Durable when it returns.
func (v *Vault) PutSecret(name string, value []byte, notAfter uint32) error {
	if !secretName(name) {
		return fmt.Errorf("vault: secret name %q: 1 to %d of a–z, 0–9, '.', '/', '_', '-'", name, maxSecretName)
	}
	return v.ring(func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT OR REPLACE INTO ring VALUES (?, ?, ?)`, name, append([]byte{}, value...), notAfter)
		return err
	})
}

// Secret is the value of a secret; ErrNotFound if there is none, or its day is over. The
// caller wipes it.
func (v *Vault) Secret(name string) ([]byte, error) {
	var value []byte
	var notAfter uint32
	err := v.keys.db.QueryRow(`SELECT value, not_after FROM ring WHERE name = ?`, name).Scan(&value, &notAfter)
	if err == nil && notAfter != 0 && notAfter < v.opts.today() {
		clear(value)
		err = sql.ErrNoRows
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("secret %q: %w", name, ErrNotFound)
	}
	return value, dbError(keysFile, err)
}

// ListSecrets names the living secrets that begin with prefix, in order.
func (v *Vault) ListSecrets(prefix string) (_ []SecretInfo, err error) {
	rows, err := v.keys.db.Query(`SELECT name, not_after FROM ring WHERE name >= ? AND name < ?
		AND (not_after = 0 OR not_after >= ?) ORDER BY name`, prefix, prefix+"\x7f", v.opts.today())
	if err != nil {
		return nil, dbError(keysFile, err)
	}
	defer rowsClose(rows, &err)
	var list []SecretInfo
	for rows.Next() {
		var s SecretInfo
		if err := rows.Scan(&s.Name, &s.NotAfter); err != nil {
			return nil, dbError(keysFile, err)
		}
		list = append(list, s)
	}
	return list, dbError(keysFile, rows.Err())
}

// DeleteSecret destroys a secret. ErrNotFound if there is none.
func (v *Vault) DeleteSecret(name string) error {
	var n int64
	err := v.ring(func(tx *sql.Tx) error {
		res, err := tx.Exec(`DELETE FROM ring WHERE name = ?`, name)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	if err == nil && n == 0 {
		err = fmt.Errorf("secret %q: %w", name, ErrNotFound)
	}
	return err
}

// PurgeSecrets destroys all secrets whose last day is before the UTC day today, and says
// how many they were.
func (v *Vault) PurgeSecrets(today uint32) (int, error) {
	var n int64
	err := v.ring(func(tx *sql.Tx) error {
		res, err := tx.Exec(`DELETE FROM ring WHERE not_after <> 0 AND not_after < ?`, today)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return int(n), err
}

// ring changes the ring, and overwrites what the journal keeps of its former state.
func (v *Vault) ring(fn func(*sql.Tx) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return ErrClosed
	}
	return v.keys.wipingTx(context.Background(), fn)
}

func secretName(s string) bool {
	if len(s) == 0 || len(s) > maxSecretName {
		return false
	}
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '/' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
