package desk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/desk/ladder"
)

// evidence is the content of an item of evidence: report → claim.
type evidence struct {
	Claim    ID            `json:"claim"`
	Report   ID            `json:"report"`
	Words    string        `json:"words,omitempty"`
	Stance   ladder.Stance `json:"stance"`
	Path     ladder.Path   `json:"path"`
	Relays   []relayRef    `json:"relays,omitempty"`
	Unknown  bool          `json:"unknown,omitempty"` // some link is unknown
	Grade    int           `json:"grade"`
	Original bool          `json:"original,omitempty"`
}

// A relayRef is one link: exactly one of its fields is given.
type relayRef struct {
	Teller ID     `json:"teller,omitzero"`
	Token  string `json:"token,omitempty"` // blinded
	Story  ID     `json:"story,omitzero"`
}

const (
	tokenLabel = "kkachi/1 relay"
	tokenSize  = 8 // bytes of a blinded token
	tokenShown = 6 // hex digits of it that are shown
	maxRelays  = 16
	maxWords   = 2000
	storyWord  = "story:"
)

func sourceToken(id ID) string { return "s" + id.String() }
func storyToken(id ID) string  { return "p" + id.String() }

func (r relayRef) token() string {
	switch {
	case !r.Teller.IsZero():
		return sourceToken(r.Teller)
	case !r.Story.IsZero():
		return storyToken(r.Story)
	}
	return r.Token
}

// blind makes the token of somebody who is known to the desk but not its source. It is
// keyed with a secret of the newsroom, so that two desks find a common origin, and a list
// of names finds nothing without the key. Case and spaces don't matter.
func (d *Desk) blind(name string) string {
	m := hmac.New(sha256.New, d.relays)
	m.Write([]byte(tokenLabel + "\x00" + foldName(name)))
	return "k" + hex.EncodeToString(m.Sum(nil)[:tokenSize])
}

func foldName(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(s)), " "))
}

