package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

// meet learns the desk's names for who has written: the report with a letter's text is that
// letter's. It also sees when the reply was read back.
func (r *ring) meet(ctx context.Context) error {
	rows, err := r.desk.Inbox(ctx)
	if err != nil {
		return fmt.Errorf("inbox: %w", err)
	}
	texts := map[string]telling{}
	for _, t := range tellings {
		text, err := caseText("reports/" + t.report + ".txt")
		if err != nil {
			return err
		}
		texts[text] = t
	}
	for _, row := range rows {
		thread, err := r.desk.Thread(ctx, row.ID)
		if err != nil {
			return fmt.Errorf("thread: %w", err)
		}
		for _, rep := range thread.Reports {
			t, known := texts[rep.Text]
			if !known {
				return fmt.Errorf("report %02d at the desk is none of the case", rep.Number)
			}
			if t.way == "help" && rep.Kind != desk.KindHelp {
				return fmt.Errorf("the request for help came as %s", rep.Kind)
			}
			r.reports[t.report] = rep.ID
			if p := r.people[t.teller]; p != nil {
				p.id = row.ID
			}
		}
		for _, reply := range thread.Replies {
			if reply.State.Progress == desk.ReadBack {
				r.readBack = reply.State.Day
			}
		}
	}
	return nil
}

func (r *ring) takeCall(ctx context.Context, t telling) error {
	text, err := caseText("reports/" + t.report + ".txt")
	if err != nil {
		return err
	}
	source, report, _, err := r.desk.TakeCall(ctx, desk.CallNote{
		Kind: desk.KindCall, Lang: lang.Tag(t.lang), Text: text, Taker: r.journalist(),
	})
	if err != nil {
		return err
	}
	r.people[t.teller] = &person{id: source}
	r.reports[t.report] = report
	return nil
}

// enterEvidence enters evidence.tsv as a journalist would, but for the claims that are left out, and
// compares each derived rung with what the case expects.
func (r *ring) enterEvidence(ctx context.Context, leaveOut ...string) error {
	if len(r.reports) != len(tellings) {
		return fmt.Errorf("%d of %d reports are at the desk", len(r.reports), len(tellings))
	}
	expected, err := expectedClaims()
	if err != nil {
		return err
	}
	expected = slices.DeleteFunc(expected, func(c expectedClaim) bool { return slices.Contains(leaveOut, c.id) })
	for _, c := range expected {
		id, _, err := r.desk.NewClaim(ctx, desk.Claim{Statement: in(practiceClaims[c.id], r.speaks, c.statement)})
		if err != nil {
			return fmt.Errorf("claim %s: %w", c.id, err)
		}
		r.claims[c.id] = id
	}
	// F's words may be used as evidence because F agreed; they are never printed.
	if _, err := r.desk.SetConsent(ctx, r.reports["06"], true); err != nil {
		return fmt.Errorf("consent: %w", err)
	}
	table, err := caseText("evidence.tsv")
	if err != nil {
		return err
	}
	items, err := ladder.ParseTable(strings.NewReader(table))
	if err != nil {
		return fmt.Errorf("evidence.tsv: %w", err)
	}
	handles, err := r.handles(ctx)
	if err != nil {
		return err
	}
	for _, it := range items {
		if slices.Contains(leaveOut, it.Claim) {
			continue
		}
		relays := make([]string, 0, len(it.Relays))
		for _, relay := range it.Relays {
			if h, teller := handles[relay]; teller {
				relay = h
			}
			relays = append(relays, relay)
		}
		if it.Unknown {
			relays = append(relays, "?")
		}
		_, _, err := r.desk.AddEvidence(ctx, desk.EvidenceInput{
			Claim: r.claims[it.Claim], Report: r.reports[it.Report], Stance: it.Stance,
			Path: it.Path, Relays: strings.Join(relays, ","), Grade: it.Grade,
		})
		if err != nil {
			return fmt.Errorf("evidence of %s from report %s: %w", it.Claim, it.Report, err)
		}
	}
	return r.compareRungs(ctx, expected)
}

// handles gives the desk's two words for each teller of the case.
func (r *ring) handles(ctx context.Context) (map[string]string, error) {
	all, err := r.desk.Tellers(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name, p := range r.people {
		i := slices.IndexFunc(all, func(t desk.Teller) bool { return t.ID == p.id })
		if i < 0 {
			return nil, fmt.Errorf("the desk has no handle for source %s", name)
		}
		out[name] = all[i].Handle
	}
	return out, nil
}

func (r *ring) compareRungs(ctx context.Context, expected []expectedClaim) error {
	rows, err := r.desk.Claims(ctx)
	if err != nil {
		return err
	}
	r.checked.claims = len(expected)
	for _, want := range expected {
		i := slices.IndexFunc(rows, func(c desk.ClaimRow) bool { return c.ID == r.claims[want.id] })
		if i < 0 {
			return fmt.Errorf("claim %s is not on the board", want.id)
		}
		got := rows[i]
		if string(got.Rung) != want.rung || got.Disputed != want.disputed || strconv.Itoa(got.Chains) != want.chains {
			return fmt.Errorf("claim %s came out as %d chains, %q, disputed %v; the case wants %s, %q, %v",
				want.id, got.Chains, got.Rung, got.Disputed, want.chains, want.rung, want.disputed)
		}
		r.checked.rungs++
	}
	return nil
}
