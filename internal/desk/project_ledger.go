package desk

import (
	"math"

	"kkachi/internal/vault"
)

// What was printed of each source: the ledger. It holds levels and sums, and no text.
const ledgerSchema = `CREATE TABLE printed (
	source BLOB, story BLOB, serial INTEGER, day INTEGER NOT NULL, quoted INTEGER NOT NULL, bits INTEGER NOT NULL,
	place INTEGER NOT NULL, role INTEGER NOT NULL, at INTEGER NOT NULL, medium INTEGER NOT NULL, gender INTEGER NOT NULL, count INTEGER NOT NULL,
	PRIMARY KEY (source, story, serial)
) STRICT, WITHOUT ROWID;
CREATE TABLE finest (source BLOB, hierarchy TEXT, level INTEGER NOT NULL, PRIMARY KEY (source, hierarchy)) STRICT, WITHOUT ROWID;
`

// projectSpend adds what a release printed of its subject. The finest that ever stood in print
// stays: nothing wins it back.
func projectSpend(tx *vault.Tx, op *vault.Op) error {
	if op.Erased {
		return nil
	}
	var s spending
	if err := read(op.Content, &s); err != nil {
		return err
	}
	bit := map[bool]int{true: 1}
	err := tx.Exec(`INSERT INTO printed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		op.Subject, s.Story, s.Serial, s.Printed, s.Quoted, int64(math.Round(s.Bits*1000)),
		s.Level.Place, s.Level.Role, s.Level.Day, s.Level.Medium, bit[s.Level.Gender], bit[s.Level.Count])
	if err != nil {
		return err
	}
	for _, h := range s.hierarchies() {
		err := tx.Exec(`INSERT INTO finest VALUES (?, ?, ?) ON CONFLICT (source, hierarchy) DO UPDATE SET level = max(level, excluded.level)`,
			op.Subject, h.Hierarchy, h.Level)
		if err != nil {
			return err
		}
	}
	return nil
}
