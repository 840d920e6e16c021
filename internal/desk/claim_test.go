package desk

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// A play is the motivating case at a desk: reports, claims and evidence.
type play struct {
	*room
	source   map[string]ID // A to F
	report   map[string]ID // 01 to 07
	claim    map[string]ID // C01 to C12
	evidence map[string]ID // C01/02
}

func newPlay(t testing.TB) *play {
	t.Helper()
	p := &play{newRoom(t), map[string]ID{}, map[string]ID{}, map[string]ID{}, map[string]ID{}}
	ctx := t.Context()
	f, err := os.Open("ladder/testdata/evidence.tsv")
	must(t, err)
	defer f.Close()
	items, err := ladder.ParseTable(f)
	must(t, err)
	// In the order of reports, as they came in.
	order := slices.Clone(items)
	slices.SortStableFunc(order, func(a, b ladder.Item) int { return strings.Compare(a.Report, b.Report) })
	for _, it := range order {
		if !p.report[it.Report].IsZero() {
			continue
		}
		src, rep := p.tell(p.source[it.Teller], it.Report == "06", "말 "+it.Report+" 그대로", []byte("letter " + it.Report + "......")[:16])
		p.source[it.Teller], p.report[it.Report] = src, rep
	}
	tellers, err := p.desk.handles(ctx)
	must(t, err)
	for _, it := range items {
		if p.claim[it.Claim].IsZero() {
			p.claim[it.Claim], _, err = p.desk.NewClaim(ctx, Claim{Statement: "claim " + it.Claim})
			must(t, err)
		}
		var relays []string
		for _, r := range it.Relays {
			if id, ok := p.source[r]; ok {
				r = tellers[id]
			}
			relays = append(relays, r)
		}
		if it.Unknown {
			relays = append(relays, "?")
		}
		id, _, err := p.desk.AddEvidence(ctx, EvidenceInput{
			Claim: p.claim[it.Claim], Report: p.report[it.Report], Stance: it.Stance, Path: it.Path,
			Relays: strings.Join(relays, ", "), Grade: it.Grade, Words: "그대로",
		})
		must(t, err)
		p.evidence[it.Claim+"/"+it.Report] = id
	}
	return p
}

// tell puts a whole letter into the log, as the intake does.
func (r *room) tell(src ID, help bool, text string, letterID []byte) (ID, ID) {
	ctx := r.t.Context()
	if src.IsZero() {
		id, _, dr, err := r.desk.newSource(ctx, append([]byte("thread"), letterID[:10]...))
		must(r.t, err)
		_, err = r.desk.v.Append(ctx, dr)
		must(r.t, err)
		src = id
	}
	id, err := r.desk.newID()
	must(r.t, err)
	kind := KindLetter
	if help {
		kind = KindHelp
	}
	r.logLetter(src, id, kind, text, letterID)
	return src, id
}

func (r *room) logLetter(src, id ID, kind ReportKind, text string, letterID []byte) {
	r.t.Helper()
	_, err := r.desk.append1(r.t.Context(), opLetter, id, src, letter{
		Kind: kind, Day: r.today, Lang: lang.Guess(text), Text: text, Letter: letterID, Parts: 1,
	})
	must(r.t, err)
}

func (p *play) row(t *testing.T, claim string) ladder.Result {
	t.Helper()
	rs, err := p.desk.Ladder(t.Context())
	must(t, err)
	for _, r := range rs {
		if r.Claim == claim {
			return r
		}
	}
	t.Fatalf("no claim %s", claim)
	return ladder.Result{}
}

