package cell

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func filled(seed uint64, n int) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	b := make([]byte, n)
	_, _ = r.Read(b)
	return b
}

func TestSizesAddUp(t *testing.T) {
	for name, c := range map[string][2]int{
		"outer":      {OuterSize, 2964},
		"outer text": {OuterPlainSize, 2948},
		"inner":      {InnerSize, 1827},
		"fragment":   {FragmentSize, 1811},
		"record":     {RecordSize, 2947},
		"body":       {BodySize, 1729},
		"slot text":  {SlotPlainSize, 980},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %d, not %d", name, c[0], c[1])
		}
	}
}

func TestParseWantsExactlyOneCell(t *testing.T) {
	for _, n := range []int{0, 1, Size - 1, Size + 1, 2 * Size} {
		if _, err := Parse(make([]byte, n)); !errors.Is(err, ErrSize) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	b := filled(1, Size)
	c, err := Parse(b)
	if err != nil || !bytes.Equal(c[:], b) {
		t.Fatal(err)
	}
	b[100]++
	if c[100] == b[100] {
		t.Error("the cell shares its bytes with what it was read from")
	}
	if got := len(c.Encap()) + len(c.Outer()) + HeaderSize; got != Size {
		t.Errorf("the parts have %d bytes", got)
	}
}

func TestStamp(t *testing.T) {
	c, _ := Parse(filled(2, Size))
	for d := uint8(0); d <= 12; d++ {
		if err := c.Stamp(d); err != nil || !c.Stamped(d) {
			t.Fatalf("difficulty %d: %v", d, err)
		}
	}
	rest := *c
	c[4000] ^= 1
	if c.Stamped(12) && rest.Stamped(12) {
		t.Error("the stamp does not bind the cell's bytes")
	}
	for c.zeros() <= MaxDifficulty { // until there are more zeros than any price asks for
		c[5]++
		if err := c.Stamp(MaxDifficulty); err != nil {
			t.Fatal(err)
		}
	}
	if c.Stamped(MaxDifficulty + 1) {
		t.Error("a difficulty over the limit is met")
	}
	if err := c.Stamp(MaxDifficulty + 1); err == nil {
		t.Error("a stamp over the limit is searched")
	}
	if !c.Stamped(0) {
		t.Error("no difficulty is not met")
	}
}

func TestReplayKeyLeavesOutEpochAndStamp(t *testing.T) {
	c, _ := Parse(filled(3, Size))
	key := c.ReplayKey()
	for i := range c {
		bad := *c
		bad[i] ^= 1
		if same := bad.ReplayKey() == key; same != (i < HeaderSize) {
			t.Fatalf("byte %d: same replay key is %v", i, same)
		}
	}
}

func TestDaysAndWeeks(t *testing.T) {
	at := time.Date(2026, 7, 23, 23, 59, 59, 999, time.FixedZone("", -3600))
	if d := DayOf(at); d.String() != "2026-07-24" || d.Time().Hour() != 0 {
		t.Errorf("%s", d)
	}
	for _, c := range []struct {
		day  Day
		w0   uint32
		want Week
	}{
		{0, 0, 0},
		{6, 0, 0},
		{7, 0, 1},
		{20657, 2951, 0},
		{20657, 2948, 3},
		{20656, 2951, 0},
		{10, 5, 0},
		{0xffffffff, 0, 0xffff},
	} {
		if got := WeekOf(c.day, c.w0); got != c.want {
			t.Errorf("day %d since week %d is in week %d, not %d", c.day, c.w0, got, c.want)
		}
	}
}

func TestFragmentsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, MaxFragments).Draw(t, "count")
		f := &FragmentFields{
			Kind: Kind(rapid.IntRange(0, 5).Draw(t, "kind")), Topic: rapid.Byte().Draw(t, "topic"),
			Count: uint8(count), Index: uint8(rapid.IntRange(0, count-1).Draw(t, "index")),
			Flags: uint8(rapid.IntRange(0, 1).Draw(t, "flags")), Week: Week(rapid.Uint16().Draw(t, "week")),
			Thread: ThreadID{1}, Key: [32]byte{2}, Letter: LetterID{3}, LastReply: ReplyID{4},
		}
		n := BodySize
		if f.Index == f.Count-1 {
			n = rapid.IntRange(1, BodySize).Draw(t, "length")
		}
		f.Body = filled(5, n)
		out, err := f.Marshal(rand.NewChaCha8([32]byte{}))
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseFragment(out)
		if err != nil {
			t.Fatal(err)
		}
		body := back.Body
		back.Body = f.Body
		if !bytes.Equal(body, f.Body) || !equalFields(back, f) {
			t.Fatalf("%+v came back as %+v", f, back)
		}
	})
}

func equalFields(a, b *FragmentFields) bool {
	return a.Kind == b.Kind && a.Topic == b.Topic && a.Index == b.Index && a.Count == b.Count && a.Flags == b.Flags &&
		a.Week == b.Week && a.Thread == b.Thread && a.Key == b.Key && a.Letter == b.Letter && a.LastReply == b.LastReply
}

func TestFragmentsRefuseWrongFields(t *testing.T) {
	good := FragmentFields{Count: 2, Index: 1, Body: []byte("x")}
	whole, err := good.Marshal(rand.NewChaCha8([32]byte{}))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		at   int
		v    byte
		want error
	}{
		"cover":            {0, 0, ErrCover},
		"version 2":        {0, 2, ErrFragment},
		"kind 6":           {1, 6, ErrFragment},
		"index over count": {3, 2, ErrFragment},
		"not the last":     {3, 0, ErrFragment},
		"count 0":          {4, 0, ErrFragment},
		"count 65":         {4, 65, ErrFragment},
		"a reserved flag":  {5, 2, ErrFragment},
		"length over body": {6, 7, ErrFragment},
		"length 0":         {7, 0, ErrFragment},
	} {
		bad := *whole
		bad[c.at] = c.v
		if f, err := ParseFragment(&bad); !errors.Is(err, c.want) || f != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bend := range map[string]func(f *FragmentFields){
		"kind 6":   func(f *FragmentFields) { f.Kind = 6 },
		"too long": func(f *FragmentFields) { f.Body = make([]byte, BodySize+1) },
		"empty":    func(f *FragmentFields) { f.Body = nil },
		"count 0":  func(f *FragmentFields) { f.Count = 0 },
	} {
		f := good
		bend(&f)
		if _, err := f.Marshal(rand.NewChaCha8([32]byte{})); !errors.Is(err, ErrFragment) {
			t.Errorf("written with %s: %v", name, err)
		}
	}
	cover, err := NewCoverFragment(rand.NewChaCha8([32]byte{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseFragment(cover); !errors.Is(err, ErrCover) {
		t.Errorf("a cover fragment: %v", err)
	}
}
