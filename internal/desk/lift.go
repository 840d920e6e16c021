package desk

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/release"
)

// One anonymous chain is never graded above 3, unless two approvers say why it may be: then
// to 2, never to 1. Their word is bound to the evidence as it stood; any change of it asks
// for a new one.

// lifted is the content of one approver's word.
type lifted struct {
	Approver  string `json:"approver"`
	Reason    string `json:"reason"`
	Stands    []byte `json:"stands"` // digest of the evidence
	Signature []byte `json:"signature"`
}

// liftContext keeps these signatures apart from all others of the same key.
const liftContext = "kkachi/1 desk ceiling"

// A lift is who has spoken so far for a claim's evidence as it stands.
type lift []LiftedBy

// done says whether enough have.
func (l lift) done() bool { return len(l) >= release.Approvals }

// A LiftView says whether a claim's ceiling may be lifted, and who has said so.
type LiftView struct {
	May  bool // one chain that something supports, and not yet two people
	Done bool
	By   []LiftedBy
}

// A LiftedBy is one approver's word that a claim of one chain may be graded above 3.
type LiftedBy struct {
	Approver, Reason string
	Day              cell.Day
}

func (l *lifted) signed(claim ID) ([]byte, error) {
	return json.Marshal(struct {
		Claim    string `json:"claim"`
		Approver string `json:"approver"`
		Reason   string `json:"reason"`
		Stands   []byte `json:"stands"`
	}{claim.String(), l.Approver, l.Reason, l.Stands})
}

// stands is a digest of the claim's words and of all evidence that counts, as it was entered.
func (c *claimState) stands() []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q", c.claim.Statement)
	for _, e := range c.evidence {
		if e.counts() {
			fmt.Fprintf(h, "%s%s%s%s%q%v%v%d%v", e.thing, e.Report, e.Stance, e.Path, e.Relays, e.Unknown, e.doubt, e.Grade, e.Original)
		}
	}
	return h.Sum(nil)
}

// mayLift says whether two people's word would change anything.
func (c *claimState) mayLift() bool { return c.result.Chains == 1 && c.result.Cap() == ladder.CapOne }

// LiftCeiling is one approver's word, with a reason, that a claim of one chain may be graded
// above 3. It counts once a second approver has given his.
func (d *Desk) LiftCeiling(ctx context.Context, claim ID, approver string, passphrase []byte, reason string) (OpID, error) {
	if err := checkReason(reason); err != nil {
		return OpID{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.onBoard(ctx, claim)
	if err != nil {
		return OpID{}, err
	}
	if !c.mayLift() {
		return OpID{}, field("claim", "only one chain has a ceiling that can be lifted")
	}
	if slices.ContainsFunc(c.lift, func(l LiftedBy) bool { return l.Approver == approver }) {
		return OpID{}, field("approver", "%s has said so already: another one must", approver)
	}
	key, err := d.approver(approver, passphrase)
	if err != nil {
		return OpID{}, err
	}
	defer clear(key)
	l := lifted{Approver: approver, Reason: reason, Stands: c.stands()}
	msg, err := l.signed(c.thing)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: ceiling: %w", err)
	}
	if l.Signature, err = key.Sign(nil, msg, &ed25519.Options{Context: liftContext}); err != nil {
		return OpID{}, fmt.Errorf("desk: ceiling: %w", err)
	}
	return d.append1(ctx, opLift, c.thing, c.thing, l)
}

// loadLifts finds for each claim of one chain who has spoken for it as it stands, by
// signatures that are good under the approvers of today.
func (b *board) loadLifts(ctx context.Context) error {
	rows, err := b.desk.v.View().Query(ctx, `SELECT thing, day, doc FROM event WHERE kind = ? ORDER BY n`, string(opLift))
	if err != nil {
		return fmt.Errorf("desk: ceilings: %w", err)
	}
	list, err := collect(rows, func(st *state) []any { return []any{&st.thing, &st.day, &st.doc} })
	if err != nil || len(list) == 0 {
		return err
	}
	pubs, err := b.desk.approvers()
	if err != nil {
		return nil // where approvers can't be known none has spoken
	}
	for _, st := range list {
		c := b.byID[st.thing]
		if c == nil || c.thing != st.thing || !c.mayLift() {
			continue
		}
		l, err := unmarshal[lifted](st.doc)
		if err != nil {
			return fmt.Errorf("desk: ceilings: %w", err)
		}
		msg, err := l.signed(c.thing)
		if err != nil {
			return fmt.Errorf("desk: ceilings: %w", err)
		}
		pub, ok := pubs[l.Approver]
		again := slices.ContainsFunc(c.lift, func(o LiftedBy) bool { return o.Approver == l.Approver })
		if !ok || again || !slices.Equal(l.Stands, c.stands()) || ed25519.VerifyWithOptions(pub, msg, l.Signature, &ed25519.Options{Context: liftContext}) != nil {
			continue
		}
		c.lift = append(c.lift, LiftedBy{l.Approver, l.Reason, st.day})
	}
	return nil
}
