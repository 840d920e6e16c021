package desk

import (
	"context"
	"fmt"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// lapse erases the threads of which nothing whole ever came, once the last part of a letter
// that waited has died: after PendingDays they are nothing to anybody, and a flood of single
// parts must not stay for ever. A thread that somebody here has dealt with or blocked stays.
// It leaves the projections; its content goes with its key. Should its source write again, the
// thread is a new one.
func (d *Desk) lapse(ctx context.Context, today cell.Day) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	rows, err := d.v.View().Query(ctx, `SELECT t.source FROM thread t JOIN source s ON s.id = t.source
		WHERE t.box = ? AND t.known = 0 AND s.thread IS NOT NULL AND length(s.thread) > 0 AND s.day + ? < ?
		AND NOT EXISTS (SELECT 1 FROM report WHERE source = t.source)`, boxEmpty, PendingDays, today)
	if err != nil {
		return fmt.Errorf("desk: threads that came to nothing: %w", err)
	}
	list, err := collect(rows, func(id *ID) []any { return []any{id} })
	if err != nil || len(list) == 0 {
		return err
	}
	waiting, err := d.waitingIndex()
	if err != nil {
		return err
	}
	var things []vault.Thing
	var keys []string
	for _, id := range list {
		if _, waits := waiting.day[id]; !waits {
			things, keys = append(things, vault.Thing(id)), append(keys, secretThread+id.String())
		}
	}
	if len(things) == 0 {
		return nil
	}
	if err := d.v.DeleteSecrets(keys...); err != nil {
		return fmt.Errorf("desk: threads that came to nothing: %w", err)
	}
	if err := d.v.Erase(ctx, things...); err != nil {
		return fmt.Errorf("desk: threads that came to nothing: %w", err)
	}
	return nil
}
