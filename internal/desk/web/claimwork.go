package web

import (
	"kkachi/internal/desk"
)

// claimRoutes are the addresses of the work on claims.
func (s *Server) claimRoutes() []route {
	page := func(method, path string, h func(*visit) error) route {
		return route{method, path, s.page(h)}
	}
	return []route{
		page("POST", "/claim/{id}/edit", s.postEditClaim),
		page("POST", "/claim/{id}/merge", s.postMerge),
		page("POST", "/claim/{id}/split", s.postSplit),
		page("POST", "/claim/{id}/dispute", s.postDispute),
		page("POST", "/claim/{id}/lift", s.postLift),
		page("POST", "/evidence/edit", s.postEditEvidence),
		page("GET", "/withdraw/{kind}/{id}", s.withdraw),
		page("POST", "/withdraw/{kind}/{id}", s.postWithdraw),
		page("GET", "/corrections", s.corrections),
		page("POST", "/corrections/settle", s.postSettle),
	}
}

// claimWrite runs one change of a claim and goes to the claim that it leaves; an error that
// a person can mend is shown above the claim.
func (s *Server) claimWrite(v *visit, said string, change func(id desk.ID) (desk.ID, desk.OpID, error)) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	to, op, err := change(id)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showClaim(v, id, w, desk.EvidenceInput{}) })
	}
	s.say(v.T(said), op)
	return v.see("/claim/" + to.String())
}

func (s *Server) postEditClaim(v *visit) error {
	return s.claimWrite(v, "desk.said.edited", func(id desk.ID) (desk.ID, desk.OpID, error) {
		op, err := s.desk.EditClaim(v.ctx(), id, desk.Claim{
			Statement: v.form("text"), Subject: v.form("subject"), Act: v.form("act"), Object: v.form("object"),
			Time: v.form("time"), Place: v.form("place"), Quantity: v.form("quantity"), Negative: v.form("negative") == "yes",
		})
		return id, op, err
	})
}

func (s *Server) postMerge(v *visit) error {
	return s.claimWrite(v, "desk.said.merged", func(id desk.ID) (desk.ID, desk.OpID, error) {
		into, err := v.id("into")
		if err != nil {
			return id, desk.OpID{}, err
		}
		op, err := s.desk.MergeClaim(v.ctx(), id, into)
		return into, op, err
	})
}

func (s *Server) postSplit(v *visit) error {
	return s.claimWrite(v, "desk.said.split", func(id desk.ID) (desk.ID, desk.OpID, error) {
		if err := v.r.ParseForm(); err != nil {
			return id, desk.OpID{}, err
		}
		var items []desk.ID
		for _, text := range v.r.PostForm["evidence"] {
			e, err := desk.ParseID(text)
			if err != nil {
				return id, desk.OpID{}, desk.ErrNotFound
			}
			items = append(items, e)
		}
		return s.desk.SplitClaim(v.ctx(), id, desk.Claim{Statement: v.form("text")}, items)
	})
}

func (s *Server) postDispute(v *visit) error {
	return s.claimWrite(v, "desk.said.disputed", func(id desk.ID) (desk.ID, desk.OpID, error) {
		op, err := s.desk.DisputeClaim(v.ctx(), id, s.opts.By, v.form("reason"))
		return id, op, err
	})
}

// postLift passes an approver's passphrase on and forgets it. What two signed can't be undone.
func (s *Server) postLift(v *visit) error {
	return s.claimWrite(v, "desk.said.lifted", func(id desk.ID) (desk.ID, desk.OpID, error) {
		_, err := s.desk.LiftCeiling(v.ctx(), id, v.form("approver"), []byte(v.r.PostFormValue("passphrase")), v.form("reason"))
		return id, desk.OpID{}, err
	})
}

func (s *Server) postEditEvidence(v *visit) error {
	claim, err := v.id("claim")
	if err != nil {
		return err
	}
	id, err := v.id("evidence")
	if err != nil {
		return err
	}
	in, err := v.evidence(claim)
	if err != nil {
		return err
	}
	op, err := s.desk.EditEvidence(v.ctx(), id, in)
	if err != nil {
		return s.again(v, err, func(w wrong) error { return s.showEvidence(v, claim, w, id, in) })
	}
	s.say(v.T("desk.evidence.mended"), op)
	return v.see("/claim/" + claim.String())
}
