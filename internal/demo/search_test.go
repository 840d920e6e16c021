package demo

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"unicode/utf16"
)

// A search that finds nothing proves nothing unless it finds what was planted.
func TestSearchFindsWhatWasPlanted(t *testing.T) {
	const secret = "령사관 전화번호를 외우고"
	noise := func(n int) []byte {
		b := make([]byte, n)
		r := rand.NewChaCha8([32]byte{7})
		_, _ = r.Read(b)
		return b
	}
	utf16Bytes := func(big bool) []byte {
		var out []byte
		for _, u := range utf16.Encode([]rune(secret)) {
			if big {
				out = append(out, byte(u>>8), byte(u))
			} else {
				out = append(out, byte(u), byte(u>>8))
			}
		}
		return out
	}
	deflate := func(b []byte) []byte {
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(b)
		_ = w.Close()
		return out.Bytes()
	}
	forms := map[string][]byte{
		"utf-8": []byte(secret), "utf-16le": utf16Bytes(false), "utf-16be": utf16Bytes(true),
		"hex":                 []byte(hex.EncodeToString([]byte(secret))),
		"base64":              []byte(base64.StdEncoding.EncodeToString([]byte("xx" + secret + "y"))),
		"base64 url":          []byte(base64.URLEncoding.EncodeToString([]byte("x" + secret))),
		"deflate":             deflate([]byte("요즘 " + secret + " 있습니다")),
		"utf-16 in deflate":   deflate(utf16Bytes(true)),
		"deflate, but cut":    deflate([]byte(secret + secret + "and more of it"))[:40],
		"stored deflate":      append([]byte{0, byte(len(secret)), 0, ^byte(len(secret)), 0xff}, secret...),
		"in the path, really": nil,
	}
	s := NewSearch(map[string]string{"letter": secret}, true)
	for name, form := range forms {
		path := "days/1"
		if form == nil {
			path = "days/" + secret
		}
		data := append(append(noise(1001), form...), noise(777)...)
		hits, err := s.Folder(fstest.MapFS{path: {Data: data}})
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
	if hits := s.Bytes("noise", noise(1<<18)); len(hits) > 0 {
		t.Errorf("found in noise: %v", hits)
	}
}
