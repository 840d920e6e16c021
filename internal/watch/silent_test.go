package watch

import (
	"context"
	"errors"
	"strings"
	"testing"

	"kkachi/internal/relay"
)

// P10: a host that falls silent in the midst of a visit takes back nothing of what it has shown.
func TestP10SilenceHidesNothing(t *testing.T) {
	split := func(n *newsroom) { n.siftN.Batch = 512; n.sign() }
	for name, c := range map[string]struct {
		change func(n *newsroom)
		at     string
		proofs int
		want   string
	}{
		"other notes, no manifest": {split, "m", 1, ""},
		"other notes, no bulletin": {split, "r", 1, ""},
		"other notes, no script":   {split, "page/page.js", 1, ""},
		"two manifests, no script": {func(n *newsroom) { n.print(1, map[string]string{"en/x.html": "<p>x"}) }, "page/page.js", 1, ""},
		"contacts of its own, no script": {func(n *newsroom) {
			n.files["contacts.txt"] = []byte("x")
			n.print(2, map[string]string{"contacts.txt": "x"})
		}, "page/page.js", 0, "contacts: the site lists contacts.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNewsroom()
			n.print(1, nil)
			w := n.watch(t, t.TempDir())
			visit(t, w)
			c.change(n)
			n.fails = map[string]error{c.at: relay.ErrUnavailable}
			r, wrong := shown(t, w)
			if len(r.Proofs) != c.proofs || !strings.Contains(wrong, c.want) || !errors.Is(r.Unfinished, relay.ErrUnavailable) {
				t.Errorf("%v, %q, %v", r.Proofs, wrong, r.Unfinished)
			}
		})
	}
}

// A host that fails and has shown nothing wrong is unreached, and no more is said of it.
func TestUnreachedIsNotWrong(t *testing.T) {
	for _, at := range []string{"r", "m", "page/page.js"} {
		n := newNewsroom()
		n.print(1, nil)
		n.fails = map[string]error{at: relay.ErrUnavailable}
		if r, err := n.watch(t, "").Visit(t.Context()); r != nil || errors.Is(err, ErrShown) || !errors.Is(err, relay.ErrUnavailable) {
			t.Errorf("%s: %+v, %v", at, r, err)
		}
	}
}

// P10: notes that are shown first, with a bulletin that they do not name, are kept like those
// that are shown when both are asked for once more.
func TestP10BothAnswersAreHeld(t *testing.T) {
	n := newNewsroom()
	w := n.watch(t, "")
	visit(t, w)
	plain := n.notes
	n.siftN.Batch = 512
	n.siftN.Bulletins[0].Hash[0] ^= 1
	n.sign()
	other := n.notes
	n.atFetch = func(at int) {
		if n.notes = plain; at == 2 {
			n.notes = other
		}
	}
	if r, _ := shown(t, w); len(r.Proofs) != 1 || n.fetched != 3 {
		t.Errorf("%v after %d fetches", r.Proofs, n.fetched)
	}
}

// P10: a host that hands out no manifest, where the root note names what the site carries, or
// refuses it, is wrong at the first visit already.
func TestP10ManifestIsWanted(t *testing.T) {
	for name, c := range map[string]struct {
		change func(n *newsroom)
		want   string
	}{
		"a script is named":    {func(n *newsroom) { n.withEngine() }, "manifest: no manifest is shown, and the root note names"},
		"contacts are named":   {func(n *newsroom) { n.withContacts(vetted) }, "manifest: no manifest is shown, and the root note names"},
		"refused or elsewhere": {func(n *newsroom) { n.fails = map[string]error{"m": relay.ErrRefused} }, "manifest: it is refused, redirected"},
	} {
		n := newNewsroom()
		c.change(n)
		if r, wrong := shown(t, n.watch(t, "")); !strings.Contains(wrong, c.want) || r.Site != 0 || r.Unfinished != nil {
			t.Errorf("%s: %q, want %q", name, wrong, c.want)
		}
	}
}

// P10: what differs is said, whatever comes when the manifest is asked for once more.
func TestP10SecondManifestHidesNothing(t *testing.T) {
	for _, answer := range []error{relay.ErrUnavailable, relay.ErrNotFound, relay.ErrRefused} {
		n := newNewsroom()
		n.print(1, nil)
		n.files["page/page.js"] = []byte("veiws()")
		h := &fading{newsroom: n, then: answer}
		w, err := Open(n.id, h, "", n.clock(), n.random())
		if err != nil {
			t.Fatal(err)
		}
		if _, wrong := shown(t, w); !strings.Contains(wrong, "page/page.js is another file") || h.asked != 2 {
			t.Errorf("%v: %q", answer, wrong)
		}
	}
}

// fading hands out its manifest once.
type fading struct {
	*newsroom
	then  error
	asked int
}

func (f *fading) Manifest(ctx context.Context) ([]byte, error) {
	if f.asked++; f.asked > 1 {
		return nil, f.then
	}
	return f.newsroom.Manifest(ctx)
}
