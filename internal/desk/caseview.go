package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

// ClosedCases is how many of the cases that are closed stand in the list: the newest.
const ClosedCases = 100

// The questions for cases say that cased > 0: else none would use the index, which holds no
// others. They ask for two states, or one.
const (
	casesSQL      = `SELECT t.source, s.handle, t.cased, t.asking FROM thread t JOIN source s ON s.id = t.source WHERE t.cased > 0 AND `
	casesWorked   = casesSQL + `t.cased IN (?, ?) AND t.box <> ? ORDER BY t.cased, t.last LIMIT ?`
	casesClosed   = casesSQL + `t.cased = ? AND t.box <> ? ORDER BY t.last DESC LIMIT ?`
	casesClosedOf = `SELECT count(*) FROM thread t WHERE t.cased > 0 AND t.cased = ? AND t.box <> ?`
)

// Cases lists cases: those that nobody has taken, then those taken, by deadline, then the
// newest of those closed; and says how many more are closed.
func (d *Desk) Cases(ctx context.Context) (list []CaseRow, older int, err error) {
	add := func(query string, args ...any) error {
		rows, err := d.v.View().Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("desk: cases: %w", err)
		}
		more, err := collect(rows, func(r *CaseRow) []any { return []any{&r.Source, &r.Handle, &r.State, &r.Asked} })
		list = append(list, more...)
		return err
	}
	if err := add(casesWorked, CaseOpen, CaseTaken, boxMoved, maxUnread); err != nil {
		return nil, 0, err
	}
	worked := len(list)
	if err := add(casesClosed, CaseClosed, boxMoved, ClosedCases); err != nil {
		return nil, 0, err
	}
	slices.Reverse(list[worked:])
	if n := len(list) - worked; n == ClosedCases {
		err := d.v.View().QueryRow(ctx, casesClosedOf, CaseClosed, boxMoved).Scan(&older)
		if err != nil {
			return nil, 0, fmt.Errorf("desk: cases: %w", err)
		}
		older -= n
	}
	if err := d.caseRows(ctx, list); err != nil {
		return nil, 0, err
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
	return list, older, nil
}

// caseRows fills rows, all at once.
func (d *Desk) caseRows(ctx context.Context, list []CaseRow) error {
	days, err := d.eraseDays(ctx)
	if err != nil {
		return err
	}
	ids := make([]ID, len(list))
	for i, r := range list {
		ids[i] = r.Source
	}
	said, err := d.newestStates(ctx, ids, nounCase, nounTaken, nounCaseClosed)
	if err != nil {
		return err
	}
	for i := range list {
		r := &list[i]
		if len(days) > 0 {
			if r.Erase, err = d.firstErase(ctx, r.Source); err != nil {
				return err
			}
		}
		of := said[r.Source]
		if err := r.fill(of[nounCase], of[nounTaken], of[nounCaseClosed]); err != nil {
			return err
		}
	}
	return nil
}

// caseRow fills a row from the states of its source, and gives that of the sheet.
func (d *Desk) caseRow(ctx context.Context, r *CaseRow) (state, error) {
	said, err := d.newestStates(ctx, []ID{r.Source}, nounCase, nounTaken, nounCaseClosed)
	if err != nil {
		return state{}, err
	}
	of := said[r.Source]
	return of[nounCase], r.fill(of[nounCase], of[nounTaken], of[nounCaseClosed])
}

func (r *CaseRow) fill(sheet, take, closed state) (err error) {
	if sheet.doc != "" && r.Erase == 0 {
		if r.Sheet, err = unmarshal[CaseSheet](sheet.doc); err != nil {
			return err
		}
	}
	if take.doc != "" && r.State != CaseOpen {
		t, err := unmarshal[taken](take.doc)
		if err != nil {
			return err
		}
		r.TakenBy, r.TakenDay = t.By, take.day
	}
	if r.State != CaseClosed || closed.doc == "" {
		return nil
	}
	c, err := unmarshal[caseClosed](closed.doc)
	r.Outcome, r.Closed = c.Outcome, closed.day
	return err
}

// newestStates gives for each source the newest state of some nouns among its thread and
// those that it has left.
func (d *Desk) newestStates(ctx context.Context, srcs []ID, nouns ...string) (map[ID]map[string]state, error) {
	out := map[ID]map[string]state{}
	for part := range slices.Chunk(srcs, 500) {
		var args []any
		for _, id := range part {
			args = append(args, id)
		}
		for _, noun := range nouns {
			args = append(args, noun)
		}
		rows, err := d.v.View().Query(ctx, `WITH RECURSIVE g(root, source) AS (
				SELECT source, source FROM thread WHERE source IN (?`+strings.Repeat(", ?", len(part)-1)+`)
				UNION SELECT g.root, t.source FROM g CROSS JOIN thread t ON t.next = g.source)
			SELECT g.root, s.noun, s.thing, s.owner, s.n, s.op, s.day, s.doc FROM g CROSS JOIN state s ON s.thing = g.source JOIN version v ON v.op = s.op
			WHERE s.noun IN (?`+strings.Repeat(", ?", len(nouns)-1)+`) ORDER BY v.n`, args...)
		if err != nil {
			return nil, fmt.Errorf("desk: cases: %w", err)
		}
		type line struct {
			root ID
			noun string
			state
		}
		list, err := collect(rows, func(l *line) []any {
			return []any{&l.root, &l.noun, &l.thing, &l.owner, &l.number, &l.op, &l.day, &l.doc}
		})
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			if out[l.root] == nil {
				out[l.root] = map[string]state{}
			}
			out[l.root][l.noun] = l.state // the newest comes last
		}
	}
	return out, nil
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
	days, err := d.eraseDays(ctx)
	if err != nil {
		return nil, err
	}
	hide(v.Reports, days)
	if v.Erase != 0 {
		return v, nil
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
