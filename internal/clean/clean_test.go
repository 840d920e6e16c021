package clean

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"slices"
	"testing"
)

func sample(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/photo.jpg")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func kinds(found []Finding) []Kind {
	var out []Kind
	for _, f := range found {
		if !slices.Contains(out, f.Kind) {
			out = append(out, f.Kind)
		}
	}
	slices.Sort(out)
	return out
}

// planted stands in the sample: each is in the file, and none may be in the copy.
var planted = []string{
	"Mission 5", "SN-0041-7732", "2022:09:14", "Kuala Lumpur", "someone", "ns.adobe.com", "Photoshop", "8BIM",
	"kept by the second office", "trailing bytes", "Exif", "xpacket", "ExifTool", "JFIF",
}

func TestSampleLosesAllMetadata(t *testing.T) {
	data := sample(t)
	for _, p := range planted[:len(planted)-1] {
		if !bytes.Contains(data, []byte(p)) {
			t.Fatalf("%q is not in the sample: the search is blind", p)
		}
	}
	c, found, err := Photo(data, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []Kind{Position, Serial, Thumbnail, XMP, IPTC, Comment, Trailing, Device, Time, Exif} {
		if !slices.Contains(kinds(found), want) {
			t.Errorf("%s is not found; found %v", want, found)
		}
	}
	for _, f := range found {
		if f.Offset < 0 || f.Size < 1 || f.Offset+f.Size > len(data) {
			t.Errorf("%s does not lie in the file", f)
		}
	}
	for _, p := range planted {
		if bytes.Contains(bytes.ToLower(c.Data), bytes.ToLower([]byte(p))) {
			t.Errorf("%q survives in the copy", p)
		}
	}
	for _, run := range segmentsOf(t, data) {
		if bytes.Contains(c.Data, run) {
			t.Errorf("%d bytes of a segment of the original survive", len(run))
		}
	}
	if left, err := Find(c.Data); err != nil || len(left) > 0 {
		t.Errorf("in the copy: %v, %v", left, err)
	}
	img, err := jpeg.Decode(bytes.NewReader(c.Data))
	if err != nil || c.MIME != JPEG || img.Bounds().Dx() != c.Width || img.Bounds().Dy() != c.Height || c.Width*c.Height != 1600*1067 {
		t.Errorf("the copy is no picture of its size: %v, %d × %d", err, c.Width, c.Height)
	}
	again, _, err := Photo(data, 0)
	if err != nil || again.SHA256 != c.SHA256 {
		t.Error("the same photograph gives two different copies")
	}
}

// segmentsOf is 24 bytes out of the middle of each finding that holds as many.
func segmentsOf(t *testing.T, data []byte) [][]byte {
	found, err := Find(data)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, f := range found {
		if f.Size < 40 {
			continue
		}
		mid := f.Offset + f.Size/2
		if run := data[mid-12 : mid+12]; bytes.Count(run, run[:1]) < len(run) { // padding is no trace
			out = append(out, run)
		}
	}
	if len(out) < 4 {
		t.Fatalf("only %d segments to search for", len(out))
	}
	return out
}

func TestCopyIsNarrowed(t *testing.T) {
	c, _, err := Photo(sample(t), 800)
	if err != nil || c.Width != 800 || c.Height != 533 {
		t.Errorf("got %v, %v", c, err)
	}
}

// corner is a picture 24 wide and 16 high, red in the corner that is top left in the file.
func corner() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 24, 16))
	for y := range 16 {
		for x := range 24 {
			img.Set(x, y, color.White)
			if x < 8 && y < 8 {
				img.Set(x, y, color.RGBA{0xff, 0, 0, 0xff})
			}
		}
	}
	return img
}

func exifBlock(order binary.AppendByteOrder, entries ...[2]uint32) []byte {
	b := []byte("MM")
	if order.String() == "LittleEndian" {
		b = []byte("II")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = order.AppendUint16(b, uint16(e[0]))
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, uint16(e[1]))
		b = order.AppendUint16(b, 0)
	}
	return order.AppendUint32(b, 0)
}

