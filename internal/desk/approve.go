package desk

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"

	"kkachi/internal/cell"
	"kkachi/internal/release"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// candidate is the content of fixing the bytes that are to be approved.
type candidate struct {
	Release []byte     `json:"release"` // SHA-256 of a blob, which is also the digest's blob
	Digest  []byte     `json:"digest"`
	ID      release.ID `json:"id"`
	Serial  uint64     `json:"serial"`
	Printed cell.Day   `json:"printed"`
}

// approved is the content of an approval.
type approved struct {
	Digest   []byte           `json:"digest"`
	Approval release.Approval `json:"approval"`
}

// released is the content of a release. The notes that named the approvers are kept as they
// were signed, so that an approver who leaves takes no story away, and nobody can put keys
// of his own in their place.
type released struct {
	Release   []byte             `json:"release"` // SHA-256 of a blob
	Digest    []byte             `json:"digest"`
	Serial    uint64             `json:"serial"`
	Printed   cell.Day           `json:"printed"`
	Photo     []byte             `json:"photo,omitempty"` // SHA-256 of a blob
	Approvals []release.Approval `json:"approvals"`
	Root      []byte             `json:"root"`           // root note
	Devices   []byte             `json:"devices"`        // devices note
	Story     OpID               `json:"story,omitzero"` // the version that was released
	Ledger    bool               `json:"ledger"`         // what it printed of its sources was written to their ledgers
}

// approvers gives the keys of those who could approve when the story was released, by notes
// that the newsroom's root keys signed.
func (r *released) approvers(id seal.NewsroomID) (map[release.Approver]ed25519.PublicKey, error) {
	root, err := seal.ParseRoot(r.Root, id, 0)
	if err != nil {
		return nil, fmt.Errorf("desk: the root note of a release: %w", err)
	}
	n, err := seal.ParseDevices(r.Devices, root, 0)
	if err != nil {
		return nil, fmt.Errorf("desk: the devices note of a release: %w", err)
	}
	out := make(map[release.Approver]ed25519.PublicKey, len(n.Approvers))
	for _, a := range n.Approvers {
		out[release.Approver(a.Name)] = ed25519.PublicKey(a.Key[:])
	}
	return out, nil
}

// An event is something that happened to a story.
type event struct {
	op  OpID
	day cell.Day
	doc string
}

func (d *Desk) events(ctx context.Context, kind vault.Kind, thing ID) ([]event, error) {
	rows, err := d.v.View().Query(ctx, `SELECT op, day, doc FROM event WHERE kind = ? AND thing = ? ORDER BY n`, string(kind), thing)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", kind, err)
	}
	return collect(rows, func(e *event) []any { return []any{&e.op, &e.day, &e.doc} })
}

// lastOf decodes the newest event of a kind; ok is false if there is none.
func lastOf[T any](ctx context.Context, d *Desk, kind vault.Kind, thing ID) (t T, ok bool, err error) {
	evs, err := d.events(ctx, kind, thing)
	if err != nil || len(evs) == 0 {
		return t, false, err
	}
	t, err = unmarshal[T](evs[len(evs)-1].doc)
	return t, true, err
}

// fresh gives the candidate that was fixed last, if the story would still give the same
// bytes. Any change of the story, of its photograph or of how its claims stand makes it
// stale, and its approvals with it.
func (d *Desk) fresh(ctx context.Context, id ID, v *StoryView) (candidate, []byte, bool, error) {
	c, ok, err := lastOf[candidate](ctx, d, opCandidate, id)
	if err != nil || !ok {
		return candidate{}, nil, false, err
	}
	if e := v.Exposure.Embargo; e != nil && c.Printed != e.printed(d.Today()) {
		if evs, err := d.events(ctx, opRelease, id); err != nil || len(evs) == 0 {
			return candidate{}, nil, false, err // what is printed first would say a day that isn't its own
		}
	}
	r, err := d.next(ctx, v, c)
	if err != nil {
		return candidate{}, nil, false, nil // can't be released as it is: nothing is approved
	}
	data, err := r.Encode()
	if err != nil {
		return candidate{}, nil, false, nil
	}
	digest := release.DigestOf(data)
	return c, data, bytes.Equal(digest[:], c.Digest), nil
}

// approvals gives the good approvals of a candidate, one a person. Where the approvers of
// today can't be known none is good.
func (d *Desk) approvals(ctx context.Context, id ID, c candidate) ([]release.Approval, []ApprovalView, error) {
	evs, err := d.events(ctx, opApprove, id)
	if err != nil || len(evs) == 0 {
		return nil, nil, err
	}
	pubs, err := d.approvers()
	if err != nil {
		return nil, nil, nil
	}
	var list []release.Approval
	var views []ApprovalView
	for _, e := range evs {
		a, err := unmarshal[approved](e.doc)
		if err != nil {
			return nil, nil, err
		}
		name := string(a.Approval.Name)
		again := slices.ContainsFunc(views, func(v ApprovalView) bool { return v.Name == name })
		if again || !bytes.Equal(a.Digest, c.Digest) || a.Approval.Verify(pubs[name], release.Digest(c.Digest)) != nil {
			continue
		}
		list = append(list, a.Approval)
		views = append(views, ApprovalView{name, e.day})
	}
	return list, views, nil
}

