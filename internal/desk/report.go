package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// letter is the content of a letter that has been joined. No key of any week is in it.
type letter struct {
	Kind      ReportKind `json:"kind"`
	Topic     uint8      `json:"topic,omitempty"`
	Day       cell.Day   `json:"day"` // the arrival day of the batch that completed it
	Lang      Lang       `json:"lang"`
	Text      string     `json:"text,omitempty"` // of a text too long for an operation its beginning
	Blob      []byte     `json:"blob,omitempty"` // SHA-256 of a blob: of a file, or a text too long for an operation
	File      bool       `json:"file,omitempty"`
	Letter    []byte     `json:"letter"` // letter id
	Parts     int        `json:"parts"`
	LastReply []byte     `json:"lastReply,omitempty"`
	Next      []byte     `json:"next,omitempty"` // thread id that a move names
}

// consent is the content of saying whether a request for help may be evidence.
type consent struct {
	Yes bool `json:"yes"`
}

const reportColumns = `r.id, r.n, r.source, s.handle, r.kind, r.topic, r.day, r.lang, r.text, r.blob, r.file, r.taker, r.read`

type reportRow struct {
	ReportView
	blob []byte
}

func (r *reportRow) into() []any {
	return []any{
		&r.ID, &r.Number, &r.Source, &r.Handle, &r.Kind, &r.Topic, &r.Day, &r.Lang, &r.Text, &r.blob,
		&r.File, &r.Taker, &r.Read,
	}
}

// reports gives reports with their texts but without what hangs on them. where is a
// condition on r (report) and s (source).
func (d *Desk) reports(ctx context.Context, where string, args ...any) ([]ReportView, error) {
	rows, err := d.v.View().Query(ctx, `SELECT `+reportColumns+`
		FROM report r JOIN source s ON s.id = r.source WHERE r.gone = 0 AND (`+where+`) ORDER BY r.n`, args...)
	if err != nil {
		return nil, fmt.Errorf("desk: reports: %w", err)
	}
	list, err := collect(rows, (*reportRow).into)
	if err != nil {
		return nil, err
	}
	out := make([]ReportView, len(list))
	for i, r := range list {
		if r.blob != nil {
			if err := d.fromBlob(ctx, &r); err != nil {
				return nil, err
			}
		}
		out[i] = r.ReportView
	}
	return out, nil
}

func (d *Desk) fromBlob(ctx context.Context, r *reportRow) error {
	rc, err := d.v.Blob(ctx, vault.Hash(r.blob))
	if err != nil {
		return fmt.Errorf("desk: report %d: %w", r.Number, err)
	}
	b, err := io.ReadAll(rc)
	if err := errors.Join(err, rc.Close()); err != nil {
		return fmt.Errorf("desk: report %d: %w", r.Number, err)
	}
	if r.File {
		r.FileBytes = b
	} else {
		r.Text = string(b)
	}
	return nil
}

// Report gives one report with its translations and the claims that its words carry.
func (d *Desk) Report(ctx context.Context, report ID) (*ReportView, error) {
	rs, err := d.reports(ctx, `r.id = ?`, report)
	if err != nil {
		return nil, err
	}
	if len(rs) == 0 {
		return nil, fmt.Errorf("%w: report %s", ErrNotFound, report)
	}
	if err := d.dress(ctx, rs); err != nil {
		return nil, err
	}
	days, err := d.eraseDays(ctx)
	if err != nil {
		return nil, err
	}
	hide(rs, days)
	return &rs[0], nil
}

// A Telling is what a list to choose from says of a report.
type Telling struct {
	ID     ID
	Number int
	Kind   ReportKind
	Day    cell.Day
	Handle string
}

// Sizes of the list of tellings to choose from.
const (
	maxTellings  = 400
	dealtThreads = 100 // whose tellings stand in it, besides the newest of all
)

