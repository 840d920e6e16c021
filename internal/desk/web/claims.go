package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// claimsPage is the board of claims by rung.
type claimsPage struct {
	frame
	Groups []rungGroup
}

type rungGroup struct {
	Rung   mark
	Why    string
	N      int
	Claims []claimRow
}

type claimRow struct {
	Href, Label, Chains string
	Text                said
	Supports, Against   int
	Disputed, Original  bool
}

// claimPage is one claim with all that speaks for and against it.
type claimPage struct {
	frame
	ID, Label string
	Why       []string
	Text      said
	Rung      mark
	Disputed  bool
	Rows      []evidenceRow
	Reports   []choice
	Evidence  evidenceForm
	Ladder    []ladderStep
	Facts     []fact
}

type evidenceRow struct {
	ID, Href, Handle, Report            string
	Words                               said
	Stance, Path, Relays, Grade, Counts string
	Against                             bool
}

type ladderStep struct {
	Rung mark
	Here bool
}

// evidenceForm is the part of a form that says how a report speaks to a claim.
type evidenceForm struct {
	Prefix, Relays         string
	Stances, Paths, Grades []choice
	Tellers                []string
}

type newClaimPage struct {
	frame
	Text string
}

func (v *visit) evidenceForm(prefix string, tellers []desk.Teller, e desk.EvidenceInput) evidenceForm {
	grade := e.Grade
	if grade == 0 {
		grade = 3
	}
	out := evidenceForm{
		Prefix: prefix, Relays: e.Relays,
		Stances: v.choices("desk.stance", string(e.Stance), "supports", "contradicts"),
		Paths:   v.choices("desk.path", string(e.Path), "direct", "told", "rumour"),
		Grades:  v.choices("desk.grade", strconv.Itoa(grade), "1", "2", "3", "4", "5", "6"),
	}
	for _, t := range tellers {
		out.Tellers = append(out.Tellers, t.Handle)
	}
	return out
}

