package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk/ladder"
)

// A board holds all claims with their evidence, and what is derived from it, from one look
// at the projections. Nothing changes it once it is made: pages share it (see board).
type board struct {
	claims   []*claimState // by number
	byID     map[ID]*claimState
	evidence map[ID]*evidenceState
	next     map[ID]ID          // where sources went on
	merged   map[ID]*claimState // claims that were taken into another
	pulled   pulled
	stories  []boardStory // by number
	carried  map[ID][]ID  // for each claim the stories that carry it
	desk     *Desk
}

// A boardStory is what the board needs of a story.
type boardStory struct {
	id      ID
	title   string
	claims  []ID
	printed bool // was released at least once
}

type claimState struct {
	state
	claim    Claim
	doc      claimDoc
	gone     bool
	drop     OpID             // by which it was withdrawn
	evidence []*evidenceState // by stance and report
	result   ladder.Result
	held     []*claimState // claims that were merged into this one
	mergeOp  OpID          // by which this one was merged; zero if it wasn't
	dispute  *disputed     // somebody at the desk doubts it
	lift     lift
}

type evidenceState struct {
	state
	evidence
	report   reportInfo
	gone     bool // withdrawn
	erased   bool // its source asked for erasure
	barred   bool // a request for help without consent
	pulled   Pull // withdrawn with its report, or discredited with its source
	doubt    bool // the caller was not known again for sure
	standing ladder.Standing
}

type reportInfo struct {
	ID, Source ID // on a board the source is counted by the thread that it went on in
	Own        ID // the thread that told it
	Number     int
	Kind       ReportKind
	Day        cell.Day
	Handle     string
}

// A keptBoard is the board that was made last, and of what.
type keptBoard struct {
	of    boardKey
	board *board
}

// A boardKey says of what a board was made: as long as it is the same, so is the board. What
// is read, drafted or sent, or said about a thread, changes none of these.
type boardKey struct {
	counts   string // of sources, letters, events, and of changes that a board is made of
	rebuilds uint64
	today    cell.Day
}

func (d *Desk) boardKey(ctx context.Context) (boardKey, error) {
	k := boardKey{rebuilds: d.v.Rebuilds(), today: d.Today()}
	err := d.v.View().QueryRow(ctx, `SELECT coalesce(group_concat(name || value), '') FROM
		(SELECT name, CASE name WHEN 'report' THEN value - coalesce((SELECT value FROM counter WHERE name = ?1), 0) ELSE value END AS value
		FROM counter WHERE name IN ('source', 'report', 'event', ?2) ORDER BY name)`, counterCall, counterBoard).Scan(&k.counts)
	if err != nil {
		return k, fmt.Errorf("desk: %w", err)
	}
	return k, nil
}

// board is the board as it is now. A page asks for it several times, and most pages change
// nothing, so it is made anew only after a change, or on another day.
func (d *Desk) board(ctx context.Context) (*board, error) {
	of, err := d.boardKey(ctx) // before it is made: the board may be newer, never older
	if err != nil {
		return nil, err
	}
	k := &keptBoard{of: of}
	if last := d.lastBoard.Load(); last != nil && last.of == k.of {
		return last.board, nil
	}
	if k.board, err = d.boardIf(ctx, Withdrawal{}); err != nil {
		return nil, err
	}
	d.lastBoard.Store(k)
	return k.board, nil
}