// Tellings lists reports for choosing one as evidence, by number: the newest, and those of
// the threads that the newsroom has dealt with last. and is in it, unless it is zero.
func (d *Desk) Tellings(ctx context.Context, and ID) ([]Telling, error) {
	byID := map[ID]Telling{}
	for _, part := range []struct {
		where string
		limit int
		args  []any
	}{
		{`r.id = ?`, 1, []any{and}},
		{`r.source IN (SELECT source FROM thread WHERE box = ? AND known > 0 ORDER BY top DESC, day DESC, last DESC LIMIT ?)`, maxTellings / 2, []any{boxOpen, dealtThreads}},
		{`true`, maxTellings / 2, nil},
	} {
		rows, err := d.v.View().Query(ctx, `SELECT r.id, r.n, r.kind, r.day, s.handle FROM report r JOIN source s ON s.id = r.source
			WHERE r.gone = 0 AND `+part.where+` ORDER BY r.n DESC LIMIT `+strconv.Itoa(part.limit), part.args...)
		if err != nil {
			return nil, fmt.Errorf("desk: tellings: %w", err)
		}
		list, err := collect(rows, func(t *Telling) []any { return []any{&t.ID, &t.Number, &t.Kind, &t.Day, &t.Handle} })
		if err != nil {
			return nil, err
		}
		for _, t := range list {
			byID[t.ID] = t
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b Telling) int { return a.Number - b.Number }), nil
}

// dress adds to reports what hangs on them.
func (d *Desk) dress(ctx context.Context, rs []ReportView) error {
	ids := make([]ID, len(rs))
	for i := range rs {
		ids[i] = rs[i].ID
	}
	ts, err := d.flagsOf(ctx, nounTranslation, ids)
	if err != nil {
		return err
	}
	yes, err := d.consents(ctx)
	if err != nil {
		return err
	}
	calls, err := d.flagsOf(ctx, nounCall, ids)
	if err != nil {
		return err
	}
	gone, err := d.flagsOf(ctx, nounReportGone, ids)
	if err != nil {
		return err
	}
	b, err := d.board(ctx)
	if err != nil {
		return err
	}
	for i := range rs {
		r := &rs[i]
		r.Op = calls[r.ID].op
		if r.Withdrawn, err = withdrawn(gone, r.ID); err != nil {
			return err
		}
		if st, ok := calls[r.ID]; ok {
			n, err := unmarshal[CallNote](st.doc)
			if err != nil {
				return err
			}
			r.Known = n.Known
		}
		r.Consent = yes[r.ID]
		r.Claims = b.marks(r.ID)
		if st, ok := ts[r.ID]; ok {
			t, err := unmarshal[translations](st.doc)
			if err != nil {
				return err
			}
			r.Translations = t.All
		}
	}
	return nil
}

// consents gives the requests for help whose words may be evidence.
func (d *Desk) consents(ctx context.Context) (map[ID]bool, error) {
	sts, err := d.states(ctx, nounConsent)
	out := map[ID]bool{}
	for _, st := range sts {
		c, err := unmarshal[consent](st.doc)
		if err != nil {
			return nil, err
		}
		out[st.thing] = c.Yes
	}
	return out, err
}

// MarkRead marks all reports of a source as read.
func (d *Desk) MarkRead(ctx context.Context, src ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var unread int
	err := d.v.View().QueryRow(ctx, `SELECT count(*) FROM report WHERE `+inGroup+` AND read = 0 AND gone = 0`, src).Scan(&unread)
	if err != nil {
		return fmt.Errorf("desk: %w", err)
	}
	if unread == 0 {
		return d.mustHave(ctx, "source", src)
	}
	_, err = d.append1(ctx, opRead, src, src, struct{}{})
	return err
}

// SetConsent says whether the words of a request for help may be used as evidence. They are
// never printed.
func (d *Desk) SetConsent(ctx context.Context, report ID, yes bool) (OpID, error) {
	r, err := d.Report(ctx, report)
	if err != nil {
		return OpID{}, err
	}
	if r.Kind != KindHelp {
		return OpID{}, field("report", "consent is asked for requests for help only")
	}
	return d.append1(ctx, opConsent, report, r.Source, consent{yes})
}
