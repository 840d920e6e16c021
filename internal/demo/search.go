package demo

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sort"
	"strings"
	"sync"
	"unicode/utf16"
)

// A Hit is a planted text that was found where it must not be.
type Hit struct {
	File     string // path within the folder that was searched
	Offset   int    // of the match, or of the deflate stream that holds it
	Encoding string // utf-8, utf-16le, utf-16be, hex, base64, each perhaps "in deflate"
	Canary   string // its label, never its text
}

func (h Hit) String() string {
	return fmt.Sprintf("%s at %s:%d (%s)", h.Canary, h.File, h.Offset, h.Encoding)
}

// A Search looks for canaries in files as someone would who has seized them: in UTF-8,
// UTF-16 of both orders, hexadecimal and base64 at each alignment; and, if Inflate is set,
// after inflating at every offset.
type Search struct {
	Inflate  bool
	patterns []pattern
	first    [1 << 16]bool        // the first two bytes of some pattern
	index    map[uint32][]pattern // by the first four bytes
}

type pattern struct {
	bytes           []byte
	label, encoding string
}

// shortest is the length in bytes under which an encoded canary would be found by chance.
const shortest = 6

// NewSearch takes canaries as label → text. A text that is too short to be told from
// chance in some encoding is searched in the others only.
func NewSearch(canaries map[string]string, inflate bool) *Search {
	s := &Search{Inflate: inflate, index: map[uint32][]pattern{}}
	for label, text := range canaries {
		s.add(label, "utf-8", []byte(text))
		units := utf16.Encode([]rune(text))
		le, be := make([]byte, 2*len(units)), make([]byte, 2*len(units))
		for i, u := range units {
			binary.LittleEndian.PutUint16(le[2*i:], u)
			binary.BigEndian.PutUint16(be[2*i:], u)
		}
		s.add(label, "utf-16le", le)
		s.add(label, "utf-16be", be)
		h := hex.EncodeToString([]byte(text))
		s.add(label, "hex", []byte(h))
		s.add(label, "hex", []byte(strings.ToUpper(h)))
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for shift := range 3 {
				s.add(label, "base64", inner64(enc, []byte(text), shift))
			}
		}
	}
	return s
}

// inner64 is the part of the base64 of text that does not depend on what stands around it,
// when text begins shift bytes into a group of three.
func inner64(enc *base64.Encoding, text []byte, shift int) []byte {
	padded := append(make([]byte, shift), text...)
	whole := []byte(enc.EncodeToString(padded))
	from := (shift*8 + 5) / 6
	to := len(padded) * 8 / 6
	if from >= to {
		return nil
	}
	return whole[from:to]
}

func (s *Search) add(label, encoding string, b []byte) {
	if len(b) < shortest {
		return
	}
	for _, p := range s.patterns {
		if p.label == label && bytes.Equal(p.bytes, b) {
			return
		}
	}
	p := pattern{b, label, encoding}
	s.patterns = append(s.patterns, p)
	s.first[binary.BigEndian.Uint16(b)] = true
	key := binary.BigEndian.Uint32(b)
	s.index[key] = append(s.index[key], p)
}

// Folder searches each file below fsys, and the paths of the files themselves.
func (s *Search) Folder(fsys fs.FS) ([]Hit, error) {
	var hits []Hit
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		s.scan([]byte(path), func(at int, p pattern) {
			hits = append(hits, Hit{path, at, p.encoding + " in the path", p.label})
		})
		if d.IsDir() {
			return nil
		}
		data, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		hits = append(hits, s.Bytes(path, data)...)
		return nil
	})
	return hits, err
}

// Bytes searches one file's content.
func (s *Search) Bytes(file string, data []byte) []Hit {
	var hits []Hit
	s.scan(data, func(at int, p pattern) {
		hits = append(hits, Hit{file, at, p.encoding, p.label})
	})
	if s.Inflate {
		hits = append(hits, s.inflate(file, data)...)
	}
	return hits
}

// scan reports each place where a pattern stands in data.
func (s *Search) scan(data []byte, found func(at int, p pattern)) {
	for i := 0; i+4 <= len(data); i++ {
		if !s.first[uint16(data[i])<<8|uint16(data[i+1])] {
			continue
		}
		for _, p := range s.index[binary.BigEndian.Uint32(data[i:])] {
			if bytes.HasPrefix(data[i:], p.bytes) {
				found(i, p)
			}
		}
	}
}

// inflated bounds what is read of one stream: a letter's first kilobytes betray it.
const inflated = 4096

// inflate tries a raw deflate stream at every offset, on all cores.
func (s *Search) inflate(file string, data []byte) []Hit {
	var (
		mu   sync.Mutex
		hits []Hit
		wg   sync.WaitGroup
	)
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		wg.Go(func() {
			src := bytes.NewReader(nil)
			r := flate.NewReader(src)
			buf := make([]byte, inflated)
			for at := w; at < len(data); at += n {
				if !plausible(data[at:]) {
					continue
				}
				src.Reset(data[at:])
				if err := r.(flate.Resetter).Reset(src, nil); err != nil {
					continue
				}
				// An error is the usual end: what came before it counts.
				got, _ := io.ReadFull(r, buf)
				s.scan(buf[:got], func(_ int, p pattern) {
					mu.Lock()
					defer mu.Unlock()
					hits = append(hits, Hit{file, at, p.encoding + " in deflate", p.label})
				})
			}
		})
	}
	wg.Wait()
	sort.Slice(hits, func(i, j int) bool { return hits[i].Offset < hits[j].Offset })
	return hits
}

// plausible sorts out, without inflating, what cannot begin a deflate stream (RFC 1951,
// section 3.2.3): block type 3, and a stored block whose length does not match its complement.
func plausible(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	switch b[0] >> 1 & 3 {
	case 3:
		return false
	case 0:
		return len(b) >= 5 && binary.LittleEndian.Uint16(b[1:]) == ^binary.LittleEndian.Uint16(b[3:])
	case 2:
		return b[0]>>3 <= 29 // HLIT: at most 286 literal and length codes
	}
	return true
}