// relays reads what a journalist entered; see EvidenceInput.Relays.
func (d *Desk) relayRefs(ctx context.Context, input string) (refs []relayRef, unknown bool, err error) {
	input = strings.TrimSpace(input)
	if input == "" {
		input = "-"
	}
	parts := strings.Split(input, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	known, unknown, err := ladder.ParseRelays(strings.Join(parts, ","))
	if err != nil {
		return nil, false, field("relays", "%s", strings.TrimPrefix(err.Error(), "relays: "))
	}
	if len(known) > maxRelays {
		return nil, false, field("relays", "more than %d", maxRelays)
	}
	tokens, err := d.tokens(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, name := range known {
		ref, err := d.relayRef(ctx, name, tokens)
		if err != nil {
			return nil, false, err
		}
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs, unknown, nil
}

func (d *Desk) relayRef(ctx context.Context, name string, tokens []string) (relayRef, error) {
	if hexID, ok := strings.CutPrefix(name, storyWord); ok {
		id, err := ParseID(hexID)
		if err != nil {
			return relayRef{}, field("relays", "after %q an ID of a story is wanted", storyWord)
		}
		if _, err := d.state(ctx, nounStory, id); err != nil {
			return relayRef{}, field("relays", "no such story")
		}
		return relayRef{Story: id}, nil
	}
	id, err := d.teller(ctx, name)
	if err != nil || !id.IsZero() {
		return relayRef{Teller: id}, err
	}
	for _, tok := range tokens {
		if shown(tok) == name {
			return relayRef{Token: tok}, nil
		}
	}
	return relayRef{Token: d.blind(name)}, nil
}

// teller finds a source by its handle or its ID; zero if there is none.
func (d *Desk) teller(ctx context.Context, name string) (ID, error) {
	byID, err := ParseID(name)
	if err != nil {
		byID = ID{}
	}
	var id ID
	err = d.v.View().QueryRow(ctx, `SELECT id FROM source WHERE handle = ? OR id = ? ORDER BY n LIMIT 1`, foldName(name), byID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return ID{}, nil
	}
	if err != nil {
		return ID{}, fmt.Errorf("desk: %w", err)
	}
	return id, nil
}

func shown(token string) string { return token[:1+tokenShown] }

// tokens gives the blinded tokens that are in use, sorted.
func (d *Desk) tokens(ctx context.Context) ([]string, error) {
	sts, err := d.states(ctx, nounEvidence)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, st := range sts {
		e, err := unmarshal[evidence](st.doc)
		if err != nil {
			return nil, err
		}
		for _, r := range e.Relays {
			if r.Token != "" {
				out = append(out, r.Token)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Tokens lists the people known as tokens only, for choosing a relay.
func (d *Desk) Tokens(ctx context.Context) ([]RelayView, error) {
	tokens, err := d.tokens(ctx)
	out := make([]RelayView, len(tokens))
	for i, t := range tokens {
		out[i] = RelayView{Kind: RelayToken, Shown: shown(t)}
	}
	return out, err
}

// evidenceOf checks an input and makes the content of it.
func (d *Desk) evidenceOf(ctx context.Context, in EvidenceInput) (evidence, ID, error) {
	e := evidence{
		Claim: in.Claim, Report: in.Report, Words: strings.TrimSpace(in.Words), Stance: in.Stance, Path: in.Path,
		Grade: in.Grade, Original: in.Original,
	}
	switch {
	case in.Stance != ladder.Supports && in.Stance != ladder.Contradicts:
		return e, ID{}, field("stance", "choose supports or contradicts")
	case !slices.Contains([]ladder.Path{ladder.Direct, ladder.Told, ladder.Rumour}, in.Path):
		return e, ID{}, field("path", "choose direct, told or rumour")
	case in.Grade < 1 || in.Grade > 6:
		return e, ID{}, field("grade", "write 1 to 6; 6 means that it cannot be judged")
	case len(in.Words) > maxWords:
		return e, ID{}, field("words", "longer than %d bytes", maxWords)
	}
	if _, err := d.state(ctx, nounClaim, in.Claim); err != nil {
		return e, ID{}, notFoundField("claim", err)
	}
	rs, err := d.reports(ctx, `r.id = ?`, in.Report)
	if err != nil {
		return e, ID{}, err
	}
	if len(rs) == 0 {
		return e, ID{}, field("report", "no such report")
	}
	if day, err := d.eraseDay(ctx, rs[0].Source); err != nil || day != 0 {
		return e, ID{}, errors.Join(err, field("report", "its source asked for erasure"))
	}
	if !contains(rs[0].Text, e.Words) && !contains(spoken(rs[0].Text), e.Words) {
		return e, ID{}, field("words", "do not stand so in the report")
	}
	e.Relays, e.Unknown, err = d.relayRefs(ctx, in.Relays)
	if err != nil {
		return e, ID{}, err
	}
	if slices.Contains(e.Relays, relayRef{Teller: rs[0].Source}) {
		return e, ID{}, field("relays", "the teller can't be the relay too")
	}
	return e, rs[0].Source, nil
}

func notFoundField(name string, err error) error {
	if errors.Is(err, ErrNotFound) {
		return field(name, "no such %s", name)
	}
	return err
}

// AddEvidence says that a report supports or contradicts a claim. Its content dies with the
// source of the report.
func (d *Desk) AddEvidence(ctx context.Context, in EvidenceInput) (ID, OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, owner, err := d.evidenceOf(ctx, in)
	if err != nil {
		return ID{}, OpID{}, err
	}
	id, err := d.newID()
	if err != nil {
		return ID{}, OpID{}, err
	}
	op, err := d.append1(ctx, opEvidence, id, owner, e)
	return id, op, err
}

// EditEvidence changes an item of evidence; claim and report stay.
func (d *Desk) EditEvidence(ctx context.Context, id ID, in EvidenceInput) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st, err := d.state(ctx, nounEvidence, id)
	if err != nil {
		return OpID{}, err
	}
	old, err := unmarshal[evidence](st.doc)
	if err != nil {
		return OpID{}, err
	}
	in.Claim, in.Report = old.Claim, old.Report
	e, owner, err := d.evidenceOf(ctx, in)
	if err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opEvidence, id, owner, e)
}

// WithdrawEvidence takes an item out of all derivations. It stays in the log.
func (d *Desk) WithdrawEvidence(ctx context.Context, id ID) (OpID, error) {
	st, err := d.state(ctx, nounEvidence, id)
	if err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opEvidenceDrop, id, st.owner, struct{}{})
}