// Approve signs the story as it is now. The first approval fixes the bytes of the release,
// and draws the day that is printed if none is given. It fails with ErrHeld unless the gate
// is answered, with ErrPassphrase if the passphrase is not the approver's.
func (d *Desk) Approve(ctx context.Context, id ID, approver string, passphrase []byte) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.judged(ctx, id)
	if err != nil {
		return OpID{}, err
	}
	if v.Verdict != Pass {
		return OpID{}, fmt.Errorf("%w: %d findings", ErrHeld, unanswered(v.Findings))
	}
	key, err := d.approver(approver, passphrase)
	if err != nil {
		return OpID{}, err
	}
	defer clear(key)
	c, _, ok, err := d.fresh(ctx, id, v)
	if err != nil {
		return OpID{}, err
	}
	var drafts []vault.Draft
	if !ok {
		var dr vault.Draft
		if c, dr, err = d.fix(ctx, id, v); err != nil {
			return OpID{}, err
		}
		drafts = append(drafts, dr)
	} else if slices.ContainsFunc(v.Signed, func(a ApprovalView) bool { return a.Name == approver }) {
		return OpID{}, field("approver", "%s has approved this already: another one must", approver)
	}
	a, err := release.Approve(release.Approver(approver), key, release.Digest(c.Digest))
	if err != nil {
		return OpID{}, fmt.Errorf("desk: %w", err)
	}
	dr, err := draft(opApprove, id, id, approved{c.Digest, a})
	if err != nil {
		return OpID{}, err
	}
	hs, err := d.v.Append(ctx, append(drafts, dr)...)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: approving: %w", err)
	}
	return OpID(hs[len(hs)-1]), nil
}

func unanswered(fs []Finding) (n int) {
	for _, f := range fs {
		if f.Verdict != Pass && !f.Answered {
			n++
		}
	}
	return n
}

// fix makes the bytes that are to be approved and drafts the operation that says so.
func (d *Desk) fix(ctx context.Context, id ID, v *StoryView) (candidate, vault.Draft, error) {
	c := candidate{Serial: 1}
	last, ok, err := lastOf[candidate](ctx, d, opCandidate, id)
	if err != nil {
		return candidate{}, vault.Draft{}, err
	}
	if ok {
		c.ID = last.ID
	} else {
		fresh, err := d.newID()
		if err != nil {
			return candidate{}, vault.Draft{}, err
		}
		c.ID = release.ID(fresh)
	}
	before, ok, err := lastOf[released](ctx, d, opRelease, id)
	if err != nil {
		return candidate{}, vault.Draft{}, err
	}
	if ok {
		// A correction keeps the day that was printed.
		c.Serial, c.Printed = before.Serial+1, before.Printed
	} else if c.Printed, err = d.drawDay(v); err != nil {
		return candidate{}, vault.Draft{}, err
	}
	r, err := d.next(ctx, v, c)
	if err != nil {
		return candidate{}, vault.Draft{}, err
	}
	data, err := r.Encode()
	if err != nil {
		return candidate{}, vault.Draft{}, fmt.Errorf("desk: %w", err)
	}
	digest := release.DigestOf(data)
	c.Digest = digest[:]
	sum, _, err := d.v.PutBlob(ctx, vault.Thing(id), bytes.NewReader(data))
	if err != nil {
		return candidate{}, vault.Draft{}, fmt.Errorf("desk: %w", err)
	}
	c.Release = sum[:]
	dr, err := draft(opCandidate, id, id, c)
	return c, dr, err
}

// Release lets a story out that the gate has passed and two different people have approved
// as it is now. It fails with ErrHeld, ErrStale or ErrApprovals.
func (d *Desk) Release(ctx context.Context, id ID) (*ReleaseView, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, err := d.judged(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.Verdict != Pass {
		return nil, fmt.Errorf("%w: %d findings", ErrHeld, unanswered(v.Findings))
	}
	c, data, ok, err := d.fresh(ctx, id, v)
	if err != nil {
		return nil, err
	}
	if !ok {
		if n, err := d.events(ctx, opApprove, id); err == nil && len(n) == 0 {
			return nil, fmt.Errorf("%w: none has approved it yet", ErrApprovals)
		}
		return nil, ErrStale
	}
	_, devices, err := d.devices(d.Today())
	if err != nil {
		return nil, err
	}
	_, root, err := d.root()
	if err != nil {
		return nil, err
	}
	list, _, err := d.approvals(ctx, id, c)
	if err != nil {
		return nil, err
	}
	if len(list) < release.Approvals {
		return nil, fmt.Errorf("%w: %d of %d", ErrApprovals, len(list), release.Approvals)
	}
	rel := released{
		Release: c.Release, Digest: c.Digest, Serial: c.Serial, Printed: c.Printed, Approvals: list,
		Root: root, Devices: devices, Story: v.Op, Ledger: true,
	}
	keys, err := rel.approvers(d.cfg.Newsroom)
	if err != nil {
		return nil, err
	}
	if _, err := release.Open(data, list, keys); err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	if f, _, err := d.photoFile(ctx, id); err == nil && v.Photo != nil && f.Copy != nil && v.Story.Retraction == nil {
		rel.Photo = f.Copy.SHA256
	}
	if last, ok, err := lastOf[released](ctx, d, opRelease, id); err != nil || ok && bytes.Equal(last.Digest, rel.Digest) {
		if err == nil {
			err = field("story", "released already as it is")
		}
		return nil, err
	}
	dr, err := draft(opRelease, id, id, rel)
	if err != nil {
		return nil, err
	}
	spent, err := d.spend(ctx, v, &rel)
	if err != nil {
		return nil, err
	}
	if _, err := d.v.Append(ctx, append(spent, dr)...); err != nil {
		return nil, fmt.Errorf("desk: releasing: %w", err)
	}
	out := rel.view(d.Today())
	return &out, nil
}

func (r *released) view(day cell.Day) ReleaseView {
	v := ReleaseView{Serial: r.Serial, Printed: r.Printed, Digest: fmt.Sprintf("%x", r.Digest), Day: day}
	for _, a := range r.Approvals {
		v.By = append(v.By, string(a.Name))
	}
	slices.Sort(v.By)
	return v
}
