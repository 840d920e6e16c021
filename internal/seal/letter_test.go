package seal

import (
	"bytes"
	"compress/flate"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"kkachi/internal/cell"
)

func fragmentsOf(t testing.TB, l *Letter, k WeekKey) []*cell.FragmentFields {
	t.Helper()
	fs, err := CutLetter(seeded("fragments"), l, k)
	must(t, err)
	var out []*cell.FragmentFields
	for i := range fs {
		f, err := cell.ParseFragment(&fs[i])
		must(t, err)
		out = append(out, f)
	}
	return out
}

// noise is text that deflate cannot shorten much, so that letters have many fragments.
func noise(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(32 + r.IntN(95))
	}
	return out
}

func TestLettersJoinInAnyOrderWithRepeats(t *testing.T) {
	c := conversationOf("letters")
	rapid.Check(t, func(t *rapid.T) {
		l := &Letter{
			Kind: cell.Kind(rapid.IntRange(0, 5).Draw(t, "kind")), Topic: rapid.Byte().Draw(t, "topic"),
			Week: cell.Week(rapid.IntRange(0, 9).Draw(t, "week")), Thread: c.Thread(), LastReply: cell.ReplyID{4},
			Text: noise(rapid.IntRange(0, 20000).Draw(t, "size"), rapid.Uint64().Draw(t, "seed")),
		}
		k := c.Key(l.Week)
		cut, err := CutLetter(rand.NewChaCha8([32]byte{}), l, k)
		if err != nil {
			t.Fatal(err)
		}
		order := rapid.Permutation(indices(len(cut))).Draw(t, "order")
		order = append(order, rapid.SliceOfN(rapid.SampledFrom(order), 0, 5).Draw(t, "repeats")...)
		j := NewJoiner(k.LetterKey())
		for _, i := range order {
			f, err := cell.ParseFragment(&cut[i])
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		got, err := j.Letter()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Text, l.Text) || got.ID != l.ID || got.Kind != l.Kind || got.Topic != l.Topic ||
			got.Week != l.Week || got.Thread != l.Thread || got.LastReply != l.LastReply {
			t.Fatal("the letter came back changed")
		}
		if want := ^uint64(0) >> (64 - len(cut)); j.Bitmap() != want || len(j.Missing()) != 0 {
			t.Fatal("a complete letter says that fragments are missing")
		}
	})
}

func TestLossGivesThePartAndNoMore(t *testing.T) {
	c := conversationOf("loss")
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(strings.Repeat("한국어 글과 ", 300))
		text = append(text, noise(9000, rapid.Uint64().Draw(t, "seed"))...)
		l := &Letter{Text: text, Thread: c.Thread()}
		cut, err := CutLetter(rand.NewChaCha8([32]byte{}), l, c.Key(0))
		if err != nil {
			t.Fatal(err)
		}
		lost := rapid.IntRange(0, len(cut)-1).Draw(t, "lost")
		j := NewJoiner(c.Key(0).LetterKey())
		for i := range cut {
			if i == lost {
				continue
			}
			f, err := cell.ParseFragment(&cut[i])
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := j.Letter(); !errors.Is(err, ErrIncomplete) {
			t.Fatalf("an incomplete letter: %v", err)
		}
		if m := j.Missing(); len(m) != 1 || int(m[0]) != lost || j.Bitmap()>>lost&1 != 0 {
			t.Fatalf("missing %v, lost %d", m, lost)
		}
		part := j.Partial()
		if !bytes.HasPrefix(text, part) || !utf8.Valid(part) {
			t.Fatal("the part is not the letter's beginning")
		}
		if lost > 0 && len(part) == 0 {
			t.Fatal("nothing of the beginning is shown")
		}
	})
}

func TestMixingIsRefused(t *testing.T) {
	c, other := conversationOf("mix"), conversationOf("mix other")
	base := fragmentsOf(t, &Letter{Text: noise(5000, 1), Thread: c.Thread()}, c.Key(0))
	second := fragmentsOf(t, &Letter{Text: noise(5000, 2), Thread: c.Thread()}, c.Key(0))
	foreign := fragmentsOf(t, &Letter{Text: noise(5000, 1), Thread: other.Thread()}, c.Key(0))
	for name, bend := range map[string]func(f *cell.FragmentFields){
		"another letter's fragment": func(f *cell.FragmentFields) { *f = *second[1] },
		"another thread's fragment": func(f *cell.FragmentFields) { *f = *foreign[1] },
		"another count":             func(f *cell.FragmentFields) { f.Count++ },
		"another kind":              func(f *cell.FragmentFields) { f.Kind = cell.KindErase },
		"another topic":             func(f *cell.FragmentFields) { f.Topic = 9 },
		"another flag":              func(f *cell.FragmentFields) { f.Flags = cell.FlagFile },
		"another week":              func(f *cell.FragmentFields) { f.Week++ },
		"other bytes in one place":  func(f *cell.FragmentFields) { *f = *base[0]; f.Body = second[0].Body },
	} {
		j := NewJoiner(c.Key(0).LetterKey())
		must(t, j.Add(base[0]))
		f := *base[1]
		bend(&f)
		if err := j.Add(&f); !errors.Is(err, ErrMixed) {
			t.Errorf("%s: %v, not a refusal", name, err)
		}
		for _, f := range base[1:] {
			must(t, j.Add(f))
		}
		if _, err := j.Letter(); err != nil {
			t.Errorf("%s: what was refused has hurt the letter: %v", name, err)
		}
	}
}

