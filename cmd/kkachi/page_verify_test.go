package main

import (
	"fmt"
	"strings"
	"testing"

	"kkachi/internal/relay"
	"kkachi/internal/seal"
	lookout "kkachi/internal/watch"
)

// A visit that ended early after something wrong says so, calls no site missing that it did not
// ask for, and names no script; the step is that of a difference, not of a host that is away.
func TestUnfinishedVisitIsADifference(t *testing.T) {
	t.Parallel()
	engine := [32]byte{1}
	r := &lookout.Report{
		Root: &seal.RootNote{Serial: 2, Engine: &engine}, Desk: &seal.DeskNote{Serial: 1},
		Proofs: []lookout.Proof{{Kind: "sift", Serial: 1, Signed: true}}, Unfinished: relay.ErrUnavailable,
	}
	var v verified
	v.fill(seal.NewsroomID{}, r)
	if v.Well || v.Script != "" || len(v.Differs) != 1 || !strings.Contains(strings.Join(v.Warnings, ""), "ended early") {
		t.Errorf("%+v", v)
	}
	if code, hint := judge(fmt.Errorf("%w; %w", lookout.ErrShown, relay.ErrUnavailable)); code != exitFailed || hint != hintShown {
		t.Errorf("exit code %d, %q", code, hint)
	}
}
