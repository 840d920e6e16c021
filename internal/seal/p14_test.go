package seal

import (
	"errors"
	"testing"
)

// signers of each note, by the text that is signed.
func noteKinds(r *room) map[string]struct {
	role  Role
	text  string
	sign  func(*SigningKey) ([]byte, error)
	parse func([]byte, *RootNote) error
} {
	type kind = struct {
		role  Role
		text  string
		sign  func(*SigningKey) ([]byte, error)
		parse func([]byte, *RootNote) error
	}
	return map[string]kind{
		"root": {
			RoleRoot, r.rootNote.text(),
			func(k *SigningKey) ([]byte, error) { return SignRoot(r.rootNote, k) },
			func(b []byte, root *RootNote) error { _, err := ParseRoot(b, root.Newsroom, day0); return err },
		},
		"devices": {
			RoleRoot, r.devicesNote.text(),
			func(k *SigningKey) ([]byte, error) { return SignDevices(r.devicesNote, k) },
			func(b []byte, root *RootNote) error { _, err := ParseDevices(b, root, day0); return err },
		},
		"desk": {
			RoleDesk, r.deskNote.text(),
			func(k *SigningKey) ([]byte, error) { return SignDesk(r.deskNote, k) },
			func(b []byte, root *RootNote) error { _, err := ParseDesk(b, root, day0); return err },
		},
		"site": {
			RoleDesk, r.siteNote.text(r.siteNote.list()),
			func(k *SigningKey) ([]byte, error) { return SignSite(r.siteNote, k) },
			func(b []byte, root *RootNote) error { _, err := ParseSite(b, root); return err },
		},
		"sift": {
			RoleSift, r.siftNote.text(),
			func(k *SigningKey) ([]byte, error) { return SignSift(r.siftNote, k) },
			func(b []byte, root *RootNote) error { _, err := ParseSift(b, root, day0); return err },
		},
		"hold": {
			RoleSift, r.holdNote.text(),
			func(k *SigningKey) ([]byte, error) { return SignHold(r.holdNote, k) },
			func(b []byte, root *RootNote) error { _, err := ParseHold(b, root); return err },
		},
	}
}

// P14: each role's key under every note of another role: refused when signing, and refused
// when reading, whatever name the forger gives the key.
func TestP14EachKeyUnderEveryOtherRole(t *testing.T) {
	r := newRoom(t)
	seeds := map[Role]*SigningKey{RoleRoot: r.root, RoleDesk: r.desk, RoleSift: r.sift}
	refused := 0
	for name, kind := range noteKinds(r) {
		for role, key := range seeds {
			signed, err := kind.sign(key)
			if role == kind.role {
				must(t, err)
				if err := kind.parse(signed, r.rootNote); err != nil {
					t.Errorf("%s note by its own role: %v", name, err)
				}
				continue
			}
			if !errors.Is(err, ErrRole) {
				t.Errorf("%s note signed by a %s key: %v", name, role, err)
			}
			// A forger does not ask: the same secret under every name of a role.
			for _, claimed := range []Role{RoleRoot, RoleDesk, RoleSift} {
				forged, err := sign(kind.text, claimed, []*SigningKey{SigningKeyFromSeed(claimed, key.Seed())})
				must(t, err)
				if name == "site" {
					forged = append(append(forged, '\n'), r.siteNote.list()...)
				}
				if err := kind.parse(forged, r.rootNote); !errors.Is(err, ErrSignature) {
					t.Errorf("%s note forged with the %s key as %s: %v", name, role, claimed, err)
				}
				refused++
			}
		}
	}
	if refused != 6*2*3 {
		t.Errorf("%d forgeries were tried, not all", refused)
	}
}

// P14: a note is not another note: the right key of one role under the right signature, but
// the first line of another kind.
func TestP14ANoteIsNotAnotherNote(t *testing.T) {
	r := newRoom(t)
	kinds := noteKinds(r)
	for from, a := range kinds {
		for to, b := range kinds {
			if from == to || a.role != b.role {
				continue
			}
			key := map[Role]*SigningKey{RoleRoot: r.root, RoleDesk: r.desk, RoleSift: r.sift}[a.role]
			signed, err := a.sign(key)
			must(t, err)
			if err := b.parse(signed, r.rootNote); err == nil {
				t.Errorf("a %s note passes as a %s note", from, to)
			}
		}
	}
}

// P14: a root note which gives one key two roles is refused, by its signer and by its reader.
func TestP14OneKeyInTwoRoles(t *testing.T) {
	for name, bend := range map[string]func(*RootNote, *room){
		"sift and desk": func(n *RootNote, r *room) { n.DeskKeys = append(n.DeskKeys, n.SiftKeys[0]) },
		"root and desk": func(n *RootNote, r *room) { n.DeskKeys = append(n.DeskKeys, n.First) },
		"root and sift": func(n *RootNote, r *room) { n.SiftKeys = append(n.SiftKeys, n.First) },
		"desk twice":    func(n *RootNote, r *room) { n.DeskKeys = append(n.DeskKeys, n.DeskKeys[0]) },
	} {
		r := newRoom(t)
		bend(r.rootNote, r)
		if _, err := SignRoot(r.rootNote, r.root); !errors.Is(err, ErrRole) {
			t.Errorf("%s: signed, or %v", name, err)
		}
		forged, err := sign(r.rootNote.text(), RoleRoot, []*SigningKey{r.root})
		must(t, err)
		if _, err := ParseRoot(forged, r.id, day0); !errors.Is(err, ErrRole) {
			t.Errorf("%s: read, or %v", name, err)
		}
	}
}

// P14: day key and inbox key don't stand in for each other: each layer's label binds it.
func TestP14LayersAreApart(t *testing.T) {
	r := newRoom(t)
	c, _ := sealedLetter(t, r)
	if _, _, ok := NewDayOpener(r.id, day0, r.inbox[0]).Open(c); ok {
		t.Error("an inbox key opens the outer seal")
	}
	_, rec, _ := NewDayOpener(r.id, day0, r.day[0]).Open(c)
	if _, ok := OpenRecord(r.id, r.day[0], rec); ok {
		t.Error("a day key opens the inner seal")
	}
	// One and the same key in both places opens neither layer under the other's label.
	f := make([]byte, 1811)
	both := seedOf("both")
	sealed, err := sealTo(both.Public(), outerInfo(r.id, day0), f)
	must(t, err)
	if _, ok := openWith(both.private(), innerInfo(r.id, both.Public()), sealed); ok {
		t.Error("outer and inner label open each other")
	}
}

// P14: no key that signs notes counts as a person who approves.
func TestP14NoMachineApproves(t *testing.T) {
	for name, key := range map[string]func(r *room) VerifyKey{
		"root": func(r *room) VerifyKey { return r.root.Public() },
		"sift": func(r *room) VerifyKey { return r.sift.Public() },
		"desk": func(r *room) VerifyKey { return r.desk.Public() },
	} {
		r := newRoom(t)
		r.devicesNote.Approvers[0].Key = key(r)
		signed, err := SignDevices(r.devicesNote, r.root)
		must(t, err)
		if _, err := ParseDevices(signed, r.rootNote, day0); !errors.Is(err, ErrRole) {
			t.Errorf("the %s key as an approver: %v", name, err)
		}
	}
}
