package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"kkachi/internal/vault"
)

// draftText is the content of saving what is being typed. Drafts are operations too:
// nothing is lost on a crash or a closed tab.
type draftText struct {
	Key   string `json:"key"`
	About ID     `json:"about"`
	Text  string `json:"text"`
}

// deskThing is the subject of operations that are about the desk itself.
var deskThing = ID{'d', 'e', 's', 'k'}

var draftKey = regexp.MustCompile(`^[a-z0-9.-]{1,32}$`)

// SaveDraft keeps what is being typed under a key ("reply", "call") about a thing, or about
// the desk as a whole if about is zero. An empty text drops the draft.
func (d *Desk) SaveDraft(ctx context.Context, key string, about ID, text string) error {
	if !draftKey.MatchString(key) {
		return field("key", "write 1 to 32 of a-z, 0-9, point and hyphen")
	}
	if len(text) > maxText {
		return field("text", "longer than %d bytes", maxText)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	old, err := d.Draft(ctx, key, about)
	if err != nil || old == text {
		return err
	}
	thing := about
	if thing.IsZero() {
		thing = deskThing
	}
	for _, table := range []string{"report", "reply"} { // what is typed about a source's words dies with them
		owner, err := d.ownerOf(ctx, table, thing)
		if err == nil {
			thing = owner
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	_, err = d.append1(ctx, opDraft, thing, thing, draftText{key, about, text})
	return err
}

// endDraft adds the end of a draft about the desk to what is written together, if there is one.
func (d *Desk) endDraft(ctx context.Context, with []vault.Draft, key string) ([]vault.Draft, error) {
	if key == "" {
		return with, nil
	}
	typed, err := d.Draft(ctx, key, ID{})
	if err != nil || typed == "" {
		return with, err
	}
	end, err := draft(opDraft, deskThing, deskThing, draftText{Key: key})
	return append(with, end), err
}

// Draft gives what was saved, "" if there is nothing.
func (d *Desk) Draft(ctx context.Context, key string, about ID) (string, error) {
	var text string
	err := d.v.View().QueryRow(ctx, `SELECT text FROM draft WHERE key = ? AND about = ?`, key, about).Scan(&text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("desk: draft: %w", err)
	}
	return text, nil
}

// draftsOf gives all that was typed about a thing and not saved, by key.
func (d *Desk) draftsOf(ctx context.Context, about ID) (map[string]string, error) {
	rows, err := d.v.View().Query(ctx, `SELECT key, text FROM draft WHERE about = ? ORDER BY key`, about)
	if err != nil {
		return nil, fmt.Errorf("desk: drafts: %w", err)
	}
	list, err := collect(rows, func(p *[2]string) []any { return []any{&p[0], &p[1]} })
	out := make(map[string]string, len(list))
	for _, p := range list {
		out[p[0]] = p[1]
	}
	return out, err
}