func TestCaseAtTheDesk(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	if r := p.row(t, "C09"); r.Rung != ladder.OneChain {
		t.Errorf("without consent the request for help counts: %+v", r)
	}
	if _, err := p.desk.SetConsent(ctx, p.report["06"], true); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("ladder/testdata/claims.tsv")
	must(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		r := p.row(t, f[0])
		if string(r.Rung) != f[5] || r.Disputed != (f[6] == "yes") {
			t.Errorf("%s: derived %+v, want %s", f[0], r, f[5])
		}
	}
	// The first mutation: k3 unknown.
	edit := func(which, relays string) OpID {
		e := EvidenceInput{Stance: ladder.Supports, Path: ladder.Told, Relays: relays, Grade: 2}
		op, err := p.desk.EditEvidence(ctx, p.evidence[which], e)
		must(t, err)
		return op
	}
	op := edit("C06/02", "?")
	edit("C07/02", "?")
	for _, c := range []string{"C06", "C07"} {
		if r := p.row(t, c); r.Rung != ladder.Unverified {
			t.Errorf("%s with k3 unknown: %+v", c, r)
		}
	}
	// Undone, it is as before; undone again, as after.
	_, again, err := p.desk.Undo(ctx, op)
	must(t, err)
	if r := p.row(t, "C06"); r.Rung != ladder.Independent {
		t.Errorf("undone: %+v", r)
	}
	_, _, err = p.desk.Undo(ctx, again)
	must(t, err)
	if r := p.row(t, "C06"); r.Rung != ladder.Unverified {
		t.Errorf("done again: %+v", r)
	}
}

