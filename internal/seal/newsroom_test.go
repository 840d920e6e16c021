package seal

import (
	"crypto/ed25519"
	"testing"

	"kkachi/internal/cell"
)

// A room is a whole newsroom with seeded keys, for tests and vectors.
type room struct {
	id               NewsroomID
	root, desk, sift *SigningKey
	day              [2]*HPKESeed
	inbox            [2]*HPKESeed
	bulletin         cell.Bulletin
	rootNote         *RootNote
	deskNote         *DeskNote
	siftNote         *SiftNote
	devicesNote      *DevicesNote
	siteNote         *SiteNote
	holdNote         *HoldNote
	freeNote         *FreeNote
}

// day0 is a Thursday of the tests, the first day of week 3 of the newsroom.
const (
	day0  = cell.Day(20657)
	week0 = cell.Week(3)
	w0    = uint32(day0)/7 - uint32(week0)
)

func signing(role Role, label string) *SigningKey {
	return SigningKeyFromSeed(role, *(*[32]byte)(seedOf(label)))
}

func newRoom(tb testing.TB) *room {
	tb.Helper()
	r := &room{
		root: signing(RoleRoot, "root"), desk: signing(RoleDesk, "desk"), sift: signing(RoleSift, "sift"),
		day:   [2]*HPKESeed{seedOf("day 0"), seedOf("day 1")},
		inbox: [2]*HPKESeed{seedOf("inbox 0"), seedOf("inbox 1")},
	}
	r.id = NewNewsroomID(r.root.Public())
	r.bulletin = fillBulletin(tb, "bulletin", cell.MinSlots, nil)
	r.rootNote = &RootNote{
		Newsroom: r.id, Serial: 7, Issued: day0 - 3, Expires: day0 - 3 + RootLife, Name: "까치 newsroom 喜鹊", W0: w0,
		First: r.root.Public(), SiftKeys: []VerifyKey{r.sift.Public()}, DeskKeys: []VerifyKey{r.desk.Public()},
		Engine: &[32]byte{1}, Onion: "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion",
	}
	r.deskNote = &DeskNote{
		Newsroom: r.id, Serial: 9, Issued: day0, Expires: day0 + DeskLife, Inboxes: []Inbox{
			{"main", week0, *r.inbox[0].Public()}, {"main", week0 + 1, *r.inbox[1].Public()},
		},
	}
	r.siftNote = &SiftNote{
		Newsroom: r.id, Serial: 70, Issued: day0, Expires: day0 + SiftLife, Previous: &[32]byte{2},
		Days:  []DayKey{{day0, 0, *r.day[0].Public()}, {day0 + 1, 3, *r.day[1].Public()}},
		Batch: cell.DefaultBatch, Slots: cell.MinSlots, Crowd: 512,
		Bulletins: []BulletinHash{{day0, r.bulletin.Hash()}, {day0 - 1, [32]byte{3}}},
	}
	r.devicesNote = &DevicesNote{
		Newsroom: r.id, Serial: 2, Issued: day0, Expires: day0 + DevicesLife,
		Devices:   []Device{{"desk-one", "age1pq1" + "qpzry9x8gf2tvdw0"}, {"desk-two", "age1pq1" + "s3jn54khce6mua7l"}},
		Approvers: []Approver{{"editor", signing(RoleRoot, "editor").Public()}, {"night-editor", signing(RoleRoot, "night").Public()}},
	}
	r.siteNote = &SiteNote{Newsroom: r.id, Serial: 5, Day: day0, Files: []SiteFile{
		{[32]byte{4}, 10, "en/index.html"}, {[32]byte{5}, 11, "ko/a_b~c.d-e/index.html"},
	}}
	r.holdNote, r.freeNote = &HoldNote{Newsroom: r.id, Day: day0 - 1, Canaries: 3}, &FreeNote{Newsroom: r.id, Day: day0 - 1}
	return r
}

// approver is the key of one who approves, as in the devices note.
func approver(name string) ed25519.PrivateKey {
	return signing(RoleRoot, map[string]string{"editor": "editor", "night-editor": "night"}[name]).private()
}

// signed signs all three public notes as they stand and joins them.
func (r *room) signed(tb testing.TB) []byte {
	tb.Helper()
	root, err := SignRoot(r.rootNote, r.root)
	must(tb, err)
	desk, err := SignDesk(r.deskNote, r.desk)
	must(tb, err)
	r.siftNote.Root, r.siftNote.Desk = HashNote(root), HashNote(desk)
	sift, err := SignSift(r.siftNote, r.sift)
	must(tb, err)
	raw, err := JoinNotes(root, desk, sift)
	must(tb, err)
	return raw
}

// conversationOf is a conversation that costs no Argon2id.
func conversationOf(label string) *Conversation {
	s := seedOf(label)
	return &Conversation{thread: cell.ThreadID(s[:16]), k0: WeekKey(*seedOf(label + " chain")), echo: 1}
}

// fillBulletin adds random slots up to n.
func fillBulletin(tb testing.TB, label string, n int, slots []cell.Slot) cell.Bulletin {
	tb.Helper()
	random := seeded(label)
	for len(slots) < n {
		s, err := RandomSlot(random)
		must(tb, err)
		slots = append(slots, *s)
	}
	b, err := cell.NewBulletin(slots)
	must(tb, err)
	return b
}

// sealReply seals the parts of a reply under consecutive tags of a day.
func sealReply(tb testing.TB, label string, key WeekKey, day cell.Day, first uint8, r *Reply) []cell.Slot {
	tb.Helper()
	parts, err := CutReply(r)
	must(tb, err)
	random := seeded(label)
	var out []cell.Slot
	for i := range parts {
		s, err := SealSlot(random, key, day, first+uint8(i), &parts[i])
		must(tb, err)
		out = append(out, *s)
	}
	return out
}
