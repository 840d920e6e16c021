package watch

import (
	"crypto/rand"
	"strings"
	"testing"

	"kkachi/internal/seal"
)

// A root key hands over, and watch goes on. Then the key that was replaced signs a note with a
// higher serial: who knows only the id takes it, and watch says what it is.
func TestP10OldRootKeySigns(t *testing.T) {
	n := newNewsroom()
	w := n.watch(t, t.TempDir())
	visit(t, w)
	first, before := n.root, *n.rootN
	heir := must(seal.NewSigningKey(seal.RoleRoot, rand.Reader))
	if err := n.rootN.Succeed(n.root, heir); err != nil {
		t.Fatal(err)
	}
	n.rootN.Serial, n.root = 2, heir
	n.turn()
	visit(t, w)

	before.Serial = 3
	n.rootN, n.root = &before, first
	n.turn()
	if _, err := seal.VerifyNotes(n.notes, n.id, n.today); err != nil {
		t.Fatalf("the play is not the one that is meant: %v", err)
	}
	if _, wrong := shown(t, w); !strings.Contains(wrong, "does not continue the root keys") {
		t.Errorf("%q", wrong)
	}
}