func (s *Server) claims(v *visit) error {
	rows, err := s.desk.Claims(v.ctx())
	if err != nil {
		return err
	}
	p := claimsPage{}
	all := ladder.Rungs()
	slices.Reverse(all)
	for _, r := range all {
		g := rungGroup{Rung: v.rung(r), Why: v.T("desk.board." + r.Key())}
		for _, c := range rows {
			if c.Rung == r && !c.Withdrawn {
				g.Claims = append(g.Claims, v.claimRow(c))
			}
		}
		if g.N = len(g.Claims); g.N > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	p.frame = s.frame(v, "claims", "desk.claims.title")
	return s.show(v, "claims", p)
}

func (v *visit) claimRow(c desk.ClaimRow) claimRow {
	return claimRow{
		Href: "/claim/" + c.ID.String(), Label: c.Number, Text: says("", c.Statement), Chains: v.chains(c),
		Supports: c.Supports, Against: c.Contradicts, Disputed: c.Disputed, Original: c.OriginalHeld,
	}
}

// chains says how many there are, and that a bound is one.
func (v *visit) chains(c desk.ClaimRow) string {
	if c.LowerBound {
		return v.T("desk.claims.atleast", c.Chains)
	}
	return strconv.Itoa(c.Chains)
}

func (s *Server) newClaim(v *visit) error {
	return s.show(v, "newclaim", newClaimPage{frame: s.frame(v, "claims", "desk.claim.new")})
}

// postClaim makes a claim, or takes one there is, and rests it on the words of a report if
// the form brings any.
func (s *Server) postClaim(v *visit) error {
	var claim desk.ID
	var op desk.OpID
	var err error
	text := v.form("text")
	if v.form("claim") != "" {
		if claim, err = v.id("claim"); err != nil {
			return err
		}
	} else if claim, op, err = s.desk.NewClaim(v.ctx(), desk.Claim{Statement: text}); err != nil {
		return s.again(v, err, func(w wrong) error {
			p := newClaimPage{frame: s.frame(v, "claims", "desk.claim.new"), Text: text}
			p.Wrong = w
			return s.showAs(v, "newclaim", http.StatusUnprocessableEntity, p)
		})
	}
	if v.form("report") != "" {
		in, err := v.evidence(claim)
		if err != nil {
			return err
		}
		if _, op, err = s.desk.AddEvidence(v.ctx(), in); err != nil {
			return s.again(v, err, func(w wrong) error { return s.showClaim(v, claim, w, in) })
		}
	}
	s.say(v.T("desk.said.claim"), op)
	return v.see("/claim/" + claim.String())
}

// evidence reads the form's part that says how a report speaks to a claim.
func (v *visit) evidence(claim desk.ID) (desk.EvidenceInput, error) {
	report, err := v.id("report")
	if err != nil {
		return desk.EvidenceInput{}, err
	}
	grade, err := strconv.Atoi(v.form("grade"))
	if err != nil {
		grade = 0 // the desk refuses it, and names the field
	}
	return desk.EvidenceInput{
		Claim: claim, Report: report, Words: v.text("words"), Stance: ladder.Stance(v.form("stance")),
		Path: ladder.Path(v.form("path")), Relays: v.form("relays"), Grade: grade, Original: v.form("original") == "yes",
	}, nil
}

func (s *Server) claim(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return s.showClaim(v, id, wrong{}, desk.EvidenceInput{})
}

func (s *Server) showClaim(v *visit, id desk.ID, w wrong, typed desk.EvidenceInput) error {
	c, err := s.desk.Claim(v.ctx(), id)
	if err != nil {
		return err
	}
	tellers, err := s.desk.Tellers(v.ctx())
	if err != nil {
		return err
	}
	p := claimPage{
		ID: id.String(), Label: c.Number, Text: says("", c.Statement), Rung: v.rung(c.Rung), Disputed: c.Disputed,
		Why: v.why(c), Evidence: v.evidenceForm("e-", tellers, typed),
		Facts: []fact{
			{v.T("desk.claims.chains"), v.chains(c.ClaimRow)},
			{v.T("desk.claim.independent"), strconv.Itoa(c.Independent)},
			{v.T("desk.claims.supports"), strconv.Itoa(c.Supports)},
			{v.T("desk.claims.against"), strconv.Itoa(c.Contradicts)},
			{v.T("desk.claim.ceiling"), strconv.Itoa(c.Ceiling)},
		},
	}
	for _, r := range ladder.Rungs() {
		p.Ladder = append(p.Ladder, ladderStep{v.rung(r), r == c.Rung})
	}
	slices.Reverse(p.Ladder)
	for _, e := range c.Evidence {
		p.Rows = append(p.Rows, v.evidenceRow(e))
	}
	if p.Reports, err = s.reports(v, tellers, typed.Report); err != nil {
		return err
	}
	p.frame = s.frame(v, "claims", "desk.claim.title")
	p.Wrong = w
	status := http.StatusOK
	if w.Word != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.showAs(v, "claim", status, p)
}

// reports lists every telling that can be evidence.
func (s *Server) reports(v *visit, tellers []desk.Teller, now desk.ID) ([]choice, error) {
	type numbered struct {
		n int
		choice
	}
	var all []numbered
	for _, t := range tellers {
		view, err := s.desk.Thread(v.ctx(), t.ID)
		if err != nil {
			return nil, err
		}
		for _, r := range view.Reports {
			all = append(all, numbered{r.Number, choice{
				r.ID.String(), v.reportName(r.Number) + " · " + t.Handle + " · " + v.kind(r.Kind) + " · " + v.short(r.Day), r.ID == now,
			}})
		}
	}
	slices.SortFunc(all, func(a, b numbered) int { return a.n - b.n })
	var out []choice
	for _, r := range all {
		out = append(out, r.choice)
	}
	return out, nil
}

func (v *visit) reportName(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func (v *visit) evidenceRow(e desk.EvidenceView) evidenceRow {
	var relays []string
	for _, r := range e.Relays {
		if r.Kind == desk.RelayUnknown {
			relays = append(relays, v.T("desk.evidence.unknown"))
		} else {
			relays = append(relays, r.Shown)
		}
	}
	if len(relays) == 0 {
		relays = []string{"–"}
	}
	return evidenceRow{
		ID: e.ID.String(), Href: "/thread/" + e.Source.String() + "#r" + e.Report.String(), Handle: e.Handle,
		Report: v.reportName(e.ReportNumber) + " · " + v.kind(e.Kind) + " · " + v.short(e.Day),
		Words:  says("", e.Words), Stance: v.T("desk.stance." + string(e.Stance)), Path: v.T("desk.path." + string(e.Path)),
		Relays: strings.Join(relays, ", "), Grade: strconv.Itoa(e.Grade), Counts: v.counts(e), Against: e.Stance == ladder.Contradicts,
	}
}

// counts says in words how an item came out.
func (v *visit) counts(e desk.EvidenceView) string {
	switch {
	case e.Erased:
		return v.T("desk.erase.gone")
	case e.Barred:
		return v.T("desk.counts.barred")
	case e.Stance == ladder.Contradicts:
		return v.T("desk.counts.against")
	case e.Open != ladder.Closed:
		return v.T("desk.open." + e.Open.Key())
	case e.Chain:
		return v.T("desk.counts.chain")
	default:
		return v.T("desk.counts.same")
	}
}

// why says, a sentence each, why a claim stands where it stands.
func (v *visit) why(c *desk.ClaimView) []string {
	var out []string
	for _, r := range c.Why {
		out = append(out, lang.Capital(v.T(r.Key, r.Args...)))
	}
	return out
}

func (s *Server) postEvidence(v *visit) error {
	claim, err := v.id("claim")
	if err != nil {
		return err
	}
	in, err := v.evidence(claim)
	if err != nil {
		return err
	}
	_, op, err := s.desk.AddEvidence(v.ctx(), in)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showClaim(v, claim, w, in) })
	}
	s.say(v.T("desk.said.evidence"), op)
	return v.see("/claim/" + claim.String())
}

func (s *Server) postWithdrawEvidence(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	claim, err := v.id("claim")
	if err != nil {
		return err
	}
	op, err := s.desk.WithdrawEvidence(v.ctx(), id)
	if err != nil {
		return err
	}
	s.say(v.T("desk.said.unevidence"), op)
	return v.see("/claim/" + claim.String())
}
