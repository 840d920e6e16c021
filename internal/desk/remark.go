package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
)

// remark is the content of a note that a journalist writes on a thread, for colleagues.
// Unlike a call note it is no telling: nothing can rest on it.
type remark struct {
	Text string `json:"text"` // "": taken away
	By   string `json:"by"`
}

// A RemarkView is a note on a thread.
type RemarkView struct {
	ID   ID
	Day  cell.Day
	Text string
	By   string
	Op   OpID
}

// AddRemark puts a note on a thread.
func (d *Desk) AddRemark(ctx context.Context, src ID, text, by string) (ID, OpID, error) {
	text = strings.TrimSpace(text)
	if err := checkText("remark", text); err != nil {
		return ID{}, OpID{}, err
	}
	if len(text) > maxSheet {
		return ID{}, OpID{}, field("remark", "longer than %d bytes", maxSheet)
	}
	if strings.TrimSpace(by) == "" {
		return ID{}, OpID{}, field("by", "say who writes")
	}
	if err := d.mustHave(ctx, "source", src); err != nil {
		return ID{}, OpID{}, err
	}
	id, err := d.newID()
	if err != nil {
		return ID{}, OpID{}, err
	}
	op, err := d.append1(ctx, opRemark, id, src, remark{text, by})
	return id, op, err
}

// DropRemark takes a note away. Undo brings it back.
func (d *Desk) DropRemark(ctx context.Context, id ID, by string) (OpID, error) {
	st, err := d.state(ctx, nounRemark, id)
	if err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opRemark, id, st.owner, remark{By: by})
}

// owned gives the states of a noun that belong to a source or to a thread it has left, in
// the order in which the things were made.
func (d *Desk) owned(ctx context.Context, noun string, src ID) ([]state, error) {
	rows, err := d.v.View().Query(ctx, `SELECT thing, owner, n, op, day, doc FROM state
		WHERE noun = ?2 AND owner IN (`+group+`SELECT source FROM g) ORDER BY n`, src, noun)
	if err != nil {
		return nil, fmt.Errorf("desk: %s: %w", noun, err)
	}
	return collect(rows, func(st *state) []any {
		return []any{&st.thing, &st.owner, &st.number, &st.op, &st.day, &st.doc}
	})
}

func (d *Desk) remarks(ctx context.Context, src ID) ([]RemarkView, error) {
	sts, err := d.owned(ctx, nounRemark, src)
	if err != nil {
		return nil, err
	}
	var out []RemarkView
	for _, st := range sts {
		r, err := unmarshal[remark](st.doc)
		if err != nil {
			return nil, err
		}
		if r.Text != "" {
			out = append(out, RemarkView{st.thing, st.day, r.Text, r.By, st.op})
		}
	}
	slices.SortStableFunc(out, func(a, b RemarkView) int { return int(a.Day) - int(b.Day) })
	return out, nil
}
