package web

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"kkachi/internal/lang"
)

// A keptPicture is one page as doc/pages.md shows it.
type keptPicture struct {
	name, path string
	tag        lang.Tag
	width      int64
	dark       bool
	before     string // done in the page first
	at         string // "": the newsroom's desk; else one that offers practice, or a desk to learn at
}

// keptHouses are the desks at which pictures are taken.
func keptHouses(t *testing.T, r *room) map[string]*browser {
	t.Helper()
	return map[string]*browser{
		"":         newBrowser(t, newHouse(t, r)),
		"practice": newBrowser(t, houseWith(t, r, Options{Practice: &playedPractice{}})),
		"lesson":   newBrowser(t, houseWith(t, r, Options{Lesson: &playedLesson{steps: playedSteps(3)}, By: lang.T(lang.Korean, "desk.practice.you")})),
	}
}

// kept is one picture a page; languages, widths and light and dark take turns.
func kept(r *room, story string, claims map[string]string) []keptPicture {
	at := func(id string) string { return "/thread/" + r.ids[id].String() }
	const ko, en, zh = lang.Korean, lang.English, lang.Chinese
	return []keptPicture{
		{name: "inbox", path: "/inbox", tag: ko, width: 1280},
		{name: "thread", path: at("A"), tag: zh, width: 1280, dark: true},
		{name: "thread-narrow", path: at("A"), tag: en, width: 768},
		{name: "call", path: "/call/" + r.ids["report 02"].String() + "?line=1", tag: ko, width: 1280},
		{name: "note", path: at("B"), tag: en, width: 1280},
		{name: "translate", path: "/translate/" + r.ids["report 03"].String() + "/ko", tag: zh, width: 768},
		{name: "sources", path: "/sources", tag: ko, width: 768, dark: true},
		{name: "claims", path: "/claims", tag: zh, width: 768},
		{name: "claim", path: "/claim/" + claims["C07"], tag: en, width: 1280, dark: true},
		{name: "withdraw", path: "/withdraw/source/" + r.ids["B"].String(), tag: ko, width: 768},
		{name: "corrections", path: "/corrections", tag: zh, width: 768, dark: true},
		{name: "stories", path: "/stories", tag: en, width: 768},
		{name: "story", path: "/story/" + story + "?view=ko", tag: ko, width: 1280},
		{name: "story-side", path: "/story/" + story + "?view=side", tag: zh, width: 1280, dark: true},
		{name: "sentence", path: "/story/" + story + "?view=en&s=1.1#write", tag: en, width: 1280},
		{name: "versions", path: "/story/" + story + "/versions", tag: ko, width: 768, dark: true},
		{name: "case", path: "/case/" + r.ids["B"].String(), tag: zh, width: 1280},
		{name: "search", path: "/search?q=%EB%B3%B4%EA%B3%A0", tag: en, width: 768, dark: true},
		{name: "canned", path: "/canned", tag: ko, width: 1280},
		{name: "newsroom", path: "/newsroom", tag: zh, width: 768},
		{name: "keys", path: "/inbox", tag: zh, width: 768, before: `document.getElementById("keys").showModal()`},
		{name: "problem", path: "/no/such", tag: en, width: 768},
		{name: "practice", path: "/practice", tag: zh, width: 768, dark: true, at: "practice"},
		{name: "lesson", path: "/lesson", tag: ko, width: 1280, at: "lesson"},
		{name: "practising", path: at("C"), tag: en, width: 768, at: "lesson"},
	}
}

const pagesDoc = "../../../doc/pages.md"

// The pictures of doc/pages.md, for make pictures.
func TestKeptPictures(t *testing.T) {
	dir := os.Getenv("KKACHI_PICTURES")
	if dir == "" {
		t.Skip("KKACHI_PICTURES names no folder")
	}
	t.Setenv("KKACHI_PICTURES", filepath.Join(dir, "desk"))
	b := newBrowser(t, newHouse(t, newRoom(t)))
	b.h.speaks(lang.Chinese)
	b.open("/inbox")
	b.picture("empty")
	r, story, claims := full(t)
	houses := keptHouses(t, r)
	for _, k := range kept(r, story, claims) {
		b = houses[k.at]
		b.h.speaks(k.tag)
		b.size(k.width, 860)
		b.dark(k.dark)
		b.open(k.path)
		if k.before != "" {
			b.do(chromedp.Evaluate[chromedp.Void](k.before))
		}
		b.until(`document.querySelector("main") && document.fonts.status === "loaded"`)
		b.picture(k.name)
	}
	b = houses["lesson"]
	b.h.speaks(lang.Chinese)
	b.dark(false)
	b.open("/lesson#end")
	b.leave(func() { b.click("#end button") })
	b.until(`document.getElementById("over")?.checkVisibility()`)
	b.picture("over")
	b = houses[""]
	b.h.speaks(lang.Korean)
	b.dark(false)
	b.open("/thread/" + r.ids["E"].String())
	b.size(672, 860)
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	must(t, err)
	b.picture("paper")
	files, err := filepath.Glob(filepath.Join(dir, "desk", "*.png"))
	must(t, err)
	for _, file := range files {
		fewColours(t, file)
	}
}

