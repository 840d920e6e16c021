package cell

import "path"

// Policy allows a page its own script, style, pictures and worker, and nothing else.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types kkachi"

// A HeadLine is one line in the head of an answer.
type HeadLine struct{ Name, Value string }

// HostHead is in the head of each of the host's answers that has a body (spec/05-host.md,
// section 2): the host writes it, and who watches wants to see it.
func HostHead() []HeadLine {
	return []HeadLine{
		{"Content-Security-Policy", Policy},
		{"X-Content-Type-Options", "nosniff"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Embedder-Policy", "require-corp"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
	}
}

// Types of what is no file of the site, and of what a site names by no ending that is known.
const (
	TextType  = "text/plain; charset=utf-8"
	BytesType = "application/octet-stream"
)

// siteTypes is all that a site may be made of; whatever else is handed out as bytes. Texts may be
// sent in gzip: what an image holds is compressed already.
var siteTypes = map[string]struct {
	kind  string
	packs bool
}{
	".html": {"text/html; charset=utf-8", true},
	".css":  {"text/css; charset=utf-8", true},
	".js":   {"text/javascript; charset=utf-8", true},
	".json": {"application/json", true},
	".xml":  {"application/xml", true},
	".atom": {"application/atom+xml", true},
	".svg":  {"image/svg+xml", true},
	".txt":  {TextType, true},
	".csv":  {"text/csv; charset=utf-8", true},
	".png":  {"image/png", false},
	".jpg":  {"image/jpeg", false},
	".ico":  {"image/x-icon", false},
	".pdf":  {"application/pdf", false},
}

// SiteType is the type of a file of the site, by the ending of its name, and whether it may be
// sent in gzip (spec/05-host.md, section 8).
func SiteType(name string) (kind string, packs bool) {
	t, ok := siteTypes[path.Ext(name)]
	if !ok {
		return BytesType, false
	}
	return t.kind, t.packs
}