// boardIf is the board as it would be after a withdrawal; the zero one changes nothing.
func (d *Desk) boardIf(ctx context.Context, r Withdrawal) (*board, error) {
	b := &board{byID: map[ID]*claimState{}, evidence: map[ID]*evidenceState{}, desk: d}
	if err := b.loadClaims(ctx); err != nil {
		return nil, err
	}
	if c := b.byID[r.Claim]; c != nil {
		c.gone = true
	}
	var err error
	if b.next, err = d.successors(ctx); err != nil {
		return nil, err
	}
	if b.pulled, err = b.loadPulled(ctx, r); err != nil {
		return nil, err
	}
	if err := b.loadEvidence(ctx); err != nil {
		return nil, err
	}
	read, err := b.publications(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range b.claims {
		c.derive(read)
	}
	return b, b.loadLifts(ctx)
}

func (b *board) loadClaims(ctx context.Context) error {
	sts, err := b.desk.states(ctx, nounClaim)
	if err != nil {
		return err
	}
	gone, err := b.desk.flags(ctx, nounClaimGone)
	if err != nil {
		return err
	}
	for _, st := range sts {
		c := &claimState{state: st}
		if c.doc, err = unmarshal[claimDoc](st.doc); err != nil {
			return fmt.Errorf("desk: claim %d: %w", st.number, err)
		}
		c.claim = c.doc.Claim
		c.drop = gone[st.thing].op
		_, c.gone = gone[st.thing]
		b.claims = append(b.claims, c)
		b.byID[st.thing] = c
	}
	if err := b.loadDisputes(ctx); err != nil {
		return err
	}
	return b.merge(ctx)
}

func (b *board) loadEvidence(ctx context.Context) error {
	sts, err := b.desk.states(ctx, nounEvidence)
	if err != nil {
		return err
	}
	gone, err := b.desk.flags(ctx, nounEvidenceGone)
	if err != nil {
		return err
	}
	yes, err := b.desk.consents(ctx)
	if err != nil {
		return err
	}
	var es []*evidenceState
	var reports []ID
	for _, st := range sts {
		e := &evidenceState{state: st}
		if e.evidence, err = unmarshal[evidence](st.doc); err != nil {
			return fmt.Errorf("desk: evidence: %w", err)
		}
		es, reports = append(es, e), append(reports, e.Report)
	}
	doubts, err := b.desk.doubts(ctx)
	if err != nil {
		return err
	}
	took := b.took()
	infos, err := b.desk.reportInfos(ctx, reports)
	if err != nil {
		return err
	}
	days, err := b.desk.eraseDays(ctx)
	if err != nil {
		return err
	}
	for _, e := range es {
		st := e.state
		if split, ok := took[st.thing]; ok {
			e.Claim = split
		}
		c, info := b.byID[e.Claim], infos[e.Report]
		_, e.gone = gone[st.thing]
		if c == nil || info.ID.IsZero() || e.gone {
			continue // what it rested on is gone: undone, withdrawn or erased
		}
		e.report, e.erased = info, days[info.Source] != 0
		e.report.Own, e.report.Source = info.Source, b.one(info.Source)
		for i, r := range e.Relays {
			if !r.Teller.IsZero() {
				e.Relays[i].Teller = b.one(r.Teller)
			}
		}
		if e.erased {
			e.Words = ""
		}
		e.barred = info.Kind == KindHelp && !yes[info.ID]
		e.pulled, e.doubt = b.pulled.of(e), doubts[info.ID]
		e.Claim = c.thing
		b.evidence[st.thing] = e
		c.evidence = append(c.evidence, e)
	}
	return b.loadErased(ctx)
}

// loadErased adds what is left of evidence that was destroyed with its source.
func (b *board) loadErased(ctx context.Context) error {
	sts, err := b.desk.states(ctx, nounErased)
	if err != nil {
		return err
	}
	for _, st := range sts {
		left, err := unmarshal[evidenceGone](st.doc)
		if err != nil {
			return fmt.Errorf("desk: evidence: %w", err)
		}
		c := b.byID[left.Claim] // or the one that it was merged into
		if c == nil || b.evidence[st.thing] != nil {
			continue // still there: the erasure was stopped half-way
		}
		e := &evidenceState{state: st, evidence: evidence{Claim: left.Claim, Stance: left.Stance}, erased: true}
		b.evidence[st.thing] = e
		c.evidence = append(c.evidence, e)
	}
	return nil
}

// one is the thread by which a source is counted: the last that it moved to.
func (b *board) one(src ID) ID {
	if to, ok := b.next[src]; ok {
		return to
	}
	return src
}

// reportInfos gives what evidence needs of reports, without the texts.
func (d *Desk) reportInfos(ctx context.Context, ids []ID) (map[ID]reportInfo, error) {
	out := make(map[ID]reportInfo, len(ids))
	for part := range slices.Chunk(ids, 500) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		rows, err := d.v.View().Query(ctx, `SELECT r.id, r.source, r.n, r.kind, r.day, s.handle
			FROM report r JOIN source s ON s.id = r.source WHERE r.gone = 0 AND r.id IN (?`+strings.Repeat(", ?", len(part)-1)+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("desk: reports: %w", err)
		}
		list, err := collect(rows, func(r *reportInfo) []any {
			return []any{&r.ID, &r.Source, &r.Number, &r.Kind, &r.Day, &r.Handle}
		})
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			out[r.ID] = r
		}
	}
	return out, nil
}

