package desk

import (
	"database/sql"
	"errors"

	"kkachi/internal/vault"
)

// indexComment has a story found by what is said about it: what the newsroom asked itself is looked
// for when the story is, and leads to it.
func indexComment(tx *vault.Tx, comment vault.Thing) error {
	var story vault.Thing
	err := tx.QueryRow(`SELECT owner FROM version WHERE noun = ? AND thing = ? LIMIT 1`, nounComment, comment).Scan(&story)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return indexState(tx, nounStory, story)
}

// storyWords is all that a story says, and what is said about it, as it is indexed.
func storyWords(tx *vault.Tx, story vault.Thing) (string, error) {
	s, err := stateIn[Story](tx, nounStory, story)
	if err != nil || s.Title == "" { // it was undone
		return "", err
	}
	rows, err := tx.Query(`SELECT doc FROM state WHERE noun = ? AND owner = ? ORDER BY n`, nounComment, story)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	said := []string{s.searched()}
	for rows.Next() {
		var doc string
		if err := rows.Scan(&doc); err != nil {
			return "", err
		}
		c, err := unmarshal[commentText](doc)
		if err != nil {
			return "", err
		}
		said = append(said, c.Text)
	}
	return joinLines(said...), rows.Err()
}
