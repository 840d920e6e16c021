package web

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// A photograph given by the file dialog, in a browser: a format that stays closed and what it says
// of itself, taken away, and taken back; a photograph with a position in it, and its harmless copy;
// another one in its place, undone picture and texts together.
func TestGiveAPhotograph(t *testing.T) { drive(t, 11, giveAPhotograph) }

func giveAPhotograph(t *testing.T, w way) {
	r := newRoom(t)
	id, _, err := r.desk.NewStory(t.Context(), desk.Story{Title: "Photographs", Original: w.tag})
	must(t, err)
	dir := t.TempDir()
	closed, second := filepath.Join(dir, "cat.gif"), filepath.Join(dir, "강변 <b>.png")
	must(t, os.WriteFile(closed, []byte("GIF89a\x01\x00\x01\x00 whatever"), 0o600))
	f, err := os.Create(second)
	must(t, err)
	must(t, png.Encode(f, image.NewGray(image.Rect(0, 0, 40, 30))))
	must(t, f.Close())
	photo, err := filepath.Abs(caseDir + "photo.jpg")
	must(t, err)
	b := w.browser(newHouse(t, r))
	b.open("/story/" + id.String())
	give := func(path, caption string) {
		t.Helper()
		b.openAll()
		b.chooseFile("#photo", path)
		b.fill("#ca-"+string(w.tag), caption)
		b.send(`form[action$="/photo"] button`)
		b.said("desk.said.photo")
	}
	b.openAll()
	b.send(`form[action$="/photo"] button`) // none was chosen
	b.wrong("desk.field.photofile")

	give(closed, "a cat")
	b.until(`document.querySelector("#photograph .mark.block").textContent === ` + b.T("desk.photo.closed") + ` && !document.querySelector('form[action$="/clean"]')`)
	b.send(`form[action$="/photo/drop"] button`)
	b.said("desk.said.nophoto")
	b.until(`!document.querySelector("#photograph .mark")`)
	b.key('u')
	b.said("desk.said.undone")
	b.until(`document.querySelector("#photograph .mark.block")`)

	give(photo, "a building")
	b.until(`document.querySelector("#photograph .found .mark.block")?.textContent === ` + b.T("desk.photo.kind.position"))
	b.send(`form[action$="/clean"] button`)
	b.said("desk.said.clean")
	b.until(`document.querySelector("img.photo")?.naturalWidth > 40 && document.querySelector("#photograph .mark.pass")`)
	give(second, "a river")
	b.until(`!document.querySelector("img.photo") && document.querySelector("#photograph .kept").textContent.includes("강변 <b>.png")`)
	b.key('u')
	b.said("desk.said.undone")
	b.until(`document.querySelector("img.photo")?.naturalWidth > 40 && document.querySelector("#photograph .kept").textContent.includes("photo.jpg")`)
	b.giveUpTheDialog()
	b.openAll()
	b.axe("photograph")
	v, err := r.desk.Story(t.Context(), id)
	must(t, err)
	if v.Photo == nil || v.Photo.Name != "photo.jpg" || !v.Photo.Copied || v.Photo.Caption[lang.Tag(w.tag)] != "a building" {
		t.Errorf("kept is %+v", v.Photo)
	}
}

// giveUpTheDialog opens the dialog and leaves it without a choice: no file is chosen.
func (b *browser) giveUpTheDialog() {
	b.t.Helper()
	b.openAll()
	asked, stop := b.opensDialog(true)
	defer stop()
	b.openDialog("#photo")
	<-asked
	b.until(`document.getElementById("photo").files.length === 0 && document.querySelector("[data-chosen-file]").textContent === ` + b.T("desk.photo.nofile"))
}
