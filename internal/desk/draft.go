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
	thing, err := d.draftThing(ctx, about)
	if err != nil {
		return err
	}
	_, err = d.append1(ctx, opDraft, thing, thing, draftText{key, about, text})
	return err
}

// draftThing is under whose key a draft stands: what is typed about a source's words dies with them.
func (d *Desk) draftThing(ctx context.Context, about ID) (ID, error) {
	if about.IsZero() {
		return deskThing, nil
	}
	for _, table := range []string{"report", "reply"} {
		owner, err := d.ownerOf(ctx, table, about)
		if err == nil {
			return owner, nil
		} else if !errors.Is(err, ErrNotFound) {
			return ID{}, err
		}
	}
	return about, nil
}

// A Typed names a draft, as SaveDraft does.
type Typed struct {
	Key   string
	About ID
}

// typedKey finds in a context what Ending put there.
type typedKey struct{}

// Ending gives a context for a command that takes the place of these drafts. They end in the write
// of its operation: no crash leaves a reply that is queued and stands as a draft too, to be sent
// twice. Where the command fails they stay.
func Ending(ctx context.Context, drafts ...Typed) context.Context {
	return context.WithValue(ctx, typedKey{}, drafts)
}

// endDrafts adds to what is written together the end of those drafts of the context that there are.
func (d *Desk) endDrafts(ctx context.Context, with []vault.Draft) ([]vault.Draft, error) {
	list, _ := ctx.Value(typedKey{}).([]Typed)
	for _, t := range list {
		text, err := d.Draft(ctx, t.Key, t.About)
		if err != nil {
			return nil, err
		}
		if text == "" {
			continue
		}
		thing, err := d.draftThing(ctx, t.About)
		if err != nil {
			return nil, err
		}
		end, err := draft(opDraft, thing, thing, draftText{Key: t.Key, About: t.About})
		if err != nil {
			return nil, err
		}
		with = append(with, end)
	}
	return with, nil
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
