package release

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

func TestOpenWantsTwoDifferentApprovers(t *testing.T) {
	data := mustEncode(t, sample())
	d := DigestOf(data)
	han, lee, stranger := key("h"), key("l"), key("s")
	list := map[Approver]ed25519.PublicKey{"Han": public(han), "Lee": public(lee), "Han again": public(han), "broken": nil}
	sign := func(name Approver, k ed25519.PrivateKey, d Digest) Approval {
		a, err := Approve(name, k, d)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	plain := Approval{Name: "Lee", Signature: Signature(ed25519.Sign(lee, d[:]))}
	for _, c := range []struct {
		name      string
		approvals []Approval
		ok        bool
	}{
		{"two", []Approval{sign("Han", han, d), sign("Lee", lee, d)}, true},
		{"two, one twice", []Approval{sign("Han", han, d), sign("Lee", lee, d), sign("Han", han, d)}, true},
		{"none", nil, false},
		{"one", []Approval{sign("Han", han, d)}, false},
		{"one twice", []Approval{sign("Han", han, d), sign("Han", han, d)}, false},
		{"one key under two names", []Approval{sign("Han", han, d), sign("Han again", han, d)}, false},
		{"a stranger", []Approval{sign("Han", han, d), sign("Somebody", stranger, d)}, false},
		{"a stranger besides two", []Approval{sign("Han", han, d), sign("Lee", lee, d), sign("Somebody", stranger, d)}, false},
		{"a stranger's key under a known name", []Approval{sign("Han", han, d), sign("Lee", stranger, d)}, false},
		{"another release", []Approval{sign("Han", han, d), sign("Lee", lee, DigestOf([]byte("x")))}, false},
		{"a signature without the context", []Approval{sign("Han", han, d), plain}, false},
		{"an approver without a key", []Approval{sign("Han", han, d), sign("broken", lee, d)}, false},
	} {
		v, err := Open(data, c.approvals, list)
		if c.ok && (err != nil || v.Digest() != d) {
			t.Errorf("%s: refused: %v", c.name, err)
		}
		if !c.ok && (!errors.Is(err, ErrApproval) || v != nil) {
			t.Errorf("%s: got %v, %v", c.name, v, err)
		}
	}
	if _, err := Open(append(bytes.Clone(data), ' '), []Approval{sign("Han", han, d), sign("Lee", lee, d)}, list); !errors.Is(err, ErrRelease) {
		t.Errorf("bytes that are not canonical: %v", err)
	}
}

func TestVerifiedIsMadeByOpenAlone(t *testing.T) {
	if _, err := new(Verified).Release(); !errors.Is(err, ErrApproval) {
		t.Errorf("a Verified out of nothing has a release: %v", err)
	}
	data := mustEncode(t, sample())
	d := DigestOf(data)
	a, errA := Approve("Han", key("h"), d)
	b, errB := Approve("Lee", key("l"), d)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	v, err := Open(data, []Approval{a, b}, map[Approver]ed25519.PublicKey{"Han": public(key("h")), "Lee": public(key("l"))})
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.Release()
	if err != nil {
		t.Fatal(err)
	}
	r.Editions[0].Headline = "changed"
	copy(data, bytes.Repeat([]byte("x"), len(data)))
	again, err := v.Release()
	if err != nil || again.Editions[0].Headline == "changed" {
		t.Errorf("what was approved can be changed afterwards: %v", err)
	}
}

func TestApprovalsAsText(t *testing.T) {
	a, err := Approve("한 기자", key("h"), Digest{1})
	if err != nil {
		t.Fatal(err)
	}
	data, err := MarshalApprovals([]Approval{a})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseApprovals(data)
	if err != nil || len(got) != 1 || got[0] != a {
		t.Errorf("got %v, %v", got, err)
	}
	for _, s := range []string{
		"", "[", "{}", string(data) + "x", strings.Replace(string(data), `"name"`, `"who"`, 1),
		strings.Replace(string(data), `","signature":"`, `","signature":"A`, 1), strings.Replace(string(data), `==`, ``, 1),
	} {
		if _, err := ParseApprovals([]byte(s)); err == nil {
			t.Errorf("%q is read", s)
		}
	}
	if _, err := Approve("Han", nil, Digest{}); !errors.Is(err, ErrApproval) {
		t.Errorf("a key that is none: %v", err)
	}
}

func TestCheckPhoto(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 20, 10))
	var j, p bytes.Buffer
	if err := jpeg.Encode(&j, img, nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	l := PerLang{"가", "a", "甲"}
	of := func(mime MIME, data []byte) *Photo {
		return &Photo{SHA256: Hash(DigestOf(data)), MIME: mime, Width: 20, Height: 10, Clean: true, Alt: l, Caption: l, Credit: l}
	}
	if err := CheckPhoto(of(JPEG, j.Bytes()), j.Bytes()); err != nil {
		t.Error(err)
	}
	if err := CheckPhoto(of(PNG, p.Bytes()), p.Bytes()); err != nil {
		t.Error(err)
	}
	comment := append([]byte("\xff\xd8\xff\xfe\x00\x07hello"), j.Bytes()[2:]...)
	exif := append([]byte("\xff\xd8\xff\xe1\x00\x08Exif\x00\x00"), j.Bytes()[2:]...)
	chunk := append(append(bytes.Clone(p.Bytes()[:33]), "\x00\x00\x00\x03tEXta\x00b\x00\x00\x00\x00"...), p.Bytes()[33:]...)
	jfif := append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), j.Bytes()[2:]...)
	sum := bytes.Clone(p.Bytes())
	sum[len(sum)-13] ^= 1 // of the pixels: four bytes in which something can be said
	for _, c := range []struct {
		name string
		mime MIME
		data []byte
	}{
		{"a comment", JPEG, comment},
		{"an APP1", JPEG, exif},
		{"an APP0", JPEG, jfif},
		{"another checksum", PNG, sum},
		{"trailing bytes", JPEG, append(bytes.Clone(j.Bytes()), "tail"...)},
		{"a text chunk", PNG, chunk},
		{"trailing bytes", PNG, append(bytes.Clone(p.Bytes()), "tail"...)},
		{"no picture", JPEG, []byte("hello")},
		{"the other type", JPEG, p.Bytes()},
		{"cut", JPEG, j.Bytes()[:j.Len()-2]},
	} {
		if err := CheckPhoto(of(c.mime, c.data), c.data); !errors.Is(err, ErrRelease) {
			t.Errorf("%s %s: got %v", c.mime, c.name, err)
		}
	}
	other := of(JPEG, j.Bytes())
	other.Width = 21
	if CheckPhoto(other, j.Bytes()) == nil {
		t.Error("another width passes")
	}
	other.Width, other.Height = 20, 11
	if CheckPhoto(other, j.Bytes()) == nil {
		t.Error("another height passes")
	}
	unclean := of(JPEG, j.Bytes())
	if unclean.Clean = false; CheckPhoto(unclean, j.Bytes()) == nil {
		t.Error("a photograph that was not made anew passes")
	}
	if CheckPhoto(of(JPEG, p.Bytes()), j.Bytes()) == nil {
		t.Error("another digest passes")
	}
}
