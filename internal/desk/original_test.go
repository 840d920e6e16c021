package desk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/custody"
	"kkachi/internal/lang"
)

// A photograph's original lies in custody, encrypted; a flipped byte is found and named; what
// isn't JPEG or PNG is kept and stays closed.
func TestOriginalsLieInCustody(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	photo, err := os.ReadFile("../demo/case/photo.jpg")
	must(t, err)
	texts := Photo{Alt: three("가", "a", "甲"), Caption: three("가", "a", "甲"), Credit: three("가", "a", "甲")}
	const name = "\u202Egpj.<script>한국.JPG"
	_, err = p.desk.SetPhoto(ctx, id, photo, name, texts)
	must(t, err)
	v, err := p.desk.Story(ctx, id)
	must(t, err)
	if v.Photo.Name != name || v.Photo.Closed || v.Photo.Original != sum(photo).String() {
		t.Errorf("%+v", v.Photo)
	}
	dir := filepath.Join(p.dir, CustodyDir)
	files, err := os.ReadDir(dir)
	must(t, err)
	raw, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
	must(t, err)
	if len(files) != 1 || bytes.Contains(raw, photo[:64]) || strings.Contains(files[0].Name(), v.Photo.Original[:8]) {
		t.Error("the original lies in the open")
	}
	op, err := p.desk.CleanPhoto(ctx, id)
	must(t, err)
	if r, err := p.desk.VerifyOriginals(ctx); err != nil || r.Originals != 1 || len(r.Faults) != 0 || r.Unnamed != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	p.reopen()
	raw[len(raw)/2] ^= 1
	must(t, os.Chmod(filepath.Join(dir, files[0].Name()), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, files[0].Name()), raw, 0o600))
	r, err := p.desk.VerifyOriginals(ctx)
	must(t, err)
	if len(r.Faults) != 1 || r.Faults[0].Sum != sum(photo) || r.Faults[0].What != custody.Edited {
		t.Errorf("%+v", r)
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	if _, err := p.desk.CleanPhoto(ctx, id); err == nil {
		t.Error("a copy was made of a damaged original")
	}

	// Another format.
	gif := []byte("GIF89a\x01\x00\x01\x00 whatever")
	_, err = p.desk.SetPhoto(ctx, id, gif, "cat.gif", texts)
	must(t, err)
	v, err = p.desk.Story(ctx, id)
	must(t, err)
	closed := false
	for _, f := range v.Findings {
		closed = closed || f.Key == "desk.find.photo-closed" && f.Verdict == Block && f.Final
	}
	if !v.Photo.Closed || !closed || v.Photo.Original != sum(gif).String() {
		t.Errorf("%+v", v.Photo)
	}
	if _, err := p.desk.CleanPhoto(ctx, id); err == nil {
		t.Error("a closed format was opened")
	}
	for _, key := range []string{"desk.find.photo-closed", "desk.fix.photo-closed", "desk.photo.closed"} {
		for _, l := range lang.All() {
			if !lang.Has(l, key) {
				t.Errorf("%s is not in the catalogue of %s", key, l)
			}
		}
	}
	if _, err := p.desk.PhotoCopy(ctx, sum(gif).String()); !errors.Is(err, ErrNotFound) {
		t.Errorf("the original can be had: %v", err)
	}
	p.rebuilt(t)
}

// A photograph in place of another is taken back with its texts, and one that is taken off a story
// comes back by undo; texts alone, where there is no photograph, are refused.
func TestPhotographIsTakenBackWhole(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	var field *FieldError
	if _, err := p.desk.SetPhoto(ctx, id, nil, "", Photo{Caption: three("가", "a", "甲")}); !errors.As(err, &field) || field.Field != "photofile" {
		t.Errorf("texts without a photograph: %v", err)
	}
	if _, err := p.desk.DropPhoto(ctx, id); err == nil {
		t.Error("what is not there was taken off")
	}
	first, err := os.ReadFile("../demo/case/photo.jpg")
	must(t, err)
	_, err = p.desk.SetPhoto(ctx, id, first, "first.jpg", Photo{Caption: three("가", "first", "甲")})
	must(t, err)
	_, err = p.desk.CleanPhoto(ctx, id)
	must(t, err)
	ops, err := p.desk.SetPhoto(ctx, id, []byte("GIF89a another"), "second.gif", Photo{Caption: three("나", "second", "乙")})
	must(t, err)
	is := func(name string, closed bool) {
		t.Helper()
		v := p.view(id).Photo
		if v == nil || v.Name != name+map[bool]string{true: ".gif", false: ".jpg"}[closed] || v.Caption[lang.English] != name || v.Closed != closed || v.Copied == closed {
			t.Fatalf("want %s, is %+v", name, v)
		}
	}
	is("second", true)
	ops, err = p.desk.UndoAll(ctx, ops)
	must(t, err)
	is("first", false)
	_, err = p.desk.UndoAll(ctx, ops)
	must(t, err)
	is("second", true)
	op, err := p.desk.DropPhoto(ctx, id)
	must(t, err)
	if v := p.view(id); v.Photo != nil || v.Story.Photo != nil {
		t.Errorf("taken off, it is %+v", v.Photo)
	}
	_, _, err = p.desk.Undo(ctx, op)
	must(t, err)
	is("second", true)
	p.rebuilt(t)
}

// Neither the name that a photograph came under nor its original is in anything that leaves.
func TestNameOfAFileLeavesNothing(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	photo, err := os.ReadFile("../demo/case/photo.jpg")
	must(t, err)
	_, err = p.desk.SetPhoto(ctx, id, photo, "SECRETNAME.JPG", Photo{Alt: three("가", "a", "甲"), Caption: three("가", "a", "甲"), Credit: three("가", "a", "甲")})
	must(t, err)
	_, err = p.desk.CleanPhoto(ctx, id)
	must(t, err)
	p.letOut(t, id)
	out, err := p.desk.Exports(ctx)
	must(t, err)
	for _, b := range [][]byte{out[0].Data, out[0].Photo} {
		for _, secret := range []string{"SECRETNAME", sum(photo).String(), string(photo[:64])} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("what leaves holds %.20q", secret)
			}
		}
	}
}

func sum(b []byte) custody.Sum { return sha256.Sum256(b) }
