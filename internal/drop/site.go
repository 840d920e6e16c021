package drop

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// Limits of a site (spec/05-host.md, section 8).
const (
	MaxManifest  = 64 << 20 // bytes of a manifest
	MaxSiteFiles = 200_000  // files of a site
	MaxSiteFile  = 32 << 20 // bytes of one file
	MaxSitePath  = 255      // bytes of a path
)

// A site is a manifest, parsed: which file stands under which path.
type site struct {
	files    map[string]siteFile // by path without the first slash
	packed   map[string][]byte   // by digest: what is sent in gzip
	manifest []byte              // as it was put; nil before the first
	serial   uint64
}

type siteFile struct {
	digest string // 64 lower-case hex digits
	size   int64
}

// serveSite hands out a file of the site. An empty path is one that leads nowhere.
func (h *Host) serveSite(w http.ResponseWriter, r *http.Request, urlPath string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		notAllowed(w, "GET, HEAD")
		return
	}
	for {
		now := h.site.Load()
		name, file, ok := now.find(urlPath)
		if !ok {
			if _, _, dir := now.find(urlPath + "/"); dir && urlPath != "" {
				protect(w.Header())
				w.Header().Set("Cache-Control", "no-store")
				w.Header().Set("Location", urlPath+"/")
				w.WriteHeader(http.StatusMovedPermanently)
				return
			}
			notFound(w)
			return
		}
		if data := now.packed[file.digest]; data != nil && takesGzip(r) {
			servePacked(w, r, name, file, data)
			return
		}
		f, err := h.store.OpenObject(r.Context(), siteObject(file.digest))
		if err != nil {
			if errors.Is(err, store.ErrNotFound) && h.site.Load() != now {
				continue // the site was switched under our hands: answer from the new one
			}
			plain(w, http.StatusServiceUnavailable, unavailable)
			return
		}
		serveFile(w, r, f, name, file)
		_ = f.Close() // it was only read
		return
	}
}

func serveFile(w http.ResponseWriter, r *http.Request, f io.ReadSeeker, name string, file siteFile) {
	head(w.Header(), name, file.digest)
	hurry(w, file.size)
	http.ServeContent(w, r, "", time.Time{}, f)
}

// head sets the headers of a file of the site.
func head(h http.Header, name, tag string) {
	protect(h)
	kind, packs := cell.SiteType(name)
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+tag+`"`)
	if packs {
		h.Set("Vary", "Accept-Encoding")
	}
}

// find is the file that a URL's path names; a folder stands for its index.html.
func (s *site) find(urlPath string) (string, siteFile, bool) {
	name, ok := strings.CutPrefix(urlPath, "/")
	if !ok {
		return "", siteFile{}, false
	}
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	f, ok := s.files[name]
	return name, f, ok
}

func siteObject(digest string) string { return "site/" + digest }

// parseSite reads the manifest of a site as spec/02-notes.md lays it out: the signed note's
// text, its signatures and the list, apart by empty lines. Whether a signature holds is for
// those who know keys: the host checks the serial, and that the list is the one named.
func parseSite(serial uint64, manifest []byte) (*site, error) {
	parts := bytes.SplitN(manifest, []byte("\n\n"), 3)
	if len(parts) != 3 || len(manifest) > MaxManifest {
		return nil, fmt.Errorf("drop: manifest: not a text, signatures and a list, or over %d bytes", MaxManifest)
	}
	head := strings.Split(string(parts[0]), "\n")
	list, ended := strings.CutSuffix(string(parts[2]), "\n")
	files := strings.Split(list, "\n")
	switch {
	case len(head) != 5 || head[0] != "kkachi/1 site note" || !ended || len(files) > MaxSiteFiles:
		return nil, fmt.Errorf("drop: manifest: not a site note with 1…%d files", MaxSiteFiles)
	case head[2] != "serial "+strconv.FormatUint(serial, 10):
		return nil, errors.New("drop: manifest: another serial than it is put under")
	case head[4] != fmt.Sprintf("files %d %x", len(files), sha256.Sum256(parts[2])):
		return nil, errors.New("drop: manifest: its list is not the one that its text names")
	}
	s := &site{files: make(map[string]siteFile, len(files)), manifest: manifest, serial: serial}
	for i, line := range files {
		name, file, err := parseFile(line)
		if err == nil && s.files[name] != (siteFile{}) {
			err = errors.New("a path that stands in it twice")
		}
		if err != nil {
			return nil, fmt.Errorf("drop: manifest, file %d: %w", i+1, err)
		}
		s.files[name] = file
	}
	return s, nil
}

func parseFile(line string) (string, siteFile, error) {
	f := strings.Split(line, " ")
	if len(f) != 4 || f[0] != "file" || !isDigest(f[1]) {
		return "", siteFile{}, errors.New("not a digest, a size and a path")
	}
	size, ok := parseNumber(f[2], 63)
	if !ok || size > MaxSiteFile {
		return "", siteFile{}, fmt.Errorf("its size is not 0…%d", MaxSiteFile)
	}
	if !isSitePath(f[3]) {
		return "", siteFile{}, errors.New("not a path of the site")
	}
	return f[3], siteFile{f[1], int64(size)}, nil
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

// isSitePath wants parts of a–z, A–Z, 0–9, "-", "_", "~" and ".", none of which is "." or
// "..", joined by "/", and nothing that the host itself answers.
func isSitePath(p string) bool {
	if p == "c" || p == "d" || p == "m" || p == "r" || p == "s" || strings.HasPrefix(p, "s/") || len(p) > MaxSitePath {
		return false
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
		for _, b := range []byte(part) {
			switch {
			case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', strings.IndexByte("._~-", b) >= 0:
			default:
				return false
			}
		}
	}
	return true
}