func TestBoundsOfALetter(t *testing.T) {
	c := conversationOf("bounds")
	cut := func(text []byte, flags uint8) ([]cell.Fragment, error) {
		return CutLetter(seeded("bounds"), &Letter{Text: text, Flags: flags, Thread: c.Thread()}, c.Key(0))
	}
	if _, err := cut(make([]byte, InflatedMaxSize+1), 0); !errors.Is(err, ErrTooLong) {
		t.Errorf("a text over the bound: %v", err)
	}
	random := make([]byte, DeflatedMaxSize+1)
	_, _ = seeded("random file").Read(random)
	if _, err := cut(random, cell.FlagFile); !errors.Is(err, ErrTooLong) {
		t.Errorf("more than %d fragments: %v", cell.MaxFragments, err)
	}
	if _, err := cut([]byte{0xff}, 0); !errors.Is(err, ErrUTF8) {
		t.Errorf("a text that is none: %v", err)
	}
	// The longest text that is one byte over and over is taken, and comes back.
	long := bytes.Repeat([]byte("a"), InflatedMaxSize)
	j := NewJoiner(c.Key(0).LetterKey())
	for _, f := range fragmentsOf(t, &Letter{Text: long, Thread: c.Thread()}, c.Key(0)) {
		must(t, j.Add(f))
	}
	if got, err := j.Letter(); err != nil || !bytes.Equal(got.Text, long) {
		t.Errorf("the longest dull text: %v", err)
	}
}

func deflated(t testing.TB, text []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := flate.NewWriter(&buf, flate.BestCompression)
	must(t, err)
	_, err = w.Write(text)
	must(t, err)
	must(t, w.Close())
	return buf.Bytes()
}

func TestInflateIsBounded(t *testing.T) {
	large := deflated(t, make([]byte, 64<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := inflate(large); !errors.Is(err, ErrInflate) {
		t.Errorf("64 MiB in 64 KiB: %v", err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 16*InflatedMaxSize {
		t.Errorf("64 MiB in 64 KiB are refused after %d bytes were taken for them", after.TotalAlloc-before.TotalAlloc)
	}
	bomb := deflated(t, make([]byte, 10000))
	if got, err := inflate(bomb); !errors.Is(err, ErrInflate) || len(got) > InflateRatio*len(bomb) {
		t.Errorf("over 64-fold: %d bytes, %v", len(got), err)
	}
	just := noise(InflatedMaxSize, 1)
	if got, err := inflate(deflated(t, just)); err != nil || !bytes.Equal(got, just) {
		t.Errorf("exactly 256 KiB: %v", err)
	}
	if _, err := inflate(deflated(t, noise(InflatedMaxSize+1, 1))); !errors.Is(err, ErrInflate) {
		t.Errorf("a byte over 256 KiB: %v", err)
	}
	fine := deflated(t, []byte("fine"))
	for name, bad := range map[string][]byte{
		"bytes after its end": append(bytes.Clone(fine), 0),
		"cut":                 fine[:len(fine)-1],
		"empty":               {},
		"reserved block type": {0x07},
	} {
		if _, err := inflate(bad); !errors.Is(err, ErrInflate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAJoinerNeverPanicsOnWrongCounts(t *testing.T) {
	j := NewJoiner(LetterKey{})
	for _, f := range []cell.FragmentFields{
		{}, {Count: 65, Body: []byte{1}}, {Count: 1, Index: 1, Body: []byte{1}}, {Count: 1},
	} {
		if err := j.Add(&f); !errors.Is(err, cell.ErrFragment) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if j.Complete() || j.Partial() != nil || j.ID() != (cell.LetterID{}) {
		t.Error("an empty joiner holds something")
	}
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// P8: what is sent again is the same letter, and what means something else is another.
func TestP8LettersAreToldApartByWhatTheySay(t *testing.T) {
	c := conversationOf("apart")
	id := func(l Letter) cell.LetterID {
		l.Thread = c.Thread()
		_, err := CutLetter(seeded("apart"), &l, c.Key(0))
		must(t, err)
		return l.ID
	}
	words := []byte("they are at the door")
	first := id(Letter{Text: words})
	if id(Letter{Text: words, LastReply: cell.ReplyID{7}}) != first {
		t.Error("the same letter after a reply was read has another id")
	}
	for name, l := range map[string]Letter{
		"help": {Kind: cell.KindHelp, Text: words}, "topic": {Topic: 3, Text: words}, "file": {Flags: cell.FlagFile, Text: words},
	} {
		if id(l) == first {
			t.Errorf("the same words with another %s have the same id", name)
		}
	}
	if id(Letter{Kind: cell.KindErase}) == id(Letter{Kind: cell.KindWithdraw}) {
		t.Error("an empty withdrawal has the id of the erasure")
	}
}

// A letter that was broken off, and sent again after a receipt was read, joins.
func TestP8LetterSentAgainAfterAReceiptJoins(t *testing.T) {
	c := conversationOf("again")
	l := Letter{Text: noise(5000, 1), Thread: c.Thread()}
	before := fragmentsOf(t, &l, c.Key(0))
	l.LastReply = cell.ReplyID{9}
	again := fragmentsOf(t, &l, c.Key(0))
	j := NewJoiner(c.Key(0).LetterKey())
	must(t, j.Add(before[0]))
	must(t, j.Add(before[1]))
	for _, f := range again {
		must(t, j.Add(f))
	}
	must(t, j.Add(before[2])) // an old cell that was under way
	got, err := j.Letter()
	must(t, err)
	if !bytes.Equal(got.Text, l.Text) || got.LastReply != l.LastReply {
		t.Errorf("last reply %s, want %s; or another text", got.LastReply, l.LastReply)
	}
}
