package seal

import (
	"bytes"
	"testing"

	"kkachi/internal/cell"
)

// fuzzRoom signs all notes once.
func fuzzRoom(f *testing.F) (*room, map[string][]byte) {
	f.Helper()
	r := newRoom(f)
	all := r.signed(f)
	root, desk, sift, err := SplitNotes(all)
	must(f, err)
	devices, err := SignDevices(r.devicesNote, r.root)
	must(f, err)
	site, err := SignSite(r.siteNote, r.desk)
	must(f, err)
	return r, map[string][]byte{"all": all, "root": root, "desk": desk, "sift": sift, "devices": devices, "site": site}
}

func FuzzVerifyNotes(f *testing.F) {
	r, signed := fuzzRoom(f)
	hold, err := SignHold(r.holdNote, r.sift)
	must(f, err)
	signed["hold"], signed["free"] = hold, freed(f, r.freeNote, "editor", "night-editor")
	for _, b := range signed {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if root, desk, sift, err := SplitNotes(b); err == nil {
			again, err := JoinNotes(root, desk, sift)
			if err != nil || !bytes.Equal(again, b) {
				t.Errorf("three notes have two forms: %v", err)
			}
		}
		if n, err := VerifyNotes(b, r.id, day0); (err == nil) != (n != nil) {
			t.Error("notes beside an error")
		}
		_, _ = ParseDevices(b, r.rootNote, day0)
		_, _ = ParseSite(b, r.rootNote)
		_, _ = ParseHold(b, r.rootNote)
		if _, names, err := FreeSigners(b, r.devicesNote); err == nil {
			if again, err := JoinFree(b); err != nil {
				t.Errorf("a free note of %v cannot be joined: %v", names, err)
			} else if twice, err := JoinFree(again, b); err != nil || !bytes.Equal(twice, again) {
				t.Errorf("joining is not the same twice: %v", err)
			}
		}
	})
}

// The texts under the signatures, as if a key were stolen: each has one form.
func FuzzNoteTexts(f *testing.F) {
	r := newRoom(f)
	r.signed(f)
	list := r.siteNote.list()
	for _, text := range []string{r.rootNote.text(), r.deskNote.text(), r.siftNote.text(), r.devicesNote.text(), r.siteNote.text(list), r.holdNote.text(), r.freeNote.text()} {
		f.Add(text, list)
	}
	f.Fuzz(func(t *testing.T, text string, list []byte) {
		if n, err := parseRootText(text); err == nil && n.text() != text {
			t.Error("a root note has two forms")
		}
		if n, err := parseDeskText(text); err == nil && n.text() != text {
			t.Error("a desk note has two forms")
		}
		if n, err := parseSiftText(text); err == nil && n.text() != text {
			t.Error("a sift note has two forms")
		}
		if n, err := parseDevicesText(text); err == nil && n.text() != text {
			t.Error("a devices note has two forms")
		}
		if n, err := parseHoldText(text); err == nil && n.text() != text {
			t.Error("a hold note has two forms")
		}
		if n, err := parseFreeText(text); err == nil && n.text() != text {
			t.Error("a free note has two forms")
		}
		if n, err := parseSite(text, list, r.id); err == nil && (n.text(list) != text || !bytes.Equal(n.list(), list)) {
			t.Error("a site note has two forms")
		}
	})
}

func FuzzParseWords(f *testing.F) {
	w := Words{0, 1, 2, 3, 100, 1000, 2046, 2047}
	for _, lang := range []Lang{English, Korean, Chinese} {
		f.Add(string(lang), w.String(lang))
	}
	f.Fuzz(func(t *testing.T, lang, s string) {
		w, err := ParseWords(Lang(lang), s)
		if err != nil {
			return
		}
		for _, n := range w {
			if n >= ListSize {
				t.Error("an index over the list")
			}
		}
		if back, err := ParseWords(Lang(lang), w.String(Lang(lang))); err != nil || back != w {
			t.Errorf("words do not come back: %v", err)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	f.Add("kkachi:" + NewsroomID{}.String() + "@https://example.org/x")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := ParseAddress(s); err == nil && a.String() != s {
			t.Error("an address has two forms")
		}
	})
}

func FuzzInflate(f *testing.F) {
	f.Add(deflated(f, []byte("some text, some text")))
	f.Add(deflated(f, make([]byte, 100000)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if out, _ := inflate(b); len(out) > InflatedMaxSize || len(out) > InflateRatio*len(b) {
			t.Errorf("%d bytes out of %d", len(out), len(b))
		}
	})
}

// FuzzJoiner feeds a letter's fragments in an order of the fuzzer's, with one bent by it.
func FuzzJoiner(f *testing.F) {
	c := conversationOf("fuzz")
	text := noise(4000, 3)
	cut := fragmentsOf(f, &Letter{Text: text, Thread: c.Thread()}, c.Key(0))
	f.Add([]byte{0, 1, 2}, []byte(nil))
	f.Add([]byte{1, 0, 1, 2}, []byte("bent"))
	f.Fuzz(func(t *testing.T, order, body []byte) {
		j := NewJoiner(c.Key(0).LetterKey())
		for _, o := range order {
			one := *cut[int(o&0x7f)%len(cut)]
			if o >= 0x80 {
				one.Body = body
			}
			_ = j.Add(&one)
		}
		if l, err := j.Letter(); err == nil && !bytes.Equal(l.Text, text) {
			t.Error("a letter came back changed")
		}
		if part := j.Partial(); len(part) > InflatedMaxSize {
			t.Error("a part over the bound")
		}
	})
}

func FuzzSlotPlain(f *testing.F) {
	p := SlotPlain{Count: 1, Reply: cell.ReplyID{1}, Body: []byte("reply")}
	b, err := p.marshal()
	must(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := parseSlotPlain(b)
		if !ok {
			return
		}
		if out, err := p.marshal(); err != nil || !bytes.Equal(out, b) {
			t.Errorf("a slot has two forms: %v", err)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add(seedOf("fuzz").Public()[:])
	f.Add([]byte(VerifyKey{1}.String()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := ParseHPKEPublic(b); err == nil && !bytes.Equal(k[:], b) {
			t.Error("an X-Wing key has two forms")
		}
		if k, err := ParseVerifyKey(string(b)); err == nil && k.String() != string(b) {
			t.Error("an Ed25519 key has two forms")
		}
		if c, err := ParseChain(b); err == nil && !bytes.Equal(c.Bytes(), b) {
			t.Error("a chain has two forms")
		}
	})
}