func withSegment(t testing.TB, marker byte, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corner(), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	out := []byte{0xff, 0xd8, 0xff, marker}
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), b.Bytes()[2:]...)
}

func TestOrientationIsApplied(t *testing.T) {
	for o, want := range map[uint32]string{
		0: "top left", 1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
		5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left", 9: "top left",
	} {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			c, found, err := Photo(withSegment(t, 0xe1, append([]byte("Exif\x00\x00"), exifBlock(order, [2]uint32{0x0112, o})...)), 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := kinds(found); len(got) != 1 || got[0] != Exif {
				t.Errorf("orientation %d: found %v", o, found)
			}
			img, err := jpeg.Decode(bytes.NewReader(c.Data))
			if err != nil {
				t.Fatal(err)
			}
			b := img.Bounds()
			if turned := b.Dx() < b.Dy(); turned != (o >= 5 && o <= 8) {
				t.Errorf("orientation %d: the copy is %v", o, b)
			}
			at := map[string]image.Point{"top left": {3, 3}, "top right": {b.Dx() - 4, 3}, "bottom left": {3, b.Dy() - 4}, "bottom right": {b.Dx() - 4, b.Dy() - 4}}
			for name, p := range at {
				r, g, _, _ := img.At(p.X, p.Y).RGBA()
				if red := r > 0xc000 && g < 0x4000; red != (name == want) {
					t.Errorf("orientation %d: red %v at %s, want it %s", o, red, name, want)
				}
			}
		}
	}
}

