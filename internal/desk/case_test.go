package desk

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/vault"
)

// partnered gives a play at a desk with a partner, and the partner's key.
func partnered(t *testing.T) (*play, *age.HybridIdentity) {
	t.Helper()
	p := newPlay(t)
	id, err := age.GenerateHybridIdentity()
	must(t, err)
	p.cfg.Partners = []Partner{{"Helping Hands", id.Recipient().String()}}
	p.reopen()
	return p, id
}

func (r *room) theCase(src ID) *CaseView {
	r.t.Helper()
	c, err := r.desk.Case(r.t.Context(), src)
	must(r.t, err)
	return c
}

// A case from the letter that asks for help to its outcome, and what opens it again.
func TestCaseFromLetterToOutcome(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	f := p.source["F"]
	rows, _, err := p.desk.Cases(ctx)
	must(t, err)
	if len(rows) != 1 || rows[0].Source != f || rows[0].State != CaseOpen || rows[0].Asked != p.today {
		t.Fatalf("%+v", rows)
	}
	sheet := CaseSheet{Need: "안전한 곳", Danger: "여권을 빼앗김", Deadline: p.today + 5}
	var ops []OpID
	for _, do := range []func() (OpID, error){
		func() (OpID, error) { return p.desk.TakeCase(ctx, f, "mina") },
		func() (OpID, error) { return p.desk.SetCase(ctx, f, sheet) },
		func() (OpID, error) { return p.desk.AddStep(ctx, f, "전화함", "mina") },
		func() (OpID, error) { return p.desk.CloseCase(ctx, f, OutcomeSafe, "무사함", "mina") },
	} {
		op, err := do()
		must(t, err)
		ops = append([]OpID{op}, ops...)
	}
	c := p.theCase(f)
	if c.State != CaseClosed || c.Sheet != sheet || len(c.Steps) != 1 || c.Outcome != OutcomeSafe || c.Closing != "무사함" || c.TakenBy != "mina" {
		t.Errorf("%+v", c)
	}
	if r := p.inInbox(f); r.Help {
		t.Error("a closed case asks for help still")
	}
	if _, err := p.desk.CloseCase(ctx, f, OutcomeSafe, "", "mina"); err == nil {
		t.Error("a closed case was closed")
	}
	want := p.whole()
	must(t, p.desk.Vault().Rebuild(ctx, nil))
	if p.whole() != want {
		t.Error("rebuilt, the projections differ")
	}
	p.tell(f, false, "고맙습니다", []byte("letter of the 8.")[:16])
	if p.theCase(f).State != CaseClosed {
		t.Error("a letter that asks for nothing opened the case again")
	}
	p.tell(f, true, "다시 위험합니다", []byte("letter of the 9.")[:16])
	if c := p.theCase(f); c.State != CaseOpen || !p.inInbox(f).Help {
		t.Errorf("another call for help: %v", c.State)
	}
	if n, err := p.desk.Counts(ctx); err != nil || n.OpenCases != 1 {
		t.Errorf("%+v %v", n, err)
	}
	_, err = p.desk.TakeCase(ctx, f, "jin")
	must(t, err)
	if c := p.theCase(f); c.State != CaseTaken || c.TakenBy != "jin" {
		t.Errorf("%+v", c.CaseRow)
	}
	_, err = p.desk.UndoAll(ctx, ops)
	must(t, err)
	if c := p.theCase(f); c.State != CaseTaken || c.Sheet != (CaseSheet{}) || len(c.Steps) != 0 {
		t.Errorf("undone: %+v", c)
	}
}

