package desk

import (
	"context"
	"fmt"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// A case is somebody who asks for help: by a letter of that kind, or by telephone, when a
// journalist opens it. It stands on top until somebody takes it, and ends with an outcome;
// another letter that asks for help opens it again.

// taken is the content of taking a case.
type taken struct {
	By string `json:"by"`
}

// caseOpened says that somebody asked for help otherwise than by a letter.
type caseOpened struct {
	By string `json:"by"`
}

// CaseSheet is what is to be known about a case.
type CaseSheet struct {
	Need     string   `json:"need"`     // what the person asks for
	Danger   string   `json:"danger"`   // what threatens, and from whom
	Deadline cell.Day `json:"deadline"` // until when help must have come; 0: not known
}

type caseStep struct {
	Text string `json:"text"` // "": taken away
	By   string `json:"by"`
}

type caseClosed struct {
	Outcome Outcome `json:"outcome"`
	Note    string  `json:"note,omitempty"`
	By      string  `json:"by"`
	After   ID      `json:"after,omitzero"` // the newest request for help that it answers
}

// An Outcome says how a case ended.
type Outcome string

// Outcomes of cases.
const (
	OutcomeSafe     Outcome = "safe"     // the person is out of danger
	OutcomeReferred Outcome = "referred" // a partner has taken it over
	OutcomeDeclined Outcome = "declined" // the person no longer wants help
	OutcomeLost     Outcome = "lost"     // no answer any more
	OutcomeNone     Outcome = "none"     // nothing could be done
)

// Outcomes lists them in the order of a form.
func Outcomes() []Outcome {
	return []Outcome{OutcomeSafe, OutcomeReferred, OutcomeDeclined, OutcomeLost, OutcomeNone}
}

// A CaseState is how far a case has come.
type CaseState int

// States of a case, as the projections hold them.
const (
	NoCase CaseState = iota
	CaseOpen
	CaseTaken
	CaseClosed
)

// OpenCase says that a source asks for help though no letter says so.
func (d *Desk) OpenCase(ctx context.Context, src ID, by string) (OpID, error) {
	st, err := d.caseState(ctx, src)
	if err != nil {
		return OpID{}, err
	}
	if st == CaseOpen || st == CaseTaken {
		return OpID{}, field("case", "is open already")
	}
	return d.caseOp(ctx, src, by, opCaseOpen, caseOpened{by})
}

// TakeCase says that somebody takes care of a request for help. Another may take it over.
func (d *Desk) TakeCase(ctx context.Context, src ID, by string) (OpID, error) {
	return d.caseOp(ctx, src, by, opTake, taken{by})
}

// SetCase changes what is to be known about a case.
func (d *Desk) SetCase(ctx context.Context, src ID, s CaseSheet) (OpID, error) {
	for name, text := range map[string]string{"need": s.Need, "danger": s.Danger} {
		if len(text) > maxSheet {
			return OpID{}, field(name, "longer than %d bytes", maxSheet)
		}
	}
	return d.caseOp(ctx, src, "-", opCaseSheet, s)
}

// AddStep notes what was done in a case.
func (d *Desk) AddStep(ctx context.Context, src ID, text, by string) (OpID, error) {
	text = strings.TrimSpace(text)
	if err := checkText("step", text); err != nil {
		return OpID{}, err
	}
	if len(text) > maxSheet {
		return OpID{}, field("step", "longer than %d bytes", maxSheet)
	}
	if err := d.mayWork(ctx, src, by); err != nil {
		return OpID{}, err
	}
	id, err := d.newID()
	if err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, opCaseStep, id, src, caseStep{text, by})
}

// CloseCase ends a case with an outcome. Undo opens it again, and so does another letter
// that asks for help.
func (d *Desk) CloseCase(ctx context.Context, src ID, o Outcome, note, by string) (OpID, error) {
	known := false
	for _, k := range Outcomes() {
		known = known || k == o
	}
	if !known {
		return OpID{}, field("outcome", "choose how it ended")
	}
	if len(note) > maxSheet {
		return OpID{}, field("note", "longer than %d bytes", maxSheet)
	}
	st, err := d.caseState(ctx, src)
	if err != nil {
		return OpID{}, err
	}
	if st == CaseClosed {
		return OpID{}, field("case", "is closed already")
	}
	rows, err := d.v.View().Query(ctx, `SELECT id FROM report WHERE `+inGroup+` AND kind = 'help' AND gone = 0 ORDER BY n DESC LIMIT 1`, src)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: case: %w", err)
	}
	help, err := collect(rows, func(id *ID) []any { return []any{id} })
	if err != nil {
		return OpID{}, err
	}
	c := caseClosed{Outcome: o, Note: strings.TrimSpace(note), By: by}
	if len(help) > 0 {
		c.After = help[0]
	}
	return d.caseOp(ctx, src, by, opCaseClose, c)
}

func (d *Desk) caseOp(ctx context.Context, src ID, by string, kind vault.Kind, content any) (OpID, error) {
	if err := d.mayWork(ctx, src, by); err != nil {
		return OpID{}, err
	}
	return d.append1(ctx, kind, src, src, content)
}

func (d *Desk) mayWork(ctx context.Context, src ID, by string) error {
	if strings.TrimSpace(by) == "" {
		return field("by", "say who takes it")
	}
	return d.mustHave(ctx, "source", src)
}

func (d *Desk) caseState(ctx context.Context, src ID) (CaseState, error) {
	var st CaseState
	err := d.v.View().QueryRow(ctx, `SELECT coalesce(max(cased), 0) FROM thread WHERE source = ?`, src).Scan(&st)
	if err != nil {
		return 0, fmt.Errorf("desk: case: %w", err)
	}
	return st, nil
}
