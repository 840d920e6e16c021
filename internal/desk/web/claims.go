package web

import (
	"net/http"
	"slices"
	"strconv"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
)

// claimsPage is the board of claims by rung.
type claimsPage struct {
	frame
	Groups    []rungGroup
	Withdrawn []claimRow
	Due       string // corrections, in words
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
	Withdrawn           bool
	Grade               string
}

type newClaimPage struct {
	frame
	Text string
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
	for _, c := range rows {
		if c.Withdrawn {
			p.Withdrawn = append(p.Withdrawn, v.claimRow(c))
		}
	}
	due, err := s.desk.Corrections(v.ctx())
	if err != nil {
		return err
	}
	if n := len(due); n > 0 {
		p.Due = v.N("desk.claims.corrections", n)
	}
	p.frame = s.frame(v, "claims", "desk.claims.title")
	return s.show(v, "claims", p)
}

func (v *visit) claimRow(c desk.ClaimRow) claimRow {
	return claimRow{
		Href: "/claim/" + c.ID.String(), Label: c.Number, Text: says("", c.Statement), Chains: v.chains(c),
		Supports: c.Supports, Against: c.Contradicts, Disputed: c.Disputed, Original: c.OriginalHeld, Grade: v.grade(c.Grade),
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
	return v.back("/claim/" + claim.String())
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
		Path: ladder.Path(v.form("path")), Relays: v.relays(), Grade: grade, Original: v.form("original") == "yes",
	}, nil
}

// reports lists the tellings that one most likely wants as evidence, and the one chosen.
func (s *Server) reports(v *visit, now desk.ID) ([]choice, error) {
	all, err := s.desk.Tellings(v.ctx(), now)
	if err != nil {
		return nil, err
	}
	var out []choice
	for _, r := range all {
		out = append(out, choice{
			r.ID.String(), v.reportName(r.Number) + " · " + r.Handle + " · " + v.kind(r.Kind) + " · " + v.short(r.Day), r.ID == now,
		})
	}
	return out, nil
}

func (v *visit) reportName(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// counts says in words how an item came out.
func (v *visit) counts(e desk.EvidenceView) string {
	switch {
	case e.Erased:
		return v.T("desk.erase.gone")
	case e.Pulled != "":
		return v.T("desk.counts.pulled", v.T("desk.pulled."+string(e.Pulled)))
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

// relays are those that were typed, and the story of ours that the teller has read.
func (v *visit) relays() string {
	typed, read := v.form("relays"), v.form("read")
	if read == "" {
		return typed
	}
	if typed == "" || typed == "-" {
		return "story:" + read
	}
	return typed + ", story:" + read
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