// fewColours rewrites a picture with 255 of its colours: those that it has most of, and those
// without which it would be most wrong. Text and lines look alike, in a third of the bytes.
func fewColours(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	must(t, err)
	img, err := png.Decode(bytes.NewReader(raw))
	must(t, err)
	count, box := map[color.Color]int{}, img.Bounds()
	at := func(x, y int) color.Color { return color.RGBAModel.Convert(img.At(x, y)) }
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	of := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	palette := color.Palette(of[:min(len(of), 128)])
	away := func(a, b color.Color) int {
		p, q := a.(color.RGBA), b.(color.RGBA)
		d := func(a, b uint8) int { return (int(a) - int(b)) * (int(a) - int(b)) }
		return d(p.R, q.R) + d(p.G, q.G) + d(p.B, q.B)
	}
	off := map[color.Color]int{} // how far each colour is from the palette
	for c := range count {
		off[c] = away(c, palette[palette.Index(c)])
	}
	for len(palette) < min(len(of), 255) {
		worst := slices.MaxFunc(of, func(a, b color.Color) int { return off[a]*count[a] - off[b]*count[b] })
		palette = append(palette, worst)
		for c := range off {
			off[c] = min(off[c], away(c, worst))
		}
	}
	index := map[color.Color]uint8{}
	for c := range count {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	var buf bytes.Buffer
	must(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, out))
	must(t, os.WriteFile(file, buf.Bytes(), 0o644))
}

var (
	pictureOf = regexp.MustCompile(`\(pictures/desk/([a-z-]+)\.png\)`)
	testOf    = regexp.MustCompile("`(Test[A-Za-z]+)`")
)

// doc/pages.md shows every page that is kept, and no other; the tests that its table names
// are there, and every flow that is driven in three languages stands in it.
func TestPagesDocIsTrue(t *testing.T) {
	raw, err := os.ReadFile(pagesDoc)
	must(t, err)
	want := []string{"empty", "paper", "over"}
	r := newRoom(t)
	for _, k := range kept(r, "", nil) {
		want = append(want, k.name)
	}
	var shown []string
	for _, m := range pictureOf.FindAllStringSubmatch(string(raw), -1) {
		shown = append(shown, m[1])
	}
	total := int64(0)
	must(t, filepath.WalkDir(filepath.Join(filepath.Dir(pagesDoc), "pictures", "desk"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		total += info.Size()
		if name := strings.TrimSuffix(e.Name(), ".png"); !slices.Contains(shown, name) {
			t.Errorf("the picture %s is not shown", name)
		}
		return err
	}))
	if total > 3<<20 {
		t.Errorf("the pictures have %d bytes", total)
	}
	for _, name := range want {
		if !slices.Contains(shown, name) {
			t.Errorf("%s is not shown", name)
		}
	}
	all, driven := testsHere(t)
	var named []string
	for _, m := range testOf.FindAllStringSubmatch(string(raw), -1) {
		named = append(named, m[1])
		if !slices.Contains(all, m[1]) {
			t.Errorf("there is no test %s", m[1])
		}
	}
	for _, name := range driven {
		if !slices.Contains(named, name) {
			t.Errorf("%s drives a flow that the table lacks", name)
		}
	}
}

// testsHere lists the tests of this package, and those that drive a flow in three languages.
func testsHere(t *testing.T) (all, driven []string) {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	must(t, err)
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(fn.Name.Name, "Test") {
				continue
			}
			all = append(all, fn.Name.Name)
			ast.Inspect(fn, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "drive" {
						driven = append(driven, fn.Name.Name)
					}
				}
				return true
			})
		}
	}
	if len(driven) < 10 {
		t.Fatalf("only %d flows are driven", len(driven))
	}
	return all, driven
}
