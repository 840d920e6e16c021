package drop

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"kkachi/internal/cell"
)

// Limits of what is compressed (spec/05-host.md, section 8).
const (
	PackLeast = 512      // bytes of a file; a smaller one is sent as it is
	PackMost  = 1 << 20  // bytes of a file; a larger one is sent as it is
	PackTotal = 32 << 20 // compressed bytes of a site that are held in memory
)

// pack compresses a site's texts, scripts and styles first, then by path, as far as there is
// room; what the former site had packed is taken over. All of it happens when the site is
// switched: were it done when a page is asked for, memory would tell which pages had been.
func (h *Host) pack(ctx context.Context, s, former *site) {
	names := slices.SortedFunc(maps.Keys(s.files), func(a, b string) int {
		return cmp.Or(cmp.Compare(packOrder(a), packOrder(b)), strings.Compare(a, b))
	})
	s.packed = map[string][]byte{}
	total := 0
	for _, name := range names {
		f := s.files[name]
		if _, packs := cell.SiteType(name); !packs || f.size < PackLeast || f.size > PackMost || s.packed[f.digest] != nil {
			continue
		}
		data := former.packed[f.digest]
		if data == nil {
			data = h.compressed(ctx, f)
		}
		if data == nil || int64(len(data)) >= f.size {
			continue
		}
		if total += len(data); total > PackTotal {
			return
		}
		s.packed[f.digest] = data
	}
}

func packOrder(name string) int {
	if ext := path.Ext(name); ext == ".js" || ext == ".css" {
		return 0
	}
	return 1
}

// compressed is a file in gzip, without a name or a time; nil where it can't be read: then it
// is sent as it is, or not at all.
func (h *Host) compressed(ctx context.Context, f siteFile) []byte {
	object, err := h.store.OpenObject(ctx, siteObject(f.digest))
	if err != nil {
		return nil
	}
	defer object.Close()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := io.Copy(w, object); err != nil || w.Close() != nil {
		return nil
	}
	return b.Bytes()
}

// takesGzip says whether a request accepts gzip.
func takesGzip(r *http.Request) bool {
	for _, line := range r.Header["Accept-Encoding"] {
		for part := range strings.SplitSeq(line, ",") {
			name, q, weighed := strings.Cut(part, ";")
			if strings.TrimSpace(name) != "gzip" {
				continue
			}
			weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
			return !weighed || err == nil && weight > 0
		}
	}
	return false
}

// servePacked hands out a file in gzip, whole: a range of it is of no use to anybody.
func servePacked(w http.ResponseWriter, r *http.Request, name string, file siteFile, data []byte) {
	head(w.Header(), name, file.digest+"-gzip")
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	hurry(w, int64(len(data)))
	whole := r.Clone(r.Context())
	whole.Header.Del("Range")
	http.ServeContent(w, whole, "", time.Time{}, bytes.NewReader(data))
}
