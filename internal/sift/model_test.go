package sift

import (
	"os"
	"strings"
	"testing"
)

// P4, P8, P13: day keys, arrival days, batches, bulletins and parcels in all states that are
// within reach of every crash, every copy of a cell and every silence, up to the bounds; the
// order of the day, host, clients' cells and framing are the real ones. `make model` goes
// further.
func TestP4P8P13Model(t *testing.T) {
	bounds := []modelBounds{
		{days: 2, letters: 1, replays: 1},
		{days: 1, letters: 1, faults: allFaults},
		{days: 1, letters: 1, parcels: 2, covers: 1},
		{days: 1, letters: 1, again: 1, hold: true, faults: hostFaults},
	}
	switch {
	case os.Getenv("KKACHI_MODEL") != "":
		bounds = []modelBounds{
			{days: 1, letters: 1, parcels: 2, covers: 1, faults: allFaults},
			{days: 2, letters: 1, faults: hostFaults},
			{days: 2, letters: 1, hold: true},
			{days: 2, letters: 1, parcels: 2},
			{days: 2, letters: 2, replays: 1, again: 1},
			{days: 3, letters: 1},
			{days: 2, letters: 1, replays: 1, faults: allFaults},
		}
	case testing.Short():
		bounds = []modelBounds{{days: 1, letters: 1}}
	}
	room := newModelRoom(t)
	for _, b := range bounds {
		x, bad := room.explore(b, plant{}, 2)
		t.Logf("%+v: all %d states reached by %d transitions, %d deep; %d of disk and host, by %d runs of sift; %d cells of letters came in the end, %d outlived their key",
			b, len(x.nodes), x.transitions, x.depth, len(x.cores), x.runs, x.came, x.gone)
		if bad != nil {
			t.Fatal(bad)
		}
		if x.came == 0 || x.gone == 0 {
			t.Error("no letter came, or none outlived its key: the model is blind")
		}
	}
}

// Each defect that is planted between sift and its disk or host is found, with the shortest
// way to it.
func TestModelFindsWhatIsPlanted(t *testing.T) {
	room := newModelRoom(t)
	for _, p := range plants() {
		t.Run(p.name, func(t *testing.T) {
			if testing.Short() && p.in.letters > 0 {
				t.Skip("takes seconds")
			}
			_, bad := room.explore(p.in, p, 2)
			if bad == nil {
				t.Fatal("not found")
			}
			t.Log(bad)
			if !strings.HasPrefix(bad.what, p.want+":") {
				t.Errorf("found as another property than %s", p.want)
			}
		})
	}
}
