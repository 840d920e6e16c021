package drop

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path"
	"strings"
	"testing"
)

func FuzzManifest(f *testing.F) {
	list := fmt.Sprintf("file %x 0 index.html\nfile %x 3 ko/a.html\n", sha256.Sum256(nil), sha256.Sum256([]byte("abc")))
	f.Add(uint64(1), fmt.Appendf(nil, "kkachi/1 site note\nnewsroom 00\nserial 1\nday 1\nfiles 2 %x\n\n— sig\n\n%s", sha256.Sum256([]byte(list)), list), []byte(list))
	f.Add(uint64(0), []byte("\n\n\n\n\n"), []byte("file"))
	f.Fuzz(func(t *testing.T, serial uint64, manifest, list []byte) {
		// A digest can't be guessed by mutation: so the list is also given with its own.
		own := fmt.Appendf(nil, "kkachi/1 site note\nnewsroom 00\nserial %d\nday 1\nfiles %d %x\n\n— sig\n\n%s",
			serial, bytes.Count(list, []byte("\n")), sha256.Sum256(list), list)
		for _, m := range [][]byte{manifest, own} {
			s, err := parseSite(serial, m)
			if err != nil {
				continue
			}
			for name, file := range s.files {
				if path.Clean(name) != name || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") || strings.HasPrefix(name, "s/") ||
					len(file.digest) != 64 || file.size < 0 || file.size > MaxSiteFile {
					t.Errorf("path %q, digest %q, size %d", name, file.digest, file.size)
				}
			}
		}
	})
}

func FuzzTokens(f *testing.F) {
	f.Add([]byte("sift " + strings.Repeat("0a", 32) + "\n"))
	f.Add([]byte("desk\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tokens, err := ParseTokens(data)
		if err == nil && !bytes.Equal(tokens.Marshal(), data) {
			t.Errorf("%q came back as %q", data, tokens.Marshal())
		}
	})
}

// What parseObject takes has one spelling, and is a name of every store.
func FuzzObjectName(f *testing.F) {
	for _, name := range []string{"batch/20700", "parcel/20700/3/1", "note/root/18446744073709551615", "site/" + strings.Repeat("0a", 32), "batch/../x", "note/sift/1"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		o, ok := parseObject(name)
		if !ok {
			return
		}
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789/") != "" || strings.Contains(name, "//") || o.writer == "" || o.limit == 0 {
			t.Errorf("%q was taken as %+v", name, o)
		}
	})
}
