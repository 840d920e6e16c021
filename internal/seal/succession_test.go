package seal

import (
	"errors"
	"testing"
)

// Who remembers a root note takes only one that goes on from it.
func TestRootNoteContinues(t *testing.T) {
	r := newRoom(t)
	heir, third, other := signing(RoleRoot, "second root"), signing(RoleRoot, "third root"), signing(RoleRoot, "another heir")
	first := *r.rootNote
	second := first
	must(t, second.Succeed(r.root, heir))
	last := second
	must(t, last.Succeed(heir, third))
	usurped := first
	must(t, usurped.Succeed(r.root, other))
	elsewhere := second
	elsewhere.Newsroom[0] ^= 1
	for _, c := range []struct {
		name    string
		n, from *RootNote
		want    bool
	}{
		{"itself", &second, &second, true},
		{"an heir", &second, &first, true},
		{"an heir's heir", &last, &first, true},
		{"the key that was replaced", &first, &second, false},
		{"another heir", &usurped, &second, false},
		{"another newsroom", &elsewhere, &second, false},
	} {
		if c.n.Continues(c.from) != c.want {
			t.Errorf("%s: %t", c.name, !c.want)
		}
	}
}

// The serial of a site is read whoever signed it, and of no other newsroom.
func TestSiteSerial(t *testing.T) {
	r := newRoom(t)
	n := &SiteNote{Newsroom: r.id, Serial: 7, Day: day0, Files: []SiteFile{{Size: 1, Path: "index.html"}}}
	signed, err := SignSite(n, signing(RoleDesk, "a key that is named no more"))
	must(t, err)
	if _, err := ParseSite(signed, r.rootNote); !errors.Is(err, ErrSignature) {
		t.Errorf("a site by an unnamed key: %v", err)
	}
	if serial, err := SiteSerial(signed, r.id); err != nil || serial != 7 {
		t.Errorf("%d, %v", serial, err)
	}
	if _, err := SiteSerial(signed, NewsroomID{1}); !errors.Is(err, ErrNewsroom) {
		t.Errorf("of another newsroom: %v", err)
	}
	if _, err := SiteSerial([]byte("nonsense"), r.id); !errors.Is(err, ErrNoteFormat) {
		t.Errorf("nonsense: %v", err)
	}
}

// A root key stands once, also in the chain of those that succeeded each other: the first does not
// come back.
func TestP14NoRootKeyComesBack(t *testing.T) {
	r := newRoom(t)
	heir := signing(RoleRoot, "second root")
	n := *r.rootNote
	must(t, n.Succeed(r.root, heir))
	must(t, n.Succeed(heir, r.root))
	if _, err := SignRoot(&n, r.root); !errors.Is(err, ErrRole) {
		t.Errorf("%v", err)
	}
}

// A note that ends on the day of its issue has no life: it is not valid on the days before.
func TestNoteLivesADayAtLeast(t *testing.T) {
	r := newRoom(t)
	n := *r.deskNote
	n.Expires = n.Issued
	signed, err := SignDesk(&n, r.desk)
	must(t, err)
	if _, err := ParseDesk(signed, r.rootNote, n.Issued-1); !errors.Is(err, ErrNoteFormat) {
		t.Errorf("%v", err)
	}
}
