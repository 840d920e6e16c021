package clean

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
)

// A Kind is what was found beside the picture.
type Kind string

// The kinds of findings.
const (
	Position  Kind = "position"       // GPS
	Serial    Kind = "serial number"  // of camera, body or lens
	Device    Kind = "device"         // maker, model, owner, host computer
	Time      Kind = "time"           // when it was taken or changed
	Thumbnail Kind = "thumbnail"      // a small picture, perhaps of what was cropped away
	MakerNote Kind = "maker note"     // of unknown content
	Exif      Kind = "EXIF"           // any other tag
	XMP       Kind = "XMP"            //
	IPTC      Kind = "IPTC"           // place names, credits, in a Photoshop block
	Comment   Kind = "comment"        //
	ICC       Kind = "ICC profile"    // some name the screen they were made for
	Trailing  Kind = "trailing bytes" // after the end of the picture
	PNGText   Kind = "PNG text"       //
	PNGTime   Kind = "PNG time"       //
	Segment   Kind = "other segment"  // anything else but pixels
	Damaged   Kind = "damaged part"   // what cannot be parsed may hide anything
)

// A Finding is something in a file that is not its picture: what and where, never its value.
type Finding struct {
	Kind         Kind
	Offset, Size int // bytes from the file's beginning; of the part that holds it
}

// String is the finding for people: "position at byte 20, 12 bytes".
func (f Finding) String() string {
	return fmt.Sprintf("%s at byte %d, %d bytes", f.Kind, f.Offset, f.Size)
}

// Find lists what data carries beside its picture, in order of place. It fails with ErrSize
// or ErrFormat, and on nothing else: what it cannot parse is a finding itself.
func Find(data []byte) ([]Finding, error) {
	f := &finder{data: data}
	switch {
	case len(data) > MaxBytes:
		return nil, ErrSize
	case isJPEG(data):
		f.jpeg()
	case isPNG(data):
		f.png()
	default:
		return nil, ErrFormat
	}
	slices.SortStableFunc(f.found, func(a, b Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	return f.found, nil
}

func isJPEG(b []byte) bool { return bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}) }

func isPNG(b []byte) bool { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) }

type finder struct {
	data   []byte
	found  []Finding
	many   bool // more than are listed
	orient int  // EXIF orientation, 0 if none

	baseline, progressive bool // of a JPEG: which frames were seen
}

// MaxFindings bounds what is listed of one file: a file can be made of nothing but comments.
const MaxFindings = 1000

// add lists a finding. The last one that fits stands for all the rest, up to the end of the file; a
// position is always listed.
func (f *finder) add(k Kind, offset, size int) {
	switch n := len(f.found); {
	case n < MaxFindings-1 || k == Position && n < 2*MaxFindings:
		f.found = append(f.found, Finding{k, offset, size})
	case !f.many:
		f.many = true
		f.found = append(f.found, Finding{Segment, offset, len(f.data) - offset})
	}
}

// jpeg walks the segments of a JPEG (ITU-T T.81, annex B).
func (f *finder) jpeg() {
	b := f.data
	for i := 2; ; {
		if i+2 > len(b) || b[i] != 0xff {
			f.add(Damaged, i, len(b)-i)
			return
		}
		marker := b[i+1]
		switch {
		case marker == 0xff: // fill byte
			i++
			continue
		case marker == 0xd9: // end of image
			if i+2 < len(b) {
				f.add(Trailing, i+2, len(b)-i-2)
			}
			return
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd8: // alone, and of no use here
			f.add(Segment, i, 2)
			i += 2
			continue
		}
		n := 0
		if i+4 <= len(b) {
			n = int(binary.BigEndian.Uint16(b[i+2:]))
		}
		if n < 2 || i+2+n > len(b) {
			f.add(Damaged, i, len(b)-i)
			return
		}
		f.segment(marker, i, b[i+4:i+2+n])
		i += 2 + n
		if marker == 0xda {
			i = scanEnd(b, i)
		}
	}
}

// scanEnd is where the entropy-coded data that begins at i ends.
func scanEnd(b []byte, i int) int {
	for i+2 <= len(b) && (b[i] != 0xff || b[i+1] == 0 || b[i+1] >= 0xd0 && b[i+1] <= 0xd7) {
		i++
	}
	return i
}

func (f *finder) segment(marker byte, at int, body []byte) {
	f.baseline = f.baseline || marker == 0xc0 || marker == 0xc1
	f.progressive = f.progressive || marker == 0xc2
	switch size := len(body) + 4; {
	case marker == 0xdb || marker == 0xc4 || marker == 0xda || marker == 0xdd || marker >= 0xc0 && marker <= 0xcf && marker != 0xc8:
	case marker == 0xfe:
		f.add(Comment, at, size)
	case marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00")):
		f.exif(at, size, at+4+6, cut(body, 6))
	case marker == 0xe1 && bytes.HasPrefix(body, []byte("http://ns.adobe.com/xap/")),
		marker == 0xe1 && bytes.HasPrefix(body, []byte("http://ns.adobe.com/xmp/")):
		f.add(XMP, at, size)
	case marker == 0xed && bytes.HasPrefix(body, []byte("Photoshop 3.0\x00")):
		f.add(IPTC, at, size)
	case marker == 0xe2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")):
		f.add(ICC, at, size)
	case marker == 0xe0 && bytes.HasPrefix(body, []byte("JFXX\x00")):
		f.add(Thumbnail, at, size)
	case marker == 0xe0 && bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) > 14:
		f.add(Thumbnail, at, size)
	default:
		f.add(Segment, at, size)
	}
}

func cut(b []byte, n int) []byte { return b[min(n, len(b)):] }

// png walks the chunks of a PNG (ISO/IEC 15948, section 5).
func (f *finder) png() {
	b := f.data
	for i := 8; ; {
		if i+12 > len(b) {
			f.add(Damaged, i, len(b)-i)
			return
		}
		n := int(binary.BigEndian.Uint32(b[i:]))
		if n > len(b)-i-12 {
			f.add(Damaged, i, len(b)-i)
			return
		}
		body := b[i+8 : i+8+n]
		if crc32.ChecksumIEEE(b[i+4:i+8+n]) != binary.BigEndian.Uint32(b[i+8+n:]) {
			f.add(Damaged, i, n+12)
		}
		switch kind := string(b[i+4 : i+8]); kind {
		case "IHDR", "PLTE", "tRNS", "IDAT":
		case "IEND":
			if n > 0 {
				f.add(Segment, i, n+12)
			}
			if i+12+n < len(b) {
				f.add(Trailing, i+12+n, len(b)-i-12-n)
			}
			return
		case "tEXt", "zTXt", "iTXt":
			if bytes.HasPrefix(body, []byte("XML:com.adobe.xmp\x00")) {
				f.add(XMP, i, n+12)
			} else {
				f.add(PNGText, i, n+12)
			}
		case "tIME":
			f.add(PNGTime, i, n+12)
		case "eXIf":
			f.exif(i, n+12, i+8, body)
		case "iCCP":
			f.add(ICC, i, n+12)
		default:
			f.add(Segment, i, n+12)
		}
		i += 12 + n
	}
}

// orientation is the EXIF orientation of a file, 1 to 8, or 0.
func orientation(data []byte) int {
	f := &finder{data: data}
	if isPNG(data) {
		f.png()
	} else if isJPEG(data) {
		f.jpeg()
	}
	return f.orient
}
