package ladder

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func caseItems(t *testing.T) []Item {
	t.Helper()
	f, err := os.Open("testdata/evidence.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	items, err := ParseTable(f)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func find(t *testing.T, rs []Result, claim string) Result {
	t.Helper()
	for _, r := range rs {
		if r.Claim == claim {
			return r
		}
	}
	t.Fatalf("no claim %s", claim)
	return Result{}
}

// The twelve claims of the motivating case come out as expected.
func TestLadderOfTheCase(t *testing.T) {
	data, err := os.ReadFile("testdata/claims.tsv")
	if err != nil {
		t.Fatal(err)
	}
	got := Derive(caseItems(t), nil)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
	if len(lines) != 12 || len(got) != 12 {
		t.Fatalf("%d expected, %d derived, want 12 of each", len(lines), len(got))
	}
	for i, line := range lines {
		f := strings.Split(line, "\t")
		chains, _ := strconv.Atoi(f[4])
		r := got[i]
		if r.Claim != f[0] || r.Chains != chains || string(r.Rung) != f[5] || r.Disputed != (f[6] == "yes") || !r.Exact {
			t.Errorf("derived %+v, want %v", r, f)
		}
	}
}

// With k3 unknown, C06 and C07 can't be shown independent any more.
func TestLadderWithARelayUnknown(t *testing.T) {
	items := caseItems(t)
	for i := range items {
		if slices.Equal(items[i].Relays, []string{"k3"}) {
			items[i].Relays, items[i].Unknown = nil, true
		}
	}
	got := Derive(items, nil)
	for _, id := range []string{"C06", "C07"} {
		if r := find(t, got, id); r.Rung != Unverified || r.Chains != 2 || r.Independent != 1 {
			t.Errorf("%s: %+v, want %q", id, r, Unverified)
		}
	}
	if !find(t, got, "C07").Disputed {
		t.Error("C07 is no longer disputed")
	}
}

// One more letter "told by B and C" must not merge B and C: set packing, not union-find.
func TestLadderWithALetterToldByTwo(t *testing.T) {
	before := find(t, Derive(caseItems(t), nil), "C06")
	more := append(caseItems(t), Item{
		Claim: "C06", Report: "08", Teller: "G", Stance: Supports, Path: Told, Relays: []string{"B", "C"}, Grade: 3,
	})
	after := find(t, Derive(more, nil), "C06")
	if after.Rung != before.Rung || after.Chains != 2 || after.Independent != 2 {
		t.Errorf("C06 went from %+v to %+v", before, after)
	}
}

func item(report, teller string, p Path, relays string) Item {
	it := Item{Claim: "C", Report: report, Teller: teller, Stance: Supports, Path: p, Grade: 3}
	it.Relays, it.Unknown, _ = ParseRelays(relays)
	return it
}

func TestLadderRules(t *testing.T) {
	against := item("9", "E", Told, "k4")
	against.Stance = Contradicts
	for _, c := range []struct {
		name                string
		items               []Item
		read                map[string]Publication
		chains, independent int
		rung                Rung
	}{
		{"nothing", nil, nil, 0, 0, Unsupported},
		{"only a denial", []Item{against}, nil, 0, 0, Unsupported},
		{"told by nobody named", []Item{item("1", "A", Told, "-"), item("2", "B", Direct, "-")}, nil, 2, 1, Unverified},
		{"told by himself", []Item{item("1", "A", Told, "A"), item("2", "B", Direct, "-")}, nil, 2, 1, Unverified},
		{"rumour with a known relay", []Item{item("1", "A", Rumour, "k1"), item("2", "B", Direct, "-")}, nil, 2, 1, Unverified},
		{"one known and one unknown relay", []Item{item("1", "A", Told, "k1,?"), item("2", "B", Direct, "-")}, nil, 2, 1, Unverified},
		{"same relay", []Item{item("1", "A", Told, "k1"), item("2", "B", Told, "k1")}, nil, 1, 1, OneChain},
		{
			"relay of a relay, three deep",
			[]Item{item("1", "A", Told, "B"), item("2", "B", Told, "D"), item("3", "D", Told, "k1"), item("4", "F", Told, "k1")},
			nil, 1, 1, OneChain,
		},
		{
			"a relay deep down is unknown",
			[]Item{item("1", "A", Told, "B"), item("2", "B", Told, "D"), item("3", "D", Told, "?"), item("4", "F", Direct, "-")},
			nil, 2, 1, Unverified,
		},
		{"they name each other", []Item{item("1", "A", Told, "B"), item("2", "B", Told, "A"), item("3", "C", Direct, "-")}, nil, 2, 2, Independent},
		{"a relay who denies brings his tokens", []Item{item("1", "A", Told, "E"), item("2", "B", Told, "k4"), against}, nil, 1, 1, OneChain},
		{
			"reading a publication is no new origin",
			[]Item{item("1", "A", Told, "k1"), item("2", "B", Told, "p")},
			map[string]Publication{"p": {Tokens: []string{"A", "k1"}}},
			1, 1, OneChain,
		},
		{
			"a publication that rests on something open",
			[]Item{item("1", "C", Direct, "-"), item("2", "B", Told, "p")},
			map[string]Publication{"p": {Tokens: []string{"A"}, Open: true}},
			2, 1, Unverified,
		},
		{"three in a row, the outer two count", []Item{item("1", "A", Told, "k1"), item("2", "B", Told, "k1,k2"), item("3", "D", Told, "k2")}, nil, 2, 2, Independent},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Claim(c.items, c.read)
			if r.Chains != c.chains || r.Independent != c.independent || r.Rung != c.rung {
				t.Errorf("got %d chains, %d independent, %q; want %d, %d, %q", r.Chains, r.Independent, r.Rung, c.chains, c.independent, c.rung)
			}
		})
	}
}

