package desk

import (
	"cmp"
	"encoding/json"
	"slices"

	"kkachi/internal/vault"
)

// unsettled are rows of the index of words that are not in it yet. The index writes a piece
// of its own for each statement, and joins pieces later; so a transaction's rows go into it
// in one statement.
type unsettled struct {
	rows  map[int64]wordsRow
	bytes int
}

// A wordsRow is what the index holds under a number; without a body, nothing.
type wordsRow struct {
	n           int64
	body, facet string
}

// maxUnsettled bounds the text that waits for the index, in bytes.
const maxUnsettled = 8 << 20

func keptWords(tx *vault.Tx) *unsettled {
	return tx.Keep("words", func() vault.Kept { return &unsettled{rows: map[int64]wordsRow{}} }).(*unsettled)
}

func (u *unsettled) put(tx *vault.Tx, r wordsRow) error {
	u.rows[r.n] = r
	if u.bytes += len(r.body); u.bytes > maxUnsettled {
		return u.Settle(tx)
	}
	return nil
}

// Settle implements vault.Kept.
func (u *unsettled) Settle(tx *vault.Tx) error {
	if len(u.rows) == 0 {
		return nil
	}
	gone, there := []int64{}, [][]any{}
	for n, r := range u.rows {
		if r.body == "" {
			gone = append(gone, n)
		} else {
			there = append(there, []any{n, r.body, r.facet})
		}
	}
	clear(u.rows)
	u.bytes = 0
	slices.Sort(gone)
	slices.SortFunc(there, func(a, b []any) int { return cmp.Compare(a[0].(int64), b[0].(int64)) })
	if len(gone) > 0 {
		list, err := json.Marshal(gone)
		if err != nil {
			return err
		}
		if err := tx.Exec(`DELETE FROM words WHERE rowid IN (SELECT value FROM json_each(?))`, string(list)); err != nil {
			return err
		}
	}
	if len(there) == 0 {
		return nil
	}
	list, err := json.Marshal(there)
	if err != nil {
		return err
	}
	return tx.Exec(`INSERT OR REPLACE INTO words (rowid, body, facet)
		SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)`, string(list))
}

// joinPages is how many pages of the index are joined in one statement: what a statement
// changes is kept in memory until it ends.
const joinPages = 1000

// Rebuilt implements vault.Rebuilder: the pieces of the index become one.
func (projector) Rebuilt(tx *vault.Tx) error {
	var pages int
	if err := tx.QueryRow(`SELECT count(*) FROM words_data`).Scan(&pages); err != nil {
		return err
	}
	// The first begins to join all pieces, the others go on; once there is one they do nothing.
	for at := -joinPages; at <= pages+joinPages; at += joinPages {
		n := joinPages
		if at < 0 {
			n = -joinPages
		}
		if err := tx.Exec(`INSERT INTO words (words, rank) VALUES ('merge', ?)`, n); err != nil {
			return err
		}
	}
	return nil
}
