package desk

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"strings"

	"kkachi/internal/cell"
)

// override is the content of one approver's word that blocks may be passed over. It names
// the findings, so that it covers nothing that comes later.
type override struct {
	Approver  string   `json:"approver"`
	Reason    string   `json:"reason"`
	Findings  []string `json:"findings"`
	Signature []byte   `json:"signature"`

	day cell.Day
}

// overrideContext keeps these signatures apart from all others of the same key.
const overrideContext = "kkachi/1 desk override"

func (o *override) signed(story ID) ([]byte, error) {
	return json.Marshal(struct {
		Story    string   `json:"story"`
		Approver string   `json:"approver"`
		Reason   string   `json:"reason"`
		Findings []string `json:"findings"`
	}{story.String(), o.Approver, o.Reason, o.Findings})
}

// Override answers all blocks of a story that stand now and may be overridden, by one
// approver with a reason. It counts once a second approver has done the same.
func (d *Desk) Override(ctx context.Context, id ID, approver string, passphrase []byte, reason string) (OpID, error) {
	if strings.TrimSpace(reason) == "" {
		return OpID{}, field("reason", "empty: why must this be printed so")
	}
	if len(reason) > maxSheet {
		return OpID{}, field("reason", "longer than %d bytes", maxSheet)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.judged(ctx, id)
	if err != nil {
		return OpID{}, err
	}
	o := override{Approver: approver, Reason: reason}
	for _, f := range v.Findings {
		if f.Verdict == Block && !f.Final {
			o.Findings = append(o.Findings, f.id)
		}
	}
	if len(o.Findings) == 0 {
		return OpID{}, field("story", "nothing stands that may be overridden")
	}
	key, err := d.approver(approver, passphrase)
	if err != nil {
		return OpID{}, err
	}
	defer clear(key)
	msg, err := o.signed(id)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: override: %w", err)
	}
	if o.Signature, err = key.Sign(nil, msg, &ed25519.Options{Context: overrideContext}); err != nil {
		return OpID{}, fmt.Errorf("desk: override: %w", err)
	}
	return d.append1(ctx, opOverride, id, id, o)
}

// overrides gives the overrides of a story whose signatures are good under the approvers
// of today. Where these can't be known (a note has ended, or isn't there) none counts.
func (d *Desk) overrides(ctx context.Context, id ID) ([]override, error) {
	evs, err := d.events(ctx, opOverride, id)
	if err != nil || len(evs) == 0 {
		return nil, err
	}
	pubs, err := d.approvers()
	if err != nil {
		return nil, nil
	}
	var out []override
	for _, e := range evs {
		o, err := unmarshal[override](e.doc)
		if err != nil {
			return nil, err
		}
		msg, err := o.signed(id)
		if err != nil {
			return nil, fmt.Errorf("desk: override: %w", err)
		}
		pub, ok := pubs[o.Approver]
		if ok && ed25519.VerifyWithOptions(pub, msg, o.Signature, &ed25519.Options{Context: overrideContext}) == nil {
			o.day = e.day
			out = append(out, o)
		}
	}
	return out, nil
}
