package clean

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image/png"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// chunk is one of a PNG.
func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// claims is a PNG whose header claims a size, depth and colour type, and whose data is noise of n bytes.
func claims(w, h uint32, depth, colour byte, n int) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, depth, colour, 0, 0, 0))...)
	out = append(out, chunk("IDAT", bytes.Repeat([]byte{0x5a}, n))...)
	return append(out, chunk("IEND", nil)...)
}

// inside is the good PNG with chunks put before its picture.
func inside(t *testing.T, chunks ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, corner()); err != nil {
		t.Fatal(err)
	}
	head := 8 + 25
	return slices.Concat(b.Bytes()[:head], slices.Concat(chunks...), b.Bytes()[head:])
}

// frame is a JPEG of a frame of some kind that claims a size, and n bytes.
func frame(t *testing.T, marker byte, w, h uint16, n int) []byte {
	t.Helper()
	out := withSegment(t, 0xfe, []byte("x"))
	at := bytes.Index(out, []byte{0xff, 0xc0})
	out[at+1] = marker
	binary.BigEndian.PutUint16(out[at+5:], h)
	binary.BigEndian.PutUint16(out[at+7:], w)
	return append(out, make([]byte, n)...)
}

func deflated(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range n >> 20 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whatever a file claims or holds, it is taken or refused with one error, and neither finding nor refusing
// takes memory for what it claims: a gigabyte in a chunk is never inflated, and a huge picture is refused
// by its header.
func TestHostileFilesTakeNoMemory(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"))
	_ = z.Close()
	bomb := deflated(t, 1<<30)
	many := bytes.Repeat(chunk("tEXt", nil), 4_000)
	script := "<html><script>alert(1)</script><svg onload=alert(1)>"
	for _, c := range []struct {
		name string
		data []byte
		want error // nil: a copy is made, with nothing in it but pixels
		kind Kind  // that must be found; "": none in particular
	}{
		{"a huge picture in 100 bytes", claims(16384, 4096, 8, 6, 10), ErrDamage, ""},
		{"wider than any", claims(1<<31-1, 1, 8, 6, 10), ErrPixels, ""},
		{"as wide as the limit, and as high", claims(MaxSide, MaxSide, 1, 0, 1<<20), ErrPixels, ""},
		{"of 16 bits a channel, 512 MiB to decode", claims(8192, 8192, 16, 6, 1<<20), ErrPixels, ""},
		{"noise in the place of a picture", claims(2000, 2000, 8, 6, 1<<20), ErrDamage, ""},
		{"a huge JPEG in 700 bytes", frame(t, 0xc0, 16000, 4000, 0), ErrDamage, ""},
		{"a progressive JPEG, 900 MiB to decode", frame(t, 0xc2, 8000, 8000, 1<<20), ErrPixels, Trailing},
		{"a JPEG wider than any", frame(t, 0xc0, 65535, 65535, 0), ErrPixels, ""},
		{"a gigabyte in a text", inside(t, chunk("zTXt", append([]byte("a\x00\x00"), bomb...))), nil, PNGText},
		{"a gigabyte in a profile", inside(t, chunk("iCCP", append([]byte("a\x00\x00"), bomb...))), nil, ICC},
		{"a gigabyte in the picture", inside(t, chunk("IDAT", bomb)), ErrDamage, ""},
		{"thousands of texts", inside(t, many), nil, PNGText},
		{"a text that says it is larger than the file", inside(t, []byte("\xff\xff\xff\xfftEXt")), ErrDamage, Damaged},
		{"a page after the picture", append(withSegment(t, 0xfe, []byte("x")), script...), nil, Trailing},
		{"a page in a comment", withSegment(t, 0xfe, []byte(script)), nil, Comment},
		{"a page in a PNG", inside(t, chunk("tEXt", []byte("Title\x00"+script))), nil, PNGText},
		{"an archive after the picture", append(inside(t), "PK\x03\x04 an archive of archives"...), nil, Trailing},
		{"a page", []byte(script), ErrFormat, ""},
		{"a drawing", []byte("<?xml version='1.0'?><svg/>"), ErrFormat, ""},
		{"a packed drawing", packed.Bytes(), ErrFormat, ""},
		{"an archive", []byte("PK\x03\x04" + strings.Repeat("\x00", 1000)), ErrFormat, ""},
		{"zeros", make([]byte, 1<<20), ErrFormat, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			found, err := Find(c.data)
			out, _, photoErr := Photo(c.data, 1600)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 24<<20 { // 2000 × 2000 pixels take 16
				t.Errorf("%d MiB were taken", took>>20)
			}
			if !errors.Is(photoErr, c.want) || (out == nil) != (c.want != nil) {
				t.Fatalf("got %v, want %v", photoErr, c.want)
			}
			if errors.Is(err, ErrFormat) != (c.want == ErrFormat) || len(found) > MaxFindings {
				t.Errorf("%d findings, %v", len(found), err)
			}
			if c.kind != "" && !slices.Contains(kinds(found), c.kind) {
				t.Errorf("%s is not found", c.kind)
			}
			if out != nil && (bytes.Contains(out.Data, []byte("script")) || bytes.Contains(out.Data, []byte("PK\x03\x04"))) {
				t.Error("the copy holds more than pixels")
			}
		})
	}
}

// A position is found however much stands before it.
func TestPositionBehindManyComments(t *testing.T) {
	gps := exifBlock(binary.LittleEndian, [2]uint32{0x8825, 26})
	found, err := Find(inside(t, bytes.Repeat(chunk("tEXt", nil), 5_000), chunk("eXIf", gps)))
	if err != nil || !slices.Contains(kinds(found), Position) {
		t.Errorf("%d findings without the position, %v", len(found), err)
	}
}
