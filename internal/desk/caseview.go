package desk

import (
	"context"
	"fmt"
	"slices"

	"kkachi/internal/cell"
)

// A CaseRow is a case in the list.
type CaseRow struct {
	Source   ID
	Handle   string
	State    CaseState
	Asked    cell.Day // of the newest request
	Sheet    CaseSheet
	TakenBy  string
	TakenDay cell.Day
	Outcome  Outcome
	Closed   cell.Day
	Erase    cell.Day // its source asked for erasure, in whichever thread: nothing of it is shown
}

// A CaseView is a case with all that was done.
type CaseView struct {
	CaseRow
	Op      OpID // of the sheet
	Steps   []StepView
	Given   []HandoverView
	Closing string // what was noted when it was closed
	Letters bool   // the source can be answered
	Reports []ReportView
}

// A StepView is something that was done in a case.
type StepView struct {
	Day      cell.Day
	Text, By string
	Op       OpID
}

// Cases lists all cases: those that nobody has taken, then those taken, by deadline, then
// those closed.
func (d *Desk) Cases(ctx context.Context) ([]CaseRow, error) {
	rows, err := d.v.View().Query(ctx, `SELECT t.source, s.handle, t.cased, t.asking FROM thread t JOIN source s ON s.id = t.source
		WHERE t.cased > 0 AND t.box <> ? ORDER BY t.cased, t.last LIMIT ?`, boxMoved, maxUnread)
	if err != nil {
		return nil, fmt.Errorf("desk: cases: %w", err)
	}
	list, err := collect(rows, func(r *CaseRow) []any { return []any{&r.Source, &r.Handle, &r.State, &r.Asked} })
	if err != nil {
		return nil, err
	}
	days, err := d.eraseDays(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if len(days) > 0 {
			if list[i].Erase, err = d.firstErase(ctx, list[i].Source); err != nil {
				return nil, err
			}
		}
		if _, err := d.caseRow(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	late := func(r CaseRow) cell.Day {
		if r.Sheet.Deadline == 0 {
			return ^cell.Day(0)
		}
		return r.Sheet.Deadline
	}
	slices.SortStableFunc(list, func(a, b CaseRow) int {
		switch {
		case a.State != b.State:
			return int(a.State) - int(b.State)
		case late(a) != late(b):
			if late(a) < late(b) {
				return -1
			}
			return 1
		}
		return 0
	})
	return list, nil
}

// caseRow fills a row from the states of its source, and gives that of the sheet.
func (d *Desk) caseRow(ctx context.Context, r *CaseRow) (state, error) {
	sheet, err := d.newestState(ctx, nounCase, r.Source)
	if err != nil {
		return state{}, err
	}
	if sheet.doc != "" && r.Erase == 0 {
		if r.Sheet, err = unmarshal[CaseSheet](sheet.doc); err != nil {
			return state{}, err
		}
	}
	take, err := d.newestState(ctx, nounTaken, r.Source)
	if err != nil {
		return state{}, err
	}
	if take.doc != "" && r.State != CaseOpen {
		t, err := unmarshal[taken](take.doc)
		if err != nil {
			return state{}, err
		}
		r.TakenBy, r.TakenDay = t.By, take.day
	}
	if r.State != CaseClosed {
		return sheet, nil
	}
	closed, err := d.newestState(ctx, nounCaseClosed, r.Source)
	if err != nil || closed.doc == "" {
		return sheet, err
	}
	c, err := unmarshal[caseClosed](closed.doc)
	r.Outcome, r.Closed = c.Outcome, closed.day
	return sheet, err
}

// newestState gives the newest state of a noun among a source and the threads it has left;
// the zero one if there is none.
func (d *Desk) newestState(ctx context.Context, noun string, src ID) (state, error) {
	rows, err := d.v.View().Query(ctx, `SELECT s.thing, s.owner, s.n, s.op, s.day, s.doc FROM state s JOIN version v ON v.op = s.op
		WHERE s.noun = ?2 AND s.thing IN (`+group+`SELECT source FROM g) ORDER BY v.n DESC LIMIT 1`, src, noun)
	if err != nil {
		return state{}, fmt.Errorf("desk: %s: %w", noun, err)
	}
	list, err := collect(rows, func(st *state) []any {
		return []any{&st.thing, &st.owner, &st.number, &st.op, &st.day, &st.doc}
	})
	if err != nil || len(list) == 0 {
		return state{}, err
	}
	return list[0], nil
}

// Case gives one case with all that was done in it, and the words that ask for help.
func (d *Desk) Case(ctx context.Context, src ID) (*CaseView, error) {
	v := &CaseView{}
	row := d.v.View().QueryRow(ctx, `SELECT t.source, s.handle, t.cased, t.asking, coalesce(length(s.thread), 0) > 0 FROM thread t JOIN source s ON s.id = t.source
		WHERE t.source = ? AND t.cased > 0`, src)
	if err := row.Scan(&v.Source, &v.Handle, &v.State, &v.Asked, &v.Letters); err != nil {
		return nil, fmt.Errorf("%w: case of %s", ErrNotFound, src)
	}
	var err error
	if v.Erase, err = d.firstErase(ctx, src); err != nil {
		return nil, err
	}
	sheet, err := d.caseRow(ctx, &v.CaseRow)
	if err != nil {
		return nil, err
	}
	v.Op = sheet.op
	if v.Given, err = d.handovers(ctx, src); err != nil {
		return nil, err
	}
	if v.Reports, err = d.reports(ctx, `r.source IN (`+group+`SELECT source FROM g)`, src); err != nil {
		return nil, err
	}
	if err := d.dress(ctx, v.Reports); err != nil {
		return nil, err
	}
	if err := d.hide(ctx, v.Reports); err != nil || v.Erase != 0 {
		return v, err
	}
	if v.State == CaseClosed {
		st, err := d.newestState(ctx, nounCaseClosed, src)
		if err != nil {
			return nil, err
		}
		c, err := unmarshal[caseClosed](st.doc)
		if err != nil {
			return nil, err
		}
		v.Closing = c.Note
	}
	v.Steps, err = d.steps(ctx, src)
	return v, err
}

func (d *Desk) steps(ctx context.Context, src ID) ([]StepView, error) {
	sts, err := d.owned(ctx, nounCaseStep, src)
	if err != nil {
		return nil, err
	}
	var out []StepView
	for _, st := range sts {
		s, err := unmarshal[caseStep](st.doc)
		if err != nil {
			return nil, err
		}
		if s.Text != "" {
			out = append(out, StepView{st.day, s.Text, s.By, st.op})
		}
	}
	return out, nil
}
