package vault

import (
	"database/sql"
	"fmt"
)

// A NamedSecret is a secret of the ring as PutSecrets takes it.
type NamedSecret struct {
	Name     string
	Value    []byte
	NotAfter uint32 // last UTC day; 0: no end
}

// PutSecrets is PutSecret for many, all or none, in one durable step.
func (v *Vault) PutSecrets(list ...NamedSecret) error {
	if len(list) == 0 {
		return nil
	}
	for _, s := range list {
		if !secretName(s.Name) {
			return fmt.Errorf("vault: secret name %q: 1 to %d of a–z, 0–9, '.', '/', '_', '-'", s.Name, maxSecretName)
		}
	}
	return v.ring(func(tx *sql.Tx) error {
		put, err := tx.Prepare(`INSERT OR REPLACE INTO ring VALUES (?, ?, ?)`)
		if err != nil {
			return err
		}
		defer put.Close()
		for _, s := range list {
			if _, err := put.Exec(s.Name, append([]byte{}, s.Value...), s.NotAfter); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteSecrets destroys many secrets in one durable step. Names that are not there are
// passed over.
func (v *Vault) DeleteSecrets(names ...string) error {
	if len(names) == 0 {
		return nil
	}
	return v.ring(func(tx *sql.Tx) error {
		del, err := tx.Prepare(`DELETE FROM ring WHERE name = ?`)
		if err != nil {
			return err
		}
		defer del.Close()
		for _, name := range names {
			if _, err := del.Exec(name); err != nil {
				return err
			}
		}
		return nil
	})
}
