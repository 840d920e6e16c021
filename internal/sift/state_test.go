package sift

import (
	"bytes"
	"crypto/rand"
	"errors"
	"math"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

func fullState(t testing.TB) *state {
	t.Helper()
	st := newState()
	st.day, st.serial, st.noteDay = 20003, math.MaxUint64, 20003
	st.previous = &[32]byte{1}
	st.bulletins = []seal.BulletinHash{{Day: 20003, Hash: [32]byte{2}}, {Day: 20002, Hash: [32]byte{3}}}
	st.seen = [3]seenNote{{1, [32]byte{4}}, {2, [32]byte{5}}, {}}
	st.desks[2] = standing{20001, []cell.Slot{*must(seal.RandomSlot(rand.Reader)), *must(seal.RandomSlot(rand.Reader))}}
	st.desks[0] = standing{20003, nil}
	st.arrivals = map[cell.Day]step{20000: acked, 20001: sent, 20002: drained}
	st.outbox = []outgoing{{"now/7", [32]byte{6}}, {"batch/20001", [32]byte{7}}}
	st.canaries = map[cell.Day]uint32{20000: 0, 20001: 0, 20002: 12}
	st.outlived = 9
	st.sizing = sizing{size: 512, next: 1024, quiet: 3, decided: 20003}
	st.crowd, st.crowdDay = 64, 20002
	st.replays = map[cell.Day]map[[32]byte]struct{}{20002: {{9}: {}, {8}: {}}, 20001: {}}
	st.addPool(20002, []cell.Record{{2}, {1}})
	st.addPool(20002, []cell.Record{{3}, {0}})
	return st
}

func TestStateRoundTrip(t *testing.T) {
	for _, st := range []*state{newState(), fullState(t)} {
		raw := st.marshal()
		back, err := parseState(raw)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.marshal(), raw) {
			t.Error("read and written again it differs")
		}
	}
	back := must(parseState(fullState(t).marshal()))
	if back.serial != math.MaxUint64 || back.arrivals[20001] != sent || back.outbox[1].name != "batch/20001" ||
		back.outlived != 9 || len(back.replays[20002]) != 2 || back.seen[1].serial != 2 || len(back.desks[2].slots) != 2 {
		t.Errorf("fields are lost: %+v", back)
	}
	// The order of arrival is not kept.
	if p := back.pool[20002]; len(p) != 4 || p[0][0] != 0 || p[3][0] != 3 {
		t.Error("the pool is not in the order of its bytes")
	}
}

// Whatever is cut, added or out of order is refused, and never half-read.
func TestStateIsStrict(t *testing.T) {
	raw := fullState(t).marshal()
	for n := range raw {
		if n > 400 && n%97 != 0 {
			continue
		}
		if _, err := parseState(raw[:n]); !errors.Is(err, ErrState) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := parseState(append(bytes.Clone(raw), 0)); !errors.Is(err, ErrState) {
		t.Errorf("a byte more: %v", err)
	}
	for magic, want := range map[string]error{"KKS1": ErrOlder, "KKS9": ErrNewer, "KKSx": ErrState, "KKT9": ErrState} {
		_, err := parseState(append([]byte(magic), raw[4:]...))
		if !errors.Is(err, want) || want != ErrState && !strings.Contains(err.Error(), "is of version "+magic+", and this kkachi knows "+StateMagic) {
			t.Errorf("%s: %v", magic, err)
		}
	}
	two := fullState(t)
	two.arrivals[20002] = acked + 1
	if _, err := parseState(two.marshal()); !errors.Is(err, ErrState) {
		t.Errorf("an unknown step: %v", err)
	}
	two = fullState(t)
	two.addPool(20002, []cell.Record{{}})
	if _, err := parseState(two.marshal()); err != nil {
		t.Errorf("equal records may stand in a pool: %v", err)
	}
	two.pool[20002] = append(two.pool[20002], cell.Record{})
	if _, err := parseState(two.marshal()); !errors.Is(err, ErrState) {
		t.Errorf("records out of order: %v", err)
	}
}

func FuzzParseState(f *testing.F) {
	f.Add(newState().marshal())
	f.Add(fullState(f).marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := parseState(b)
		if err != nil {
			return
		}
		if !bytes.Equal(st.marshal(), b) {
			t.Error("another form was read")
		}
	})
}