func TestJPEGSegments(t *testing.T) {
	for _, c := range []struct {
		name   string
		marker byte
		body   string
		want   Kind
	}{
		{"a comment", 0xfe, "hello", Comment},
		{"XMP", 0xe1, "http://ns.adobe.com/xap/1.0/\x00<x/>", XMP},
		{"extended XMP", 0xe1, "http://ns.adobe.com/xmp/extension/\x00x", XMP},
		{"IPTC", 0xed, "Photoshop 3.0\x008BIM", IPTC},
		{"ICC", 0xe2, "ICC_PROFILE\x00\x01\x01abc", ICC},
		{"several pictures", 0xe2, "MPF\x00abc", Segment},
		{"JFIF", 0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00", Segment},
		{"JFIF with a thumbnail", 0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01abc", Thumbnail},
		{"JFXX", 0xe0, "JFXX\x00\x10abc", Thumbnail},
		{"an unknown one", 0xe9, "x", Segment},
		{"EXIF that is none", 0xe1, "Exif\x00\x00nonsense", Damaged},
		{"maker note", 0xe1, "Exif\x00\x00" + string(exifBlock(binary.BigEndian, [2]uint32{0x927c, 1})), MakerNote},
		{"lens serial", 0xe1, "Exif\x00\x00" + string(exifBlock(binary.LittleEndian, [2]uint32{0xa435, 1})), Serial},
		{"position", 0xe1, "Exif\x00\x00" + string(exifBlock(binary.LittleEndian, [2]uint32{0x8825, 1})), Position},
	} {
		data := withSegment(t, c.marker, []byte(c.body))
		found, err := Find(data)
		if err != nil || !slices.Contains(kinds(found), c.want) {
			t.Errorf("%s: found %v, %v", c.name, found, err)
		}
		got, _, err := Photo(data, 0)
		if err != nil {
			t.Errorf("%s: no copy: %v", c.name, err)
			continue
		}
		if bytes.Contains(got.Data, []byte(c.body)) && len(c.body) > 3 {
			t.Errorf("%s survives", c.name)
		}
	}
}

func TestPNG(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, corner()); err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	if found, err := Find(plain); err != nil || len(found) > 0 {
		t.Fatalf("a bare PNG: %v, %v", found, err)
	}
	chunk := func(kind, body string) []byte {
		out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		out = append(append(out, kind...), body...)
		return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
	}
	for _, c := range []struct {
		kind, body string
		want       Kind
	}{
		{"tEXt", "Author\x00magpie", PNGText},
		{"zTXt", "Author\x00\x00magpie", PNGText},
		{"iTXt", "XML:com.adobe.xmp\x00magpie", XMP},
		{"tIME", "magpie!", PNGTime},
		{"eXIf", string(exifBlock(binary.BigEndian, [2]uint32{0x8825, 1})), Position},
		{"pHYs", "magpie!!!", Segment},
		{"prVt", "magpie", Segment},
	} {
		data := append(append(bytes.Clone(plain[:33]), chunk(c.kind, c.body)...), plain[33:]...)
		out, found, err := Photo(data, 0)
		if err != nil || !slices.Contains(kinds(found), c.want) {
			t.Errorf("%s: found %v, %v", c.kind, found, err)
			continue
		}
		if bytes.Contains(out.Data, []byte("magpie")) || out.MIME != PNG {
			t.Errorf("%s survives, or the copy is %s", c.kind, out.MIME)
		}
	}
	if found, err := Find(append(bytes.Clone(plain), "magpie"...)); err != nil || !slices.Equal(kinds(found), []Kind{Trailing}) {
		t.Errorf("trailing bytes: %v, %v", found, err)
	}
	spoilt := bytes.Clone(plain)
	spoilt[len(spoilt)-1] ^= 1
	if found, err := Find(spoilt); err != nil || !slices.Contains(kinds(found), Damaged) {
		t.Errorf("a wrong checksum: %v, %v", found, err)
	}
}

// A colour under pixels that are wholly transparent is a picture that hides.
func TestNothingHidesUnderTransparency(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for i := 0; i < len(img.Pix); i += 4 {
		img.Pix[i] = 0xee
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	c, _, err := Photo(b.Bytes(), 0)
	if err != nil {
		t.Fatal(err)
	}
	out, err := png.Decode(bytes.NewReader(c.Data))
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := out.(*image.NRGBA); !ok || p.Pix[0] != 0 {
		t.Errorf("%T keeps the hidden colour", out)
	}
}

func TestRefusals(t *testing.T) {
	good := sample(t)
	big := withSegment(t, 0xfe, []byte("x"))
	at := bytes.Index(big, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint32(big[at+5:], 0xfff0fff0) // height and width
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, ErrFormat},
		{"text", []byte("hello"), ErrFormat},
		{"GIF", []byte("GIF89a"), ErrFormat},
		{"HEIC", []byte("\x00\x00\x00\x18ftypheic"), ErrFormat},
		{"SVG", []byte("<svg/>"), ErrFormat},
		{"too many bytes", append(bytes.Clone(good[:4]), make([]byte, MaxBytes)...), ErrSize},
		{"too many pixels", big, ErrPixels},
		{"cut", good[:len(good)/2], ErrDamage},
		{"only a beginning", good[:20], ErrDamage},
	} {
		if out, _, err := Photo(c.data, 0); !errors.Is(err, c.want) || out != nil {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add(withSegment(f, 0xe1, append([]byte("Exif\x00\x00"), exifBlock(binary.LittleEndian, [2]uint32{0x8769, 8}, [2]uint32{0x8825, 2})...)))
	f.Add(withSegment(f, 0xed, []byte("Photoshop 3.0\x00")))
	f.Add(sample(f)[:9000])
	var b bytes.Buffer
	if err := png.Encode(&b, corner()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{0xff, 0xd8, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := Find(data)
		if err != nil {
			return
		}
		for _, x := range found {
			if x.Offset < 0 || x.Size < 0 || x.Offset+x.Size > len(data) {
				t.Fatalf("%s lies outside the file of %d bytes", x, len(data))
			}
		}
		if _, err := jpeg.DecodeConfig(bytes.NewReader(data)); err == nil && len(data) < 1<<14 {
			if c, _, err := Photo(data, 64); err == nil {
				if left, err := Find(c.Data); err != nil || len(left) > 0 {
					t.Fatalf("the copy holds %v, %v", left, err)
				}
			}
		}
	})
}
