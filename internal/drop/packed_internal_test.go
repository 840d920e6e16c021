package drop

import (
	"fmt"
	"testing"
)

// What is compressed is texts of a size, as far as there is room, scripts and styles before all pages.
func TestWhatIsPacked(t *testing.T) {
	s, former := &site{files: map[string]siteFile{}}, &site{packed: map[string][]byte{}}
	file := func(name string, size int64, packed int) {
		s.files[name] = siteFile{digest: name, size: size}
		former.packed[name] = make([]byte, packed) // which is taken over
	}
	h := &Host{}
	file("small.html", PackLeast-1, 1)
	file("least.html", PackLeast, 1)
	file("most.html", PackMost, 1)
	file("large.html", PackMost+1, 1)
	file("p.png", PackMost, 1)
	file("larger.html", PackLeast, PackLeast)
	h.pack(t.Context(), s, former)
	if fmt.Sprint(len(s.packed), s.packed["least.html"], s.packed["most.html"]) != "2 [0] [0]" {
		t.Errorf("%d files are packed", len(s.packed))
	}
	const one = PackTotal / 64
	for n := range 70 {
		file(fmt.Sprintf("%02d.html", n), PackMost, one)
	}
	file("z.css", PackMost, one)
	file("z.js", PackMost, one)
	s.files["least.html"], s.files["most.html"] = siteFile{}, siteFile{}
	h.pack(t.Context(), s, former)
	if len(s.packed) != 64 || s.packed["z.js"] == nil || s.packed["z.css"] == nil || s.packed["61.html"] == nil || s.packed["62.html"] != nil {
		t.Errorf("%d files are packed, of 64 for which there is room", len(s.packed))
	}
}