// publications gives the tokens behind each story of the house: those of all evidence for
// its claims. Who has read it brings no new origin.
func (b *board) publications(ctx context.Context) (map[string]ladder.Publication, error) {
	sts, err := b.desk.states(ctx, nounStory)
	if err != nil {
		return nil, err
	}
	printed, err := b.desk.released(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]ladder.Publication{}
	b.carried = map[ID][]ID{}
	for _, st := range sts {
		s, err := unmarshal[Story](st.doc)
		if err != nil {
			return nil, fmt.Errorf("desk: story %d: %w", st.number, err)
		}
		of := boardStory{st.thing, s.Title, s.claims(), printed[st.thing]}
		b.stories = append(b.stories, of)
		var p ladder.Publication
		for _, id := range of.claims {
			b.carried[id] = append(b.carried[id], st.thing)
			c := b.byID[id]
			if c == nil {
				continue
			}
			for _, st := range ladder.Claim(c.items(), nil).Items {
				p.Tokens = append(p.Tokens, st.Tokens...)
				p.Open = p.Open || st.Open != ladder.Closed
			}
		}
		out[storyToken(st.thing)] = p
	}
	return out, nil
}

// items are the items that count.
func (c *claimState) items() []ladder.Item {
	var out []ladder.Item
	for _, e := range c.evidence {
		if e.counts() {
			out = append(out, e.item())
		}
	}
	return out
}

func (c *claimState) derive(read map[string]ladder.Publication) {
	slices.SortFunc(c.evidence, func(a, b *evidenceState) int {
		return cmp.Or(-cmp.Compare(a.Stance, b.Stance), cmp.Compare(a.report.Number, b.report.Number), cmp.Compare(a.number, b.number))
	})
	c.result = ladder.Claim(c.items(), read)
	c.result.Claim = c.label()
	c.result.Disputed = c.result.Disputed || c.dispute != nil
	byName := map[string]ladder.Standing{}
	for _, st := range c.result.Items {
		byName[st.Report] = st
	}
	for _, e := range c.evidence {
		e.standing = byName[e.item().Report]
	}
}

// counts says whether an item may carry its claim.
func (e *evidenceState) counts() bool { return !e.barred && !e.erased && e.pulled == "" }

func (c *claimState) label() string { return fmt.Sprintf("C%02d", c.number) }

// item is the evidence as the ladder sees it: tokens only. Its report names the item of
// evidence, so that each finds its standing again.
func (e *evidenceState) item() ladder.Item {
	it := ladder.Item{
		Report: fmt.Sprintf("%d %s", e.report.Number, e.thing), Teller: sourceToken(e.report.Source),
		Stance: e.Stance, Path: e.Path, Unknown: e.Unknown, Grade: e.Grade, Doubt: e.doubt,
	}
	for _, r := range e.Relays {
		it.Relays = append(it.Relays, r.token())
	}
	return it
}

// row is the claim as a list shows it. stories is how many stories carry it.
func (c *claimState) row(stories int) ClaimRow {
	r := ClaimRow{
		ID: c.thing, Number: c.label(), Statement: c.claim.Statement,
		Rung: c.result.Rung, Chains: c.result.Chains, Independent: c.result.Independent,
		LowerBound: !c.result.Exact, Disputed: c.result.Disputed,
		Withdrawn: c.gone, Ceiling: c.result.Ceiling(), Grade: c.result.Grade(c.lift.done()), Stories: stories,
	}
	for _, e := range c.evidence {
		if e.erased {
			r.Erased++
		}
		if !e.counts() {
			continue
		}
		r.OriginalHeld = r.OriginalHeld || e.Original
		if e.Stance == ladder.Contradicts {
			r.Contradicts++
		} else {
			r.Supports++
		}
	}
	return r
}

// marks are the claims that rest on a report.
func (b *board) marks(report ID) []ClaimMark {
	var out []ClaimMark
	for _, c := range b.claims {
		for _, e := range c.evidence {
			if e.Report == report && !report.IsZero() {
				out = append(out, ClaimMark{e.thing, c.thing, c.label(), e.Words, e.Stance})
			}
		}
	}
	return out
}
