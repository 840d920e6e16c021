package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"kkachi/internal/chart"
	"kkachi/internal/lang"
	"kkachi/internal/look"
)

//go:embed page static
var files embed.FS

// pages holds every template once a language, with the words bound to it.
type pages struct {
	of map[lang.Tag]map[string]*template.Template
}

// parsePages reads every page with the frame. A page that does not parse is a defect of
// the program, found by the first test.
func parsePages() (*pages, error) {
	names, err := fs.Glob(files, "page/*.html")
	if err != nil {
		return nil, err
	}
	p := &pages{of: map[lang.Tag]map[string]*template.Template{}}
	for _, tag := range lang.All() {
		p.of[tag] = map[string]*template.Template{}
		base, err := template.New("base").Funcs(words(tag)).ParseFS(files, "page/frame.html", "page/parts.html", "page/marks.html", "page/exposure.html")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			one, err := base.Clone()
			if err != nil {
				return nil, err
			}
			if one, err = one.ParseFS(files, name); err != nil {
				return nil, err
			}
			p.of[tag][strings.TrimSuffix(path.Base(name), ".html")] = one.Lookup(path.Base(name))
		}
	}
	return p, nil
}

// words are the functions of templates in one language.
func words(tag lang.Tag) template.FuncMap {
	return template.FuncMap{
		"T":        func(key string, args ...any) string { return lang.T(tag, key, args...) },
		"pair":     func(a, of any) pair { return pairOf(a, of) },
		"rulePair": func(a ruleView, of *storyPage) rulePair { return rulePair{a, of.ID, of.View} },
		"split":    strings.Fields,
		"typed":    typed,
		"narrow":   func(name, label, all string, choices []choice) narrowing { return narrowing{name, label, all, choices} },
		"N":        func(key string, n int, args ...any) string { return lang.N(tag, key, n, args...) },
	}
}

// typed cuts a text of the catalogue at its grave accents: every other part is what is typed.
func typed(text string) []typedPart {
	var out []typedPart
	for i, part := range strings.Split(text, "`") {
		out = append(out, typedPart{part, i%2 == 1})
	}
	return out
}

type typedPart struct {
	Text string
	Key  bool
}

// narrowing is a select that narrows a list.
type narrowing struct {
	Name, Label, All string
	Choices          []choice
}

// make gives a whole page or nothing: a template that fails half-way must not leave
// half a page behind, nor a message with a source's words in it.
func (p *pages) make(tag lang.Tag, name string, data any) ([]byte, error) {
	var buf bytes.Buffer
	err := p.of[tag][name].Execute(&buf, data)
	return buf.Bytes(), err
}

func writePage(w http.ResponseWriter, status int, page []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page) // a browser that left needs no answer
}

// door writes the empty hall: the same for every stranger who speaks a language. After a practice
// is over it says only that.
func (p *pages) door(w http.ResponseWriter, tag lang.Tag, over bool) {
	page, err := p.make(tag, "door", struct {
		Lang string
		Over bool
	}{tag.HTML(), over})
	if err != nil {
		http.Error(w, lang.T(tag, "desk.problem.broken"), http.StatusInternalServerError)
		return
	}
	writePage(w, http.StatusOK, page)
}

// serveStatic writes one of the page's own files, by name.
func serveStatic(w http.ResponseWriter, r *http.Request, name string) {
	var data []byte
	var err error
	switch name {
	case "look.css":
		data = look.CSS()
	case "chart.css":
		data = []byte(chart.CSS())
	case "site.css": // of previews, which look like what is printed
		data, err = files.ReadFile("static/margins.css")
		data = slices.Concat(look.Site(), data)
	case "door.css":
		data, err = files.ReadFile("static/door.css")
		data = append(look.CSS(), data...)
	default:
		data, err = files.ReadFile("static/" + name)
	}
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	kind, ok := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}[path.Ext(name)]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(data) // as above
}
