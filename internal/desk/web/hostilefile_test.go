package web

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"html"
	"mime/multipart"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

// Names of files as a stranger may write them: markup, bidi, paths, formulas, null bytes, length.
var hostileNames = []string{
	`"><script>alert(1)</script>.jpg`, "\u202Egpj.exe", "../../etc/passwd.jpg", `..\..\x.png`, "=HYPERLINK(\"//evil.example\";\"x\").png", "@SUM(1).jpg",
	"a\x00b.jpg", "line\r\nSet-Cookie: x=1.jpg", strings.Repeat("long", 5_000) + ".png", "", "кkachi\u200b.jpg", "<svg onload=alert(1)>.svg",
}

// hugePNG claims 16384 × 4096 pixels in a hundred bytes.
func hugePNG() []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range []struct {
		kind string
		body []byte
	}{{"IHDR", append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 16384), 4096), 8, 6, 0, 0, 0)}, {"IDAT", []byte("noise")}, {"IEND", nil}} {
		one := append([]byte(c.kind), c.body...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(c.body)))
		out = binary.BigEndian.AppendUint32(append(out, one...), crc32.ChecksumIEEE(one))
	}
	return out
}

// upload sends a file as a browser does, under a name that need not be one.
func (h *house) upload(path, name string, file []byte) *http.Response {
	h.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(map[string][]string{
		"Content-Disposition": {`form-data; name="photo"; filename="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "%0D", "\n", "%0A").Replace(name) + `"`},
		"Content-Type":        {"text/html"},
	})
	must(h.t, err)
	_, err = part.Write(file)
	must(h.t, err)
	for _, l := range lang.All() {
		for _, field := range []string{"alt-", "caption-", "credit-"} {
			must(h.t, w.WriteField(field+string(l), "words"))
		}
	}
	must(h.t, w.Close())
	return h.ask("POST", path, b.String(), func(q *http.Request) {
		if q.Method == http.MethodPost {
			q.Header.Set("Content-Type", w.FormDataContentType())
		}
	})
}

// Whatever file a journalist is made to choose, and whatever its name: it is kept closed, or refused with
// one error; the page says so and runs nothing; nothing is unpacked, no file is written beside the desk's,
// and the memory is bounded.
func TestHostileFilesAtTheDesk(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	r := newRoom(t)
	r.tell()
	id := r.write(r.judge())
	h := newHouse(t, r).enter()
	story := "/story/" + id.String()
	plainTags := len(tag.FindAllString(body(t, h.ask("GET", story, "", nil)), -1))
	files := map[string][]byte{
		"an archive of archives": []byte("PK\x03\x04" + strings.Repeat("PK\x03\x04", 10_000)), "a page": []byte("<html><script>alert(1)</script>"),
		"a drawing": []byte("<svg onload=alert(1)/>"), "packed": []byte("\x1f\x8b\x08\x00 packed"), "null bytes": make([]byte, 100_000),
		"a huge picture": hugePNG(), "half a picture": hugePNG()[:40], "a JPEG that ends": {0xff, 0xd8, 0xff, 0xe0},
	}
	look := func(what string, res *http.Response) string {
		t.Helper()
		page := body(t, res)
		shown := html.UnescapeString(regexp.MustCompile(`value="[^"]*"`).ReplaceAllString(page, ""))
		for _, bad := range []string{"<script>alert", "<svg onload", "\u202E", "\u200b", "\x00", "[desk."} {
			if strings.Contains(page, bad) || bad == "\u202E" && strings.Contains(shown, bad) {
				t.Errorf("%s: %q is in the page", what, bad)
			}
		}
		if n := len(tag.FindAllString(page, -1)); n > plainTags+200 || len(page) > 400_000 {
			t.Errorf("%s: %d tags, %d bytes", what, n, len(page))
		}
		return page
	}
	try := func(what, name string) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res := h.upload(story+"/photo", name, files[what])
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
			t.Errorf("%s: %d MiB were taken", what, took>>20)
		}
		if res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusUnprocessableEntity || len(res.Cookies()) > 0 {
			t.Errorf("%s as %.40q: %s, cookies %v", what, name, res.Status, res.Cookies())
		}
		look(what, h.ask("GET", story, "", nil))
	}
	for _, name := range hostileNames {
		try("a page", name)
	}
	for what := range files { // asked for its copy, a file that can't be opened gives one error
		try(what, "x.jpg")
		res := h.ask("POST", story+"/clean", "", nil)
		if page := look(what, res); res.StatusCode != http.StatusUnprocessableEntity || strings.Count(page, `role="alert"`) != 1 {
			t.Errorf("%s, to be made harmless: %s, %d errors", what, res.Status, strings.Count(page, `role="alert"`))
		}
	}
	if res := h.upload(story+"/photo", "large.jpg", make([]byte, maxPhoto+maxForm)); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("larger than is taken: %s", res.Status)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("files beside the desk's: %v, %v", left, err)
	}
}