// Each step of a case is undone without a trace.
func TestCaseStepsAreUndone(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	f, a := p.source["F"], p.source["A"]
	for name, do := range map[string]func() (OpID, error){
		"take":  func() (OpID, error) { return p.desk.TakeCase(ctx, f, "mina") },
		"sheet": func() (OpID, error) { return p.desk.SetCase(ctx, f, CaseSheet{Deadline: p.today + 5}) },
		"close": func() (OpID, error) { return p.desk.CloseCase(ctx, f, OutcomeNone, "", "mina") },
		"open":  func() (OpID, error) { return p.desk.OpenCase(ctx, a, "mina") },
	} {
		before := p.state()
		op, err := do()
		must(t, err)
		if p.state() == before {
			t.Errorf("%s changes nothing", name)
		}
		_, _, err = p.desk.Undo(ctx, op)
		must(t, err)
		if p.state() != before {
			t.Errorf("%s: undone, the projections differ", name)
		}
	}
	step, err := p.desk.AddStep(ctx, f, "전화함", "mina")
	must(t, err)
	_, _, err = p.desk.Undo(ctx, step)
	must(t, err)
	if len(p.theCase(f).Steps) != 0 {
		t.Error("an undone step stands")
	}
	for name, do := range map[string]func() (OpID, error){
		"by":      func() (OpID, error) { return p.desk.TakeCase(ctx, f, " ") },
		"step":    func() (OpID, error) { return p.desk.AddStep(ctx, f, " ", "mina") },
		"outcome": func() (OpID, error) { return p.desk.CloseCase(ctx, f, "won", "", "mina") },
		"need":    func() (OpID, error) { return p.desk.SetCase(ctx, f, CaseSheet{Need: strings.Repeat("x", maxSheet+1)}) },
		"case":    func() (OpID, error) { return p.desk.OpenCase(ctx, f, "mina") },
	} {
		_, err := do()
		if fe, ok := errors.AsType[*FieldError](err); !ok || fe.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A case that a journalist opened after a call stands among the others, by deadline.
func TestCasesAreListedByUrgency(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	for i, name := range []string{"A", "B", "C"} {
		_, err := p.desk.OpenCase(ctx, p.source[name], "mina")
		must(t, err)
		_, err = p.desk.SetCase(ctx, p.source[name], CaseSheet{Deadline: p.today + cell.Day(9-i)})
		must(t, err)
	}
	_, err := p.desk.TakeCase(ctx, p.source["C"], "mina")
	must(t, err)
	rows, _, err := p.desk.Cases(ctx)
	must(t, err)
	want := []ID{p.source["B"], p.source["A"], p.source["F"], p.source["C"]}
	for i, r := range rows {
		if i >= len(want) || r.Source != want[i] {
			t.Errorf("place %d is %s", i, r.Handle)
		}
	}
	if r := p.inInbox(p.source["A"]); !r.Help || r.Taken {
		t.Errorf("%+v", r)
	}
}

// What a partner is given is what was chosen, and nothing by which the desk knows the
// source; only the partner's key opens it.
func TestHandOver(t *testing.T) {
	ctx := t.Context()
	p, partner := partnered(t)
	f := p.source["F"]
	in := HandoverInput{Partner: "Helping Hands", Message: "급합니다", Steps: true, Words: []ID{p.report["06"]}, By: "mina"}
	if _, err := p.desk.HandOver(ctx, f, in); err == nil {
		t.Error("handed over without a need")
	}
	_, err := p.desk.SetCase(ctx, f, CaseSheet{Need: "안전한 곳", Danger: "여권", Deadline: p.today + 2})
	must(t, err)
	_, err = p.desk.AddStep(ctx, f, "전화함", "mina")
	must(t, err)
	_, err = p.desk.AddTranslation(ctx, p.report["06"], Translation{Lang: lang.English, Text: "help", By: "mina"})
	must(t, err)
	op, err := p.desk.HandOver(ctx, f, in)
	must(t, err)
	name, data, err := p.desk.SealedCase(ctx, op)
	must(t, err)
	h, err := OpenHandover(bytes.NewReader(data), partner)
	must(t, err)
	if h.Need != "안전한 곳" || len(h.Steps) != 1 || len(h.Words) != 1 || h.Words[0].Translations["en"] != "help" ||
		h.Message != "급합니다" || name != "case-"+h.Reference+".age" {
		t.Errorf("%s: %+v", name, h)
	}
	var plain bytes.Buffer
	dec, err := age.Decrypt(bytes.NewReader(data), partner)
	must(t, err)
	_, err = plain.ReadFrom(dec)
	must(t, err)
	c := p.theCase(f)
	for _, secret := range []string{c.Handle, f.String(), p.report["06"].String(), "mina"} {
		if strings.Contains(plain.String(), secret) {
			t.Errorf("the partner is given %q", secret)
		}
	}
	if len(c.Given) != 1 || c.Given[0].By != "mina" || c.Given[0].Words != 1 || c.Given[0].Reference != h.Reference {
		t.Errorf("%+v", c.Given)
	}
	if _, _, err := p.desk.Undo(ctx, op); !errors.Is(err, ErrNotUndone) {
		t.Errorf("undo of a hand-over: %v", err)
	}
	other, err := age.GenerateHybridIdentity()
	must(t, err)
	for what, r := range map[string][]byte{"cut": data[:len(data)-1], "empty": nil, "text": []byte("hello")} {
		if _, err := OpenHandover(bytes.NewReader(r), partner); !errors.Is(err, ErrHandover) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := OpenHandover(bytes.NewReader(data), other); !errors.Is(err, ErrHandover) {
		t.Errorf("another key: %v", err)
	}
	in.Partner = "Nobody"
	if _, err := p.desk.HandOver(ctx, f, in); err == nil {
		t.Error("handed to somebody who is no partner")
	}
	want := p.whole()
	must(t, p.desk.Vault().Rebuild(ctx, nil))
	if p.whole() != want {
		t.Error("rebuilt, the projections differ")
	}
}

// A source who asked for erasure is handed on to nobody, and its case shows nothing.
func TestErasureHoldsInCases(t *testing.T) {
	ctx := t.Context()
	p, _ := partnered(t)
	f := p.source["F"]
	_, err := p.desk.SetCase(ctx, f, CaseSheet{Need: "잊힐 말"})
	must(t, err)
	_, err = p.desk.AddStep(ctx, f, "잊힐 말", "mina")
	must(t, err)
	_, _, err = p.desk.AddRemark(ctx, f, "잊힐 말", "mina")
	must(t, err)
	p.logLetter(f, ID{9}, KindErase, "", []byte("letter of the 8.")[:16])
	c := p.theCase(f)
	if c.Erase == 0 || c.Sheet.Need != "" || len(c.Steps) != 0 {
		t.Errorf("%+v", c)
	}
	if _, err := p.desk.HandOver(ctx, f, HandoverInput{Partner: "Helping Hands", By: "mina"}); err == nil {
		t.Error("handed over")
	}
	if found, err := p.desk.Search(ctx, SearchQuery{Text: "잊힐"}); err != nil || len(found.Rows) != 0 {
		t.Errorf("found %+v, %v", found.Rows, err)
	}
	if v, err := p.desk.Thread(ctx, f); err != nil || len(v.Remarks) != 0 {
		t.Errorf("the thread shows notes: %v", err)
	}
}

// Nothing that is handed over names the source as the desk knows it, or a journalist: who hands
// over is told in which field it stands.
func TestHandOverNamesNobody(t *testing.T) {
	ctx := t.Context()
	p, partner := partnered(t)
	f := p.source["F"]
	_, err := p.desk.Join(ctx, p.source["A"], f, "mina")
	must(t, err)
	_, err = p.desk.TakeCase(ctx, f, "jin")
	must(t, err)
	handles, err := p.desk.handles(ctx)
	must(t, err)
	ours, theirs := handles[f], handles[p.source["A"]]
	two := strings.Join(strings.Fields(ours)[:2], "  \n") // as a line breaks, and a handle's third word is left out
	put := func(s CaseSheet, in HandoverInput) error {
		t.Helper()
		if s.Need == "" {
			s.Need = "Jinja, terminal"
		}
		_, err := p.desk.SetCase(ctx, f, s)
		must(t, err)
		in.Partner, in.By = "Helping Hands", "mina"
		_, err = p.desk.HandOver(ctx, f, in)
		return err
	}
	step, err := p.desk.AddStep(ctx, f, "mina가 전화함", "mina")
	must(t, err)
	_, err = p.desk.AddTranslation(ctx, p.report["06"], Translation{Lang: lang.English, Text: "(to " + ours + ")", By: "mina"})
	must(t, err)
	for _, c := range []struct {
		field string
		sheet CaseSheet
		in    HandoverInput
	}{
		{"need", CaseSheet{Need: "for " + strings.ToUpper(ours) + "."}, HandoverInput{}},
		{"need", CaseSheet{Need: two}, HandoverInput{}},
		{"danger", CaseSheet{Danger: theirs + "'s brother"}, HandoverInput{}},
		{"message", CaseSheet{}, HandoverInput{Message: "Ask Jin."}},
		{"message", CaseSheet{}, HandoverInput{Message: "급합니다 Mina에게"}},
		{"steps", CaseSheet{}, HandoverInput{Steps: true}},
		{"words", CaseSheet{}, HandoverInput{Words: []ID{p.report["06"]}}},
	} {
		err := put(c.sheet, c.in)
		if fe, ok := errors.AsType[*FieldError](err); !ok || fe.Field != "named."+c.field {
			t.Errorf("%s: %+v %+v: %v", c.field, c.sheet, c.in, err)
		} else if strings.Contains(err.Error(), ours) || strings.Contains(err.Error(), theirs) {
			t.Errorf("the error names the source: %v", err)
		}
	}
	must(t, put(CaseSheet{Danger: "a step that isn't chosen does no harm"}, HandoverInput{Message: "급합니다"}))
	p.undo(t, step)
	must(t, put(CaseSheet{}, HandoverInput{Steps: true}))
	c := p.theCase(f)
	_, data, err := p.desk.SealedCase(ctx, c.Given[len(c.Given)-1].Op)
	must(t, err)
	if h, err := OpenHandover(bytes.NewReader(data), partner); err != nil || h.Need != "Jinja, terminal" {
		t.Errorf("%+v %v", h, err)
	}
}

// A thread that its source left for another, and asked to erase, takes nothing of the case to a
// partner, whoever wrote it down where.
func TestErasureOfAFormerThreadHoldsInCases(t *testing.T) {
	ctx := t.Context()
	p, _ := partnered(t)
	f, a := p.source["F"], p.source["A"]
	_, err := p.desk.SetCase(ctx, f, CaseSheet{Need: "잊힐 말"})
	must(t, err)
	_, err = p.desk.AddStep(ctx, f, "잊힐 말", "mina")
	must(t, err)
	_, err = p.desk.OpenCase(ctx, a, "mina")
	must(t, err)
	_, err = p.desk.Join(ctx, f, a, "mina")
	must(t, err)
	if c := p.theCase(a); c.Sheet.Need == "" || len(c.Steps) != 1 {
		t.Fatalf("joined: %+v", c)
	}
	p.logLetter(f, ID{9}, KindErase, "", []byte("letter of the 8.")[:16])
	if c := p.theCase(a); c.Erase == 0 || c.Sheet.Need != "" || len(c.Steps) != 0 {
		t.Errorf("%+v", c)
	}
	rows, _, err := p.desk.Cases(ctx)
	must(t, err)
	if len(rows) != 1 || rows[0].Erase == 0 || rows[0].Sheet.Need != "" {
		t.Errorf("%+v", rows)
	}
	_, err = p.desk.SetCase(ctx, a, CaseSheet{Need: "written down anew"})
	must(t, err)
	in := HandoverInput{Partner: "Helping Hands", By: "mina"}
	_, err = p.desk.HandOver(ctx, a, in)
	if fe, ok := errors.AsType[*FieldError](err); !ok || fe.Field != "case" {
		t.Errorf("handed over: %v", err)
	}
	// The thread that goes on is not destroyed, and can be helped when the other is gone.
	must(t, p.desk.destroyDue(ctx, p.today+2*EraseDays, false))
	_, err = p.desk.HandOver(ctx, a, in)
	must(t, err)
}

func TestPartnersAreChecked(t *testing.T) {
	id, err := age.GenerateHybridIdentity()
	must(t, err)
	classic, err := age.GenerateX25519Identity()
	must(t, err)
	good := Partner{"Helping Hands", id.Recipient().String()}
	must(t, good.Check())
	for _, bad := range []Partner{
		{"", good.Recipient}, {"a\nb", good.Recipient}, {"x", ""}, {"x", classic.Recipient().String()}, {"x", id.String()},
	} {
		if bad.Check() == nil {
			t.Errorf("%q was taken", bad.Name)
		}
	}
}

// Of many closed cases the list holds the newest, and says how many more there are; what
// nobody has taken stands in it whole.
func TestCasesOfManyYears(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	const all = ClosedCases + 7
	var drafts []vault.Draft
	var names []string
	var srcs []ID
	add := func(kind vault.Kind, subject, owner ID, content any) {
		dr, err := draft(kind, subject, owner, content)
		must(t, err)
		drafts = append(drafts, dr)
	}
	for i := range all + 3 {
		id, name, dr, err := r.desk.newSource(ctx, nil, names...)
		must(t, err)
		names, srcs, drafts = append(names, name), append(srcs, id), append(drafts, dr)
		report, err := r.desk.newID()
		must(t, err)
		add(opLetter, report, id, letter{Kind: KindHelp, Day: r.today, Lang: "en", Text: fmt.Sprintf("help %d", i), Letter: report[:], Parts: 1})
		if i < all {
			add(opTake, id, id, taken{By: "mina"})
			add(opCaseSheet, id, id, CaseSheet{Need: fmt.Sprintf("need %d", i)})
			add(opCaseClose, id, id, caseClosed{After: report, Outcome: OutcomeSafe, By: "mina"})
		}
	}
	_, err := r.desk.v.Append(ctx, drafts...)
	must(t, err)
	rows, older, err := r.desk.Cases(ctx)
	must(t, err)
	if len(rows) != ClosedCases+3 || older != 7 {
		t.Fatalf("%d rows, %d older", len(rows), older)
	}
	for i, row := range rows {
		switch {
		case i < 3 && (row.State != CaseOpen || row.Source != srcs[all+i] || row.TakenBy != ""):
			t.Errorf("row %d: %+v", i, row)
		case i >= 3 && (row.State != CaseClosed || row.Source != srcs[i+4] || row.TakenBy != "mina" || row.Sheet.Need != fmt.Sprintf("need %d", i+4) || row.Outcome != OutcomeSafe):
			t.Errorf("row %d: %+v", i, row)
		}
	}
}
