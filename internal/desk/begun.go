package desk

import (
	"context"
	"fmt"
)

// Begun says how far a newsroom has come on its first way through the desk. It is read from what
// stands; nothing is kept for it, so that undoing a step undoes it here too.
type Begun struct {
	Told     bool // somebody told something: a letter, a call
	Claimed  bool
	Story    ID // the newest story, zero if there is none
	Released bool
}

// Begun asks how far the newsroom has come.
func (d *Desk) Begun(ctx context.Context) (Begun, error) {
	var b Begun
	var story []byte
	err := d.v.View().QueryRow(ctx, `SELECT EXISTS(SELECT 1 FROM report WHERE gone = 0), EXISTS(SELECT 1 FROM state WHERE noun = ?),
		EXISTS(SELECT 1 FROM event WHERE kind = ?), (SELECT thing FROM state WHERE noun = ? ORDER BY n DESC LIMIT 1)`,
		nounClaim, string(opRelease), nounStory).Scan(&b.Told, &b.Claimed, &b.Released, &story)
	if err != nil {
		return b, fmt.Errorf("desk: begun: %w", err)
	}
	copy(b.Story[:], story)
	return b, nil
}
