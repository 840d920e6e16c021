package web

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// claimPage is one claim with all that speaks for and against it.
type claimPage struct {
	frame
	ID, Label      string
	Because        string // why its chains are not shown to be independent, in one sentence
	Why            []string
	Text           said
	Rung           mark
	Disputed       bool
	Grade, Cap     string
	Odds           string
	Factors        []factorRow
	Picture        *chainsPicture
	Rows           []evidenceRow
	Reports        []choice
	Evidence       evidenceForm
	Editing        string // the item of evidence that is open for a change, "" if none
	EditingTitle   string
	Ladder         []ladderStep
	Facts, Parts   []fact
	Stories        []link
	Merged         []mergedRow
	From           *link
	Dispute, Doubt string
	Withdrawn      bool
	Undrop         string // the operation whose undo brings a withdrawn claim back
	Claim          desk.Claim
	Others         []choice // claims that it may be taken into
	Lift           liftForm
}

type mergedRow struct {
	Label, Op string
	Text      said
}

// liftForm asks approvers for their word over the ceiling of one chain.
type liftForm struct {
	May    bool
	By     []string
	People []string
}

type factorRow struct{ Report, Path, Count, Low, Middle, High string }

type evidenceRow struct {
	ID, Href, Handle, Report            string
	Words                               said
	Stance, Path, Relays, Grade, Counts string
	Against, Here                       bool
	Off                                 bool // does not count
	Edit                                string
}

type ladderStep struct {
	Rung mark
	Here bool
}

// evidenceForm is the part of a form that says how a report speaks to a claim.
type evidenceForm struct {
	Prefix, Relays         string
	Words                  string
	Original               bool
	Stances, Paths, Grades []choice
	Read                   []choice
	Tellers                []string
}

// evidenceForm fills the form of evidence: as it was typed, or as an item stands.
func (s *Server) evidenceForm(v *visit, prefix string, tellers []desk.Teller, e desk.EvidenceInput) (evidenceForm, error) {
	grade := e.Grade
	if grade == 0 {
		grade = 3
	}
	typed, read := parted(e.Relays)
	out := evidenceForm{
		Prefix: prefix, Relays: typed, Words: e.Words, Original: e.Original,
		Stances: v.choices("desk.stance", string(e.Stance), "supports", "contradicts"),
		Paths:   v.choices("desk.path", string(e.Path), "direct", "told", "rumour"),
		Grades:  v.choices("desk.grade", strconv.Itoa(grade), "1", "2", "3", "4", "5", "6"),
	}
	for _, t := range tellers {
		out.Tellers = append(out.Tellers, t.Handle)
	}
	stories, err := s.desk.StoryTitles(v.ctx())
	if err != nil {
		return out, err
	}
	for _, st := range slices.Backward(stories) { // the newest first
		if st.Printed || st.ID.String() == read { // what was never printed nobody has read
			out.Read = append(out.Read, choice{st.ID.String(), flat(snippet(st.Title, 48)), st.ID.String() == read})
		}
	}
	return out, nil
}

// parted takes the first story of ours out of a list of relays: the form has a field for it.
func parted(relays string) (typed, story string) {
	var rest []string
	for _, r := range strings.Split(relays, ",") {
		r = strings.TrimSpace(r)
		if id, ok := strings.CutPrefix(r, "story:"); ok && story == "" {
			story = id
			continue
		}
		if r != "" && r != "-" {
			rest = append(rest, r)
		}
	}
	return strings.Join(rest, ", "), story
}

func (s *Server) claim(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if item, err := desk.ParseID(v.r.URL.Query().Get("edit")); err == nil {
		return s.showEvidence(v, id, wrong{}, item, desk.EvidenceInput{})
	}
	return s.showClaim(v, id, wrong{}, desk.EvidenceInput{})
}

func (s *Server) showClaim(v *visit, id desk.ID, w wrong, typed desk.EvidenceInput) error {
	return s.showEvidence(v, id, w, desk.ID{}, typed)
}

