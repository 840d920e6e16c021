package watch

import (
	"fmt"
	"strings"
	"testing"

	"kkachi/internal/relay"
)

// P10: the addresses that people type are held to the manifest too: a folder's, and the root.
func TestP10FoldersShowTheirIndex(t *testing.T) {
	evil := []byte("<script>1</script>")
	for name, c := range map[string]struct {
		change func(n *newsroom)
		want   string
	}{
		"another page at the root":        {func(n *newsroom) { n.folders = map[string][]byte{"": evil} }, "page: the root of the site is not its index.html"},
		"nothing at the root":             {func(n *newsroom) { n.fails = map[string]error{"": relay.ErrNotFound} }, "page: the root of the site is not its index.html"},
		"the root leads elsewhere":        {func(n *newsroom) { n.fails = map[string]error{"": relay.ErrRefused} }, "page: the root of the site is not its index.html"},
		"another page at a folder":        {func(n *newsroom) { n.folders = map[string][]byte{"ko/": evil} }, "page: ko/ is not its index.html"},
		"a folder leads elsewhere":        {func(n *newsroom) { n.fails = map[string]error{"en/": relay.ErrRefused} }, "page: en/ is not its index.html"},
		"a root that is not listed":       {func(n *newsroom) { n.print(2, nil); n.folders = map[string][]byte{"": evil} }, "page: the root of the site is a page that the manifest does not list"},
		"an unlisted one leads elsewhere": {func(n *newsroom) { n.print(2, nil); n.fails = map[string]error{"": relay.ErrRefused} }, "page: the root of the site is a page that the manifest does not list"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNewsroom()
			n.print(1, map[string]string{"index.html": "<p>here", "x.index.html": "<p>no folder's"})
			w := n.watch(t, "")
			visit(t, w)
			c.change(n)
			if _, wrong := shown(t, w); wrong != c.want {
				t.Errorf("%q, want %q", wrong, c.want)
			}
		})
	}
}

// The root is looked at in every visit, whatever is drawn; all folders, where all is looked at.
func TestRootIsAlwaysLookedAt(t *testing.T) {
	n := newNewsroom()
	more := map[string]string{"index.html": "<p>here"}
	for i := range 30 * SiteSample {
		more[fmt.Sprintf("en/%d/index.html", i)] = "<p>x"
	}
	n.print(1, more)
	w := n.watch(t, "")
	n.folders = map[string][]byte{"": []byte("x")}
	for range 5 {
		shown(t, w)
	}
	n.folders = map[string][]byte{"en/77/": []byte("x")}
	w.LookAtAll()
	if _, wrong := shown(t, w); !strings.Contains(wrong, "page: en/77/ is not its index.html") {
		t.Errorf("%q", wrong)
	}
}