// The items that are counted are marked: where two chains are independent, closed ones alone; and
// the best grade wants one of those, not another that has seen it, to have direct access.
func TestWhatIsCountedIsMarked(t *testing.T) {
	for _, c := range []struct {
		name   string
		items  []Item
		marked []bool
		cap    Cap
	}{
		{"an open item beside two closed", []Item{item("1", "A", Direct, "-"), item("2", "B", Told, "k1"), item("3", "D", Rumour, "?")}, []bool{true, true, false}, CapNone},
		{"one closed and one open", []Item{item("1", "A", Direct, "-"), item("2", "B", Rumour, "?")}, []bool{true, true}, CapOpen},
		{"who has seen it shares an origin with both", []Item{item("1", "A", Told, "k1"), item("2", "B", Told, "k2"), item("3", "D", Direct, "k1,k2")}, []bool{true, true, false}, CapIndirect},
	} {
		r := Claim(c.items, nil)
		var marked []bool
		for _, st := range r.Items {
			marked = append(marked, st.Chain)
		}
		if !slices.Equal(marked, c.marked) || r.Cap() != c.cap {
			t.Errorf("%s: marked %v, cap %s; want %v, %s", c.name, marked, r.Cap(), c.marked, c.cap)
		}
	}
}

func TestReasonsOfOpenness(t *testing.T) {
	r := Claim([]Item{
		item("1", "A", Rumour, "?"), item("2", "B", Told, "?"), item("3", "D", Told, "-"),
		item("4", "F", Told, "B"), item("5", "G", Told, "p"), item("6", "H", Direct, "-"),
	}, map[string]Publication{"p": {Open: true}})
	want := []Openness{IsRumour, UnknownRelay, NobodyNamed, OpenRelay, OpenReading, Closed}
	for i, st := range r.Items {
		if st.Open != want[i] {
			t.Errorf("report %s: %q, want %q", st.Report, st.Open, want[i])
		}
	}
}

func TestCeilings(t *testing.T) {
	for _, c := range []struct {
		items []Item
		want  int
	}{
		{nil, 3},
		{[]Item{item("1", "A", Direct, "-")}, 3},
		{[]Item{item("1", "A", Direct, "-"), item("2", "B", Told, "?")}, 2},
		{[]Item{item("1", "A", Told, "k1"), item("2", "B", Told, "k2")}, 2},
		{[]Item{item("1", "A", Direct, "-"), item("2", "B", Told, "k2")}, 1},
	} {
		if got := Claim(c.items, nil).Ceiling(); got != c.want {
			t.Errorf("%v: ceiling %d, want %d", c.items, got, c.want)
		}
	}
}

func TestResultAsJSON(t *testing.T) {
	got, err := json.Marshal(Claim([]Item{item("1", "A", Direct, "-"), item("2", "B", Told, "?")}, nil))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"claim":"C","chains":2,"independent":1,"rung":"two chains, independence unverified","disputed":false,"exact":true}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestClaimsInCountingOrder(t *testing.T) {
	names := []string{"C10", "C2", "c1", "C02", "C", "2", "10", "C2a"}
	slices.SortFunc(names, compareNames)
	if got := strings.Join(names, " "); got != "2 10 C C02 C2 C2a C10 c1" {
		t.Error(got)
	}
}