func TestClaimView(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	v, err := p.desk.Claim(ctx, p.claim["C05"])
	must(t, err)
	if v.Number != "C05" || len(v.Evidence) != 2 || v.Supports != 2 || v.Contradicts != 0 {
		t.Fatalf("%+v", v)
	}
	b, d := v.Evidence[0], v.Evidence[1]
	if b.ReportNumber != 2 || !b.Chain || len(b.Relays) != 2 || b.Relays[0].Kind != RelayToken || !strings.HasPrefix(b.Relays[0].Shown, "k") {
		t.Errorf("evidence of report 2: %+v", b)
	}
	if d.Chain || d.Relays[0].Kind != RelayTeller || d.Relays[0].Shown != b.Handle {
		t.Errorf("evidence of report 5: %+v", d)
	}
	// What is shown can be entered again and gives the same.
	for _, e := range v.Evidence {
		refs, unknown, err := p.desk.relayRefs(ctx, e.RelaysInput())
		must(t, err)
		if len(refs) != len(e.Relays) || unknown {
			t.Errorf("%q gives %+v", e.RelaysInput(), refs)
		}
	}
	for claim, want := range map[string][]string{
		"C05": {"desk.why.one", "desk.why.same"},
		"C01": {"desk.why.two", "desk.why.open.unknown-relay"},
		"C07": {"desk.why.independent", "desk.why.against"},
		"C09": {"desk.why.one", "desk.why.open.rumour", "desk.why.barred"},
	} {
		v, err := p.desk.Claim(ctx, p.claim[claim])
		must(t, err)
		var got []string
		for _, w := range v.Why {
			got = append(got, w.Key)
			for _, l := range lang.All() {
				if !lang.Has(l, w.Key) {
					t.Errorf("%s is not in the catalogue of %s", w.Key, l)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", claim, got, want)
		}
	}
	tokens, err := p.desk.Tokens(ctx)
	must(t, err)
	if len(tokens) != 4 {
		t.Fatalf("tokens %v", tokens)
	}
	// A token entered again by what is shown is the same token, and so is its name in any case.
	for _, again := range []string{tokens[0].Shown, "K1", "ｋ１ "} {
		refs, _, err := p.desk.relayRefs(ctx, again)
		must(t, err)
		all, err := p.desk.tokens(ctx)
		must(t, err)
		if len(refs) != 1 || !slices.Contains(all, refs[0].Token) {
			t.Errorf("%q gives %+v", again, refs)
		}
	}
}

func TestReadingAStoryIsNoNewOrigin(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	story, _, err := p.desk.NewStory(ctx, Story{Title: "s", Paragraphs: []Paragraph{{[]Sentence{{Claims: []ID{p.claim["C02"]}}}}}})
	must(t, err)
	_, rep := p.tell(ID{}, false, "읽었습니다", []byte("0123456789abcdef"))
	_, _, err = p.desk.AddEvidence(ctx, EvidenceInput{
		Claim: p.claim["C02"], Report: rep, Stance: ladder.Supports, Path: ladder.Told, Relays: "story:" + story.String(), Grade: 3,
	})
	must(t, err)
	if r := p.row(t, "C02"); r.Chains != 1 || r.Rung != ladder.OneChain {
		t.Errorf("who read the story counts as a chain: %+v", r)
	}
}

func TestEvidenceRefusesWhatIsWrong(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	good := EvidenceInput{
		Claim: p.claim["C01"], Report: p.report["03"], Stance: ladder.Supports, Path: ladder.Direct, Grade: 2,
	}
	handles, err := p.desk.handles(ctx)
	must(t, err)
	for fieldName, change := range map[string]func(*EvidenceInput){
		"stance": func(e *EvidenceInput) { e.Stance = "maybe" },
		"path":   func(e *EvidenceInput) { e.Path = "" },
		"grade":  func(e *EvidenceInput) { e.Grade = 7 },
		"claim":  func(e *EvidenceInput) { e.Claim = ID{1} },
		"report": func(e *EvidenceInput) { e.Report = ID{1} },
		"words":  func(e *EvidenceInput) { e.Words = "그런 말은 없다" },
		"relays": func(e *EvidenceInput) { e.Relays = handles[p.source["C"]] },
	} {
		e := good
		change(&e)
		_, _, err := p.desk.AddEvidence(ctx, e)
		fe, ok := errors.AsType[*FieldError](err)
		if !ok || fe.Field != fieldName {
			t.Errorf("%s: %v", fieldName, err)
		}
	}
	for _, relays := range []string{"k1,,k2", "k1,-", "story:12", "story:" + ID{1}.String(), strings.Repeat("x", 100)} {
		e := good
		e.Relays = relays
		if _, _, err := p.desk.AddEvidence(ctx, e); err == nil {
			t.Errorf("relays %q were taken", relays)
		}
	}
	id, _, err := p.desk.AddEvidence(ctx, good)
	must(t, err)
	_, err = p.desk.WithdrawEvidence(ctx, id)
	must(t, err)
	if v, err := p.desk.Claim(ctx, p.claim["C01"]); err != nil || len(v.Evidence) != 2 {
		t.Errorf("withdrawn evidence still stands: %v", err)
	}
	if _, err := p.desk.EditEvidence(ctx, ID{1}, good); !errors.Is(err, ErrNotFound) {
		t.Errorf("edit of nothing: %v", err)
	}
	if _, err := p.desk.WithdrawEvidence(ctx, ID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("withdrawal of nothing: %v", err)
	}
}

func TestClaimsAreEditedAndWithdrawn(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	if _, _, err := p.desk.NewClaim(ctx, Claim{Statement: " "}); err == nil {
		t.Error("an empty claim was taken")
	}
	if _, err := p.desk.EditClaim(ctx, ID{1}, Claim{Statement: "x"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("edit of nothing: %v", err)
	}
	_, err := p.desk.EditClaim(ctx, p.claim["C03"], Claim{Statement: "neu"})
	must(t, err)
	_, err = p.desk.WithdrawClaim(ctx, p.claim["C03"])
	must(t, err)
	rows, err := p.desk.Claims(ctx)
	must(t, err)
	if r := rows[2]; r.Number != "C03" || r.Statement != "neu" || !r.Withdrawn {
		t.Errorf("%+v", r)
	}
	// A claim made and undone leaves its number to nobody.
	_, op, err := p.desk.NewClaim(ctx, Claim{Statement: "zu viel"})
	must(t, err)
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	_, _, err = p.desk.NewClaim(ctx, Claim{Statement: "danach"})
	must(t, err)
	rows, err = p.desk.Claims(ctx)
	must(t, err)
	if len(rows) != 13 || rows[12].Number != "C14" {
		t.Errorf("%d claims, last %s", len(rows), rows[len(rows)-1].Number)
	}
}
