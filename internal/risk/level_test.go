package risk

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kkachi/internal/lang"
)

func TestDefaultCeiling(t *testing.T) {
	if got := DefaultCeiling().String(); got != "L2 R1 D1 M0" {
		t.Errorf("the default ceiling is %s", got)
	}
}

func TestCheck(t *testing.T) {
	fine := Level{Place: 2, Role: 1, Day: 4, Medium: 2}
	two := []string{"Han", "Lee"}
	for _, c := range []struct {
		name    string
		level   Level
		o       Override
		refused string
	}{
		{"the ceiling itself", DefaultCeiling(), Override{}, ""},
		{"coarser", Level{}, Override{}, ""},
		{"finer", fine, Override{}, "day 4 over 1, medium 2 over 0"},
		{"gender", Level{Gender: true}, Override{}, "gender 1 over 0"},
		{"count", Level{Count: true}, Override{}, "count 1 over 0"},
		{"two people and a reason", fine, Override{two, "known already"}, ""},
		{"no reason", fine, Override{two, " \t"}, "gives no reason"},
		{"one person", fine, Override{two[:1], "known already"}, "two different people"},
		{"one person twice", fine, Override{[]string{"Han", " HAN "}, "known already"}, "two different people"},
		{"one person in full width", fine, Override{[]string{"Han", "Ｈａｎ"}, "known already"}, "two different people"},
		{"somebody and nobody", fine, Override{[]string{"Han", ""}, "known already"}, "two different people"},
		{"a reason without people", fine, Override{nil, "known already"}, "two different people"},
		{"out of range", Level{Place: 6}, Override{two, "known already"}, "out of range"},
	} {
		err := Check(c.level, DefaultCeiling(), c.o)
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: refused: %v", c.name, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.refused)
		}
	}
	var r *Refusal
	if err := Check(fine, DefaultCeiling(), Override{}); !errors.As(err, &r) || len(r.Excess) != 2 {
		t.Errorf("the error is no *Refusal of two axes: %v", err)
	}
	for _, tag := range lang.All() {
		if s := r.Text(tag); strings.Contains(s, "[") || !strings.Contains(s, "4") {
			t.Errorf("%s: %q", tag, s)
		}
	}
}

func drawLevel(t *rapid.T, name string) Level {
	return Level{
		Place: uint8(rapid.IntRange(0, lang.MaxPlace).Draw(t, name+" place")), Role: uint8(rapid.IntRange(0, lang.MaxRole).Draw(t, name+" role")),
		Day: uint8(rapid.IntRange(0, lang.MaxDay).Draw(t, name+" day")), Medium: uint8(rapid.IntRange(0, lang.MaxMedium).Draw(t, name+" medium")),
		Gender: rapid.Bool().Draw(t, name+" gender"), Count: rapid.Bool().Draw(t, name+" count"),
	}
}

// The finest of two levels passes under a ceiling exactly if both do, and a level that
// passes is no finer than the ceiling on any axis.
func TestFinestPassesIfAllPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawLevel(t, "a"), drawLevel(t, "b"), drawLevel(t, "ceiling")
		both := Check(a, c, Override{}) == nil && Check(b, c, Override{}) == nil
		if joined := Check(Finest(a, b), c, Override{}) == nil; joined != both {
			t.Fatalf("%s and %s under %s: finest passes %v, both pass %v", a, b, c, joined, both)
		}
		if len(Finer(a, Finest(a, b))) != 0 {
			t.Fatalf("%s is finer than the finest of it and %s", a, b)
		}
	})
}

// A verdict never calls anything harmless.
func TestNoVerdictPromises(t *testing.T) {
	n := 0
	for _, tag := range lang.All() {
		for _, key := range lang.Keys(tag) {
			if !strings.HasPrefix(key, "risk.") && !strings.HasPrefix(key, "desk.verdict") {
				continue
			}
			n++
			text := strings.ToLower(lang.T(tag, key))
			for _, w := range []string{"safe", "secure", "안전", "安全"} {
				if strings.Contains(text, w) {
					t.Errorf("%s: %s holds %q", tag, key, w)
				}
			}
		}
	}
	if n == 0 {
		t.Error("no text of risk was read")
	}
}

func TestParseLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLevel(t, "level")
		if got, err := ParseLevel(l.String()); err != nil || got != l {
			t.Fatalf("%s is %v, %v", l, got, err)
		}
	})
	for _, s := range []string{"", "L2", "L2 R1 D1", "L2 R1 D1 M5", "L6 R1 D1 M0", "R1 L2 D1 M0", "L2 R1 D1 M0 shoe", "L2 R1 D1 M0 count gender", "L２ R1 D1 M0"} {
		if _, err := ParseLevel(s); !errors.Is(err, ErrRange) {
			t.Errorf("%q: %v", s, err)
		}
	}
}
