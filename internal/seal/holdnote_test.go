package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"kkachi/internal/release"
)

// freed is a free note that the named approvers have signed.
func freed(tb testing.TB, n *FreeNote, names ...string) []byte {
	tb.Helper()
	var parts [][]byte
	for _, name := range names {
		one, err := SignFree(n, name, approver(name))
		must(tb, err)
		parts = append(parts, one)
	}
	out, err := JoinFree(parts...)
	must(tb, err)
	return out
}

func TestFreeNoteWantsTwo(t *testing.T) {
	r := newRoom(t)
	both := freed(t, r.freeNote, "editor", "night-editor")
	if n, err := ParseFree(both, r.devicesNote); err != nil || *n != *r.freeNote {
		t.Fatalf("%v, %v", n, err)
	}
	if !bytes.Equal(both, freed(t, r.freeNote, "night-editor", "editor", "editor")) {
		t.Error("the order of signing changes the bytes")
	}
	for name, c := range map[string]struct {
		signed []byte
		want   error
	}{
		"one":           {freed(t, r.freeNote, "editor"), ErrSignature},
		"one, twice":    {freed(t, r.freeNote, "editor", "editor"), ErrSignature},
		"another house": {freed(t, &FreeNote{NewsroomID{1}, day0}, "editor", "night-editor"), ErrNewsroom},
		"another day":   {bytes.Replace(both, []byte("day "), []byte("day 1"), 1), ErrSignature},
		"no signature":  {[]byte(r.freeNote.text()), ErrNoteFormat},
		"cut":           {both[:len(both)-1], ErrNoteFormat},
	} {
		if n, err := ParseFree(c.signed, r.devicesNote); !errors.Is(err, c.want) || n != nil {
			t.Errorf("%s: %v, %v", name, n, err)
		}
	}
	// One person's key under two names counts as one: a devices note lists no key twice, and
	// a name that it does not list counts for nothing.
	one, err := SignFree(r.freeNote, "editor", approver("editor"))
	must(t, err)
	two, err := SignFree(r.freeNote, "somebody", approver("editor"))
	must(t, err)
	twice, err := JoinFree(one, two)
	must(t, err)
	if _, err := ParseFree(twice, r.devicesNote); !errors.Is(err, ErrSignature) {
		t.Errorf("one key under two names: %v", err)
	}
	// Who is not in the devices note any more frees nothing.
	r.devicesNote.Approvers = r.devicesNote.Approvers[:1]
	if _, err := ParseFree(both, r.devicesNote); !errors.Is(err, ErrSignature) {
		t.Errorf("an approver who has left: %v", err)
	}
	if _, err := JoinFree(one, freed(t, &FreeNote{r.id, day0}, "editor")); !errors.Is(err, ErrNoteFormat) {
		t.Errorf("two days joined: %v", err)
	}
}

// P14: an approval of a release is no free note, nor the other way round, though one key makes
// both; and no machine's key frees a day.
func TestP14ApprovalsAndFreeNotesAreApart(t *testing.T) {
	r := newRoom(t)
	line := func(name string, key ed25519.PrivateKey, sig []byte) string {
		v, err := Approver{name, VerifyKey(key.Public().(ed25519.PublicKey))}.verifier()
		must(t, err)
		h := v.KeyHash()
		return "— " + v.Name() + " " + base64.StdEncoding.EncodeToString(append([]byte{byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}, sig...)) + "\n"
	}
	// The approvals of a release whose digest is that of the free note's text, and of its first bytes.
	text := r.freeNote.text()
	for _, d := range []release.Digest{release.DigestOf([]byte(text)), release.Digest([]byte(text)[:32])} {
		forged := text + "\n"
		for _, name := range []string{"editor", "night-editor"} {
			a, err := release.Approve(release.Approver(name), approver(name), d)
			must(t, err)
			forged += line(name, approver(name), a.Signature[:])
		}
		if _, err := ParseFree([]byte(forged), r.devicesNote); !errors.Is(err, ErrSignature) {
			t.Errorf("two approvals free a day: %v", err)
		}
	}
	// The signature of a free note as an approval.
	signed := freed(t, r.freeNote, "editor")
	last := strings.Fields(string(signed))
	raw, err := base64.StdEncoding.DecodeString(last[len(last)-1])
	must(t, err)
	pub := approver("editor").Public().(ed25519.PublicKey)
	if !ed25519.Verify(pub, []byte(text), raw[4:]) {
		t.Fatal("the test looks at the wrong bytes")
	}
	for _, d := range []release.Digest{release.DigestOf([]byte(text)), release.Digest([]byte(text)[:32])} {
		if (release.Approval{Name: "editor", Signature: release.Signature(raw[4:])}).Verify(pub, d) == nil {
			t.Error("a free note approves a release")
		}
	}
	// Machines: under their own name and under an approver's.
	for role, key := range map[Role]*SigningKey{RoleRoot: r.root, RoleDesk: r.desk, RoleSift: r.sift} {
		own, err := sign(text, role, []*SigningKey{key})
		must(t, err)
		forged := string(own) + line("editor", key.private(), ed25519.Sign(key.private(), []byte(text)))
		if _, _, err := FreeSigners([]byte(forged), r.devicesNote); !errors.Is(err, ErrSignature) {
			t.Errorf("the %s key signs as a person: %v", role, err)
		}
	}
	// A person, or a sift's key, of two newsrooms frees and holds nothing in the other one.
	elsewhere, err := JoinFree(freed(t, &FreeNote{NewsroomID{7}, day0}, "editor"), freed(t, &FreeNote{NewsroomID{7}, day0}, "night-editor"))
	must(t, err)
	if _, err := ParseFree(elsewhere, r.devicesNote); !errors.Is(err, ErrNewsroom) {
		t.Errorf("a free note of another newsroom: %v", err)
	}
	foreign, err := SignHold(&HoldNote{NewsroomID{7}, day0, 3}, r.sift)
	must(t, err)
	if _, err := ParseHold(foreign, r.rootNote); !errors.Is(err, ErrNewsroom) {
		t.Errorf("a hold note of another newsroom: %v", err)
	}
	// An approver's key signs no note of a machine.
	for name, kind := range noteKinds(r) {
		forged, err := sign(kind.text, kind.role, []*SigningKey{SigningKeyFromSeed(kind.role, [32]byte(approver("editor").Seed()))})
		must(t, err)
		if name == "site" {
			forged = append(append(forged, '\n'), r.siteNote.list()...)
		}
		if err := kind.parse(forged, r.rootNote); !errors.Is(err, ErrSignature) {
			t.Errorf("an approver signs a %s note: %v", name, err)
		}
	}
}
