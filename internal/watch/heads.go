package watch

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"kkachi/internal/cell"
	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// Of what is said of heads, at most: a host that makes up fields fills no line.
const (
	HeadsSaid    = 8  // findings
	HeadNameSaid = 40 // bytes of a field's name
)

// transport are fields between two ends of a connection: neither a page nor what a browser keeps
// of it is told by them.
var transport = []string{"Content-Length", "Connection", "Keep-Alive"}

// proxys are fields that a TLS proxy before the host may write though the host does not. Browsers
// neither act by them nor send them back.
var proxys = []string{"Date", "Server", "Via"}

// heads holds the heads of answers against what the host writes (spec/05-host.md): a host could
// tell visitors again by a field that browsers keep, or take from them what guards the page.
type heads struct {
	mu    sync.Mutex
	site  *siteVisit // whose files are asked for; nil: none is known
	whole found      // of what is no file of the site
	files found      // of the site that is looked at
	proxy []string   // fields of a proxy's own
}

// found is what was seen, and in which answers.
type found []finding

type finding struct {
	what string
	in   []string
}

func (f *found) add(what, in string) {
	i := slices.IndexFunc(*f, func(x finding) bool { return x.what == what })
	if i < 0 {
		i = len(*f)
		*f = append(*f, finding{what: what})
	}
	if x := &(*f)[i]; !slices.Contains(x.in, in) {
		x.in = append(x.in, in)
	}
}

func (f found) String() string {
	var out []string
	slices.SortStableFunc(f, func(a, b finding) int { return strings.Compare(a.what, b.what) })
	for i, x := range f {
		if i == HeadsSaid {
			out = append(out, fmt.Sprintf("%d more", len(f)-i))
			break
		}
		text := x.what + " in the answer to " + x.in[0]
		if more := len(x.in) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// Heed gives a context under which each answer's head is looked at, and what then says in one
// line what is not as the host writes it; "" if nothing is.
func Heed(ctx context.Context) (under context.Context, said func() string) {
	h := &heads{}
	return h.under(ctx), h.String
}

func (h *heads) under(ctx context.Context) context.Context { return relay.WithHeads(ctx, h.see) }

func (h *heads) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all found
	for _, f := range slices.Concat(h.whole, h.files) {
		for _, in := range f.in {
			all.add(f.what, in)
		}
	}
	return all.String()
}

// report adds what was found to a visit's.
func (h *heads) report(r *Report) {
	if said := h.String(); said != "" {
		r.differs(InHeaders, "%s", said)
	}
	if len(h.proxy) > 0 {
		slices.Sort(h.proxy)
		r.Warnings = append(r.Warnings, "a proxy before the host writes "+strings.Join(h.proxy, ", ")+" to its answers")
	}
}

// begin takes up another manifest. What was seen of the files of one that the press has replaced
// meanwhile says nothing.
func (h *heads) begin(v *siteVisit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.site, h.files = v, nil
}

func (h *heads) see(a relay.Head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	to := &h.whole
	if h.site != nil && a.Path != "/c" {
		to = &h.files
	}
	say := func(format, name string) {
		if len(name) > HeadNameSaid {
			name = name[:HeadNameSaid] + "…"
		}
		to.add(fmt.Sprintf(format, name), a.Path)
	}
	if a.Before > 0 {
		say("%s", "an answer before the answer")
	}
	want := h.want(a)
	broken := a.Status >= http.StatusInternalServerError // a proxy may say so in the host's place
	for name, value := range want {
		switch have := a.Header[name]; {
		case broken:
		case len(have) == 0:
			say("no %s", name)
		case len(have) > 1 || have[0] != value:
			say("another %s", name)
		}
	}
	for name := range a.Header {
		_, wanted := want[name]
		switch {
		case wanted, broken && name == "Content-Type", slices.Contains(transport, name):
		case slices.Contains(proxys, name):
			if !slices.Contains(h.proxy, name) {
				h.proxy = append(h.proxy, name)
			}
		default:
			say("%s", name)
		}
	}
}

// want is the whole head of an answer as the host writes it.
func (h *heads) want(a relay.Head) map[string]string {
	want := map[string]string{"Cache-Control": "no-store"}
	if a.Path == "/c" { // neither an answer with a body, nor one that may differ
		return want
	}
	for _, l := range cell.HostHead() {
		want[l.Name] = l.Value
	}
	want["Content-Type"] = cell.TextType
	f := h.file(a.Path)
	switch {
	case a.Status != http.StatusOK || a.Path == "/d" || a.Path == "/m":
	case a.Path == "/r":
		want["Content-Type"] = cell.BytesType
	case f != nil:
		kind, packs := cell.SiteType(f.Path)
		tag := hex.EncodeToString(f.Hash[:])
		want["Cache-Control"], want["Content-Type"], want["Accept-Ranges"] = "no-cache", kind, "bytes"
		if packs {
			want["Vary"] = "Accept-Encoding"
		}
		if packs && a.Packed && a.Header.Get("Content-Encoding") != "" {
			want["Content-Encoding"], tag = "gzip", tag+"-gzip"
		}
		want["Etag"] = `"` + tag + `"`
	}
	return want
}

// file is the file of the site that a path names.
func (h *heads) file(at string) *seal.SiteFile {
	if h.site == nil {
		return nil
	}
	name := strings.TrimPrefix(at, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		name += index
	}
	return h.site.files[name]
}
