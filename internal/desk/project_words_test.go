package desk

import (
	"fmt"
	"testing"
)

// A rebuild leaves one piece of the index, and what it held is found.
func TestRebuildJoinsTheIndex(t *testing.T) {
	r := newRoom(t)
	for k := range 6 {
		var texts []string
		for i := range 40 {
			texts = append(texts, fmt.Sprintf("순찰 %d번, patrol number %d of the bridge by the river", i, 100*k+i))
		}
		r.fillWith(texts)
	}
	pieces := func() (n int) {
		must(t, r.desk.v.View().QueryRow(t.Context(), `SELECT count(DISTINCT segid) FROM words_idx`).Scan(&n))
		return n
	}
	before := pieces()
	must(t, r.desk.v.Rebuild(t.Context(), nil))
	if after := pieces(); before < 2 || after != 1 {
		t.Errorf("%d pieces before, %d after", before, after)
	}
	for _, q := range []string{"순찰 39", "patrol 539", "riv 0"} {
		if len(r.finds(SearchQuery{Text: q})) == 0 {
			t.Errorf("%q is not found any more", q)
		}
	}
}