// showEvidence shows a claim, with one of its items open for a change unless item is zero.
// typed is what a form brought that was refused.
func (s *Server) showEvidence(v *visit, id desk.ID, w wrong, item desk.ID, typed desk.EvidenceInput) error {
	c, err := s.desk.Claim(v.ctx(), id)
	if err != nil {
		return err
	}
	tellers, err := s.desk.Tellers(v.ctx())
	if err != nil {
		return err
	}
	p := claimPage{
		ID: c.ID.String(), Label: c.Number, Text: says("", c.Statement), Rung: v.rung(c.Rung), Disputed: c.Disputed,
		Grade: v.grade(c.Grade), Cap: v.cap(c), Picture: v.chainsOf(c), Claim: c.Claim, Withdrawn: c.Withdrawn,
		Facts: []fact{
			{v.T("desk.claims.chains"), v.chains(c.ClaimRow)},
			{v.T("desk.claim.independent"), strconv.Itoa(c.Independent)},
			{v.T("desk.claims.supports"), strconv.Itoa(c.Supports)},
			{v.T("desk.claims.against"), strconv.Itoa(c.Contradicts)},
			{v.T("desk.claim.ceiling"), strconv.Itoa(c.Ceiling)},
		},
	}
	v.reasons(&p, c)
	v.odds(&p, c)
	for _, r := range ladder.Rungs() {
		p.Ladder = append(p.Ladder, ladderStep{v.rung(r), r == c.Rung})
	}
	slices.Reverse(p.Ladder)
	for _, e := range c.Evidence {
		row := v.evidenceRow(e)
		row.Here = e.ID == item
		if row.Here {
			p.Editing, p.EditingTitle = row.ID, v.T("desk.evidence.editing", v.reportName(e.ReportNumber))
			if typed.Stance == "" {
				typed = desk.EvidenceInput{
					Words: e.Words, Stance: e.Stance, Path: e.Path, Relays: e.RelaysInput(), Grade: e.Grade, Original: e.Original,
				}
			}
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Evidence, err = s.evidenceForm(v, "e-", tellers, typed); err != nil {
		return err
	}
	if p.Reports, err = s.reports(v, typed.Report); err != nil {
		return err
	}
	if err := s.work(v, &p, c); err != nil {
		return err
	}
	p.frame = s.frame(v, "claims", "desk.claim.title")
	p.Wrong = w
	return s.showAs(v, "claim", statusOf(w), p)
}

func (v *visit) grade(n int) string { return v.T("desk.grade." + strconv.Itoa(n)) }

// cap says in one sentence what keeps the grade where it is.
func (v *visit) cap(c *desk.ClaimView) string {
	if c.Lift.Done {
		var names []string
		for _, by := range c.Lift.By {
			names = append(names, by.Approver)
		}
		return v.T("desk.cap.lifted", v.list(names...))
	}
	return v.T("desk.cap." + string(c.Cap))
}

var severalReports = regexp.MustCompile(`^[0-9]+(, [0-9]+)+$`)

// reasons says, a sentence each, why a claim stands where it stands.
func (v *visit) reasons(p *claimPage, c *desk.ClaimView) {
	var rest []desk.Reason
	if p.Because, rest = v.because(c); p.Because != "" {
		p.Because = lang.Capital(p.Because)
	}
	for _, r := range rest {
		args := slices.Clone(r.Args)
		for i, a := range args {
			if reports, ok := a.(string); ok && severalReports.MatchString(reports) {
				args[i] = v.list(strings.Split(reports, ", ")...)
			}
		}
		p.Why = append(p.Why, lang.Capital(v.T(r.Key, args...)))
	}
	if d := c.Dispute; d != nil {
		p.Dispute, p.Doubt = d.Op.String(), v.T("desk.work.disputed", d.By, v.day(d.Day), d.Reason)
	}
}

// odds says the range in one sentence, and what each report adds to it.
func (v *visit) odds(p *claimPage, c *desk.ClaimView) {
	if len(c.Factors) == 0 {
		return
	}
	p.Odds = v.T("desk.odds.said", v.times(c.Odds.Low), v.times(c.Odds.Middle), v.times(c.Odds.High))
	for _, f := range c.Factors {
		key, r := "desk.odds."+string(f.Count), f.Range
		if f.Stance == ladder.Contradicts {
			key = "desk.odds.against." + string(f.Count)
			r = ladder.Range{Low: inverse(r.High), Middle: inverse(r.Middle), High: inverse(r.Low)}
		}
		p.Factors = append(p.Factors, factorRow{
			v.reportName(f.Report), v.T("desk.path." + string(f.Path)), v.T(key, f.Chain), v.times(r.Low), v.times(r.Middle), v.times(r.High),
		})
	}
}

func inverse(x *big.Rat) *big.Rat { return new(big.Rat).Inv(x) }

// times is a factor in words that can be read beside another.
func (v *visit) times(x *big.Rat) string {
	text, less, over := ladder.Shown(x)
	switch {
	case over && less:
		return v.T("desk.odds.under", text)
	case over:
		return v.T("desk.odds.over", text)
	case less:
		return v.T("desk.odds.less", text)
	case text == "1":
		return v.T("desk.odds.same")
	}
	return v.T("desk.odds.more", text)
}

// work fills what can be done with a claim.
func (s *Server) work(v *visit, p *claimPage, c *desk.ClaimView) error {
	rows, err := s.desk.Claims(v.ctx())
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.ID != c.ID && !r.Withdrawn {
			p.Others = append(p.Others, choice{Value: r.ID.String(), Word: r.Number + " · " + flat(snippet(r.Statement, 72))})
		}
	}
	for _, m := range c.Merged {
		p.Merged = append(p.Merged, mergedRow{m.Number, m.Op.String(), says("", m.Statement)})
	}
	if c.From != nil {
		p.From = &link{"/claim/" + c.From.ID.String(), c.From.Number}
	}
	for _, st := range c.InStory {
		p.Stories = append(p.Stories, link{"/story/" + st.ID.String(), flat(snippet(st.Title, 60))})
	}
	for _, f := range []fact{
		{"subject", c.Claim.Subject},
		{"act", c.Claim.Act},
		{"object", c.Claim.Object},
		{"time", c.Claim.Time},
		{"place", c.Claim.Place},
		{"quantity", c.Claim.Quantity},
	} {
		if f.Word != "" {
			p.Parts = append(p.Parts, fact{v.T("desk.claim." + f.Name), flat(f.Word)})
		}
	}
	if !c.Drop.IsZero() {
		p.Undrop = c.Drop.String()
	}
	p.Lift.May = c.Lift.May
	for _, by := range c.Lift.By {
		p.Lift.By = append(p.Lift.By, v.T("desk.work.lift.by", by.Approver, v.day(by.Day), by.Reason))
	}
	room, err := s.desk.Newsroom(v.ctx())
	if err == nil && room != nil {
		for _, name := range room.Approvers {
			if !slices.ContainsFunc(c.Lift.By, func(b desk.LiftedBy) bool { return b.Approver == name }) {
				p.Lift.People = append(p.Lift.People, name)
			}
		}
	}
	return nil
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
	edit := ""
	if !e.Erased {
		edit = "?edit=" + e.ID.String() + "#evidence-edit"
	}
	return evidenceRow{
		ID: e.ID.String(), Href: "/thread/" + e.Source.String() + "#r" + e.Report.String(), Handle: e.Handle,
		Report: v.reportName(e.ReportNumber) + " · " + v.kind(e.Kind) + " · " + v.short(e.Day),
		Words:  says("", e.Words), Stance: v.T("desk.stance." + string(e.Stance)), Path: v.T("desk.path." + string(e.Path)),
		Relays: v.list(relays...), Grade: strconv.Itoa(e.Grade), Counts: v.counts(e), Against: e.Stance == ladder.Contradicts,
		Off: e.Erased || e.Barred || e.Pulled != "", Edit: edit,
	}
}
